"""EquiVAE on digits, all labels and few: tools/equivae.py OUT.

Trains EquiVAE and a classifier of the same size for every number of labels and seed (see
mohart/probes/equivae) on the digits that scikit-learn ships, and writes OUT/equivae.csv,
OUT/table.txt and OUT/parts.png. Trainings that stand in the table already are not repeated, so the
command can be stopped and given again.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import torch

from mohart.cli.terminal.progress import show_progress
from mohart.errors import MohartError
from mohart.files import write_bytes, write_text
from mohart.plots import check_plot
from mohart.probes.equivae.digits import Digits, load_digits
from mohart.probes.equivae.pictures import draw_parts
from mohart.probes.equivae.trial import (
    METHODS,
    Trial,
    from_csv,
    run_trial,
    to_csv,
    to_table,
    train_equivae,
)

LABELS, SEEDS, STEPS = (0, 100, 300), 5, 1500


def run(
    out: Path, digits: tuple[Digits, Digits], labels: list[int], seeds: int, steps: int
) -> list[Trial]:
    """All trials of the grid, those of earlier sittings included."""
    table = out / "equivae.csv"
    trials = from_csv(table) if table.is_file() else []
    known = {(t.seed, t.labels, t.method, t.steps) for t in trials}
    grid = list(itertools.product(range(seeds), labels, METHODS))
    todo = [k for k in grid if (*k, steps) not in known]
    with show_progress("equivae", "trainings") as progress:
        for n, (seed, told, method) in enumerate(todo):
            trials.append(run_trial(*digits, method, labels=told, seed=seed, steps=steps))
            write_text(table, to_csv(trials))
            progress(n + 1, len(todo))
    return [t for t in trials if (t.seed, t.labels, t.method) in grid and t.steps == steps]


def main(argv: list[str] | None = None) -> int:
    """Run the grid, print the errors, draw what the parts hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--labels", nargs="+", type=int, default=list(LABELS), metavar="N", help="0: all"
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)  # the networks are too small for more
    try:
        check_plot(args.out / "parts.png")
        digits = load_digits()
        text = to_table(run(args.out, digits, args.labels, args.seeds, args.steps))
        write_text(args.out / "table.txt", text + "\n")
        network = train_equivae(digits[0], labels=0, seed=0, steps=args.steps)
        write_bytes(args.out / "parts.png", draw_parts(network, *digits))
    except MohartError as error:
        parser.exit(2, f"error: {error}\n")
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
