"""Readings -> what is reported: estimates with intervals, a table, CSV, a figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mohart.ablation.statistics import Estimate, estimate
from mohart.aliases import Floats
from mohart.facts import FACTS
from mohart.metrics.text_table import format_columns
from mohart.model.layers import LAYERS
from mohart.plots import new_figure
from mohart.probes.layers.fit import Reading

DPI = 120
ABOUT = (
    "A small network reads a layer and learns a label. Numbers: how much better it is on other "
    "clips than the same network with labels that are shuffled between objects (selectivity). For "
    "numbers that is a difference of R2, for classes one of shares of correct frames; a field is "
    "as dark as the part of what could be known is known; a star: the 95 % interval over seeds and "
    "clips lies above 0.",
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

    A field is as dark as the share of what could be known is known; its number is the selectivity,
    and a star stands where its interval lies above 0.
    """
    models = list(dict.fromkeys(f.model for f in findings))
    labels = _labels(findings)
    layers = [layer for layer in LAYERS if any(f.layer == layer for f in findings)]
    width = 1.9 + len(models) * (0.5 + 0.72 * len(layers))
    figure = new_figure(width, 1.1 + 0.32 * len(labels), dpi=DPI)
    panels = figure.subplots(1, len(models), squeeze=False, sharey=True)[0]
    for axes, model in zip(panels, models, strict=True):
        share = np.full((len(labels), len(layers)), np.nan)
        for f in findings:
            if f.model == model:
                row, column = labels.index(f.label), layers.index(f.layer)  # type: ignore[arg-type]
                share[row, column] = min(1.0, max(0.0, f.share))
                star = "*" if f.selectivity.low is not None and f.selectivity.low > 0 else ""
                axes.text(
                    column,
                    row,
                    f"{f.selectivity.value:.2f}{star}",
                    ha="center",
                    va="center",
                    fontsize=7,
                    color="white" if share[row, column] > 0.55 else "black",
                )
        axes.imshow(share, cmap="viridis_r", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(layers)), layers, fontsize=7, rotation=30, ha="right")
        axes.set_title(model, fontsize=9)
        axes.tick_params(length=0)
        for side in axes.spines.values():
            side.set_visible(False)
    panels[0].set_yticks(range(len(labels)), labels, fontsize=8)
    data = io.BytesIO()
    figure.savefig(data, format="png")
    return data.getvalue()


def _labels(findings: Sequence[Finding]) -> list[str]:
    return [fact.name for fact in FACTS if any(f.label == fact.name for f in findings)]
