"""Readings -> what is reported: estimates with intervals, a table, CSV, a figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mohart.ablation.statistics import Estimate, estimate
from mohart.aliases import Floats
from mohart.facts import FACTS
from mohart.metrics.text_table import format_columns
from mohart.model.layers import LAYERS, Layer
from mohart.plots import new_figure
from mohart.probes.layers.fit import Reading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

DPI = 120
WIDEST = 12  # layers side by side, over all panels
DARK = 0.55  # share from which letters are white
ABOUT = (
    "A small network reads a layer and learns a label. The picture's numbers are what it scores on "
    "other clips: R2 for numbers, the share of correct frames for classes. A field is as dark as "
    "the part of what the control task leaves open is known: the same network, with labels that "
    "are shuffled between objects. A star: the score is above the control's, by an interval of "
    "95 % over seeds and clips.",
    "The table has the difference of the two (selectivity) with that interval.",
)


@dataclass(frozen=True)
class Finding:
    """One layer and one label of one model.

    Attributes:
        model: its name.
        layer: that was read.
        label: that was learned.
        score: R2 of numbers, share of correct frames for classes.
        control: of the control task.
        selectivity: score minus control, paired by seed and track.
    """

    model: str
    layer: str
    label: str
    score: Estimate
    control: Estimate
    selectivity: Estimate

    @property
    def share(self) -> float:
        """Selectivity as a share of what was left above the control: 1 is all, 0 nothing."""
        return self.selectivity.value / max(1e-6, 1 - self.control.value)


def find(model: str, readings: Sequence[Reading]) -> Finding:
    """Estimates over seeds and test clips.

    Args:
        model: its name.
        readings: of one layer and label: of one training, whose stethoscopes are the seeds, or of
            several trainings, which then are the seeds: each has the mean of its stethoscopes, on
            the tracks that all of them kept in view.

    Raises:
        ConfigError: no track was kept by all.
    """
    first = readings[0]
    common = sorted(set(first.track).intersection(*(r.track for r in readings[1:])))
    places = [np.searchsorted(r.track, common) for r in readings]
    scores, control = (
        np.concatenate(
            [
                _seeds(getattr(r, part), len(readings))[:, place]
                for r, place in zip(readings, places, strict=True)
            ]
        )
        for part in ("scores", "control")
    )
    clip = np.array(first.clip, np.int64)[places[0]]
    parts = (estimate(values, clip) for values in (scores, control, scores - control))
    return Finding(model, first.layer, first.label, *parts)


def _seeds(values: list[list[float]], trainings: int) -> Floats:
    """[S, K] of one training, or their mean [1, K] where trainings are compared."""
    rows = np.array(values)
    return rows if trainings == 1 else rows.mean(0, keepdims=True)


def to_table(findings: Sequence[Finding]) -> str:
    """Text: a block per model, a row per label, selectivity and its interval per layer."""
    blocks = []
    for model in dict.fromkeys(f.model for f in findings):
        mine = {(f.layer, f.label): f for f in findings if f.model == model}
        layers = [layer for layer in LAYERS if any(key[0] == layer for key in mine)]
        rows = [["label", *layers]]
        for label in _labels(findings):
            cells = [_cell(mine.get((layer, label))) for layer in layers]
            rows.append([label, *cells])
        blocks.append(f"{model}\n{format_columns(rows)}")
    return "\n\n".join(blocks)


def _cell(finding: Finding | None) -> str:
    if finding is None:
        return "-"
    chosen = finding.selectivity
    if chosen.low is None or chosen.high is None:
        return f"{chosen.value:.2f}"
    return f"{chosen.value:.2f} ({chosen.low:.2f} to {chosen.high:.2f})"


def to_csv(findings: Sequence[Finding]) -> str:
    """A line per model, layer and label."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    parts = ("score", "control", "selectivity")
    ends = [f"{part}{end}" for part in parts for end in ("", "_low", "_high")]
    writer.writerow(["model", "layer", "label", *ends, "share"])
    for f in findings:
        numbers = [
            "" if x is None else round(x, 4)
            for part in parts
            for x in (getattr(f, part).value, getattr(f, part).low, getattr(f, part).high)
        ]
        writer.writerow([f.model, f.layer, f.label, *numbers, round(f.share, 4)])
    return text.getvalue()


def draw(findings: Sequence[Finding]) -> bytes:
    """PNG: a panel per model, layers from left to right, labels from top to bottom.

    A field is as dark as the share of what the control leaves open is known; its number is the
    score, and a star stands where the interval of the selectivity lies above 0.
    """
    models = list(dict.fromkeys(f.model for f in findings))
    labels = _labels(findings)
    layers = [layer for layer in LAYERS if any(f.layer == layer for f in findings)]
    columns = min(len(models), max(1, WIDEST // len(layers)))
    rows = -(-len(models) // columns)
    size = 2.4 + columns * (0.25 + 0.66 * len(layers)), rows * (0.95 + 0.3 * len(labels))
    figure = new_figure(*size, dpi=DPI)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes in panels.flat[len(models) :]:
        axes.set_visible(False)
    for axes, model in zip(panels.flat, models, strict=False):
        known = {(f.layer, f.label): f for f in findings if f.model == model}
        picture = _panel(axes, known, labels, layers)
        axes.set_title(model, fontsize=9)
        axes.tick_params(length=0, labelbottom=True)
    colours = figure.colorbar(picture, ax=list(panels.flat), fraction=0.03, pad=0.02)
    colours.set_label("known, of what the control task leaves open", fontsize=8)
    colours.ax.tick_params(labelsize=7)
    data = io.BytesIO()
    figure.savefig(data, format="png")
    return data.getvalue()


def _panel(
    axes: Axes, known: Mapping[tuple[str, str], Finding], labels: list[str], layers: list[Layer]
) -> AxesImage:
    """One model's fields."""
    share = np.full((len(labels), len(layers)), np.nan)
    for row, label in enumerate(labels):
        for column, layer in enumerate(layers):
            f = known.get((layer, label))
            if f is None:
                continue
            share[row, column] = min(1.0, max(0.0, f.share))
            star = "*" if f.selectivity.low is not None and f.selectivity.low > 0 else ""
            axes.text(
                column,
                row,
                f"{f.score.value:.2f}{star}".replace("-0.00", "0.00"),
                ha="center",
                va="center",
                fontsize=7.5,
                color="white" if share[row, column] > DARK else "black",
            )
    axes.set_facecolor("0.88")  # where nothing is known of enough objects
    picture: AxesImage = axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(layers)), layers, fontsize=8, rotation=30, ha="right")
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    for side in axes.spines.values():
        side.set_visible(False)
    return picture


def _labels(findings: Sequence[Finding]) -> list[str]:
    return [fact.name for fact in FACTS if any(f.label == fact.name for f in findings)]
