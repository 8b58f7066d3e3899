"""Success curve, AUC and mean IoU over all windows, with intervals from a bootstrap over windows.

Whole windows are drawn with replacement, because the pairs of one window are far from independent.
With few windows (under about 10) the intervals are too narrow.

Source: Efron and Tibshirani 1993, sec. 13.3 (percentile interval).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mohart.aliases import Floats
from mohart.errors import ConfigError
from mohart.metrics.overlap.counts import (
    Counts,
    draw_windows,
    overlap_scores,
    ratio,
    stack_counts,
    weigh_counts,
)

Curve = tuple[float | None, ...]


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % confidence interval; all None where there is nothing to average.

    Attributes:
        value: over all pairs.
        low: 2.5 % percentile over bootstrap samples of windows.
        high: 97.5 % percentile.
    """

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class OverlapSummary:
    """Scores of one tracker over all windows; each is in [0, 1].

    Attributes:
        mean_iou: mean IoU over all pairs.
        mean_iou_moved: the same over pairs whose object has moved.
        success_50: share of pairs with IoU > 0.5.
        success_75: share of pairs with IoU > 0.75.
        success_auc: mean of the success curve.
        survival: share of pairs that come before the object's first pair with IoU < 0.1.
        success_curve: [21] share of pairs with IoU > 0, 0.05, ..., 1.
        iou_over_time: [T] mean IoU of the pairs at t; None at t = 0 and where there is no pair.
        iou_over_time_low: [T] 2.5 % percentile of that, None likewise.
        iou_over_time_high: [T] 97.5 % percentile.
        windows: number of windows with at least one pair.
        objects: number of (window, object) with at least one pair.
        pairs: number of pairs.
        pairs_moved: number of pairs whose object has moved.
    """

    mean_iou: Estimate
    mean_iou_moved: Estimate
    success_50: Estimate
    success_75: Estimate
    success_auc: Estimate
    survival: Estimate
    success_curve: tuple[float, ...]
    iou_over_time: Curve
    iou_over_time_low: Curve
    iou_over_time_high: Curve
    windows: int
    objects: int
    pairs: int
    pairs_moved: int

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and dicts, ready for JSON."""
        found: dict[str, Any] = {}
        for name, value in vars(self).items():
            if isinstance(value, Estimate):
                found[name] = vars(value)
            else:
                found[name] = list(value) if isinstance(value, tuple) else value
        return found


def summarise_counts(
    windows: Sequence[Counts], *, seed: int = 0, resamples: int = 1000
) -> OverlapSummary:
    """All scores over all windows.

    Args:
        windows: counts per window, see `count_window`; windows without a pair are passed over.
        seed: of the bootstrap; the same seed gives the same intervals.
        resamples: number of bootstrap samples, at least 1.

    Raises:
        ConfigError: resamples is below 1.
    """
    if resamples < 1:
        raise ConfigError(f"resamples: expected at least 1, got {resamples}")
    stacked = stack_counts([counts for counts in windows if counts["pairs"]])
    used = len(stacked["pairs"])
    sums = {name: values.sum(0) for name, values in stacked.items()}
    drawn = weigh_counts(stacked, draw_windows(used, seed=seed, resamples=resamples))
    values, samples = overlap_scores(sums), overlap_scores(drawn)
    estimates = {name: _estimate(float(values[name]), samples[name]) for name in values}
    curve = sums["success"] / max(float(sums["pairs"]), 1)
    low, high = _percentiles(ratio(drawn["iou_at"], drawn["pairs_at"]))
    return OverlapSummary(
        mean_iou=estimates["IoU"],
        mean_iou_moved=estimates["moved"],
        success_50=estimates["succ@.5"],
        success_75=estimates["succ@.75"],
        success_auc=estimates["AUC"],
        survival=estimates["survival"],
        success_curve=tuple(curve.tolist()),
        iou_over_time=_curve(ratio(sums["iou_at"], sums["pairs_at"])),
        iou_over_time_low=_curve(low),
        iou_over_time_high=_curve(high),
        windows=used,
        objects=int(sums["objects"]),
        pairs=int(sums["pairs"]),
        pairs_moved=int(sums["moved_pairs"]),
    )


def _estimate(value: float, samples: Floats) -> Estimate:
    """`samples` [R] may hold NaN for draws in which nothing could be averaged."""
    if np.isnan(value):
        return Estimate(None, None, None)
    low, high = _percentiles(samples[:, None])
    return Estimate(value, float(low[0]), float(high[0]))


def _percentiles(samples: Floats) -> tuple[Floats, Floats]:
    """[R, T] -> 2.5 % and 97.5 % percentiles [T] of what is finite, NaN where nothing is."""
    edges = np.full((2, samples.shape[1]), np.nan)
    some = np.isfinite(samples).any(0)
    if some.any():
        edges[:, some] = np.nanpercentile(samples[:, some], [2.5, 97.5], axis=0)
    return edges[0], edges[1]


def _curve(values: Floats) -> Curve:
    return tuple(None if np.isnan(value) else value for value in values.tolist())
