"""The learned tracker's inside: what the network sees, reconciled with what a detector says.

In every frame the network looks for everybody it follows. Where a detector was asked, too, its
boxes are matched with them (data association): matched ones correct box, window and templates;
tracks without one lose belief, less so where something is in front of them; boxes that nobody
explains are somebody who comes back (re-identification), or somebody new (birth).

Axis letters: N tracks (rows of `Objects`), M detections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Boxes
from mohart.errors import ConfigError
from mohart.structures import ENDED, Detections, Fates, TrackedObjects
from mohart.tracking.checks import next_identity
from mohart.tracking.learned import arrivals, association, belief, correction, given
from mohart.tracking.learned.camera import Camera
from mohart.tracking.learned.contest import contest
from mohart.tracking.learned.detected import follow_detections
from mohart.tracking.learned.doubt import Doubts, say
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.evidence import (
    Evidence,
    Strangers,
    fates,
    match,
    take_in,
    unexplained,
)
from mohart.tracking.learned.exits import hold_exits
from mohart.tracking.learned.foresight import Foresight
from mohart.tracking.learned.gallery import Gallery
from mohart.tracking.learned.identify import Identifier, recognise
from mohart.tracking.learned.impostors import Impostors
from mohart.tracking.learned.knobs import RULES, UNSEEN, Leaving
from mohart.tracking.learned.objects import Objects, read_answer, read_boxes
from mohart.tracking.learned.packing import pack_objects, unpack_objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.reconsider import reconsider
from mohart.tracking.learned.rehearsal import rehearse
from mohart.tracking.learned.revisit import look_where_lost
from mohart.tracking.learned.rivals import give_way, settle
from mohart.tracking.learned.scenery import Scenery
from mohart.tracking.learned.search import search_nearby
from mohart.tracking.learned.second_look import look_closer
from mohart.tracking.learned.sight import Calibration, running_mean
from mohart.tracking.learned.state import NetworkState

Rows = NDArray[np.int64]
SURE_OF_SIZE = 3.0  # logit from which a size is worth keeping for when it is not seen


class OnlineTracking:
    """One video.

    Args:
        engine: computes the network.
        left: how detections are used, and when somebody is lost, back, or has left; thresholds of
            being seen stay `RULES`.
        calibration: from what the network says to the probability that it is so.
        says: who is who.
        foresight: what is known of frames before they come; None where nothing is.
    """

    def __init__(
        self,
        engine: Engine,
        left: Leaving,
        calibration: Calibration,
        says: Identifier,
        foresight: Foresight | None = None,
    ) -> None:
        self._engine, self._calibration, self._says = engine, calibration, says
        self._rules, self._knobs = left
        self._gallery, self._camera = Gallery(left.knobs.remember_frames), Camera(foresight)
        self._error = correction.DetectorError(left.knobs.drift)
        self._scenery = Scenery(self._camera)
        self._doubts = Doubts(left.knobs, self._camera, self._scenery)
        self._impostors = Impostors(strict=left.strict)
        self._objects: Objects | None = None  # before the first frame
        self._next = 1  # identity
        self._asked: int | None = None  # when the detector was asked last

    def give(self, picture: Picture, boxes: Boxes, ids: Rows) -> Objects:
        """Objects that a person has drawn: with identities, and beyond doubt."""
        self._camera.see(picture)
        self._objects = given.put(None, self._drawn(picture, boxes, ids))
        return self._objects

    def correct(self, picture: Picture, boxes: Boxes, ids: Rows) -> TrackedObjects:
        """After a look at the same frame: objects that a person has drawn again, or anew.

        Known ones start again there, with their identity and in their row; nobody else changes.
        """
        for track in ids.tolist():
            self._gallery.drop(track)
        drawn = self._drawn(picture, boxes, ids)
        self._objects = given.put(self._objects, drawn)
        return self._objects.said()

    def identities(self) -> tuple[Rows, int]:
        """Ids of those who are followed, and the first that is free."""
        known = self._objects
        return (np.zeros(0, np.int64) if known is None else known.tracker_id), self._next

    def remove(self, ids: Rows) -> TrackedObjects:
        """Objects that have left are not followed any more, nor known again."""
        objects = self._objects
        known = [] if objects is None else objects.tracker_id.tolist()
        if objects is None or not all(n in known or n in self._gallery for n in ids.tolist()):
            raise ConfigError(f"ids: {ids.tolist()} are not all followed, so not all can end")
        for track in ids.tolist():
            self._gallery.drop(track)
        self._objects = objects.select(~np.isin(objects.tracker_id, ids))
        return self._objects.said()

    def _drawn(self, picture: Picture, boxes: Boxes, ids: Rows) -> Objects:
        self._next = next_identity(self._next, ids)
        start, looks = self._start(picture, boxes), picture.looks(boxes)
        habit = rehearse(self._engine, picture, start, boxes)
        return given.drawn(start, looks, ids, habit, self._says.first(start, looks))

    def snapshot(self) -> dict[str, Any]:
        """Everything that is known, as arrays and plain values; see `restore`."""
        return {
            "objects": pack_objects(self._objects),
            **{name: part.pack() for name, part in self._learned().items()},
            "error": self._error.totals,
            "next": self._next,
            "asked": self._asked,
        }

    def restore(self, packed: Mapping[str, Any]) -> None:
        """Go on from a snapshot of the same model."""
        self._objects = unpack_objects(packed["objects"])
        for name, part in self._learned().items():
            part.unpack(packed[name])
        self._error.totals = packed["error"]
        self._next, self._asked = packed["next"], packed["asked"]

    def _learned(self) -> dict[str, Any]:
        """What packs and unpacks itself."""
        first = {"gallery": self._gallery, "doubts": self._doubts, "impostors": self._impostors}
        return first | {"camera": self._camera, "scenery": self._scenery}

    def update(
        self, picture: Picture, found: Detections | None, *, now: int, missed: int = 0
    ) -> TrackedObjects:
        """One frame further.

        Args:
            picture: the frame.
            found: M detections; None where the detector was not asked.
            now: frame of the clock.
            missed: frames before this one that never came.
        """
        objects, told = self._objects, None
        if objects is None:
            objects = self.give(picture, np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
        for _ in range(missed):
            objects = settle(self._predict(objects), picture.size, self._rules)
        objects = self._look(self._camera.move(objects, picture), picture)
        if found is not None:
            evidence = take_in(found, picture, self._gap(now), self._knobs)
            rows, sources = match(objects, evidence, self._knobs)
            self._impostors.learn(objects, evidence, rows, sources)
            objects = follow_detections(
                objects, picture, evidence, (rows, sources), self._error, self._engine
            )
            objects = self._believe(objects, evidence)
            self._gallery.forget(now)
            strangers = self._meet(objects, picture, evidence)
            if strangers is not None:
                by, seen = (self._doubts, self._impostors.asked(self._knobs)), (evidence, strangers)
                objects = arrivals.bring_back(objects, *seen, self._gallery, now, *by)
                objects = arrivals.bear(objects, *seen, *by)
            objects, told = self._name(objects, evidence)
        elif self._asked is not None:
            objects, _ = self._number(self._doubts.watch(objects))
        objects = settle(objects, picture.size, self._rules)
        self._objects, ended = self._dismiss(objects, now)
        return say(self._objects, told) if ended is None else say(self._objects, told).join(ended)

    def coast(self, size: tuple[int, int]) -> TrackedObjects:
        """One frame further without a picture; `size` is the frame's width and height.

        Raises:
            ConfigError: there was no frame yet.
        """
        if self._objects is None:
            raise ConfigError("nothing was followed yet: there is no frame to go on from")
        self._objects = settle(self._predict(self._objects), size, self._rules)
        return say(self._objects)

    def _gap(self, now: int) -> int:
        """Frames since the detector was asked last; it is asked now."""
        gap = belief.INDEPENDENT if self._asked is None else now - self._asked
        self._asked = now
        return gap

    def _predict(self, objects: Objects) -> Objects:
        """Nothing can be seen: predicted at best, with falling confidence."""
        if not len(objects):
            return objects
        _, state = self._engine.step(None, objects.state)
        faded = np.minimum(RULES.decay * objects.visibility, UNSEEN)
        return objects.moved(state).changed(visibility=faded, source=objects.nobody)

    def _look(self, objects: Objects, picture: Picture) -> Objects:
        """The network looks for everybody."""
        if not len(objects):
            return objects
        first = self._engine.step(picture, objects.state)
        told, state = look_closer(objects.given, objects.state, *first, picture, self._engine)
        logit = read_answer(told[0]).astype(np.float64)
        mean = running_mean(objects.mean_logit, logit)
        boxes, similar = read_boxes(state), np.zeros(len(logit))
        if self._calibration.looks:
            similar = (picture.looks(boxes) * objects.looks).sum(1).astype(np.float64)
        sure = self._calibration.probability(logit, mean, similar)
        after = objects.changed(
            state=state, boxes=boxes, mean_logit=mean, visibility=sure, source=objects.nobody,
        )  # fmt: skip
        after = search_nearby(after, objects.state, picture, self._engine, logit)
        after = look_where_lost(after, picture, self._engine, logit)
        after = self._scenery.doubt(hold_exits(after, picture.size, self._engine.aim))
        seen = after.visibility >= RULES.seen
        after = correction.hold_sizes(after, seen, seen & (logit >= SURE_OF_SIZE))
        after = give_way(after, picture, self._engine.aim)
        after = contest(recognise(after, picture, self._engine, self._says), picture, self._says)
        after = reconsider(after, picture, self._engine, self._says)
        return given.look_again(after, picture, self._engine)

    def _believe(self, objects: Objects, evidence: Evidence) -> Objects:
        """Who has a detection gains belief, who has none loses some."""
        fed, seen = objects.source >= 0, objects.visibility >= RULES.seen
        blame = association.blame(objects.boxes.astype(np.float64), fed, seen)
        objects = self._doubts.judge(objects, evidence, blame)
        return belief.judge(objects, fed, blame, evidence.gap, self._knobs)

    def _meet(self, objects: Objects, picture: Picture, evidence: Evidence) -> Strangers | None:
        """The network looks at what no track explains."""
        left = unexplained(objects, evidence, self._knobs)
        if not len(left):
            return None
        state = self._start(picture, evidence.found.xyxy[left])
        return Strangers(left, state, self._says.first(state, evidence.looks[left]))

    def _name(self, objects: Objects, evidence: Evidence) -> tuple[Objects, Fates]:
        """Classes are voted for, who is believed gets a number; and what became of detections."""
        objects = belief.vote(objects, evidence.found.class_id)
        objects, fresh = self._number(objects)
        return objects, fates(objects, evidence, fresh)

    def _number(self, objects: Objects) -> tuple[Objects, NDArray[np.bool_]]:
        """Who is believed has a number from now on; and [N] whose is new."""
        objects, fresh = belief.confirm(objects, self._next, self._knobs)
        self._next += int(fresh.sum())
        return objects, fresh

    def _dismiss(self, objects: Objects, now: int) -> tuple[Objects, TrackedObjects | None]:
        """Take out who is lost or not believed (death); and what is said of them a last time."""
        gone = belief.hopeless(objects, self._knobs)
        self._doubts.remember(objects, gone)
        gone = gone | belief.out_of_sight(objects, self._knobs, RULES)
        over = self._rules.over(objects.life)  # nobody waits for those
        gone = gone | over
        if not gone.any():
            return objects, None
        self._gallery.take_in(objects.select(gone & ~over & objects.confirmed), now)
        last = objects.select(gone & objects.confirmed).said()
        return objects.select(~gone), replace(last, state=np.full(len(last), ENDED))

    def _start(self, picture: Picture, boxes: Boxes) -> NetworkState:
        return self._engine.start(picture, np.asarray(boxes, np.float32)[None])
