"""A tracker on its way through a source: started, asked in every frame, corrected in keyframes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from mohart.aliases import Frame
from mohart.errors import ConfigError, MohartError
from mohart.keyframes import Keyframes
from mohart.session.feed import DetectionFeed, Fate
from mohart.session.timing import Stages
from mohart.structures import ENDED, TrackedObjects
from mohart.tracking.corrections import Coasting, Correctable, Resumable, refuse_corrections
from mohart.tracking.protocol import Tracker


class Step(NamedTuple):
    """A frame, what the tracker says about it, and what became of the detections in it."""

    frame: Frame
    tracks: TrackedObjects
    fates: list[Fate]


class Frames(Protocol):
    """Where frames come from, such as a :class:`mohart.video.FrameSource`.

    Attributes:
        timestamp: seconds of the last frame that was read; None where nobody knows.
        missing: whether that frame has no picture of its own.
    """

    timestamp: float | None
    missing: bool

    def read(self) -> Frame | None:
        """The next frame, uint8 BGR [H, W, 3], or None at the end."""
        ...

    def skip(self, count: int) -> int:
        """Pass over frames; returns how many."""
        ...


class Earlier(Protocol):
    """The first part of a run, made before.

    Attributes:
        folder: of its results; None where it has none.
        last: zero-based number of its last frame.
        snapshot: the tracker's state behind that frame; not asked for where no frame follows.
    """

    folder: Path | None
    last: int
    snapshot: bytes

    def at(self, frame: int) -> TrackedObjects:
        """What was said about a frame, zero-based."""
        ...


@dataclass
class Follower:
    """One tracker and one source.

    Attributes:
        source: frames, the first one read.
        tracker: is started here.
        keyframes: what a person has drawn, in frames of the source.
        feed: where detections come from; None follows the boxes alone.
        stages: times `decode`, `init`, `detect` and `track`.
        every: only every N-th frame is followed, as if there were no others.
        number: of the current frame, zero-based.
        unfollowed: frame and id of ends of objects that were not followed there.

    Raises:
        ConfigError: there are keyframes behind the start, and the tracker takes none.
    """

    source: Frames
    tracker: Tracker
    keyframes: Keyframes
    feed: DetectionFeed | None
    stages: Stages
    every: int = 1
    number: int = field(default=0, init=False)
    unfollowed: list[tuple[int, int]] = field(default_factory=list, init=False)

    def follow(
        self, first: Frame, start: int, frames: int | None, earlier: Earlier | None = None
    ) -> Iterator[Step]:
        """Every frame from the first one on.

        Args:
            first: the frame to begin with, just read.
            start: its zero-based number.
            frames: to follow, this one included; None until the end.
            earlier: what was said of the first frames; the tracker goes on behind them.
        """
        if (self.keyframes.frame > start).any() and not isinstance(self.tracker, Correctable):
            refuse_corrections(self.tracker.name)
        unseen = self.keyframes.frame[(self.keyframes.frame - start) % self.every > 0]
        if len(unseen):
            raise ConfigError(
                f"frame {unseen[0] + 1} has a keyframe, but only every {self.every}th frame from "
                f"{start + 1} on is followed; begin elsewhere, or draw in frames that are"
            )
        self.number = start
        if self.feed:
            self.feed.start(start)
        yield self._begin(first) if earlier is None else Step(first, earlier.at(start), [])
        done = 1
        while frames is None or done < frames:
            with self.stages.measure("decode"):
                if self.every > 1:
                    self.source.skip(self.every - 1)
                frame = self.source.read()
            if frame is None:
                return
            if self.feed and self.every > 1:
                self.feed.skip(self.every - 1)
            if earlier is not None and self.number == earlier.last:
                assert isinstance(self.tracker, Resumable)  # noqa: S101  # it made the snapshot
                self.tracker.restore(earlier.snapshot)
            self.number += self.every
            if earlier is not None and self.number <= earlier.last:
                yield Step(frame, earlier.at(self.number), [])
            else:
                yield self._update(frame)
            done += 1

    def _begin(self, frame: Frame) -> Step:
        drawn = self.keyframes.at(self.number).drawn
        if not len(drawn) and self.feed:
            self.tracker.reset()
            return self._update(frame)
        if self.feed:
            self.feed.observe(frame)
        with self.stages.measure("init"):
            return Step(frame, self.tracker.init(frame, drawn.boxes, drawn.track_id), [])

    def _update(self, frame: Frame) -> Step:
        if self.source.missing:
            return self._coast(frame)
        look = None
        if self.feed:
            with self.stages.measure("detect"):
                look = self.feed.look(frame)
        with self.stages.measure("track"):
            tracks = self.tracker.update(
                frame, None if look is None else look.kept, self.source.timestamp
            )
            tracks = self._correct(frame, tracks)
        fates = self.feed.settle(look, tracks, self.number) if self.feed and look else []
        return Step(frame, tracks, fates)

    def _coast(self, frame: Frame) -> Step:
        """A frame without a picture: in its place is the one before it."""
        if self.feed:
            self.feed.pass_over(frame)
        when = self.source.timestamp
        with self.stages.measure("track"):
            if isinstance(self.tracker, Coasting):
                tracks = self.tracker.coast(when)
            else:  # has no better idea than that nothing has changed
                tracks = self.tracker.update(frame, None, when)
            tracks = self._correct(frame, tracks)
        return Step(frame, tracks, [])

    def _correct(self, frame: Frame, tracks: TrackedObjects) -> TrackedObjects:
        """What a person says about this frame has the last word."""
        said = self.keyframes.at(self.number)
        if not len(said):
            return tracks
        assert isinstance(self.tracker, Correctable)  # noqa: S101  # asked at the start
        now, drawn, left = tracks, said.drawn, said.ended.track_id
        if len(drawn):
            try:
                now = self.tracker.correct(frame, drawn.boxes, drawn.track_id)
            except MohartError as error:
                raise ConfigError(f"keyframes of frame {self.number + 1}: {error}") from error
        for track in left.tolist():
            try:
                now = self.tracker.remove([track])
            except ConfigError:
                self.unfollowed.append((self.number, track))
        ended = (tracks.state == ENDED) & ~np.isin(tracks.tracker_id, said.track_id)
        gone = tracks.select(ended & ~np.isin(tracks.tracker_id, now.tracker_id))
        return replace(now.join(gone) if len(gone) else now, fates=tracks.fates)
