"""One video through one tracker, streamed: frames in, tracks.txt, video.mp4 and run.json out.

Objects come from boxes that a person drew, from a detector that is asked now and then, or both.

Stages go on side by side: a thread decodes ahead, another draws and encodes behind, tracking lies
between them. Nothing here grows with the length of the video: a few frames are held at a time,
trails are bounded and timings are histograms.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mohart.aliases import Frame, Progress
from mohart.draw import Overlay
from mohart.errors import ConfigError, OutputError
from mohart.files import write_text
from mohart.folders import OutputFolder
from mohart.formats.keyframes import write_keyframes
from mohart.keyframes import Keyframes
from mohart.regions import Regions
from mohart.session.audible import Pace
from mohart.session.feed import DetectionFeed
from mohart.session.follow import Earlier, Follower, Step
from mohart.session.interruption import Ending, Interrupts, PlainInterrupts
from mohart.session.remarks import collect_warnings
from mohart.session.report import UNFINISHED, Report
from mohart.session.sink import TRACKED, ResultSink
from mohart.session.snapshots import StateKeeper
from mohart.session.timing import Stages
from mohart.structures import ACTIVE, LOST, PREDICTED, TrackedObjects
from mohart.tracking.corrections import Foreseeing
from mohart.tracking.protocol import Tracker, refuse_detections
from mohart.versions import versions
from mohart.video import FrameSource

Watch = Callable[[int, TrackedObjects], None]


def track_video(
    source: FrameSource,
    tracker: Tracker,
    keyframes: Keyframes,
    *,
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
    regions: Regions | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
    earlier: Earlier | None = None,
    details: Mapping[str, Any] | None = None,
    interrupts: Interrupts | None = None,
) -> Report:
    """Follow objects and write the results as a folder, or nothing at all.

    The folder gets `tracks.txt` (MOT text, frame numbers of the source counted from 1; active and
    predicted objects, lost ones only with `include_lost`, tentative and ended ones never),
    `tracks.csv` (the product's own table, with states, lost ones too), `keyframes.csv`,
    `video.mp4` (from the first frame on, with the source's sound), `run.json` (the report),
    `state/` (states of the tracker to go on from, where it can) and, if wanted, `fates.csv` and
    `events.csv`. Ctrl-C ends the run early and keeps what was tracked so far, and so does whatever
    is raised behind the first frame. All is in a hidden folder until then, so that a run that was
    killed can be gone on with.

    Frames that the source has lost are coasted over: their objects are where they are expected.

    The detector is asked in the first frame, or, where that one starts with boxes, in the one
    after it; then in every K-th frame.

    Args:
        source: frames, not read yet.
        tracker: any tracker; it is started here.
        keyframes: boxes and ends, in frames of the source; with a `feed` there may be none.
        output: the folder to make.
        feed: where detections come from; None follows the boxes alone.
        init_frame: zero-based frame to begin with; None: that of the first box, or the first.
        frames: number of frames to track, the first one included; None until the end.
        every: only every N-th frame is tracked; they keep their numbers, and video.mp4 shows
            them at their time.
        video: whether to write video.mp4.
        overwrite: whether an existing folder of results may be replaced; by a complete run alone:
            after Ctrl-C what was tracked goes to `OUTPUT-interrupted`.
        include_lost: whether tracks.txt has rows of lost objects too.
        with_classes: whether column 8 of tracks.txt is the class, as the detector numbers it.
        fates: whether `fates.csv` tells what became of every detection.
        regions: lines and zones; `events.csv` gets who crosses, enters and leaves them.
        progress: called after every frame with frames done and, where known, their total.
        watch: called after every frame with its zero-based number and what was said about it; a
            KeyboardInterrupt from it ends the run as Ctrl-C does.
        earlier: the first frames of a run that was made before, of the same source, tracker and
            start, or all of them; they are taken over.
        details: put into run.json as they are.
        interrupts: decides when an interruption may arrive.

    Returns:
        The report, also where the run ended early (see `interrupted` and `failure`).

    Raises:
        ConfigError: `init_frame` is past the end or behind a keyframe, or the tracker refuses the
            boxes, later keyframes or detections.
        OutputError: the folder exists, or not even the first frame can be written; or there is no
            place for run.json in the end, then the hidden folder stays, to be gone on with.
        KeyboardInterrupt: Ctrl-C before the first frame was tracked.
    """
    started = time.perf_counter()
    if regions:
        regions.check_size(source.width, source.height)
    for name, value in (("frames", frames), ("every", every)):
        if value is not None and value < 1:
            raise ConfigError(f"{name}: expected at least 1, got {value}")
    if feed and not tracker.takes_detections:
        refuse_detections(tracker.name, feed)
    start = (keyframes.first or 0) if init_frame is None else init_frame
    detect = ["detect"] if feed else []
    stages = Stages("decode", "init", *detect, "track", "write", "draw", "encode")
    run = Follower(source, tracker, keyframes, feed, stages, every)
    with OutputFolder(output, TRACKED, overwrite=overwrite) as folder:
        first = first_frame(source, start, keyframes)
        pace = Pace(source, every)
        facts = {
            "source": source.name,
            "tracker": tracker.name,
            "width": source.width,
            "height": source.height,
            "frame_rate": source.frame_rate,
            "first_frame": start + 1,
            "every": every,
        }
        source.read_ahead(every, tracker.foresee if isinstance(tracker, Foreseeing) else None)
        _begin(folder.part, facts, keyframes, details or {})
        with ResultSink(
            folder.part,
            stages,
            pictured=(source.width, source.height, source.frame_rate / every) if video else None,
            overlay=Overlay(
                names=feed.detector.classes if feed else {}, frame_rate=source.frame_rate
            ),
            include_lost=include_lost,
            with_classes=with_classes,
            fates=fates,
            regions=regions,
            every=every,
        ) as sink:
            states = StateKeeper(folder.part, start, tracker, earlier)
            shown = _Shown(watch, progress, total_frames(source, start, frames, every))
            steps = pace.watch(run.follow(first, start, frames, earlier))
            ending = _follow(run, steps, sink, states, shown, interrupts or PlainInterrupts())
            sink.close()
        told = [*collect_warnings(source, run, frames, sink.frames, ending), *sink.tally.shared()]
        told += pace.keep_sound(folder.part / "video.mp4", sink.frames)
        last = sink.last
        assert last is not None  # noqa: S101  # a run yields the init frame or raises
        folder.keep_aside = ending.interrupted and earlier is None
        if ending.interrupted and folder.replaces and not goes_further(output, run.number):
            folder.divert(f"{output.name}-interrupted")  # a complete result is worth more
        counts = Counter(str(state) for state in last.state)
        report = Report(
            output=folder.path,
            **facts,
            last_frame=start + 1 + (sink.frames - 1) * every,
            resumed_from=earlier.last + 1 + every if earlier and earlier.folder else None,
            objects=sink.objects,
            rows=sink.rows,
            states={state: counts[state] for state in (ACTIVE, PREDICTED, LOST)},
            interrupted=ending.interrupted,
            failure=(ending.failure or sink.failure).replace(str(folder.part), str(folder.path)),
            damaged=bool(source.damaged or source.problem),
            frames_per_second=round(sink.frames / (time.perf_counter() - started), 2),
            timings=stages.to_dict(),
            warnings=(*told, *states.notes),
            per_object=sink.tally.rows(),
            detections=feed.to_dict() if feed else None,
            events=sink.counter.to_dict() if sink.counter else None,
            details=details or {},
        )
        _complete(folder, report)
    return report


class _Shown(NamedTuple):
    """Who is told about every frame."""

    watch: Watch | None
    progress: Progress | None
    total: int | None


def _follow(
    run: Follower,
    steps: Iterable[Step],
    sink: ResultSink,
    states: StateKeeper,
    shown: _Shown,
    interrupts: Interrupts,
) -> Ending:
    """Take in every frame, as far as that goes."""
    ending = Ending()
    try:
        for step in steps:
            with interrupts.hold():
                sink.add(run.number, *step)
                if states.is_turn(run.number):
                    sink.flush(to_disk=True)  # a state never reaches further than the tables
                    states.keep(run.number)
            if shown.watch:
                shown.watch(run.number, step.tracks)
            if shown.progress:
                shown.progress(sink.frames, shown.total)
        interrupts.close()
    except KeyboardInterrupt:
        if sink.last is None:
            raise
        ending.interrupted = True
    except (Exception, SystemExit) as error:
        if sink.last is None:
            raise
        ending.explain(run.number, error, interrupts)
    interrupts.close()
    return ending


def _begin(
    part: Path, facts: Mapping[str, Any], keyframes: Keyframes, details: Mapping[str, Any]
) -> None:
    """What going on needs to know if the process is killed."""
    write_keyframes(part / "keyframes.csv", keyframes)
    known = {**facts, "last_frame": facts["first_frame"], "interrupted": True, UNFINISHED: True}
    text = json.dumps({**known, "versions": versions(), **details}, indent=2)
    write_text(part / "run.json", text + "\n")


def _complete(folder: OutputFolder, report: Report) -> None:
    """Let the folder appear; where that fails, what was tracked stays, hidden."""
    try:
        write_text(folder.part / "run.json", json.dumps(report.to_dict(), indent=2) + "\n")
        folder.complete()
    except OutputError as error:
        folder.keep()
        raise OutputError(
            f"{error}; what was tracked is kept: mohart track --resume {folder.asked}"
        ) from error


def goes_further(output: Path, last: int) -> bool:
    """Whether the run in a folder was interrupted too, and had not come as far."""
    try:
        past = json.loads((output / "run.json").read_text("utf-8"))
        return bool(past["interrupted"]) and int(past["last_frame"]) <= last + 1
    except (OSError, ValueError, LookupError, TypeError):
        return False


def first_frame(source: FrameSource, start: int, keyframes: Keyframes) -> Frame:
    """The frame to begin with, zero-based; the source is read up to it.

    Raises:
        ConfigError: there is no such frame, or a keyframe lies before it.
    """
    if start < 0:
        raise ConfigError(f"init frame: frames count from 1, got {start + 1}")
    if len(keyframes) and keyframes.frame[0] < start:
        raise ConfigError(
            f"init frame {start + 1}: there is a keyframe before it, in frame "
            f"{keyframes.frame[0] + 1}; begin there"
        )
    if source.frames_read < start:
        source.skip(start - source.frames_read)
    frame = source.read() if source.frames_read == start else None
    if frame is None:
        raise ConfigError(
            f"init frame {start + 1} is past the end: {source.name} has {source.frames_read} frames"
        )
    if source.missing:
        raise ConfigError(
            f"init frame {start + 1}: {source.name} has no picture of it; begin in another one"
        )
    return frame


def total_frames(source: FrameSource, start: int, frames: int | None, every: int) -> int | None:
    """How many frames there will be, as far as one can know."""
    left = None if source.length is None else max(-((start - source.length) // every), 1)
    known = [n for n in (left, frames) if n is not None]
    return min(known) if known else None
