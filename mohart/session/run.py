"""One video through one tracker, streamed: frames in, tracks.txt, video.mp4 and run.json out.

Objects come from boxes that a person drew, from a detector that is asked now and then, or both.

Nothing here grows with the length of the video: one frame is held at a time, trails are bounded
and timings are histograms.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Frame, Progress
from mohart.errors import ConfigError
from mohart.files import write_text
from mohart.folders import OutputFolder
from mohart.session.feed import DetectionFeed, Fate
from mohart.session.report import Report
from mohart.session.sink import TRACKED, ResultSink
from mohart.session.timing import Stages
from mohart.structures import ACTIVE, LOST, PREDICTED, TrackedObjects
from mohart.tracking.protocol import Tracker, refuse_detections
from mohart.video import FrameSource


def track_video(
    source: FrameSource,
    tracker: Tracker,
    ids: NDArray[np.int64],
    boxes: NDArray[np.float64],
    *,
    output: Path,
    feed: DetectionFeed | None = None,
    init_frame: int = 0,
    frames: int | None = None,
    video: bool = True,
    overwrite: bool = False,
    include_lost: bool = False,
    with_classes: bool = False,
    fates: bool = False,
    progress: Progress | None = None,
    details: Mapping[str, Any] | None = None,
) -> Report:
    """Follow objects from `init_frame` on and write the results as a folder, or nothing at all.

    The folder gets `tracks.txt` (MOT text, frame numbers of the source counted from 1; active and
    predicted objects, lost ones only with `include_lost`, tentative and ended ones never),
    `video.mp4` (from `init_frame` on), `run.json` (the report) and, if wanted, `fates.csv`. Ctrl-C
    ends the run early and keeps what was tracked so far.

    The detector is asked in the first frame, or, where that one starts with boxes, in the one
    after it; then in every K-th frame.

    Args:
        source: frames, not read yet.
        tracker: any tracker; it is started here.
        ids: [N] identities.
        boxes: [N, 4] xyxy pixels in frame `init_frame`; with a `feed` there may be none.
        output: the folder to make.
        feed: where detections come from; None follows the boxes alone.
        init_frame: zero-based frame to which the boxes belong.
        frames: number of frames to track including `init_frame`; None until the end.
        video: whether to write video.mp4.
        overwrite: whether an existing folder of results may be replaced; by a complete run alone:
            after Ctrl-C what was tracked goes to `OUTPUT-interrupted`.
        include_lost: whether tracks.txt has rows of lost objects too.
        with_classes: whether column 8 of tracks.txt is the class, as the detector numbers it.
        fates: whether `fates.csv` tells what became of every detection.
        progress: called after every frame with frames done and, where known, their total.
        details: put into run.json as they are.

    Returns:
        The report, also where Ctrl-C ended the run (see `interrupted`).

    Raises:
        ConfigError: `init_frame` is past the end, or the tracker refuses the boxes or detections.
        OutputError: the folder exists, or writing fails; nothing is left behind.
        KeyboardInterrupt: Ctrl-C before the first frame was tracked.
    """
    started = time.perf_counter()
    if frames is not None and frames < 1:
        raise ConfigError(f"frames: expected at least 1, got {frames}")
    if feed and not tracker.takes_detections:
        refuse_detections(tracker.name, feed)
    stages = Stages("decode", "init", *(["detect"] if feed else []), "track", "draw", "write")
    run = _Run(source, tracker, ids, boxes, feed, stages)
    with OutputFolder(output, TRACKED, overwrite=overwrite) as folder:
        first = _first_frame(source, init_frame)
        total = _total(source, init_frame, frames)
        interrupted = False
        with ExitStack() as files:
            sink = ResultSink(
                files,
                folder.part,
                stages,
                pictured=source if video else None,
                include_lost=include_lost,
                with_classes=with_classes,
                fates=fates,
            )
            try:
                for step in run.follow(first, init_frame, frames):
                    sink.add(init_frame + sink.frames, *step)
                    if progress:
                        progress(sink.frames, total)
            except KeyboardInterrupt:
                if sink.last is None:
                    raise
                interrupted = True
        last = sink.last
        assert last is not None  # noqa: S101  # a run yields the init frame or raises
        if interrupted and folder.replaces:
            folder.divert(f"{output.name}-interrupted")  # a complete result is worth more
        counts = Counter(str(state) for state in last.state)
        report = Report(
            output=folder.path,
            source=source.name,
            tracker=tracker.name,
            width=source.width,
            height=source.height,
            frame_rate=source.frame_rate,
            first_frame=init_frame + 1,
            last_frame=init_frame + sink.frames,
            objects=sink.objects if feed else len(ids),
            rows=sink.rows,
            states={state: counts[state] for state in (ACTIVE, PREDICTED, LOST)},
            interrupted=interrupted,
            frames_per_second=round(sink.frames / (time.perf_counter() - started), 2),
            timings=stages.to_dict(),
            warnings=_warnings(source, frames, sink.frames, interrupted, feed),
            detections=feed.to_dict() if feed else None,
            details=details or {},
        )
        write_text(folder.part / "run.json", json.dumps(report.to_dict(), indent=2) + "\n")
    return report


def _first_frame(source: FrameSource, init_frame: int) -> Frame:
    if init_frame < 0:
        raise ConfigError(f"init frame: frames count from 1, got {init_frame + 1}")
    skipped = source.skip(init_frame)
    frame = source.read() if skipped == init_frame else None
    if frame is None:
        raise ConfigError(
            f"init frame {init_frame + 1} is past the end: {source.name} has "
            f"{source.frames_read} frames"
        )
    return frame


class _Step(NamedTuple):
    """A frame, what the tracker says about it, and what became of the detections in it."""

    frame: Frame
    tracks: TrackedObjects
    fates: list[Fate]


@dataclass
class _Run:
    """A tracker on its way through a source."""

    source: FrameSource
    tracker: Tracker
    ids: NDArray[np.int64]
    boxes: NDArray[np.float64]
    feed: DetectionFeed | None
    stages: Stages
    number: int = field(default=0, init=False)  # of the current frame, zero-based

    def follow(self, first: Frame, init_frame: int, frames: int | None) -> Iterator[_Step]:
        """Every frame from the first one on."""
        self.number = init_frame
        if self.feed:
            self.feed.start(init_frame)
        if len(self.boxes) or not self.feed:
            yield self._start(first)
        else:
            self.tracker.reset()
            yield self._update(first)
        done = 1
        while frames is None or done < frames:
            with self.stages.measure("decode"):
                frame = self.source.read()
            if frame is None:
                return
            self.number += 1
            yield self._update(frame)
            done += 1

    def _start(self, frame: Frame) -> _Step:
        if self.feed:
            self.feed.observe(frame)
        with self.stages.measure("init"):
            return _Step(frame, self.tracker.init(frame, self.boxes, self.ids), [])

    def _update(self, frame: Frame) -> _Step:
        look = None
        if self.feed:
            with self.stages.measure("detect"):
                look = self.feed.look(frame)
        with self.stages.measure("track"):
            tracks = self.tracker.update(
                frame, None if look is None else look.kept, self.source.timestamp
            )
        fates = self.feed.settle(look, tracks, self.number) if self.feed and look else []
        return _Step(frame, tracks, fates)


def _total(source: FrameSource, init_frame: int, frames: int | None) -> int | None:
    """How many frames there will be, as far as one can know."""
    left = None if source.length is None else max(source.length - init_frame, 1)
    known = [n for n in (left, frames) if n is not None]
    return min(known) if known else None


def _warnings(
    source: FrameSource,
    asked: int | None,
    done: int,
    interrupted: bool,
    feed: DetectionFeed | None,
) -> tuple[str, ...]:
    found = []
    if source.problem:
        found.append(f"{source.problem}; what is there was tracked")
    if interrupted:
        found.append(f"interrupted after {done} frames; what was tracked is kept")
    elif asked is not None and done < asked and not source.problem:
        found.append(f"asked for {asked} frames, but the source ended after {done}")
    if not source.frame_rate_known:
        found.append(f"the source does not say its frame rate; {source.frame_rate:g} is assumed")
    if feed:
        ended = not interrupted and (asked is None or done < asked)
        found += feed.warnings(ended=ended)
    return tuple(found)
