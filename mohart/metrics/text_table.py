"""Cells as text with aligned columns; plain, so that it can be printed without a library."""

from __future__ import annotations

from collections.abc import Sequence


def format_columns(cells: Sequence[Sequence[str]]) -> str:
    """Lines of cells with aligned columns: the first to the left, the others to the right."""
    widths = [max(len(line[n]) for line in cells) for n in range(len(cells[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if n else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )
