"""Camera motion compensation: windows go along with a picture that shifts as a whole.

A hand that shakes moves every object by more than its window can follow, and a camera that turns
gives everybody a speed that is not theirs. So where an object is expected moves by what the
picture did as a whole (`mohart.tracking.learned.motion`) before the network looks.

Source: camera motion compensation before association, Bergmann et al. 2019 (Tracktor), sec. 2.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.tracking.learned.foresight import Foresight, Seen
from mohart.tracking.learned.motion import Corners, Gray, camera_motion, reduced, same_corners
from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.picture import Picture

SLIGHT = 0.02  # of an object's size: less is noise, and the network sees it anyway


class Camera:
    """What one video's camera does between frames.

    Args:
        foresight: what is known of frames before they are needed; None where nothing is.
    """

    def __init__(self, foresight: Foresight | None = None) -> None:
        self._foresight = foresight
        self._last: Gray | None = None
        self._corners: Corners | None = None  # of the last frame, to be followed on
        self._scale = 1.0
        self._way = np.eye(3)  # pixels of the last frame -> of the first

    def see(self, picture: Picture) -> None:
        """This frame is what the next one is compared with."""
        self._see(picture)
        self._corners = None

    def move(self, objects: Objects, picture: Picture) -> Objects:
        """The objects as they are expected in this frame if only the camera moved."""
        last, corners = self._last, self._corners
        if self._foresight:
            self._foresight.wanted = len(objects) > 0
        foreseen = self._see(picture)
        now, _, _ = self.seen()
        if last is None or not len(objects):
            self._corners = None
            return objects
        if foreseen and foreseen.last is last and same_corners(foreseen.corners, corners):
            motion, self._corners = foreseen.step
        else:
            motion, self._corners = camera_motion(last, now, corners)
        if motion is None:
            return objects
        if motion.summed:
            whole = np.concatenate([motion.transform, [[0.0, 0.0, 1.0]]])
            whole[:2, 2] /= self._scale
            self._way = self._way @ np.linalg.inv(whole)
        return _carry(objects, motion.transform, self._scale)

    def place(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes [N, 4] of the last frame, xyxy, where they would be had the camera not moved.

        Frames without objects are not followed.
        """
        return carry_boxes(boxes, self._way).astype(np.float32)

    def seen(self) -> tuple[Gray, float, NDArray[np.float64]]:
        """The last frame as it is compared, its pixels per pixel, and the way to the first one."""
        assert self._last is not None  # noqa: S101  # asked behind a frame
        return self._last, self._scale, self._way

    def _see(self, picture: Picture) -> Seen | None:
        """As `see`; and what was foreseen of the frame."""
        foreseen = self._foresight.take(picture.pixels) if self._foresight else None
        if foreseen is None:
            self._last, self._scale = reduced(picture.pixels)
        else:
            self._last, self._scale = foreseen.gray, foreseen.scale
        return foreseen

    def pack(self) -> Any:
        """The last frame as it is remembered, and the way there, to be set again later."""
        last, corners = (None if x is None else x.copy() for x in (self._last, self._corners))
        return {"last": last, "corners": corners, "scale": self._scale, "way": self._way.copy()}

    def unpack(self, packed: Any) -> None:
        """See `pack`."""
        last, corners = packed["last"], packed["corners"]
        self._last = None if last is None else np.array(last, np.uint8)
        self._corners = None if corners is None else np.array(corners, np.float32)
        self._scale, self._way = float(packed["scale"]), np.array(packed["way"], np.float64)


def carry_boxes(boxes: NDArray[Any], transform: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes [N, 4] xyxy moved and grown by a similarity transform [3, 3] of points; none turns."""
    turn = transform[:2, :2]
    size = (boxes[:, 2:] - boxes[:, :2]) * np.sqrt(abs(np.linalg.det(turn)))
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 @ turn.T + transform[:2, 2]
    return np.concatenate([centre - size / 2, centre + size / 2], 1)


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
