"""Pictures of the past, and whether a place looks now as it did then.

For `mohart.tracking.learned.scenery`, which says what follows from it.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.tracking.learned.camera import Camera, carry_boxes
from mohart.tracking.learned.objects import Objects

APART = 0.05  # share of the smaller box in both, up to which they are two places
STOOD = 0.3  # IoU from which it may have been there all the time, unseen
INNER = 0.9  # of a box is compared
LEAST = 6  # pixels of the reduced picture to a side that can be compared
HALF = 0.5  # share of a box that has to lie in both pictures
DRIFT = 3  # pixels of the reduced picture by which a place may be carried wrongly
SAME = 0.8  # correlation of two places from which nothing changed ...
EXACTLY = 0.9  # the same, where it was said to stand in between, or before it was drawn
FAINT = 4.0  # ... if their contrast is above this, gray levels
ZOOMED = 1.6  # a place whose size changed by more is not compared

# pixels of a place; left, top, right and bottom of where it may lie
Cut = tuple[NDArray[np.uint8], tuple[int, int, int, int]]
Corners = list[float]  # a box, xyxy; of single ones numpy takes twenty times as long


class Then(NamedTuple):
    """A frame of the past.

    Attributes:
        frame: its number.
        gray: [H, W] reduced picture.
        way: [3, 3] from pixels of this frame to those of the first one.
        ids: [K] who was followed.
        boxes: [K, 4] where, xyxy pixels.
        sure: [K] whether they were surely seen there.
        lost: [K] whether nobody knew where they were.
    """

    frame: int
    gray: NDArray[np.uint8]
    way: Floats
    ids: NDArray[np.int64]
    boxes: NDArray[np.float32]
    sure: NDArray[np.bool_]
    lost: NDArray[np.bool_]


class Begun(NamedTuple):
    """Where somebody was drawn.

    Attributes:
        frame: number of that frame.
        box: [4] xyxy pixels of the first frame, had the camera not moved.
    """

    frame: int
    box: NDArray[np.float32]


class Past:
    """Pictures of the past, as they would be seen from where the camera is now.

    Args:
        camera: behind this frame.
        kept: the oldest first.
        frame: number of this one.
    """

    def __init__(self, camera: Camera, kept: list[Then], frame: int) -> None:
        self._kept, (self._gray, self._scale, self._way) = kept, camera.seen()
        self._frame = frame
        self._ways: dict[int, Floats] = {}
        self._cut_of: Floats | None = None
        self._cut: Cut | None = None
        self._told: dict[int, tuple[dict[int, int], list[Corners]]] = {}
        self._seen: dict[int, NDArray[np.uint8] | None] = {}

    def had(self, objects: Objects, row: int, begun: dict[int, Begun]) -> bool:
        """Whether there was the same where this object seems to be, and the object elsewhere.

        From the latest picture back. An object that came here looks different from what was here
        before it, also where it has stood for a while; and from what was here before it was drawn,
        if that was somewhere else.

        Args:
            objects: N, behind a look at this frame.
            row: of the object.
            begun: where everybody was drawn; what was said before that may have been wrong.
        """
        box, track = objects.boxes[row].astype(np.float64), int(objects.tracker_id[row])
        lost, unseen = bool(objects.life.lost[row]), list[Then]()
        drawn, corners, stood = begun[track], box.tolist(), False
        elsewhere: bool | None = None  # whether it was drawn somewhere else; rarely asked
        for then in reversed(self._kept):
            rows, boxes = self._at(then)
            place = rows.get(track) if then.frame >= drawn.frame else None
            if place is None:  # not drawn yet
                if elsewhere is None:
                    was = carry_boxes(drawn.box[None], self._back)[0].tolist()
                    elsewhere = _shares(corners, was)[0] <= APART
                if elsewhere and self._correlation(box, then) >= EXACTLY:
                    return True
                continue
            if not then.sure[place]:
                if lost and then.lost[place]:
                    unseen.append(then)
                continue
            shared, common = _shares(corners, boxes[place])
            if shared > APART:  # it stood here, at least in part
                if common < STOOD and any(self._alike(box, then) for then in unseen):
                    return True
                stood, unseen = True, []
                continue
            if self._correlation(box, then) >= (EXACTLY if stood else SAME):
                return True
            if unseen:  # nothing has come here since it was lost somewhere else
                return any(self._alike(box, then) for then in unseen)
        return False

    @cached_property
    def _back(self) -> Floats:
        """[3, 3] from pixels of the first frame to those of this one."""
        return np.asarray(np.linalg.inv(self._way), np.float64)

    def _at(self, then: Then) -> tuple[dict[int, int], list[Corners]]:
        """Which row who had in that frame, and K boxes where theirs would be now."""
        if then.frame not in self._told:
            rows = {track: row for row, track in enumerate(then.ids.tolist())}
            self._told[then.frame] = rows, carry_boxes(then.boxes, self._from(then)).tolist()
        return self._told[then.frame]

    def _from(self, then: Then) -> Floats:
        """[3, 3] from pixels of that frame to those of this one."""
        if then.frame not in self._ways:
            self._ways[then.frame] = self._back @ then.way
        return self._ways[then.frame]

    def _picture(self, then: Then) -> NDArray[np.uint8] | None:
        """As it would be seen now; None where it is too different."""
        if then.frame not in self._seen:
            moved = self._from(then).copy()
            grown = float(np.sqrt(abs(np.linalg.det(moved[:2, :2]))))
            usable = then.gray.shape == self._gray.shape and max(grown, 1 / grown) <= ZOOMED
            picture = then.gray if usable else None
            if picture is not None and np.abs(moved - np.eye(3)).max() > 1e-6:
                moved[:2, 2] *= self._scale
                size = self._gray.shape[::-1]
                picture = np.asarray(cv2.warpAffine(picture, moved[:2], size), np.uint8)
            self._seen[then.frame] = picture
        return self._seen[then.frame]

    def likeness(self, boxes: NDArray[np.float32], age: int) -> Floats:
        """How much places look as they did a while ago.

        Args:
            boxes: [N, 4] xyxy pixels of this frame.
            age: frames since then, at least; the latest such picture is taken.

        Returns:
            [N] correlation in -1..1; nan where there is no picture, or nothing to compare.
        """
        then = next((x for x in reversed(self._kept) if self._frame - x.frame >= age), None)
        if then is None:
            return np.full(len(boxes), np.nan)
        return np.array([self._correlation(box, then) for box in boxes.astype(np.float64)])

    def _alike(self, box: Floats, then: Then) -> bool:
        """Whether a place looks as it did; no, where that is unclear."""
        return self._correlation(box, then) >= SAME

    def _correlation(self, box: Floats, then: Then) -> float:
        """How much a place looks as it did, -1 to 1; nan where that is unclear."""
        picture = self._picture(then)
        if picture is None:
            return np.nan
        if box is not self._cut_of:  # many pictures are asked about one place
            self._cut_of, self._cut = box, self._cut_out(box)
        if self._cut is None:
            return np.nan
        patch, (left, top, right, bottom) = self._cut
        around = picture[top:bottom, left:right]
        return float(cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED).max())

    def _cut_out(self, box: Floats) -> Cut | None:
        """What a place looks like now, and where to look for it; None where that is unclear."""
        height, width = self._gray.shape
        middle, half = (box[:2] + box[2:]) / 2, INNER * (box[2:] - box[:2]) / 2
        low = np.maximum(np.round((middle - half) * self._scale), 0).astype(int)
        high = np.round((middle + half) * self._scale).astype(int)
        high = np.minimum(high, (width, height))
        size, whole = high - low, (2 * half * self._scale).prod()
        if size.min() < LEAST or size.prod() < HALF * whole:
            return None
        patch = self._gray[low[1] : high[1], low[0] : high[0]]
        if patch.std() < FAINT:
            return None
        low, high = np.maximum(low - DRIFT, 0), np.minimum(high + DRIFT, (width, height))
        return patch, (*low.tolist(), *high.tolist())


def _shares(a: Corners, b: Corners) -> tuple[float, float]:
    """Share of the smaller of two boxes in both; and their IoU."""
    width = max(min(a[2], b[2]) - max(a[0], b[0]), 0.0)
    common = width * max(min(a[3], b[3]) - max(a[1], b[1]), 0.0)
    first, second = (max(x[2] - x[0], 0.0) * max(x[3] - x[1], 0.0) for x in (a, b))
    return common / max(min(first, second), 1e-9), common / max(first + second - common, 1e-9)
