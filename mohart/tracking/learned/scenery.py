"""Scenery: what looks as it did when the object was surely elsewhere is not the object.

A window whose object has left, or that was pushed aside, finds something to hold on to: a post, a
window frame, somebody who stands there all the time. The network sees it, and colours agree. But
that place has not changed since a time when the object was seen somewhere else. So a few pictures
of the past are kept, the older the fewer, with who was surely seen where, and the place where an
object seems to be now is compared with the same place then. Where the camera moves, places are
carried along (`mohart.tracking.learned.camera`); where that fails, pictures differ, and nothing is
said.

Source: background differencing as evidence of presence, Stauffer and Grimson 1999, sec. 1; here
without a model, against single pictures in which the object is known to be elsewhere.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.boxes import area, intersection, iou
from mohart.tracking.learned.camera import Camera, carry_boxes
from mohart.tracking.learned.knobs import RULES, UNSEEN
from mohart.tracking.learned.objects import Objects

EVERY = 8  # frames between two pictures that are kept
KEPT = 8  # pictures; ages are about doubled from one to the next
SURE = 0.7  # visibility of who was surely seen
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
LATELY = 12  # frames after which even who stands has moved a little
OFTEN = 4  # frames between two looks at somebody who is neither back nor doubted


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


class Scenery:
    """The past of one video.

    Args:
        camera: of the same video: it has the reduced picture of every frame.
    """

    def __init__(self, camera: Camera) -> None:
        self._camera, self._frame = camera, 0
        self._kept: list[Then] = []  # the oldest first
        self._doubted = set[int]()
        self._begun: dict[int, Begun] = {}

    def doubt(self, objects: Objects) -> Objects:
        """After a look at a frame: who seems to be where nothing has changed is not seen.

        Only drawn objects: those of a detector have its word.
        """
        self._frame += 1
        seen = objects.given & (objects.visibility >= RULES.seen)
        again = np.isin(objects.tracker_id, list(self._doubted)) | objects.life.lost
        turn = (np.arange(len(objects)) + self._frame) % OFTEN == 0
        past = Past(self._camera, self._kept, self._frame)
        self._begin(objects)
        asked = np.flatnonzero(seen & (again | turn)).tolist()
        doubted = [row for row in asked if past.had(objects, row, self._begun)]
        self._doubted = set(objects.tracker_id[doubted].tolist())
        if doubted:
            visibility = objects.visibility.copy()
            visibility[doubted] = np.minimum(visibility[doubted], UNSEEN)
            objects = objects.changed(visibility=visibility)
        if self._frame % EVERY == 0 and len(objects):
            self._keep(objects)
        return objects

    def unchanged(self, objects: Objects) -> Floats:
        """[N] how much the place of each looks as it did half a second ago or so, -1 to 1.

        nan of drawn ones, and where that is not known. To be asked behind `doubt`.
        """
        result = np.full(len(objects), np.nan)
        asked = ~objects.given
        if asked.any() and self._kept:
            past = Past(self._camera, self._kept, self._frame)
            result[asked] = past.likeness(objects.boxes[asked], LATELY)
        return result

    def pack(self) -> dict[str, Any]:
        """What is remembered, as arrays and plain values; see `unpack`."""
        kept = [then._asdict() for then in self._kept]
        begun = [{"track": track} | place._asdict() for track, place in self._begun.items()]
        doubted = sorted(self._doubted)
        return {"frame": self._frame, "kept": kept, "doubted": doubted, "begun": begun}

    def unpack(self, packed: dict[str, Any]) -> None:
        """Go on from there."""
        self._frame = int(packed["frame"])
        self._kept = [Then(**then) for then in packed["kept"]]
        self._doubted = set(packed["doubted"])
        self._begun = {
            place["track"]: Begun(place["frame"], place["box"]) for place in packed["begun"]
        }

    def _begin(self, objects: Objects) -> None:
        """Where they are who were just drawn; who is no longer followed is forgotten."""
        known, self._begun = self._begun, {}
        drawn, first = self._frame - objects.age, self._camera.place(objects.boxes)
        for row in np.flatnonzero(objects.given).tolist():
            track, frame = int(objects.tracker_id[row]), int(drawn[row])
            place = known.get(track)
            if place is None or place.frame != frame:  # or drawn again
                place = Begun(frame, first[row])
            self._begun[track] = place

    def _keep(self, objects: Objects) -> None:
        gray, _, way = self._camera.seen()
        sure, lost = objects.visibility >= SURE, objects.life.lost
        row = self._frame, gray, way, objects.tracker_id, objects.boxes.copy(), sure & ~lost, lost
        self._kept.append(Then(*row))
        while len(self._kept) > KEPT:  # of all but the ends, the one whose neighbours are nearest
            ages = np.array([self._frame - then.frame + EVERY for then in self._kept], float)
            closest = 1 + int(np.argmin(ages[:-2] / ages[2:]))
            del self._kept[closest]


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
        self._told: dict[int, tuple[dict[int, int], Floats]] = {}
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
        drawn = begun[track]
        elsewhere = _shared(box, carry_boxes(drawn.box[None], self._back)[0]) <= APART
        stood = False
        for then in reversed(self._kept):
            rows, boxes = self._at(then)
            place = rows.get(track) if then.frame >= drawn.frame else None
            if place is None:  # not drawn yet
                if elsewhere and self._correlation(box, then) >= EXACTLY:
                    return True
                continue
            if not then.sure[place]:
                if lost and then.lost[place]:
                    unseen.append(then)
                continue
            there = boxes[place]
            if _shared(box, there) > APART:  # it stood here, at least in part
                wholly = float(iou(box, there)) >= STOOD
                if not wholly and any(self._alike(box, then) for then in unseen):
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

    def _at(self, then: Then) -> tuple[dict[int, int], Floats]:
        """Which row who had in that frame, and [K, 4] where their boxes would be now."""
        if then.frame not in self._told:
            rows = {track: row for row, track in enumerate(then.ids.tolist())}
            self._told[then.frame] = rows, carry_boxes(then.boxes, self._from(then))
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
        height, width = picture.shape
        middle, half = (box[:2] + box[2:]) / 2, INNER * (box[2:] - box[:2]) / 2
        low = np.maximum(np.round((middle - half) * self._scale), 0).astype(int)
        high = np.round((middle + half) * self._scale).astype(int)
        high = np.minimum(high, (width, height))
        size, whole = high - low, (2 * half * self._scale).prod()
        if size.min() < LEAST or size.prod() < HALF * whole:
            return np.nan
        patch = self._gray[low[1] : high[1], low[0] : high[0]]
        low, high = np.maximum(low - DRIFT, 0), np.minimum(high + DRIFT, (width, height))
        around = picture[low[1] : high[1], low[0] : high[0]]
        if patch.std() < FAINT:
            return np.nan
        return float(cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED).max())


def _shared(box: Floats, there: Floats) -> float:
    """Share of the smaller of two boxes [4] in both."""
    return float(intersection(box, there) / max(min(area(box), area(there)), 1e-9))
