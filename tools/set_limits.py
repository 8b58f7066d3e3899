"""Where sum, mean and max pooling stop to profit from a wider latent: tools/set_limits.py OUT.

Trains a small set network for every pool, set size, width and seed on the median of a set (see
mohart/probes/set_limits.py) and writes OUT/set_limits.csv and OUT/set_limits.png. Trainings that
stand in the table already are not repeated, so the command can be stopped and given again. The
defaults take about a quarter of an hour on one core.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import torch

from mohart.cli.terminal.progress import show_progress
from mohart.errors import MohartError
from mohart.files import write_text
from mohart.probes.set_limits import (
    POOLS,
    Pool,
    Trial,
    draw_errors,
    from_csv,
    run_trial,
    to_csv,
    turning_table,
)

SIZES, WIDTHS = (3, 6, 12), (1, 2, 3, 4, 6, 8, 12, 24)


def run(
    out: Path, pools: list[Pool], sizes: list[int], widths: list[int], seeds: int, steps: int
) -> list[Trial]:
    """All trials of the grid, those of earlier sittings included."""
    table = out / "set_limits.csv"
    trials = from_csv(table) if table.is_file() else []
    known = {(t.pool, t.size, t.width, t.seed, t.steps) for t in trials}
    grid = list(itertools.product(range(seeds), sizes, pools, widths))
    todo = [k for k in grid if (k[2], k[1], k[3], k[0], steps) not in known]
    with show_progress("set limits", "trainings") as progress:
        for n, (seed, size, pool, width) in enumerate(todo):
            trials.append(run_trial(pool, size, width, seed=seed, steps=steps))
            write_text(table, to_csv(trials))
            progress(n + 1, len(todo))
    return [t for t in trials if (t.seed, t.size, t.pool, t.width) in grid and t.steps == steps]


def main(argv: list[str] | None = None) -> int:
    """Run the grid, draw it, print where the error stops falling."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--pools", nargs="+", choices=POOLS, default=list(POOLS))
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), metavar="M")
    parser.add_argument("--widths", nargs="+", type=int, default=list(WIDTHS), metavar="W")
    parser.add_argument("--seeds", type=int, default=1, metavar="N")
    parser.add_argument("--steps", type=int, default=10_000, metavar="N")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)  # the networks are too small for more
    try:
        trials = run(args.out, args.pools, args.sizes, args.widths, args.seeds, args.steps)
        draw_errors(args.out / "set_limits.png", trials)
    except MohartError as error:
        parser.exit(2, f"error: {error}\n")
    print(turning_table(trials))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
