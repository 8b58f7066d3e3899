"""A page about trackers that got their boxes once: how long they hold on, and where they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mohart.metrics.overlap.counts import Counts, ratio
from mohart.metrics.overlap.summary import OverlapSummary
from mohart.metrics.overlap.window import SUCCESS_THRESHOLDS
from mohart.plots import check_plot, new_figure, plain_axes, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Summaries = Mapping[str, OverlapSummary]

COLOURS = (
    *("#17252a", "#d1495b", "#2b7a78", "#e08e0b", "#5b5bd6", "#8a5a44", "#c154c1", "#7f7f7f"),
    *("#5aa02c", "#00a6d6"),
)
STYLES = ("-", "--", ":")
INCHES_PER_BAR, NARROWEST, WIDEST = 0.07, 13.0, 40.0
FEW_WINDOWS = 10


def draw_initialised_report(
    path: Path,
    summaries: Summaries,
    windows: Mapping[str, Sequence[Counts]],
    *,
    names: Sequence[str],
    title: str,
) -> None:
    """Write the page.

    Above: mean IoU over the frames since the boxes were given with its 95 % interval, the success
    curve, and the mean over everything with its interval. Below: the mean IoU of every window.

    Args:
        path: a png, svg or pdf file; replaced if it exists, and never left half written.
        summaries: tracker -> scores over all windows.
        windows: tracker -> counts of every window.
        names: of the windows.
        title: written above.

    Raises:
        MissingDataError: matplotlib is not installed.
        ConfigError: another suffix.
        OutputError: the file cannot be written.
    """
    check_plot(path)
    bars = len(names) * (len(summaries) + 1)
    width = float(np.clip(INCHES_PER_BAR * bars, NARROWEST, WIDEST))
    figure = new_figure(width, 8.5, dpi=110)
    caution = f"; only {len(names)}: too narrow" if len(names) < FEW_WINDOWS else ""
    figure.suptitle(
        f"{title} · boxes given in the first frame · 95 % intervals over windows{caution}",
        fontsize=12,
        x=0.01,
        ha="left",
    )
    parts = figure.subfigures(2, 1, height_ratios=(5, 4), squeeze=False)
    above, below = parts[:, 0]
    over_time, success, means = above.subplots(1, 3, width_ratios=(5, 4, 3))
    _draw_over_time(over_time, summaries)
    _draw_success(success, summaries)
    _draw_means(means, summaries)
    _draw_windows(below.subplots(), windows, names)
    save_figure(figure, path)


def _colour(n: int) -> str:
    return COLOURS[n % len(COLOURS)]


def _style(n: int) -> str:
    """Of tracker n: after all colours have been used, they come again with broken lines."""
    return STYLES[n // len(COLOURS) % len(STYLES)]


def _draw_over_time(axes: Axes, summaries: Summaries) -> None:
    for n, (name, overlap) in enumerate(summaries.items()):
        curve, low, high = (
            np.array([np.nan if value is None else value for value in values], np.float64)
            for values in (
                overlap.iou_over_time,
                overlap.iou_over_time_low,
                overlap.iou_over_time_high,
            )
        )
        for values in (curve, low, high):
            values[:1] = 1  # the box that was given
        axes.plot(curve, _style(n), color=_colour(n), linewidth=1.8, label=name)
        axes.fill_between(np.arange(len(low)), low, high, color=_colour(n), alpha=0.12)
    axes.set(xlabel="frames since the boxes were given", ylim=(0, 1.02), title="mean IoU over time")
    axes.margins(x=0)
    axes.legend(fontsize=8, frameon=False, ncols=2)
    plain_axes(axes)


def _draw_success(axes: Axes, summaries: Summaries) -> None:
    for n, (name, overlap) in enumerate(summaries.items()):
        auc = overlap.success_auc.value
        label = name if auc is None else f"{name} {auc:.3f}"
        curve = overlap.success_curve
        axes.plot(
            SUCCESS_THRESHOLDS, curve, _style(n), color=_colour(n), linewidth=1.8, label=label
        )
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="IoU threshold")
    axes.set_title("success: share of boxes above the threshold (area)")
    axes.legend(fontsize=8, frameon=False)
    plain_axes(axes)


def _draw_means(axes: Axes, summaries: Summaries) -> None:
    """The best at the top."""
    numbered = [(overlap.mean_iou, n, name) for n, (name, overlap) in enumerate(summaries.items())]
    ordered = sorted(numbered, key=lambda item: item[0].value or 0)
    for place, (mean, n, _) in enumerate(ordered):
        if mean.value is not None and mean.low is not None and mean.high is not None:
            axes.plot([mean.low, mean.high], [place, place], color=_colour(n), linewidth=3)
            axes.plot(mean.value, place, "o", color=_colour(n), markersize=7)
            axes.annotate(f"{mean.value:.3f}", (mean.value, place + 0.2), fontsize=8, ha="center")
    axes.set_yticks(range(len(ordered)), [name for _, _, name in ordered])
    axes.set(title="mean IoU over all boxes", xlim=(0, 1), ylim=(-0.6, len(ordered) - 0.4))
    plain_axes(axes)


def _draw_windows(
    axes: Axes, windows: Mapping[str, Sequence[Counts]], names: Sequence[str]
) -> None:
    """A group of bars per window; no bar where a window has no pair."""
    places = np.arange(len(names))
    thickness = 0.85 / max(len(windows), 1)
    for n, (name, counts) in enumerate(windows.items()):
        axes.bar(
            places + (n - (len(windows) - 1) / 2) * thickness,
            np.nan_to_num(_means(counts)),
            thickness,
            color=_colour(n),
            label=name,
        )
    axes.set_xticks(places, names, rotation=30 if len(names) > 12 else 0, fontsize=7)
    axes.set(title="mean IoU of every window", ylim=(0, 1.1), xlim=(-0.6, len(names) - 0.4))
    plain_axes(axes)
    axes.legend(fontsize=7, frameon=False, ncols=12, loc="upper left")


def _means(counts: Sequence[Counts]) -> NDArray[np.float64]:
    """[W] mean IoU per window, NaN where there is no pair."""
    iou, pairs = (np.array([c[name] for c in counts], np.float64) for name in ("iou", "pairs"))
    return ratio(iou, pairs)
