"""The learned tracker, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mohart.boxes import area, clip_to_frame
from mohart.errors import CheckpointError
from mohart.structures import ACTIVE, TrackedObjects
from mohart.tracking.catalogue import WholeBoxes
from mohart.tracking.checks import FrameGuard, as_bgr, as_ids, check_init
from mohart.tracking.clock import Clock
from mohart.tracking.corrections import ids_of_births
from mohart.tracking.detections import as_detections
from mohart.tracking.learned.embedding import Embedding
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.foresight import Foresight
from mohart.tracking.learned.identify import Identifier
from mohart.tracking.learned.knobs import RULES, Knobs, Leaving
from mohart.tracking.learned.online import OnlineTracking
from mohart.tracking.learned.packing import from_bytes, to_bytes
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.sight import Calibration
from mohart.tracking.learned.timed import TimedEngine
from mohart.tracking.lifecycle import Lifecycle

if TYPE_CHECKING:
    from mohart.model.tracker import MohartModel

SNAPSHOT = 8  # layout
EDGE = 1.0  # pixels by which a box must be drawn beyond the edge to ask for whole ones
# what reading other bytes than those of a snapshot may raise
BROKEN = (
    *(RuntimeError, ValueError, LookupError, TypeError, AttributeError, EOFError),
    *(OSError, BadZipFile),
)


class RecurrentTracker:
    """MOHART as a :class:`mohart.tracking.protocol.Tracker`.

    All objects of a video are one batch and see each other through the relational module; memory
    and time per frame depend on the number of objects only. Identities are numbered per tracker
    from 1 in the order in which objects are believed in, and never used again before `reset`.

    Args:
        engine: computes the network.
        details: what run.json should say about the model.
        knobs: how detections are used.
        rules: when somebody is lost, back, or has left.
        calibration: from what the network says to the probability that it is so.
        identity: tells objects apart, trained on the features of these weights; None: colours do.
        whole_boxes: `yes`: answer with the box of the whole object where a part lies outside the
            frame; `no`: with the part inside, as detectors find it and most benchmarks label it;
            `auto`: as it is drawn, whole boxes once a box was drawn that reaches more than a pixel
            beyond the edge. Nothing else changes: the network goes on from whole boxes.
    """

    name = "mohart"
    takes_detections = True

    def __init__(
        self,
        engine: Engine,
        details: dict[str, Any] | None = None,
        *,
        knobs: Knobs | None = None,
        rules: Lifecycle = RULES,
        calibration: Calibration | None = None,
        identity: Embedding | None = None,
        whole_boxes: WholeBoxes = "auto",
    ) -> None:
        self._engine = engine
        self.details = details or {}
        self._knobs, self._calibration = knobs or Knobs(), calibration or Calibration()
        self._rules, self._says = rules, Identifier(identity)
        self._whole_boxes, self._whole = whole_boxes, whole_boxes == "yes"
        self._guard = FrameGuard()
        self._clock, self._foresight = Clock(), Foresight()
        self._online = self._new()

    def __repr__(self) -> str:
        followed, _ = self._online.identities()
        weights = self.details.get("weights", "of your own")
        return f"<{type(self).__name__}: weights {weights}, follows ids {followed.tolist()}>"

    @property
    def model(self) -> MohartModel:
        """The network, for those who look into it (mohart.probes); see `Engine.watch`."""
        return self._engine.watch()

    def time_parts(self, clock: Callable[[], float]) -> Mapping[str, float]:
        """Forget all objects, and from now on add up the seconds that parts of a frame take.

        Args:
            clock: seconds from any zero.

        Returns:
            `glimpse` and `network`, which grow; all else is association and belief.
        """
        timed = TimedEngine(self._engine, clock)
        self._engine = timed
        self.reset()
        return timed.spent

    def init(
        self, frame_bgr: NDArray[np.uint8], boxes_xyxy: ArrayLike, ids: ArrayLike | None = None
    ) -> TrackedObjects:
        """See :class:`mohart.tracking.protocol.Tracker`."""
        frame_bgr = as_bgr(frame_bgr)
        boxes, numbers = self._guard.start(frame_bgr, boxes_xyxy, ids)
        self._restart()
        self._see_edge(boxes, frame_bgr)
        self._online.give(Picture(frame_bgr), boxes, numbers)
        count = len(boxes)
        return TrackedObjects(boxes, numbers, np.ones(count, np.float32), np.full(count, ACTIVE))

    def foresee(self, frame_bgr: NDArray[np.uint8]) -> None:
        """See :class:`mohart.tracking.corrections.Foreseeing`."""
        self._foresight.add(as_bgr(frame_bgr))

    def update(
        self, frame_bgr: NDArray[np.uint8], detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        """See :class:`mohart.tracking.protocol.Tracker`."""
        found = None if detections is None else as_detections(detections)
        begin = self._guard.check if found is None else self._guard.begin
        frame_bgr = as_bgr(frame_bgr)
        size = begin(frame_bgr)
        frames = self._clock.advance(timestamp)
        picture = Picture(frame_bgr)
        said = self._online.update(picture, found, now=self._clock.now, missed=frames - 1)
        return self._shown(said, size)

    def correct(
        self, frame_bgr: NDArray[np.uint8], boxes_xyxy: ArrayLike, ids: ArrayLike
    ) -> TrackedObjects:
        """See :class:`mohart.tracking.corrections.Correctable`."""
        frame_bgr = as_bgr(frame_bgr)
        size = self._guard.check(frame_bgr)
        boxes, numbers = check_init(frame_bgr, boxes_xyxy, ids)
        self._see_edge(boxes, frame_bgr)
        said = self._online.correct(Picture(frame_bgr), boxes, numbers)
        shown = self._shown(said, size)
        drawn = dict(zip(numbers.tolist(), boxes, strict=True))  # as drawn, also outside the frame
        exact = [
            drawn.get(int(n), box) for n, box in zip(shown.tracker_id, shown.xyxy, strict=True)
        ]
        return replace(shown, xyxy=np.stack(exact) if exact else shown.xyxy)

    def add(
        self, frame_bgr: NDArray[np.uint8], boxes_xyxy: ArrayLike, ids: ArrayLike | None = None
    ) -> TrackedObjects:
        """See :class:`mohart.tracking.corrections.Correctable`."""
        self._guard.started()
        followed, free = self._online.identities()
        numbers = ids_of_births(boxes_xyxy, ids, followed=followed, free=free)
        return self.correct(frame_bgr, boxes_xyxy, numbers)

    def remove(self, ids: ArrayLike) -> TrackedObjects:
        """See :class:`mohart.tracking.corrections.Correctable`."""
        size = self._guard.started()
        return self._shown(self._online.remove(as_ids(np.atleast_1d(ids))), size)

    def snapshot(self) -> bytes:
        """See :class:`mohart.tracking.corrections.Resumable`."""
        packed = {
            "layout": SNAPSHOT,
            "size": list(self._guard.started()),
            "clock": self._clock.pack(),
            "whole": self._whole,
            "online": self._online.snapshot(),
        }
        return to_bytes(packed)

    def restore(self, snapshot: bytes) -> None:
        """See :class:`mohart.tracking.corrections.Resumable`."""
        self.reset()
        try:  # only arrays and plain values: nothing in it can run
            packed = from_bytes(snapshot)
            if packed["layout"] != SNAPSHOT:
                raise ValueError(f"layout {packed['layout']}, expected {SNAPSHOT}")
            self._online.restore(packed["online"])
            self._clock.unpack(packed["clock"])
            self._guard.size, self._whole = tuple(packed["size"]), packed["whole"]
        except BROKEN as error:
            self.reset()
            raise CheckpointError(
                f"the snapshot is no state of this tracker ({error}); track from the start"
            ) from error

    def coast(self, timestamp: float | None = None) -> TrackedObjects:
        """One frame further without a picture: boxes from memory, motion and relations alone.

        See :class:`mohart.tracking.corrections.Coasting`.
        """
        size = self._guard.started()
        frames = 1
        if timestamp is None:
            self._clock.skip()
        else:
            frames = self._clock.advance(timestamp)
        for _ in range(frames):
            said = self._online.coast(size)
        return self._shown(said, size)

    def reset(self) -> None:
        """See :class:`mohart.tracking.protocol.Tracker`."""
        self._guard.clear()
        self._restart()

    def _shown(self, tracks: TrackedObjects, size: tuple[int, int]) -> TrackedObjects:
        """The parts of the boxes inside the frame, unless whole boxes are wanted."""
        if self._whole:
            return tracks
        inside = clip_to_frame(tracks.xyxy, *size)
        some = area(inside) > 0  # a box that is wholly outside has no such part
        return tracks.changed(xyxy=np.where(some[:, None], inside, tracks.xyxy))

    def _see_edge(self, drawn: NDArray[np.float32], frame: NDArray[np.uint8]) -> None:
        """Whether whole boxes are wanted, by boxes that a person has drawn."""
        beyond = np.abs(drawn - clip_to_frame(drawn, frame.shape[1], frame.shape[0]))
        self._whole |= self._whole_boxes == "auto" and bool((beyond > EDGE).any())

    def _restart(self) -> None:
        self._clock, self._online = Clock(), self._new()
        self._whole = self._whole_boxes == "yes"

    def _new(self) -> OnlineTracking:
        left = Leaving(self._rules, self._knobs)
        return OnlineTracking(self._engine, left, self._calibration, self._says, self._foresight)
