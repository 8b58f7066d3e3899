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

from typing import Any

import numpy as np

from mohart.aliases import Floats
from mohart.tracking.learned.camera import Camera
from mohart.tracking.learned.knobs import RULES, UNSEEN
from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.past import Begun, Past, Then

EVERY = 8  # frames between two pictures that are kept
KEPT = 8  # pictures; ages are about doubled from one to the next
SURE = 0.7  # visibility of who was surely seen
LATELY = 12  # frames after which even who stands has moved a little
OFTEN = 4  # frames between two looks at somebody who is neither back nor doubted


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
