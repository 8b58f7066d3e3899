"""Camera motion compensation: windows go along with a picture that shifts as a whole.

A hand that shakes moves every object by more than its window can follow, and a camera that turns
gives everybody a speed that is not theirs. Corners of the picture are followed from the last frame
to this one, the similarity transform that most of them agree on is the camera's, and where
an object is expected moves by it before the network looks.

Source: camera motion compensation before association, Bergmann et al. 2019 (Tracktor), sec. 2.3;
corners, pyramidal Lucas-Kanade and RANSAC as in Aharon et al. 2022 (BoT-SORT), sec. 3.2.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.picture import Picture

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
SLIGHT = 0.02  # of an object's size: less is noise, and the network sees it anyway


class Camera:
    """What one video's camera does between frames."""

    def __init__(self) -> None:
        self._last: Gray | None = None
        self._scale = 1.0
        self._way = np.eye(3)  # pixels of the last frame -> of the first

    def see(self, picture: Picture) -> None:
        """This frame is what the next one is compared with."""
        self._last, self._scale = reduced(picture)

    def move(self, objects: Objects, picture: Picture) -> Objects:
        """The objects as they are expected in this frame if only the camera moved."""
        last = self._last
        self.see(picture)
        now, _, _ = self.seen()
        if last is None or not len(objects):
            return objects
        transform = background_motion(last, now)
        if transform is None or left_over(transform, last, now) > LESS:
            return objects
        soft = (np.asarray(cv2.blur(x, (SOFT, SOFT)), np.uint8) for x in (last, now))
        if left_over(transform, *soft) <= SUMMED:
            whole = np.concatenate([transform, [[0.0, 0.0, 1.0]]])
            whole[:2, 2] /= self._scale
            self._way = self._way @ np.linalg.inv(whole)
        return _carry(objects, transform, self._scale)

    def place(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes [N, 4] of the last frame, xyxy, where they would be had the camera not moved.

        Frames without objects are not followed.
        """
        return carry_boxes(boxes, self._way).astype(np.float32)

    def seen(self) -> tuple[Gray, float, NDArray[np.float64]]:
        """The last frame as it is compared, its pixels per pixel, and the way to the first one."""
        assert self._last is not None  # noqa: S101  # asked behind a frame
        return self._last, self._scale, self._way

    def pack(self) -> Any:
        """The last frame as it is remembered, and the way there, to be set again later."""
        last = None if self._last is None else self._last.copy()
        return {"last": last, "scale": self._scale, "way": self._way.copy()}

    def unpack(self, packed: Any) -> None:
        """See `pack`."""
        last = packed["last"]
        self._last = None if last is None else np.array(last, np.uint8)
        self._scale, self._way = float(packed["scale"]), np.array(packed["way"], np.float64)


def carry_boxes(boxes: NDArray[Any], transform: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes [N, 4] xyxy moved and grown by a similarity transform [3, 3] of points; none turns."""
    turn = transform[:2, :2]
    size = (boxes[:, 2:] - boxes[:, :2]) * np.sqrt(abs(np.linalg.det(turn)))
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 @ turn.T + transform[:2, 2]
    return np.concatenate([centre - size / 2, centre + size / 2], 1)


def background_motion(last: Gray, now: Gray | None) -> NDArray[np.float64] | None:
    """How most of a picture moved.

    Args:
        last: [H, W] gray.
        now: [H, W] the frame after it.

    Returns:
        [2, 3] similarity transform of points (x, y, 1) in `last` to points in `now`; None where
        nothing moved, or no motion explains most corners (a cut, water, a picture full of objects).
    """
    if now is None or last.shape != now.shape:
        return None
    if _stands_still(last, now):
        return None
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
    height, width = last.shape
    moved = cv2.warpAffine(last, transform, (width, height), borderMode=cv2.BORDER_REPLICATE)
    changed = max(float(np.median(_changes(last, now))), 1e-3)
    return float(np.median(_changes(np.asarray(moved, np.uint8), now))) / changed


def _changes(last: Gray, now: Gray) -> NDArray[np.float32]:
    """Gray levels by which the parts of a picture changed, in the mean."""
    changes = cv2.absdiff(last, now)
    height, width = last.shape
    if min(height, width) >= QUICK * max(PARTS):
        size = (width // QUICK, height // QUICK)
        changes = cv2.resize(changes, size, interpolation=cv2.INTER_AREA)
    parts = cv2.resize(changes.astype(np.float32), PARTS, interpolation=cv2.INTER_AREA)
    return np.asarray(parts, np.float32)


def _stands_still(last: Gray, now: Gray) -> bool:
    """Whether half of the parts of a picture have hardly changed."""
    return float(np.median(_changes(last, now))) <= STILL


def _carry(objects: Objects, transform: NDArray[np.float64], scale: float) -> Objects:
    """Boxes and windows moved by a transform of reduced pixels; sizes stay."""
    boxes = objects.boxes.astype(np.float64)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    shifts = (scale * centres @ transform[:, :2].T + transform[:, 2]) / scale - centres
    sizes = np.sqrt(np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0).prod(1))
    shifts[np.hypot(*shifts.T) < SLIGHT * sizes] = 0.0
    if not shifts.any():
        return objects
    both = np.concatenate([shifts, shifts], 1).astype(np.float32)
    state = objects.state
    state = state._replace(boxes=state.boxes + both, windows=state.windows + both)
    return objects.moved(state).changed(
        free_box=objects.free_box + both, way=objects.way + both[:, None]
    )


def reduced(picture: Picture) -> tuple[Gray, float]:
    """A frame in gray, its longer side `SIDE`; and its pixels per pixel of the frame."""
    width, height = picture.size
    scale = min(1.0, SIDE / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture.pixels, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8), scale
