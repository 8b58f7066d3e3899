"""Take alignments out of weights in which they say the same of every input.

Usage: python tools/drop_alignments.py WEIGHTS OUT [--scenes N]

Where the units in front of an alignment's last layer are dead, its correction is a constant. On
generated video it is looked whether it is; then the heads say the constant, and the model is built
without the two parts: the same boxes but for rounding of second order, in a sixth less time
(docs/experiments/0039-dead-units.md). Weights with an alignment that answers are refused. A
calibration stays, since what is seen does not change.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mohart.assembly.model import build_model
from mohart.assembly.weights import load_model
from mohart.config.loader import to_dict
from mohart.config.slots import CorrelationConfig, NoRefinementConfig
from mohart.errors import ConfigError, MohartError
from mohart.model.tracker import MohartModel
from mohart.nn.align import Alignment
from mohart.nn.heads import GROWTH, OFFSET, LocaliseHeads
from mohart.synth.scenes.generator import Generator
from mohart.training.checkpoint import load_checkpoint, save_checkpoint

SEED, FRAMES = 78, 12
STILL = 0.002  # standard deviation of a correction, in sizes and logits, that counts as constant


@torch.inference_mode()
def corrections(model: MohartModel, scenes: int) -> list[tuple[Tensor, Tensor]]:
    """Of each alignment the mean and the standard deviation of what it says, [5] each."""
    parts = [part for part in model.modules() if isinstance(part, Alignment)]
    said: list[list[Tensor]] = [[] for _ in parts]
    hooks = [
        part.register_forward_hook(lambda _m, _i, out, kept=kept: kept.append(out))
        for part, kept in zip(parts, said, strict=True)
    ]
    generator = Generator(seed=SEED)
    for number in range(scenes):
        drawn = list(generator.scene(number, FRAMES).frames())
        frames = torch.from_numpy(np.stack([one.frame for one in drawn]))[None]
        boxes = torch.from_numpy(drawn[0].boxes.astype(np.float32))[None]
        state = model.cell.start(frames[:, 0], boxes, torch.ones(boxes.shape[:2], dtype=torch.bool))
        model(frames[:, 1:], state)
    for hook in hooks:
        hook.remove()
    told = [torch.cat(kept) for kept in said]
    return [(all_of.mean(0), all_of.std(0)) for all_of in told]


@torch.no_grad()
def fold(model: MohartModel, constant: Tensor) -> None:
    """Let the heads say `constant` [5]: shift in sizes, log size, evidence. Changes `model`."""
    heads = model.cell.heads
    if not isinstance(heads, LocaliseHeads):
        raise ConfigError("model.heads: expected 'localise', the heads that ask alignments")
    cell, row = heads.localise[3].bias, heads.residual.bias
    cell[1:3] += constant[:2] / OFFSET  # type: ignore[index, operator]
    cell[3:5] += constant[2:4] / GROWTH  # type: ignore[index, operator]
    row[6] += constant[4]  # the odds of being seen


def drop(path: Path, out: Path, scenes: int) -> None:
    """Write the weights at `path` without alignments.

    Raises:
        ConfigError: there is none, or one of them answers.
    """
    loaded = load_model(path)
    model, config = loaded.model.eval(), loaded.config
    said = corrections(model, scenes)
    if not said:
        raise ConfigError(f"{path}: expected weights with alignments, these have none")
    most = max(float(spread.max()) for _, spread in said)
    if most > STILL:
        raise ConfigError(
            f"{path}: an alignment answers, its corrections have a standard deviation of "
            f"{most:.4f}; expected less than {STILL}. Nothing was written"
        )
    fold(model, torch.stack([mean for mean, _ in said]).sum(0))
    look = config.model.appearance
    look = replace(look, align=False) if isinstance(look, CorrelationConfig) else look
    plain = replace(config.model, appearance=look, refine=NoRefinementConfig(), steady=True)
    weights, saved = model.state_dict(), load_checkpoint(path)
    kept = {name: weights[name] for name in build_model(plain).state_dict()}
    if saved.about.get("precision") == "float16":
        kept = {name: weight.half() for name, weight in kept.items()}
    about = {**saved.about, "config": to_dict(replace(config, model=plain))}
    save_checkpoint(out, {f"weights.{name}": weight for name, weight in kept.items()}, about)
    left, before = (sum(w.numel() for w in of.values()) for of in (kept, weights))
    print(f"corrections vary by {most:.5f}; {left:,} of {before:,} numbers are left")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scenes", type=int, default=12)
    args = parser.parse_args()
    try:
        drop(args.weights, args.out, args.scenes)
    except MohartError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
