"""Draw a training's curve: python tools/plot_curve.py RUN/log.jsonl CURVE.png."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt


def main(log: Path, out: Path) -> None:
    """Read log.jsonl, draw loss, training IoU and validation IoU over steps and hours."""
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    steps = [row for row in rows if "loss" in row]
    checks = [{"step": row["step"], **row["validation"]} for row in rows if "validation" in row]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), constrained_layout=True)
    left.plot([r["step"] for r in steps], [r["loss"] for r in steps], color="0.35", lw=1)
    left.set(xlabel="step", ylabel="training loss", title="loss (jumps where clips get longer)")
    at = [c["step"] for c in checks]
    right.plot(at, [c["iou"] for c in checks], "o-", label="validation IoU")
    right.plot(at, [c["iou_last"] for c in checks], "s-", label="its last quarter of the frames")
    right.plot(at, [c["static"] for c in checks], "--", color="0.5", label="box that never moves")
    hours = rows[-1]["seconds"] / 3600
    right.set(xlabel=f"step ({hours:.2f} h in all)", ylabel="IoU", ylim=(0, 1))
    right.set_title("held-out generated clips")
    right.legend(loc="lower right", frameon=False)
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
