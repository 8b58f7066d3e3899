"""What one process does of a run in chunks: from where it takes over as far as it gets."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from mohart.aliases import Frame
from mohart.errors import ConfigError
from mohart.keyframes import Keyframes
from mohart.session.chunked.store import Chunk, ChunkStore, Tables
from mohart.session.feed import DetectionFeed
from mohart.session.follow import Follower, Step
from mohart.session.interruption import Ending, Interrupts
from mohart.session.remarks import collect_warnings
from mohart.session.run import first_frame
from mohart.session.sink import ResultSink
from mohart.session.snapshots import Snapshots
from mohart.session.table import no_objects, read_table
from mohart.session.timing import Stages
from mohart.structures import ACTIVE, LOST, PREDICTED, TrackedObjects
from mohart.tracking.corrections import Resumable
from mohart.video import FrameSource


@dataclass
class _Border:
    """As :class:`mohart.session.follow.Earlier`: the last frame of the chunk before."""

    last: int
    snapshot: bytes
    said: TrackedObjects
    folder: Path | None = None

    def at(self, frame: int) -> TrackedObjects:
        return self.said


@dataclass
class Sitting:
    """What one process does of a run.

    Attributes:
        source: frames, none behind the border where it takes over read yet.
        tracker: is started, or goes on from a border.
        keyframes: all of the run.
        feed: where detections come from; None follows the boxes alone.
        start: zero-based number of the first frame of the run.
        frames: of the whole run; None until the end.
        every: only every N-th frame.
        rows: what tables there are.
        stages: times `decode`, `init`, `detect`, `track`, `draw` and `write`.
        store: of the chunks.
        shown: told how many frames of the run are done.
        interrupts: decides when an interruption may arrive.
    """

    source: FrameSource
    tracker: Resumable
    keyframes: Keyframes
    feed: DetectionFeed | None
    start: int
    frames: int | None
    every: int
    rows: Tables
    stages: Stages
    store: ChunkStore
    shown: Callable[[int], None]
    interrupts: Interrupts
    began: float = field(default_factory=time.perf_counter)

    def go_on(self, done: list[Chunk], size: int) -> list[Chunk]:
        """Follow to the end of the video, or until it breaks off.

        Args:
            done: chunks of earlier sittings.
            size: frames that are followed in each.

        Returns:
            All chunks, the last one ended or broken.
        """
        if done and done[-1].ended:
            return done
        before = done[-1] if done else None
        states = Snapshots(self.store.folder, self.start)
        states.take_up(before.last if before else self.start - 1)
        run, steps = self._begin(before, len(done))
        while not done or not (done[-1].ended or done[-1].interrupted):
            done = self._add_chunk(done, before, run, islice(steps, size), states, size)
        return done

    def _begin(self, before: Chunk | None, number: int) -> tuple[Follower, Iterator[Step]]:
        run = Follower(
            self.source, self.tracker, self.keyframes, self.feed, self.stages, self.every
        )
        if before is None:
            first = first_frame(self.source, self.start, self.keyframes)
            return run, run.follow(first, self.start, self.frames)
        frame = self._pass_to(before.last)
        table = read_table(self.store.path(number) / "tracks.csv")
        said = table.get(before.last) or no_objects()
        border = _Border(before.last, self.store.border(number), said)
        run.keyframes = self.keyframes.select(self.keyframes.frame > before.last)
        run.feed = None  # it is where it shall be
        left = None if self.frames is None else self.frames - before.frames + 1
        steps = run.follow(frame, before.last, left, border)
        next(steps)  # the border itself, of the chunk before
        run.unfollowed = list(before.unfollowed)
        if self.feed and before.counted:
            run.feed = self.feed
            self.feed.restore(before.counted, before.last + 1)
        return run, steps

    def _pass_to(self, border: int) -> Frame:
        """The frame at a border; a detector that follows the video is shown all before it."""
        source, feed = self.source, self.feed
        if feed and feed.follows_video:
            source.skip(self.start - source.frames_read)
            feed.start(self.start)
            for number in range(self.start, border, self.every):
                frame = source.read()
                if frame is not None:
                    feed.observe(frame)
                source.skip(self.every - 1)
                feed.skip(self.every - 1)
                self.shown((number - self.start) // self.every + 1)
        else:
            source.skip(border - source.frames_read)
        frame = source.read()
        if frame is None or source.frames_read != border + 1:
            raise ConfigError(
                f"{source.name}: frame {border + 1} is past the end now, but was tracked before; "
                "is it another video? Remove the chunks beside the result, and track anew"
            )
        if feed and feed.follows_video:
            feed.observe(frame)
        return frame

    def _add_chunk(
        self,
        done: list[Chunk],
        before: Chunk | None,
        run: Follower,
        steps: Iterator[Step],
        states: Snapshots,
        size: int,
    ) -> list[Chunk]:
        past, ending = done[-1].frames if done else 0, Ending()
        part = self.store.new_part()
        with ResultSink(part, self.stages, **self.rows) as sink:
            try:
                for step in steps:
                    with self.interrupts.hold():
                        sink.add(run.number, *step)
                        states.take(run.number, self.tracker)
                    self.shown(past + sink.frames)
            except KeyboardInterrupt:
                if not done and sink.last is None:
                    raise
                ending.interrupted = True
            except (Exception, SystemExit) as error:
                if not done and sink.last is None:
                    raise
                ending.explain(run.number, error, self.interrupts)
            if sink.last is not None:
                if not ending.interrupted:
                    sink.flush(to_disk=True)
                sink.close()
            ending.interrupted |= bool(sink.failure)
            frames = past + sink.frames
            ended = sink.frames < size or frames == self.frames
            chunk = Chunk(
                last=self.start + (frames - 1) * self.every,
                frames=frames,
                ended=ended and not ending.interrupted,
                interrupted=ending.interrupted,
                failure=ending.failure or sink.failure,
                states=done[-1].states if sink.last is None else _states(sink.last),
                **self._facts(before, run, frames, ending),
            )
        if sink.last is not None:
            border = None if chunk.ended or chunk.interrupted else self.tracker.snapshot()
            self.store.commit(part, len(done) + 1, chunk, border)
            return [*done, chunk]
        if chunk.ended:  # exactly at the border
            self.store.amend(len(done), chunk)
            return [*done[:-1], chunk]
        return [*done[:-1], replace(chunk, ended=False)]  # broke off exactly there

    def _facts(
        self, before: Chunk | None, run: Follower, frames: int, ending: Ending
    ) -> dict[str, Any]:
        source, earlier = self.source, before.notes if before else []
        said = collect_warnings(source, run, self.frames, frames, ending)
        return {
            "damaged": bool(source.damaged or source.problem or (before and before.damaged)),
            "unfollowed": run.unfollowed.copy(),
            "counted": self.feed.snapshot() if self.feed else None,
            "detections": self.feed.to_dict() if self.feed else None,
            "notes": [*earlier, *(note for note in source.notes if note not in earlier)],
            "warnings": [*(note for note in earlier if note not in said), *said],
            "seconds": time.perf_counter() - self.began + (before.seconds if before else 0),
        }


def _states(last: TrackedObjects) -> dict[str, int]:
    counts = Counter(str(state) for state in last.state)
    return {state: counts[state] for state in (ACTIVE, PREDICTED, LOST)}
