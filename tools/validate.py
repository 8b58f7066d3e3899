"""Score weights on the validation clips of a configuration, so that two of them can be compared.

Usage: python tools/validate.py [WEIGHTS ...] [--config FILE] [--inside]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from mohart.assembly.data import build_validation
from mohart.assembly.weights import load_model
from mohart.boxes import clip_to_frame
from mohart.config.loader import load_config
from mohart.model.validation import score_clips
from mohart.structures import Clip

ROOT = Path(__file__).parents[1]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line per file of weights."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "weights", nargs="*", type=Path, help="the shipped ones where none is given"
    )
    parser.add_argument("--config", type=Path, default=ROOT / "configs" / "default.yaml")
    parser.add_argument(
        "--inside", action="store_true", help="start from boxes that end at the edge"
    )
    args = parser.parse_args(arguments)
    config = load_config(args.config, [])
    clips = build_validation(config)
    if args.inside:
        clips = [cut(clip) for clip in clips]
    for path in args.weights or [None]:
        scores = score_clips(load_model(path).model, clips, sight=config.data.sight)
        print(path or "shipped", *(f"{name} {value:.4f}" for name, value in scores.items()))


def cut(clip: Clip) -> Clip:
    """The clip with start boxes that end at the frame's edge."""
    height, width = clip.frames.shape[2:4]
    start = clip_to_frame(clip.boxes[:, :1], width, height)
    return clip._replace(boxes=torch.cat([start, clip.boxes[:, 1:]], 1))


if __name__ == "__main__":
    main()
