"""Results of cells -> a folder with tables, pictures and one page.

The files depend on the results alone: equal results give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from mohart.ablation.blocks import gather
from mohart.ablation.cells import CellFolder, Order, Result
from mohart.ablation.findings import find
from mohart.ablation.page import to_page
from mohart.ablation.plots import draw_effects, draw_learning, draw_means, draw_strata
from mohart.ablation.tables import (
    cells_csv,
    effects_csv,
    means_csv,
    to_latex,
    to_text,
)
from mohart.errors import OutputError
from mohart.files import write_bytes, write_text

PAGE = "index.html"


def write_report(
    folder: Path,
    orders: Sequence[Order],
    results: Sequence[Result],
    *,
    metric: str,
    margin: float,
    references: Sequence[str],
    title: str,
) -> str:
    """Write the report: index.html, four pictures, table.txt, table.tex and three CSV files.

    Args:
        folder: is made where it is missing.
        orders: of the whole grid, in its order.
        results: those that there are.
        metric: the headline's, a key of `METRICS`.
        margin: difference in it that is too small to matter.
        references: variants to compare with.
        title: of the page.

    Returns:
        The tables as text.

    Raises:
        ConfigError: there is nothing to report, results are not comparable, or an unknown metric
            or reference.
        OutputError: a file cannot be written.
    """
    gathered = gather(orders, results)
    findings = find(gathered, metric=metric, margin=margin, references=references)
    pictures = {"means": ("Means and 95 % intervals", draw_means(findings))}
    if findings.effects:
        pictures["differences"] = ("Paired differences", draw_effects(findings))
    pictures["strata"] = ("What neighbours and occlusion do", draw_strata(findings))
    pictures["learning"] = ("Learning curves", draw_learning(findings))
    text = to_text(findings)
    for name in {"differences"} - pictures.keys():  # of an earlier report with more variants
        (folder / f"{name}.png").unlink(missing_ok=True)
    for name, (_, png) in pictures.items():
        write_bytes(folder / f"{name}.png", png)
    write_text(folder / "table.txt", text)
    write_text(folder / "table.tex", to_latex(findings))
    write_text(folder / "means.csv", means_csv(findings))
    write_text(folder / "differences.csv", effects_csv(findings))
    write_text(folder / "cells.csv", cells_csv(results))
    write_text(folder / PAGE, to_page(findings, gathered, pictures, title))
    return text


def check_place(output: Path) -> None:
    """Make sure that reports and timings are written over those of an ablation alone.

    Raises:
        OutputError: there are such names in the folder, but no cells of an ablation.
    """
    if any(output.glob("cells/*/order.json")):
        return
    for name in ("report", "timings.json"):
        if (output / name).exists():
            raise OutputError(
                f"{output / name}: was not written by 'mohart ablate' (there are no cells beside "
                f"it); choose another folder with -o"
            )


def write_timings(path: Path, folders: Sequence[CellFolder]) -> None:
    """How long the cells took and what ran, in a file of its own: it differs from run to run.

    Raises:
        OutputError: it cannot be written.
    """
    cells = {f.path.name: json.loads(f.timings.read_text("utf-8")) for f in folders}
    seconds = sum(cell["train_seconds"] + cell["test_seconds"] for cell in cells.values())
    content = {"core_hours": round(seconds / 3600, 3), "cells": cells}
    write_text(path, json.dumps(content, indent=1) + "\n")
