"""One video through one tracker, chunk by chunk, from wherever an earlier sitting has left it.

Identities, beliefs, templates and what was counted go over a border in the tracker's state, so all
chunks together are the one run without any. A process that goes on from chunk to chunk keeps what
it has open; one that takes over behind a border passes over the frames before it.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from mohart.aliases import Frame, Progress
from mohart.errors import ConfigError
from mohart.keyframes import Keyframes
from mohart.session.chunked.join import Joint, join_chunks
from mohart.session.chunked.store import Chunk, ChunkStore, Tables
from mohart.session.feed import DetectionFeed
from mohart.session.follow import Follower, Step
from mohart.session.interruption import Ending, Interrupts, PlainInterrupts
from mohart.session.remarks import collect_warnings
from mohart.session.report import Report
from mohart.session.resume import computed_anywhere
from mohart.session.run import first_frame, total_frames
from mohart.session.sink import ResultSink
from mohart.session.snapshots import Snapshots
from mohart.session.table import no_objects, read_table
from mohart.session.timing import Stages
from mohart.structures import ACTIVE, LOST, PREDICTED, TrackedObjects
from mohart.tracking.corrections import Resumable
from mohart.tracking.protocol import Tracker, refuse_detections
from mohart.versions import __version__
from mohart.video import FrameSource

# options that change nothing but how, where and when it is computed
NO_MATTER = (
    "chunk",
    "jobs",
    "ray",
    "attempts",
    "no_video",
    "overwrite",
    "output",
    "json",
    "device",
)


def track_in_chunks(
    source: FrameSource,
    tracker: Tracker,
    keyframes: Keyframes,
    *,
    reopen: Callable[[], FrameSource],
    chunk_seconds: float,
    output: Path,
    feed: DetectionFeed | None = None,
    init_frame: int | None = None,
    frames: int | None = None,
    every: int = 1,
    video: bool = True,
    overwrite: bool = False,
    include_lost: bool = False,
    with_classes: bool = False,
    fates: bool = False,
    progress: Progress | None = None,
    earlier: None = None,
    details: Mapping[str, Any] | None = None,
    interrupts: Interrupts | None = None,
) -> Report:
    """As `mohart.session.run.track_video`, with the same result, and what is done stays done.

    Called again with the same arguments after whatever end, also on another machine that sees the
    same files, it goes on behind the last chunk that is complete.

    Args:
        source: frames, not read yet.
        tracker: that keeps states; it is started here.
        keyframes: boxes and ends, in frames of the source; with a `feed` there may be none.
        reopen: opens the source anew: its frames are read once more for video.mp4.
        chunk_seconds: of the video, in one chunk.
        output: the folder to make; chunks are in a hidden folder beside it until then.
        feed: see `track_video`, as all that follow.
        init_frame: the frame to begin with.
        frames: how many to track.
        every: only every N-th.
        video: whether to write video.mp4.
        overwrite: whether an earlier result may be replaced.
        include_lost: rows of lost objects in tracks.txt.
        with_classes: classes in tracks.txt.
        fates: write fates.csv.
        progress: told about frames; those that are drawn in the end count once more.
        earlier: chunks are the only earlier part that there can be.
        details: put into run.json as they are.
        interrupts: decides when an interruption may arrive.

    Raises:
        ConfigError: the tracker keeps no states, or as for `track_video`.
        OutputError: as for `track_video`.
        KeyboardInterrupt: before the first frame was tracked, or while results were joined.
    """
    if not isinstance(tracker, Resumable):
        raise ConfigError(
            f"chunks: tracker '{tracker.name}' keeps no state to go on from; take one that does, "
            "such as mohart, or leave --chunk out"
        )
    if not chunk_seconds * source.frame_rate >= every:
        raise ConfigError(f"chunks of {chunk_seconds:g} s: expected at least one frame in each")
    if feed and not tracker.takes_detections:
        refuse_detections(tracker.name, feed)
    start = (keyframes.first or 0) if init_frame is None else init_frame
    rows = Tables(include_lost=include_lost, with_classes=with_classes, fates=fates)
    facts = {
        "source": source.name,
        "tracker": tracker.name,
        "width": source.width,
        "height": source.height,
        "frame_rate": source.frame_rate,
        "first_frame": start + 1,
        "every": every,
    }
    store = ChunkStore(output)
    with store.held():
        plan = {**facts, **rows, "frames": frames, "version": __version__}
        plan |= _computation(tracker, keyframes, feed, details or {})
        done = store.begin(json.loads(json.dumps(plan)))
        total = total_frames(source, start, frames, every)
        if total is not None and video:
            total *= 2
        stages = Stages("decode", "init", *(["detect"] if feed else []), "track", "draw", "write")
        sitting = _Sitting(
            source, tracker, keyframes, feed, start, frames, every, rows, stages, store,
            lambda n: progress(n, total) if progress else None, interrupts or PlainInterrupts(),
        )  # fmt: skip
        chunks = sitting.go_on(done, max(1, round(chunk_seconds * source.frame_rate / every)))
        joint = Joint(
            output=output, store=store, chunks=chunks, keyframes=keyframes, facts=facts, rows=rows,
            details=details or {}, stages=stages, overwrite=overwrite,
        )  # fmt: skip
        return join_chunks(
            joint,
            reopen=reopen if video else None,
            shown=sitting.shown,
            interrupts=sitting.interrupts,
        )


def _computation(
    tracker: Resumable,
    keyframes: Keyframes,
    feed: DetectionFeed | None,
    details: Mapping[str, Any],
) -> dict[str, Any]:
    """All else that decides what comes out."""
    options = {k: v for k, v in details.get("options", {}).items() if k not in NO_MATTER}
    columns = (keyframes.frame, keyframes.track_id, keyframes.boxes, keyframes.end)
    return {
        "options": options,
        "keyframes": [column.tolist() for column in columns],
        "model": computed_anywhere(dict(tracker.details)),
        "detector": None if feed is None else [feed.detector.details, feed.every],
    }


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
class _Sitting:
    """What one process does of a run."""

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
        """All chunks, the last one ended or broken."""
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
                ending.fail(run.number, error)
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
