"""Cells as text with aligned columns; plain, so that it can be printed without a library."""

from __future__ import annotations

from collections.abc import Sequence


def format_columns(cells: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """Lines of cells with aligned columns: the first `left` to the left, the others to the right.

    >>> print(format_columns([["name", "IoU"], ["a", "0.5"]]))
    name  IoU
    a     0.5
    """
    widths = [max(len(line[n]) for line in cells) for n in range(len(cells[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if n < left else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )
