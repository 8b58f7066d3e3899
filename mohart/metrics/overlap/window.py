"""One-pass evaluation (OPE) of a window: boxes given in frame 1, IoU over time afterwards.

Conventions: T frames of a window, its first frame t = 0 being the one at which the boxes were
given; N objects. A *pair* is one object in one later frame (t >= 1) in which it is labelled; only
pairs count, so frames without ground truth for an object are left out, and so is t = 0. All means
are over pairs: every labelled box weighs the same, whichever window it is in.

Source: IoU over time: HART (Kosiorek et al. 2017, sec. 4). Success curve: OTB (Wu et al. 2013,
sec. 4): share of pairs with IoU > threshold, thresholds 0, 0.05, ..., 1, and its mean as "AUC" (a
perfect tracker gets 20/21, as IoU > 1 is impossible).

Next: `counts` sums the pairs of a window, `summary` makes scores of the sums, `events` finds where
an object was lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.boxes import iou
from mohart.errors import ConfigError, check_shape

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

    iou: Floats
    moved: NDArray[np.bool_]


def window_overlap(
    boxes: NDArray[np.floating[Any]], truth: Floats, present: NDArray[np.bool_]
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


def survived(overlap: Floats) -> NDArray[np.bool_]:
    """Pairs that come before the first pair of the same object with IoU < 0.1.

    Args:
        overlap: [T, N], NaN where there is no pair.

    Returns:
        [T, N] bool, False where there is no pair.
    """
    gone = np.logical_or.accumulate(np.nan_to_num(overlap, nan=1.0) < GONE_BELOW, axis=0)
    return np.isfinite(overlap) & ~gone
