"""How a picture moves as a whole, from one frame to the next.

Corners of the last frame are followed to this one, and the similarity transform that most of them
agree on is the camera's, if it also explains how the picture changed. They are followed on for some
frames, for to find them takes longer than to follow them, and are looked for anew where that fails.
They are also in every eighth frame or so; in which ones depends on their pixels alone, as the cuts
of content-defined chunking do: so two who began at different frames soon follow the same corners.

Source: corners, pyramidal Lucas-Kanade and RANSAC as in Aharon et al. 2022 (BoT-SORT), sec. 3.2.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Corners = NDArray[np.float32]  # [K, 1, 2], pixels of a reduced picture
SIDE = 320  # longer side in pixels at which frames are compared
CORNERS, QUALITY, APART = 80, 0.01, 5  # of Shi and Tomasi
LEAST = 12  # corners that must be found again
ENOUGH = 40  # ... and not to be looked for anew in the next frame
ANEW = 8  # frames after which they are, in the mean
BORDER = 2  # pixels at the edge in which none is followed on
REACH, LEVELS = 11, 4  # of Lucas-Kanade: window in pixels, and how often it is halved
STEPS = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 10, 0.03)  # how many; pixels of the last
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


class Step(NamedTuple):
    """From one reduced picture to the next.

    Attributes:
        motion: of the camera; None where nothing can be said.
        corners: of the later picture, to be followed on; None where they are to be looked for.
    """

    motion: Motion | None
    corners: Corners | None


def reduced(frame_bgr: NDArray[np.uint8]) -> tuple[Gray, float]:
    """A frame [H, W, 3] in gray, its longer side `SIDE`; and its pixels per pixel of the frame."""
    height, width = frame_bgr.shape[:2]
    scale = min(1.0, SIDE / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(frame_bgr, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8), scale


def camera_motion(last: Gray, now: Gray, known: Corners | None = None) -> Step:
    """What the camera did between two reduced pictures [H, W].

    Args:
        last: a frame.
        now: the frame after it.
        known: corners of `last`, as they were told with the step to it; None: they are looked for.
    """
    if last.shape != now.shape:
        return Step(None, None)
    changed = _change(last, now)
    if changed <= STILL:
        return Step(None, None if _is_due(now) else known)
    motion, found = None, None
    if known is not None:
        motion, found = _explained(last, now, known, changed)
    if motion is None:  # also where they were followed for too long
        motion, found = _explained(last, now, _find(last), changed)
    if motion is None or found is None or _is_due(now):
        return Step(motion, None)
    return Step(motion, _inside(found, now))


def _explained(
    last: Gray, now: Gray, corners: Corners | None, changed: float
) -> tuple[Motion | None, Corners | None]:
    """A motion that corners agree on, if it explains what changed; and where they are now."""
    transform, found = _common_motion(last, now, corners)
    if transform is None:
        return None, None
    moved = _moved(last, transform)
    if left_over(moved, now, changed) > LESS:
        return None, None
    last, moved, now = (_softened(x) for x in (last, moved, now))
    return Motion(transform, left_over(moved, now, _change(last, now)) <= SUMMED), found


def same_corners(a: Corners | None, b: Corners | None) -> bool:
    """Whether both are none, or the same places."""
    return a is b or (a is not None and b is not None and np.array_equal(a, b))


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
    return _common_motion(last, now, _find(last))[0]


def _find(picture: Gray) -> Corners | None:
    corners = cv2.goodFeaturesToTrack(picture, CORNERS, QUALITY, APART)
    return None if corners is None else np.asarray(corners, np.float32)


def _is_due(picture: Gray) -> bool:
    """Whether corners are found anew in this picture, whatever was followed to it."""
    return int(cv2.sumElems(picture)[0]) % ANEW == 0


def _inside(found: Corners, now: Gray) -> Corners | None:
    """Those that are not about to leave the picture; None where they are too few."""
    height, width = now.shape
    room = np.array([width, height], np.float32) - 1 - found[:, 0]
    kept = found[(np.minimum(found[:, 0], room) > BORDER).all(1)]
    return kept if len(kept) >= ENOUGH else None


def _common_motion(
    last: Gray, now: Gray, corners: Corners | None
) -> tuple[NDArray[np.float64] | None, Corners | None]:
    """As `background_motion`, of pictures that differ; and where the corners were found again."""
    if corners is None or len(corners) < LEAST:
        return None, None
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        last,
        now,
        corners,
        np.empty_like(corners),
        winSize=(REACH, REACH),
        maxLevel=LEVELS,
        criteria=STEPS,
    )
    kept = status.ravel() == 1
    if kept.sum() < LEAST:
        return None, None
    again = np.asarray(found[kept], np.float32)
    transform, agreed = cv2.estimateAffinePartial2D(
        corners[kept], again, ransacReprojThreshold=NEAR
    )
    if transform is None or agreed.mean() < AGREED:
        return None, None
    return np.asarray(transform, np.float64), again


def left_over(moved: Gray, now: Gray, changed: float) -> float:
    """Share of the change from one picture to the next that a motion leaves unexplained.

    Args:
        moved: [H, W] the earlier picture, moved so.
        now: [H, W] the later one.
        changed: gray levels by which it differs from the earlier one as it was.

    Traffic in front of a camera that stands still agrees on a motion, too, and so does noise; but
    then half of the picture's parts change more with it than without (above 1). Summed up over
    hundreds of frames that turned a camera which never moved by 58 degrees (docs/experiments/0079).
    """
    return _change(moved, now) / max(changed, 1e-3)


def _moved(picture: Gray, transform: NDArray[np.float64]) -> Gray:
    height, width = picture.shape
    moved = cv2.warpAffine(picture, transform, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _softened(picture: Gray) -> Gray:
    return np.asarray(cv2.blur(picture, (SOFT, SOFT)), np.uint8)


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
