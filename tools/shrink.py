"""Let trained weights look through a coarser glimpse, so that training can go on with them.

Usage: python tools/shrink.py OUT.safetensors --size 48 [--weights FILE]

A glimpse of 48 x 48 pixels has 0.56 of the cells of one of 64 x 64, and costs about half. Kernels
stay as they are. What is told by place is resampled: templates of k x k cells get k * size / old,
so they show the same part of the window, and so do the cells that the read-out reads. Sums over
fewer cells are scaled up by their number. Then train with `train.start_from: OUT.safetensors`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor
from torch.nn import functional

from mohart.assembly.weights import load_model
from mohart.config.loader import to_dict
from mohart.config.schema import Config
from mohart.config.slots import CorrelationConfig
from mohart.errors import ConfigError, MohartError
from mohart.training.checkpoint import save_checkpoint

COMPARE = "cell.appearance.compare.weight"  # [C, looks * k * k, 1, 1]
READ = "cell.readout.3.weight"  # [D, channels * cells]


def resampled(weight: Tensor, old: int, new: int) -> Tensor:
    """[D, M * old * old] -> [D, M * new * new]: over a map of places, its sum stays as it was.

    >>> import torch
    >>> resampled(torch.ones(1, 16), 4, 2).tolist()
    [[4.0, 4.0, 4.0, 4.0]]
    """
    maps = weight.float().reshape(len(weight), -1, old, old)
    smaller = functional.interpolate(
        maps, size=(new, new), mode="bilinear", antialias=True, align_corners=False
    )
    return (smaller * (old / new) ** 2).flatten(1)


def shrink(
    weights: dict[str, Tensor], config: Config, size: int
) -> tuple[dict[str, Tensor], Config]:
    """Weights and configuration for glimpses of `size`.

    Raises:
        ConfigError: cells would not be whole, or it is not known what depends on their number.
    """
    model, seen = config.model, config.model.appearance
    if not isinstance(seen, CorrelationConfig) or seen.align or READ not in weights:
        raise ConfigError("expected a model with correlation, without alignment")
    old, template = model.glimpse.size, seen.template
    if size >= old or size % 8 or template * size % old:
        raise ConfigError(
            f"--size: expected a multiple of 8 below {old} that leaves whole cells of {template} "
            f"template cells a side, got {size}"
        )
    smaller = template * size // old
    changed = dict(weights)
    looks = weights[COMPARE].flatten(1)
    changed[COMPARE] = resampled(looks, template, smaller)[..., None, None]
    changed[READ] = resampled(weights[READ], old // 8, size // 8)
    glimpse = replace(model.glimpse, size=size)
    appearance = replace(seen, template=smaller)
    return changed, replace(config, model=replace(model, glimpse=glimpse, appearance=appearance))


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, required=True, help="pixels a side of a glimpse")
    parser.add_argument("--weights", type=Path, help="default: the shipped ones")
    args = parser.parse_args(arguments)
    try:
        old = load_model(args.weights)
        weights, config = shrink(old.model.state_dict(), old.config, args.size)
        about = {"config": to_dict(config), "shrunk_from": old.details["sha256"]}
        if old.calibration:
            about["calibration"] = old.calibration
        tensors = {f"weights.{name}": value for name, value in weights.items()}
        save_checkpoint(args.out, tensors, about)
    except MohartError as error:
        sys.exit(f"shrink: {error}")
    print(f"wrote {args.out}")


if __name__ == "__main__":
    main()
