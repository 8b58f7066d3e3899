"""Does looking twice at a frame help? The second window is centred on the first answer.

Usage: python tools/second_look.py [WEIGHTS [CLIPS]]

Prints the IoU on validation clips with one look and with two; twice the time for the second.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import torch

from mohart.assembly.data import build_validation
from mohart.assembly.weights import load_model
from mohart.boxes import iou
from mohart.config.loader import load_config
from mohart.model.objective import SEEN
from mohart.model.tracker import MohartModel
from mohart.structures import Clip


@torch.no_grad()
def score(model: MohartModel, clips: list[Clip], *, twice: bool) -> float:
    """Mean IoU over visible objects in later frames."""
    overlaps = []
    for clip in clips:
        alive = clip.present[:, 0]
        state = model.start(clip.frames[:, 0], clip.boxes[:, 0], alive)
        for t in range(1, clip.frames.shape[1]):
            said, after = model.step(clip.frames[:, t], state)
            if twice:
                seen = (said.visibility > 0)[..., None]
                windows = torch.where(seen, model.aim(said.boxes), state.windows)
                said, after = model.step(clip.frames[:, t], state._replace(windows=windows))
            state = after
            counted = clip.present[:, t] & alive & (clip.visibility[:, t] > SEEN)
            overlaps.append(iou(said.boxes, clip.boxes[:, t])[counted])
    return float(torch.cat(overlaps).mean())


if __name__ == "__main__":
    arguments = sys.argv[1:]
    model = load_model(arguments[0] if arguments else None).model.eval()
    config = load_config(Path("configs/default.yaml"))
    count = int(arguments[1]) if len(arguments) > 1 else 16
    clips = build_validation(
        replace(config, train=replace(config.train, validation_clips=count, validation_length=32))
    )
    for twice in (False, True):
        print(f"{1 + twice} look: IoU {score(model, clips, twice=twice):.4f}")
