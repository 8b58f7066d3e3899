"""Overlap over time under the initialised protocol: boxes given in frame 1, IoU afterwards.

Conventions: T frames of a window, its first frame t = 0 being the one at which the boxes were
given; N objects. A *pair* is one object in one later frame (t >= 1) in which it is labelled; only
pairs count, so frames without ground truth for an object are left out, and so is t = 0. All means
are over pairs: every labelled box weighs the same, whichever window it is in.

Source: IoU over time: HART (Kosiorek et al. 2017, sec. 4). Success curve: OTB (Wu et al. 2013,
sec. 4): share of pairs with IoU > threshold, thresholds 0, 0.05, ..., 1, and its mean as "AUC" (a
perfect tracker gets 20/21, as IoU > 1 is impossible).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import iou
from mohart.errors import ConfigError, check_shape

Array = NDArray[np.float64]

SUCCESS_THRESHOLDS = np.linspace(0, 1, 21)
MOVED_BELOW = 0.5  # IoU of an object's true box with its start box under which it has moved
GONE_BELOW = 0.1  # IoU under which a tracker has lost its object, for survival


@dataclass(frozen=True)
class WindowOverlap:
    """Overlaps of one window.

    Attributes:
        iou: [T, N] float64, NaN where there is no pair.
        moved: [T, N] bool, whether the true box overlaps the start box by less than 0.5 there;
            False where there is no pair.
    """

    iou: Array
    moved: NDArray[np.bool_]


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
    iou_over_time: tuple[float | None, ...]
    windows: int
    objects: int
    pairs: int
    pairs_moved: int

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and dicts, ready for JSON."""
        estimates = {
            name: vars(value) for name, value in vars(self).items() if isinstance(value, Estimate)
        }
        curves = {
            "success_curve": list(self.success_curve),
            "iou_over_time": list(self.iou_over_time),
        }
        counts = {
            name: getattr(self, name) for name in ("windows", "objects", "pairs", "pairs_moved")
        }
        return {**estimates, **curves, **counts}


def window_overlap(
    boxes: NDArray[np.floating[Any]], truth: Array, present: NDArray[np.bool_]
) -> WindowOverlap:
    """Compare a tracker's boxes with the ground truth of one window.

    Args:
        boxes: [T, N, 4] xyxy, a tracker's answer; a box that is not finite overlaps nothing.
        truth: [T, N, 4] xyxy; the boxes at t = 0 are those that the tracker was given.
        present: [T, N] bool, where the truth is known; all True at t = 0.

    Returns:
        IoU and whether the object moved, for every pair.

    Raises:
        ShapeError: the shapes do not fit together.
        ConfigError: an object is not labelled at t = 0.
    """
    check_shape(boxes=(boxes, "T N 4"), truth=(truth, "T N 4"), present=(present, "T N"))
    if not present[:1].all():
        raise ConfigError("window_overlap: every object must be labelled in the first frame")
    is_pair = present.astype(bool)
    is_pair[:1] = False
    finite = np.isfinite(boxes).all(axis=-1, keepdims=True)
    clean = np.where(finite, boxes, 0).astype(np.float64)
    overlap = np.where(is_pair, iou(clean, truth), np.nan)
    moved = is_pair & (iou(truth, truth[:1]) < MOVED_BELOW)
    return WindowOverlap(overlap, moved)


def iou_over_time(windows: Sequence[WindowOverlap]) -> Array:
    """Mean IoU of all pairs at every t.

    Returns:
        [T] for the longest window, NaN where there is no pair.
    """
    length = max((len(window.iou) for window in windows), default=0)
    total, count = np.zeros(length), np.zeros(length)
    for window in windows:
        here = len(window.iou)
        total[:here] += np.nansum(window.iou, 1)
        count[:here] += np.isfinite(window.iou).sum(1)
    means: Array = np.divide(total, count, out=np.full(length, np.nan), where=count > 0)
    return means


def survived(overlap: Array) -> NDArray[np.bool_]:
    """Pairs that come before the first pair of the same object with IoU < 0.1.

    Args:
        overlap: [T, N], NaN where there is no pair.

    Returns:
        [T, N] bool, False where there is no pair.
    """
    gone = np.logical_or.accumulate(np.nan_to_num(overlap, nan=1.0) < GONE_BELOW, axis=0)
    return np.isfinite(overlap) & ~gone


def summarise_windows(
    windows: Sequence[WindowOverlap], *, seed: int = 0, resamples: int = 1000
) -> OverlapSummary:
    """All scores over all windows, with intervals from a bootstrap over windows.

    Whole windows are drawn with replacement, because the pairs of one window are far from
    independent. With few windows (under about 10) the intervals are too narrow.

    Args:
        windows: one per window, in any order; windows without a pair are passed over.
        seed: of the bootstrap; the same seed gives the same interval.
        resamples: number of bootstrap samples, at least 1.

    Raises:
        ConfigError: resamples is below 1.
    """
    if resamples < 1:
        raise ConfigError(f"resamples: expected at least 1, got {resamples}")
    used = [window for window in windows if np.isfinite(window.iou).any()]
    draws = np.random.default_rng(seed).integers(0, max(len(used), 1), (resamples, len(used)))

    def estimate(score: Callable[[WindowOverlap], NDArray[Any]]) -> Estimate:
        """`score` gives the values of a window's pairs that are to be averaged."""
        values = [score(window) for window in used]
        totals = np.array([v.sum() for v in values])
        counts = np.array([v.size for v in values])
        if not counts.sum():
            return Estimate(None, None, None)
        drawn_totals, drawn_counts = totals[draws].sum(1), counts[draws].sum(1)
        means = drawn_totals[drawn_counts > 0] / drawn_counts[drawn_counts > 0]
        low, high = np.percentile(means, [2.5, 97.5]) if means.size else (np.nan, np.nan)
        return Estimate(float(totals.sum() / counts.sum()), float(low), float(high))

    overlaps = [_pairs(window) for window in used]
    together = np.concatenate(overlaps) if overlaps else np.zeros(0)
    curve = _success(together).mean(0) if together.size else np.zeros(len(SUCCESS_THRESHOLDS))
    over_time = iou_over_time(used)
    return OverlapSummary(
        mean_iou=estimate(_pairs),
        mean_iou_moved=estimate(lambda w: w.iou[w.moved]),
        success_50=estimate(lambda w: _pairs(w) > 0.5),
        success_75=estimate(lambda w: _pairs(w) > 0.75),
        success_auc=estimate(lambda w: _success(_pairs(w)).mean(1)),
        survival=estimate(lambda w: survived(w.iou)[np.isfinite(w.iou)]),
        success_curve=tuple(curve.tolist()),
        iou_over_time=tuple(None if np.isnan(v) else float(v) for v in over_time),
        windows=len(used),
        objects=int(sum(np.isfinite(window.iou).any(0).sum() for window in used)),
        pairs=int(together.size),
        pairs_moved=int(sum(window.moved.sum() for window in used)),
    )


def _pairs(window: WindowOverlap) -> Array:
    """[P] IoU of the window's pairs."""
    return window.iou[np.isfinite(window.iou)]


def _success(overlaps: Array) -> NDArray[np.bool_]:
    """[P] -> [P, 21] whether each threshold is exceeded."""
    return overlaps[:, None] > SUCCESS_THRESHOLDS
