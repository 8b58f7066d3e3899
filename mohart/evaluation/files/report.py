"""A page about one tracker: how good it is, on which sequences, and where in them it fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mohart.evaluation.files.scoring import Scored, SequenceEvents
from mohart.metrics.hota import THRESHOLDS
from mohart.metrics.scores import COMBINED, ScoreRow
from mohart.plots import check_plot, new_figure, plain_axes, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIME_BINS = 60
ROW_INCHES, HEAD_INCHES = 0.23, 1.9
FOUND, MISSED, WRONG = "#2b7a78", "#c9d6d5", "#d1495b"
LINES = {"HOTA": "#17252a", "DetA": "#2b7a78", "AssA": "#d1495b", "LocA": "#9a9a9a"}
MARKS = {"HOTA": ("o", "#17252a"), "MOTA": ("D", "#2b7a78"), "IDF1": ("^", "#d1495b")}
LOWEST_SHOWN = -10.0  # percent; MOTA has no lower end


def draw_report(path: Path, scored: Scored) -> None:
    """Write the page: one band per class.

    A band has HOTA over its thresholds, the scores of every sequence, what became of its boxes,
    and the errors per frame over time with the switches as dots.

    Args:
        path: a png, svg or pdf file; replaced if it exists, and never left half written.
        scored: with events.

    Raises:
        MissingDataError: matplotlib is not installed.
        ConfigError: another suffix.
        OutputError: the file cannot be written.
    """
    check_plot(path)
    scores = scored.scores
    bands = {name: _ordered(scores.rows, name) for name in scores.protocol.classes}
    heights = [HEAD_INCHES + ROW_INCHES * max(len(rows), 6) for rows in bands.values()]
    figure = new_figure(15, 0.7 + sum(heights), dpi=110)
    protocol, dataset = scores.protocol, scores.dataset
    tracker = scores.rows[0].tracker
    figure.suptitle(
        f"{tracker} on {dataset.name} ({dataset.split}) · {protocol.name}, {protocol.benchmark} · "
        f"{sum(dataset.sequences.values())} frames",
        fontsize=13,
        x=0.01,
        ha="left",
    )
    parts = figure.subfigures(len(bands), 1, height_ratios=heights, squeeze=False)
    for part, (name, rows) in zip(parts[:, 0], bands.items(), strict=True):
        part.suptitle(_headline(scores.row(name)), fontsize=11, x=0.01, ha="left")
        curve, dots, boxes, errors = part.subplots(1, 4, width_ratios=(3, 3, 3, 4))
        _draw_curve(curve, scores.row(name))
        _draw_scores(dots, rows)
        _draw_boxes(boxes, rows)
        _draw_errors(errors, rows, [e for e in scored.events if e.class_name == name])
    save_figure(figure, path)


def _ordered(rows: Sequence[ScoreRow], class_name: str) -> list[ScoreRow]:
    """Sequences of a class that have boxes, the best at the top of an upward axis."""
    chosen = [row for row in rows if row.class_name == class_name and row.sequence != COMBINED]
    used = [row for row in chosen if row.fields["GT_Dets"] or row.fields["Dets"]] or chosen
    return sorted(used, key=lambda row: row.scores["HOTA"] or 0)


def _headline(row: ScoreRow) -> str:
    shares = [f"{name} {row.scores[name]:.1f}" for name in ("HOTA", "DetA", "AssA", "MOTA", "IDF1")]
    counts = [f"{row.scores[name]} {name}" for name in ("IDSW", "Frag", "FP", "FN")]
    return f"{row.class_name}:  {'   '.join(shares)}   |   {'   '.join(counts)}"


def _draw_curve(axes: Axes, row: ScoreRow) -> None:
    for name, colour in LINES.items():
        values = np.asarray(row.fields[name]) * 100
        width = 2.2 if name == "HOTA" else 1.4
        label = f"{name} {values.mean():.1f}"
        axes.plot(THRESHOLDS, values, color=colour, linewidth=width, label=label)
    axes.legend(fontsize=8, loc="lower left", frameon=False)
    axes.set(xlim=(0, 1), ylim=(0, 102), xlabel="IoU threshold", title="HOTA and its parts, %")
    plain_axes(axes)


def _draw_scores(axes: Axes, rows: Sequence[ScoreRow]) -> None:
    places = np.arange(len(rows))
    for name, (marker, colour) in MARKS.items():
        values = np.array([row.scores[name] for row in rows], float)
        shown = np.maximum(values, LOWEST_SHOWN)
        axes.plot(shown, places, marker, color=colour, label=name, markersize=5, alpha=0.9)
        for place in places[values < LOWEST_SHOWN]:
            axes.annotate(
                f"{values[place]:.0f}", (LOWEST_SHOWN + 3, place), fontsize=7, va="center"
            )
    axes.set(xlim=(LOWEST_SHOWN - 4, 104), title="scores per sequence, %")
    axes.set_yticks(places, [row.sequence for row in rows])
    _legend_below(axes)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    plain_axes(axes)


def _draw_boxes(axes: Axes, rows: Sequence[ScoreRow]) -> None:
    """Found and missed truths to the right, false results to the left."""
    places = np.arange(len(rows))
    found = np.array([row.fields["CLR_TP"] for row in rows], float)
    missed = np.array([row.fields["CLR_FN"] for row in rows], float)
    wrong = np.array([row.fields["CLR_FP"] for row in rows], float)
    axes.barh(places, found, color=FOUND, label="found", height=0.72)
    axes.barh(places, missed, left=found, color=MISSED, label="missed", height=0.72)
    axes.barh(places, -wrong, color=WRONG, label="false", height=0.72)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(title="boxes")
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):,.0f}")
    axes.xaxis.set_major_locator(_few_ticks())
    axes.set_yticks(places, [""] * len(rows))
    axes.set_ylim(-0.7, len(rows) - 0.3)
    _legend_below(axes)
    plain_axes(axes)


def _draw_errors(axes: Axes, rows: Sequence[ScoreRow], found: Sequence[SequenceEvents]) -> None:
    """Misses and false positives per frame as colour, switches as dots."""
    of_sequence = {part.sequence: part for part in found}
    picture = np.zeros((len(rows), TIME_BINS))
    for place, row in enumerate(rows):
        part = of_sequence[row.sequence]
        kind, when = part.events.kind, part.events.frame / part.length
        box_errors = np.isin(kind, ("miss", "false_positive"))
        picture[place] = _histogram(when[box_errors]) * TIME_BINS / part.length
        switches = when[kind == "switch"] * TIME_BINS - 0.5
        axes.plot(
            switches, np.full(len(switches), place), ".", color="#1f4e9c", markersize=4, alpha=0.8
        )
    image = axes.imshow(
        picture,
        aspect="auto",
        origin="lower",
        cmap="OrRd",
        vmin=0,
        vmax=max(float(np.percentile(picture, 99)), 1.0),
        interpolation="nearest",
    )
    axes.figure.colorbar(image, ax=axes, pad=0.01).set_label("errors per frame", fontsize=8)
    axes.set(title="misses and false boxes over time (blue dots: switches)")
    axes.set_xticks([-0.5, TIME_BINS / 2 - 0.5, TIME_BINS - 0.5], ["start", "middle", "end"])
    axes.set_yticks(np.arange(len(rows)), [""] * len(rows))
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.title.set_fontsize(9)


def _legend_below(axes: Axes) -> None:
    axes.legend(
        fontsize=7,
        loc="upper center",
        ncols=3,
        bbox_to_anchor=(0.5, 0),
        borderaxespad=3,
        frameon=False,
    )


def _histogram(when: NDArray[np.float64]) -> NDArray[np.int64]:
    """[TIME_BINS] number of moments, given in [0, 1), per bin."""
    return np.bincount((when * TIME_BINS).astype(np.int64), minlength=TIME_BINS)[:TIME_BINS]


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(5)
