"""How a picture moves as a whole, from one frame to the next.

Corners of the last frame are followed to this one, and the similarity transform that most of them
agree on is the camera's, if it also explains how the picture changed.

Source: corners, pyramidal Lucas-Kanade and RANSAC as in Aharon et al. 2022 (BoT-SORT), sec. 3.2.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
SIDE = 320  # longer side in pixels at which frames are compared
CORNERS, QUALITY, APART = 80, 0.01, 5  # of Shi and Tomasi
LEAST = 12  # corners that must be found again
REACH, LEVELS = 11, 4  # of Lucas-Kanade: window in pixels, and how often it is halved
NEAR = 1.5  # pixels from the common motion within which a corner agrees
AGREED = 0.6  # share of the corners that must
PARTS = (12, 8)  # of a picture, across and down
QUICK = 4  # pixels to a side that are averaged before, which takes a fifth of the time
LESS = 0.93  # share of the change between two frames that a motion leaves, to be followed; what
# resampling takes from noise is more
SOFT, SUMMED = 3, 1.0  # and to be summed up: where noise is averaged over so many pixels
STILL = 1.5  # gray levels by which half of the parts change at most if nothing moved


class Motion(NamedTuple):
    """Of a camera between two frames.

    Attributes:
        transform: [2, 3] similarity of points (x, y, 1) of the last reduced picture to this one.
        summed: whether it explains enough to be summed up over many frames.
    """

    transform: NDArray[np.float64]
    summed: bool


def reduced(frame_bgr: NDArray[np.uint8]) -> tuple[Gray, float]:
    """A frame [H, W, 3] in gray, its longer side `SIDE`; and its pixels per pixel of the frame."""
    height, width = frame_bgr.shape[:2]
    scale = min(1.0, SIDE / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(frame_bgr, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8), scale


def camera_motion(last: Gray, now: Gray) -> Motion | None:
    """What the camera did between two reduced pictures [H, W]; None where nothing can be said."""
    if last.shape != now.shape:
        return None
    changed = _change(last, now)
    transform = _common_motion(last, now) if changed > STILL else None
    if transform is None or _left(transform, last, now, changed) > LESS:
        return None
    soft = (np.asarray(cv2.blur(x, (SOFT, SOFT)), np.uint8) for x in (last, now))
    return Motion(transform, left_over(transform, *soft) <= SUMMED)


def background_motion(last: Gray, now: Gray) -> NDArray[np.float64] | None:
    """How most of a picture moved.

    Args:
        last: [H, W] gray.
        now: [H, W] the frame after it.

    Returns:
        [2, 3] similarity transform of points (x, y, 1) in `last` to points in `now`; None where
        nothing moved, or no motion explains most corners (a cut, water, a picture full of objects).
    """
    if last.shape != now.shape or _change(last, now) <= STILL:
        return None
    return _common_motion(last, now)


def _common_motion(last: Gray, now: Gray) -> NDArray[np.float64] | None:
    """As `background_motion`, of pictures of one size that differ."""
    corners = cv2.goodFeaturesToTrack(last, CORNERS, QUALITY, APART)
    if corners is None or len(corners) < LEAST:
        return None
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        last, now, corners, np.empty_like(corners), winSize=(REACH, REACH), maxLevel=LEVELS
    )
    kept = status.ravel() == 1
    if kept.sum() < LEAST:
        return None
    transform, agreed = cv2.estimateAffinePartial2D(
        corners[kept], found[kept], ransacReprojThreshold=NEAR
    )
    if transform is None or agreed.mean() < AGREED:
        return None
    return np.asarray(transform, np.float64)


def left_over(transform: NDArray[np.float64], last: Gray, now: Gray) -> float:
    """Share of the change from one picture to the next that a motion [2, 3] leaves unexplained.

    Traffic in front of a camera that stands still agrees on a motion, too, and so does noise; but
    then half of the picture's parts change more with it than without (above 1). Summed up over
    hundreds of frames that turned a camera which never moved by 58 degrees (docs/experiments/0079).
    """
    return _left(transform, last, now, _change(last, now))


def _left(transform: NDArray[np.float64], last: Gray, now: Gray, changed: float) -> float:
    height, width = last.shape
    moved = cv2.warpAffine(last, transform, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return _change(np.asarray(moved, np.uint8), now) / max(changed, 1e-3)


def _change(last: Gray, now: Gray) -> float:
    """Gray levels by which the parts of a picture changed in the mean: the median of the parts."""
    changes = cv2.absdiff(last, now)
    height, width = last.shape
    if min(height, width) >= QUICK * max(PARTS):
        size = (width // QUICK, height // QUICK)
        changes = cv2.resize(changes, size, interpolation=cv2.INTER_AREA)
    parts = cv2.resize(changes.astype(np.float32), PARTS, interpolation=cv2.INTER_AREA)
    middle = np.sort(parts, axis=None)[parts.size // 2 - 1 : parts.size // 2 + 1]
    return float(middle.mean())  # np.median takes ten times as long
