"""One cell of `mohart ablate` in a process of its own: python -m mohart.cli.ablate.cell FOLDER."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from mohart.cli.terminal.say import say
from mohart.errors import MohartError


def main(argv: list[str] | None = None) -> int:
    """Carry out the order in a folder; 0 done, 2 failed, 130 stopped."""
    parser = argparse.ArgumentParser(prog="mohart.cli.ablate.cell", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--end-with-parent", action="store_true", help="stop when standard input closes"
    )
    args = parser.parse_args(argv)

    import cv2

    from mohart.ablation.pool import end_with_parent

    cv2.setNumThreads(1)  # one core per cell
    if args.end_with_parent:
        end_with_parent()
    try:
        return 0 if work(args.folder, args.device) else 130
    except MohartError as error:
        say(f"error: {error}", file=sys.stderr)
        return 2


def work(folder: Path, device: str) -> bool:
    """Train and test the cell in a folder; whether it is done.

    Raises:
        MohartError: it cannot be done.
    """
    from mohart.ablation.cells import CellFolder, Order, Result, run_cell
    from mohart.assembly.ablation import train_and_test
    from mohart.cli.terminal.training import report_training

    def train(order: Order, cell: CellFolder) -> tuple[Result, dict[str, Any]] | None:
        with report_training(order.config["train"]["steps"]) as report:
            return train_and_test(order, cell, device=device, report=report)

    return run_cell(CellFolder(folder), train)


if __name__ == "__main__":
    sys.exit(main())
