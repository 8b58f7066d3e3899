"""What a window adds to the scores of the initialised protocol: sums, so that windows add up.

Conventions: the *counts* of a window are a dict of numbers and lists of numbers, as they lie in the
rows of a result file; every score of any set of windows is a ratio of their summed counts. See
`mohart.metrics.overlap.window` for windows and pairs; W windows, T frames.

| count | over the window's pairs |
|---|---|
| `objects`, `pairs` | number of objects with a pair, number of pairs |
| `iou` | sum of IoU |
| `moved_pairs`, `moved_iou` | the same where the object has moved |
| `success_50`, `success_75` | pairs with IoU > 0.5, > 0.75 |
| `success` | [21] pairs with IoU > 0, 0.05, ..., 1 |
| `survived` | pairs that come before the object's first pair with IoU < 0.1 |
| `pairs_at`, `iou_at` | [T] number of pairs and sum of IoU in frame t of the window |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mohart.aliases import Floats
from mohart.metrics.overlap.window import SUCCESS_THRESHOLDS, WindowOverlap, survived

Counts = Mapping[str, Any]
Stacked = Mapping[str, Floats]

PROTOCOL = "initialised"  # name of the protocol in result files
NUMBERS = (
    *("objects", "pairs", "iou", "moved_pairs", "moved_iou"),
    *("success_50", "success_75", "survived"),
)
OVER_TIME = ("pairs_at", "iou_at")
SUMS_OF_IOU = frozenset({"iou", "moved_iou", "iou_at"})  # all others are whole numbers


def count_window(window: WindowOverlap) -> dict[str, Any]:
    """The counts of one window, plain numbers and lists."""
    is_pair = np.isfinite(window.iou)
    overlaps = window.iou[is_pair]
    return {
        "objects": int(is_pair.any(0).sum()),
        "pairs": int(is_pair.sum()),
        "iou": float(overlaps.sum()),
        "moved_pairs": int(window.moved.sum()),
        "moved_iou": float(window.iou[window.moved].sum()),
        "success_50": int((overlaps > 0.5).sum()),
        "success_75": int((overlaps > 0.75).sum()),
        "success": (overlaps[:, None] > SUCCESS_THRESHOLDS).sum(0).tolist(),
        "survived": int(survived(window.iou).sum()),
        "pairs_at": is_pair.sum(1).tolist(),
        "iou_at": np.nansum(window.iou, 1).tolist(),
    }


def stack_counts(windows: Sequence[Counts]) -> dict[str, Floats]:
    """Counts of W windows as arrays: [W], [W, 21] and [W, T] for the longest window.

    Raises:
        KeyError: a count is missing.
        ValueError: a count is no number, or not 21 numbers for `success`.
    """
    length = max((len(counts["pairs_at"]) for counts in windows), default=0)
    thresholds = len(SUCCESS_THRESHOLDS)
    stacked = {name: np.array([c[name] for c in windows], np.float64) for name in NUMBERS}
    success = np.array([c["success"] for c in windows], np.float64)
    stacked["success"] = success.reshape(len(windows), thresholds)
    for name in OVER_TIME:
        padded = np.zeros((len(windows), length))
        for row, counts in zip(padded, windows, strict=True):
            row[: len(counts[name])] = counts[name]
        stacked[name] = padded
    return stacked


def sum_counts(windows: Sequence[Counts]) -> dict[str, Any]:
    """The counts of all windows together, plain numbers and lists."""
    sums = {name: values.sum(0) for name, values in stack_counts(windows).items()}
    return {
        name: values.astype(np.float64 if name in SUMS_OF_IOU else np.int64).tolist()
        for name, values in sums.items()
    }


def draw_windows(count: int, *, seed: int, resamples: int) -> Floats:
    """How often every window is in each bootstrap sample.

    Args:
        count: number of windows W.
        seed: the same seed gives the same samples.
        resamples: number of samples R.

    Returns:
        [R, W] float64, rows sum up to W.
    """
    draws = np.random.default_rng(seed).integers(0, max(count, 1), (resamples, count))
    return np.array([np.bincount(draw, minlength=count) for draw in draws], np.float64)


def weigh_counts(stacked: Stacked, weights: Floats) -> dict[str, Floats]:
    """Sums over windows for each row of weights.

    Args:
        stacked: of W windows, see `stack_counts`.
        weights: [R, W], see `draw_windows`; ones give the plain sum.

    Returns:
        name -> [R], [R, 21] or [R, T].
    """
    return {name: weights @ values for name, values in stacked.items()}


def overlap_scores(sums: Stacked) -> dict[str, Floats]:
    """Scores from summed counts with any leading axes.

    Returns:
        Column of the table -> shares in [0, 1], NaN where there is nothing to average.
    """
    pairs = sums["pairs"]
    return {
        "IoU": ratio(sums["iou"], pairs),
        "moved": ratio(sums["moved_iou"], sums["moved_pairs"]),
        "succ@.5": ratio(sums["success_50"], pairs),
        "succ@.75": ratio(sums["success_75"], pairs),
        "AUC": ratio(sums["success"].mean(-1), pairs),
        "survival": ratio(sums["survived"], pairs),
    }


def ratio(total: Floats, count: Floats) -> Floats:
    """Element by element; NaN where the count is 0."""
    total, count = np.asarray(total, np.float64), np.asarray(count, np.float64)
    divided: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return divided
