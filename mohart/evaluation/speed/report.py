"""Measured speeds as a picture: how time grows with the number of objects, and where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mohart.evaluation.speed.table import PARTS
from mohart.plots import check_plot, new_figure, plain_axes, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINES = ("#d1495b", "#2b7a78", "#e08e0b", "#5b5bd6", "#17252a", "#8a5a44", "#c154c1", "#7f7f7f")
STACK = ("#e9c46a", "#d1495b", "#5b5bd6")
MARKS = "osD^vP*X"


def draw_speed(path: Path, record: dict[str, Any]) -> None:
    """Write the picture.

    Left: milliseconds per frame by number of objects, every tracker; the band is p50 to p95. Right:
    what a frame of the first tracker that tells its parts is made of, per object.

    Args:
        path: a png, svg or pdf file; replaced if it exists, and never left half written.
        record: see `mohart.evaluation.speed.table.speed_record`.

    Raises:
        MissingDataError: matplotlib is not installed.
        ConfigError: another suffix.
        OutputError: the file cannot be written.
    """
    check_plot(path)
    figure = new_figure(11, 4.6, dpi=110)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    _draw_scaling(left, record)
    _draw_parts(right, record)
    figure.suptitle(record["machine"], fontsize=8)
    save_figure(figure, path)


def _draw_scaling(axes: Axes, record: dict[str, Any]) -> None:
    rows = record["trackers"]
    for n, name in enumerate(dict.fromkeys(row["tracker"] for row in rows)):
        own = [row for row in rows if row["tracker"] == name]
        counts, colour = [row["objects"] for row in own], LINES[n % len(LINES)]
        axes.plot(
            counts,
            [row["p50_ms"] for row in own],
            color=colour,
            marker=MARKS[n % len(MARKS)],
            markersize=4,
            label=name,
        )
        axes.fill_between(
            counts,
            [row["p50_ms"] for row in own],
            [row["p95_ms"] for row in own],
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
    counts = sorted({row["objects"] for row in rows})
    axes.set(xscale="log", yscale="log", xlabel="objects", ylabel="ms of processor time per frame")
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()
    for stage in ("decode", "encode"):
        row = next((row for row in record["around"] if row["stage"] == stage), None)
        if row:
            axes.axhline(row["p50_ms"], color="black", linewidth=0.7, linestyle=":")
            axes.annotate(stage, (counts[0], row["p50_ms"]), fontsize=7, va="bottom")
    width, height = record["size"]
    axes.set_title(f"a frame of {width}x{height}, p50 to p95")
    axes.legend(fontsize=7, frameon=False)
    plain_axes(axes)


def _draw_parts(axes: Axes, record: dict[str, Any]) -> None:
    telling = [row for row in record["trackers"] if row["parts"]]
    if not telling:
        axes.set_axis_off()
        return
    name = telling[0]["tracker"]
    own = [row for row in telling if row["tracker"] == name]
    base = [0.0] * len(own)
    for part, colour in zip(PARTS, STACK, strict=True):
        height = [row["parts"][part]["p50_ms"] / max(row["objects"], 1) for row in own]
        axes.bar(range(len(own)), height, bottom=base, color=colour, label=part)
        base = [low + more for low, more in zip(base, height, strict=True)]
    axes.set_xticks(range(len(own)), [str(row["objects"]) for row in own])
    axes.set(xlabel="objects", ylabel="ms per object")
    axes.set_title(f"{name}: what an object costs")
    axes.legend(fontsize=7, frameon=False)
    plain_axes(axes)
