"""Mix the weights of a run with those that it started from.

Usage: python tools/mix_weights.py START RUN SHARE OUT [--alone BEGINNING ...]

Every weight becomes (1 - SHARE) START + SHARE RUN. A parameter that RUN alone has stays as it is,
and so does one whose name begins with one of BEGINNING: parts that RUN has begun anew do not mix.
One that START alone has is an error. Fine-tuning on new data forgets some of the old; on the line
between the two there are weights that are good at both (docs/experiments/0032).

Source: Wortsman et al. 2022 (WiSE-FT), sec. 3.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from mohart.errors import CheckpointError, ConfigError, MohartError
from mohart.training.checkpoint import load_checkpoint, matching, save_checkpoint


def mix(start: Path, run: Path, share: float, out: Path, alone: Sequence[str] = ()) -> None:
    """Write the mixture with the header of `run`, without its calibration.

    Raises:
        ConfigError: the share is not between 0 and 1, or nothing begins as `alone` says.
        MissingDataError: one of the two does not exist.
        CheckpointError: a shape differs, or `run` lacks a weight.
    """
    if not 0 <= share <= 1:
        raise ConfigError(f"SHARE: expected 0 to 1, got {share:g}")
    old, new = load_checkpoint(start), load_checkpoint(run)
    ours, theirs = old.part("weights"), new.part("weights")
    missing = sorted(ours.keys() - theirs.keys())
    if missing:
        raise CheckpointError(f"{run}: lacks {missing[0]}, which {start} has")
    for name in matching(ours, alone, "--alone"):
        del ours[name]
    about = {key: value for key, value in new.about.items() if key != "calibration"}
    about["mixed"] = {"start": start.name, "run": run.name, "share": share}
    if alone:
        about["mixed"]["alone"] = list(alone)
    mixed = {f"weights.{name}": _mixed(name, ours, theirs, share) for name in theirs}
    save_checkpoint(out, mixed, about)


def _mixed(name: str, ours: dict[str, Tensor], theirs: dict[str, Tensor], share: float) -> Tensor:
    new = theirs[name].float()
    if name not in ours:
        return new
    old = ours[name].float()
    if old.shape != new.shape:
        raise CheckpointError(f"{name}: {list(old.shape)} and {list(new.shape)} do not mix")
    return (1 - share) * old + share * new


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("start", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("share", type=float)
    parser.add_argument("out", type=Path)
    parser.add_argument("--alone", nargs="+", default=[], metavar="BEGINNING")
    args = parser.parse_args()
    try:
        mix(args.start, args.run, args.share, args.out, args.alone)
    except MohartError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
