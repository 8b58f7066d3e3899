"""Tracking by detection: association, births, confirmation, deaths, as iou, sort, bytetrack share.

A tracker of this kind reads no pixels. It differs from another in how a box moves on (`Motion`), in
which detections are offered to which tracks (`Stage`) and in its thresholds; identities, births,
deaths and the fates of detections are the same for all and live here.

* Detections of a stage are assigned to the tracks that are left so that the summed IoU is largest.
* What nobody takes starts a tentative track if its score is high enough. A track is confirmed, and
  gets the next free id, after `confirm_after` detections in a row; a tentative track that misses
  one is dropped. Tracks from `init` are confirmed and never end.
* `detections=None` (the detector was not asked) moves the boxes on and nothing else: no track is
  confirmed or dropped, no miss is counted. An empty set of detections is a miss for every track.
* A confirmed track ends in a frame whose detections do not fit it when its last one is more than
  `max_gap_frames` ago.
* `active` is a track that a detection of this frame fed; its box is the detection's. `predicted` is
  one that the last detections fed, in the frames in which the detector is silent, `lost` one that
  they did not; their boxes are where the motion says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from mohart.boxes import area, pairwise_iou
from mohart.errors import ConfigError
from mohart.structures import (
    ACTIVE,
    BORN,
    DROPPED,
    ENDED,
    LOST,
    MATCHED,
    PREDICTED,
    TENTATIVE,
    UNKNOWN_CLASS,
    Detections,
    Fates,
    TrackedObjects,
)
from mohart.tracking.checks import FrameGuard, next_identity
from mohart.tracking.clock import FrameClock
from mohart.tracking.detections import as_detections

Box = NDArray[np.float64]
FADE = 0.9  # factor per frame on the confidence of what is not seen
NOBODY = -1


class Motion(Protocol):
    """How one box moves; [4] xyxy pixels in and out."""

    def predict(self, frames: float) -> None:
        """Move on by a number of frames, > 0."""

    def correct(self, box: Box) -> None:
        """Take in a detection."""

    def box(self) -> Box:
        """Where the object is now."""


class Stage(NamedTuple):
    """One round of assignment.

    Attributes:
        low: smallest score of the detections that take part.
        high: scores from here on do not.
        min_iou: overlap of track and detection that a match needs.
    """

    low: float
    high: float
    min_iou: float


@dataclass
class Tracklet:
    """One object that is followed."""

    motion: Motion
    box: Box
    score: float
    identity: int = NOBODY
    pinned: bool = False  # from `init`: is kept when lost
    hits: int = 1
    gap: float = 0.0  # frames since the last detection
    missed: bool = False  # by the last detections
    source: int = NOBODY
    classes: Counter[int] = field(default_factory=Counter)

    def advance(self, frames: float) -> None:
        """Some frames further, nothing seen yet."""
        self.motion.predict(frames)
        self.box, self.gap, self.source = self.motion.box(), self.gap + frames, NOBODY

    def feed(self, found: Detections, row: int) -> None:
        """Detection `row` shows this object."""
        self.box = found.xyxy[row].astype(np.float64)
        self.motion.correct(self.box)
        self.score, self.gap, self.source = float(found.confidence[row]), 0.0, row
        self.hits += 1
        self.classes[int(found.class_id[row])] += 1

    def class_id(self) -> int:
        """The most frequent class."""
        return self.classes.most_common(1)[0][0] if self.classes else UNKNOWN_CLASS


class TrackletTracker:
    """A :class:`mohart.tracking.protocol.Tracker` that uses detections and no pixels.

    Args:
        name: of the tracker.
        motion: box -> its motion, started there.
        stages: rounds of assignment, one after the other.
        birth_score: score from which an unmatched detection starts a track.
        confirm_after: detections in a row, the first one included, that confirm a track.
        max_gap_frames: frames without a detection that a confirmed track survives.
        frame_rate: frames per second that gaps and motion are counted in where frames have time
            stamps: `t` seconds are `t * frame_rate` frames. Without time stamps it is not used.

    Raises:
        ConfigError: a setting is out of range.
    """

    takes_detections = True

    def __init__(
        self,
        name: str,
        motion: Callable[[Box], Motion],
        stages: Iterable[Stage],
        *,
        birth_score: float,
        confirm_after: int,
        max_gap_frames: float,
        frame_rate: float,
    ) -> None:
        if confirm_after < 1 or max_gap_frames < 0 or not frame_rate > 0:
            raise ConfigError(
                f"tracker '{name}': expected confirm_after >= 1, max_gap_frames >= 0 and "
                f"frame_rate > 0, got {confirm_after}, {max_gap_frames} and {frame_rate}"
            )
        self.name, self.details = name, dict[str, Any]()
        self._motion, self._stages = motion, tuple(stages)
        for stage in self._stages:
            if not 0 <= stage.min_iou <= 1:
                raise ConfigError(
                    f"tracker '{name}': expected overlaps in 0..1, got {stage.min_iou}"
                )
        self._birth_score, self._confirm_after = birth_score, confirm_after
        self._max_gap = max_gap_frames
        self._guard, self._clock = FrameGuard(), FrameClock(frame_rate)
        self._tracks: list[Tracklet] = []
        self._next_id = 1

    def init(
        self, frame_bgr: NDArray[np.uint8], boxes_xyxy: ArrayLike, ids: ArrayLike | None = None
    ) -> TrackedObjects:
        """Confirmed tracks; see :class:`mohart.tracking.protocol.Tracker`."""
        boxes, numbers = self._guard.start(frame_bgr, boxes_xyxy, ids)
        self._clock.clear()
        self._tracks = []
        self._next_id = next_identity(1, numbers)
        for box, number in zip(boxes.astype(np.float64), numbers, strict=True):
            started = Tracklet(self._motion(box), box, 1.0, int(number), pinned=True)
            started.hits = self._confirm_after
            self._tracks.append(started)
        return self._answer([], None)

    def update(
        self, frame_bgr: NDArray[np.uint8], detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        """See :class:`mohart.tracking.protocol.Tracker`; the pixels are not read."""
        if detections is None:
            self._guard.check(frame_bgr)
        found = None if detections is None else as_detections(detections)
        if found is not None:
            self._guard.begin(frame_bgr)
        frames = self._clock.advance(timestamp)
        for track in self._tracks:
            track.advance(frames)
        if found is None:
            return self._answer([], None)
        taken = self._assign(found)
        fates = [self._fate(found, row, taken.get(row)) for row in range(len(found))]
        for track in self._tracks:
            track.missed = track.source == NOBODY
        ended = [track for track in self._tracks if self._ends(track)]
        self._tracks = [track for track in self._tracks if not self._ends(track)]
        kinds, owners, reasons = zip(*fates, strict=True) if fates else ((), (), ())
        answer = Fates(
            np.array(kinds, np.str_), np.array(owners, np.int64), np.array(reasons, np.str_)
        )
        return self._answer([track for track in ended if track.identity != NOBODY], answer)

    def reset(self) -> None:
        """Forget all objects and ids."""
        self._guard.clear()
        self._clock.clear()
        self._tracks = []
        self._next_id = 1

    def _assign(self, found: Detections) -> dict[int, Tracklet]:
        """Detection row -> the track that it was given to."""
        usable = area(found.xyxy) > 0
        taken: dict[int, Tracklet] = {}
        free = list(self._tracks)
        for stage in self._stages:
            rows = np.flatnonzero(
                usable & (found.confidence >= stage.low) & (found.confidence < stage.high)
            )
            if not len(rows) or not free:
                continue
            overlap = pairwise_iou(
                np.array([track.box for track in free]), found.xyxy[rows].astype(np.float64)
            )
            pairs = zip(*linear_sum_assignment(overlap, maximize=True), strict=True)
            for n, m in [pair for pair in pairs if overlap[pair] >= stage.min_iou]:
                free[n].feed(found, int(rows[m]))
                taken[int(rows[m])] = free[n]
            free = [track for track in free if track.source == NOBODY]
        return taken

    def _fate(
        self, found: Detections, row: int, track: Tracklet | None
    ) -> tuple[str, int, str]:  # kind, id, reason
        if track is not None:
            self._confirm(track)
            return MATCHED, track.identity, ""
        if not area(found.xyxy[row]) > 0:
            return DROPPED, NOBODY, "has no area"
        score = float(found.confidence[row])
        if score < self._birth_score:
            return DROPPED, NOBODY, f"no track fits, score is below {self._birth_score:g}"
        box = found.xyxy[row].astype(np.float64)
        started = Tracklet(self._motion(box), box, score, source=row)
        started.classes[int(found.class_id[row])] += 1
        self._confirm(started)
        self._tracks.append(started)
        return TENTATIVE if started.identity == NOBODY else BORN, started.identity, ""

    def _confirm(self, track: Tracklet) -> None:
        if track.identity == NOBODY and track.hits >= self._confirm_after:
            track.identity = self._next_id
            self._next_id += 1

    def _ends(self, track: Tracklet) -> bool:
        """After a frame with detections."""
        if track.pinned or not track.missed:
            return False
        return track.identity == NOBODY or track.gap > self._max_gap

    def _answer(self, ended: list[Tracklet], fates: Fates | None) -> TrackedObjects:
        carried = [*self._tracks, *ended]
        states = [self._state(track) for track in self._tracks] + [ENDED] * len(ended)
        return TrackedObjects(
            xyxy=np.array([track.box for track in carried], np.float32).reshape(-1, 4),
            tracker_id=np.array([track.identity for track in carried], np.int64),
            confidence=np.array([t.score * FADE**t.gap for t in carried], np.float32),
            state=np.array(states, np.str_),
            class_id=np.array([track.class_id() for track in carried], np.int64),
            source_index=np.array([track.source for track in carried], np.int64),
            fates=fates,
        )

    def _state(self, track: Tracklet) -> str:
        if track.identity == NOBODY:
            return TENTATIVE
        if track.gap == 0:
            return ACTIVE
        return LOST if track.missed else PREDICTED
