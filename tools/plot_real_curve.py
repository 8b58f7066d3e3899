"""Draw IoU on real validation video over training time.

Usage: python tools/plot_real_curve.py docs/experiments/logs/real_curve.csv CURVE.png

Columns of the file: `weights` (what they are), `kind` (a line each; `mixed` are points), `minutes`
of training until then on one core, `iou` as `mohart bench --real` says it.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

RIVALS = {"NanoTrack v3": 0.678, "NanoTrack v2": 0.675}  # docs/results/scoreboard.md


def main(source: Path, out: Path) -> None:
    """Read the file, draw a line per kind and a point per mixture."""
    with source.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    figure, axes = plt.subplots(figsize=(8.5, 4.2), constrained_layout=True)
    for kind in dict.fromkeys(row["kind"] for row in rows):
        points = [(float(r["minutes"]), float(r["iou"])) for r in rows if r["kind"] == kind]
        axes.plot(*zip(*points, strict=True), "D" if kind == "mixed" else "o-", label=kind)
    for place, (name, level) in enumerate(RIVALS.items()):
        axes.axhline(level, color="0.5", lw=1, ls=("--", ":")[place])
        axes.annotate(
            name,
            (1.01, level),
            xycoords=("axes fraction", "data"),
            fontsize=8,
            va="bottom" if place == 0 else "top",
            color="0.4",
        )
    axes.set(xlabel="minutes of training, one core", ylabel="mean IoU of 17 real videos")
    axes.legend(frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
