"""One video through one tracker, streamed: frames in, tracks.txt, video.mp4 and run.json out.

Nothing here grows with the length of the video: one frame is held at a time, trails are bounded
and timings are histograms.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from mohart.draw import Trails, draw_tracks
from mohart.errors import ConfigError
from mohart.formats.mot import format_mot_row
from mohart.structures import ACTIVE, LOST, PREDICTED, TrackedObjects
from mohart.tracking.outputs import OutputFolder, write_failure
from mohart.tracking.protocol import Tracker
from mohart.tracking.report import Report
from mohart.tracking.timing import Stages
from mohart.video import FrameSource, VideoWriter

Frame = NDArray[np.uint8]
Progress = Callable[[int, int | None], None]


def track_video(
    source: FrameSource,
    tracker: Tracker,
    ids: NDArray[np.int64],
    boxes: NDArray[np.float64],
    *,
    output: Path,
    init_frame: int = 0,
    frames: int | None = None,
    video: bool = True,
    overwrite: bool = False,
    include_lost: bool = False,
    progress: Progress | None = None,
    details: Mapping[str, Any] | None = None,
) -> Report:
    """Follow objects from `init_frame` on and write the results as a folder, or nothing at all.

    The folder gets `tracks.txt` (MOT text, frame numbers of the source counted from 1; active and
    predicted objects, lost ones only with `include_lost`), `video.mp4` (from `init_frame` on) and
    `run.json` (the report). Ctrl-C ends the run early and keeps what was tracked so far.

    Args:
        source: frames, not read yet.
        tracker: any tracker; it is started here.
        ids: [N] identities.
        boxes: [N, 4] xyxy pixels in frame `init_frame`.
        output: the folder to make.
        init_frame: zero-based frame to which the boxes belong.
        frames: number of frames to track including `init_frame`; None until the end.
        video: whether to write video.mp4.
        overwrite: whether an existing folder of results may be replaced.
        include_lost: whether tracks.txt has rows of lost objects too.
        progress: called after every frame with frames done and, where known, their total.
        details: put into run.json as they are.

    Returns:
        The report, also where Ctrl-C ended the run (see `interrupted`).

    Raises:
        ConfigError: `init_frame` is past the end, or the tracker refuses the boxes.
        OutputError: the folder exists, or writing fails; nothing is left behind.
        KeyboardInterrupt: Ctrl-C before the first frame was tracked.
    """
    started = time.perf_counter()
    if frames is not None and frames < 1:
        raise ConfigError(f"frames: expected at least 1, got {frames}")
    stages = Stages("decode", "init", "track", "draw", "write")
    with OutputFolder(output, overwrite=overwrite) as folder:
        first = _first_frame(source, init_frame)
        total = _total(source, init_frame, frames)
        interrupted = False
        with ExitStack() as files:
            sink = _Sink(files, folder.part, source if video else None, include_lost, stages)
            try:
                steps = _follow(tracker, source, first, boxes, ids, frames, stages)
                for frame, tracks in steps:
                    sink.add(init_frame + sink.frames, frame, tracks)
                    if progress:
                        progress(sink.frames, total)
            except KeyboardInterrupt:
                if sink.last is None:
                    raise
                interrupted = True
        last = sink.last
        assert last is not None  # noqa: S101  # _follow yields the init frame or raises
        counts = Counter(str(state) for state in last.state)
        report = Report(
            output=output,
            source=source.name,
            tracker=tracker.name,
            width=source.width,
            height=source.height,
            frame_rate=source.frame_rate,
            first_frame=init_frame + 1,
            last_frame=init_frame + sink.frames,
            objects=len(ids),
            rows=sink.rows,
            states={state: counts[state] for state in (ACTIVE, PREDICTED, LOST)},
            interrupted=interrupted,
            frames_per_second=round(sink.frames / (time.perf_counter() - started), 2),
            timings=stages.to_dict(),
            warnings=_warnings(source, frames, sink.frames, interrupted),
            details=details or {},
        )
        try:
            text = json.dumps(report.to_dict(), indent=2) + "\n"
            (folder.part / "run.json").write_text(text, encoding="utf-8")
        except OSError as error:
            raise write_failure(output / "run.json", error) from error
    return report


class _Sink:
    """Writes and draws one frame after the other."""

    def __init__(
        self,
        files: ExitStack,
        folder: Path,
        pictured: FrameSource | None,
        include_lost: bool,
        stages: Stages,
    ) -> None:
        self.rows = self.frames = 0
        self.last: TrackedObjects | None = None
        self._include_lost, self._stages = include_lost, stages
        self._trails = Trails()
        self._path = folder / "tracks.txt"
        try:
            self._text: TextIO = files.enter_context(
                _ClosingText(self._path.open("w", encoding="utf-8"), self._path)
            ).text
        except OSError as error:
            raise write_failure(self._path, error) from error
        self._video = pictured and files.enter_context(
            VideoWriter(folder / "video.mp4", pictured.width, pictured.height, pictured.frame_rate)
        )

    def add(self, number: int, frame: Frame, tracks: TrackedObjects) -> None:
        """Take in one frame with its zero-based number in the source."""
        kept = [n for n in range(len(tracks)) if self._include_lost or tracks.state[n] != LOST]
        lines = [
            format_mot_row(
                number, int(tracks.tracker_id[n]), tracks.xyxy[n], float(tracks.confidence[n])
            )
            for n in kept
        ]
        if self._video:
            with self._stages.measure("draw"):
                self._trails.update(tracks)
                frame = draw_tracks(frame, tracks, self._trails)
        with self._stages.measure("write"):
            try:
                self._text.write("".join(f"{line}\n" for line in lines))
            except OSError as error:
                raise write_failure(self._path, error) from error
            self.rows += len(kept)
            self.frames += 1
            self.last = tracks
            if self._video:
                self._video.write(frame)


class _ClosingText:
    """Closes a text file; the last bytes may be those for which there is no space."""

    def __init__(self, text: TextIO, path: Path) -> None:
        self.text, self.path = text, path

    def __enter__(self) -> _ClosingText:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.text.close()
        except OSError as error:
            raise write_failure(self.path, error) from error


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


def _follow(
    tracker: Tracker,
    source: FrameSource,
    first: Frame,
    boxes: NDArray[np.float64],
    ids: NDArray[np.int64],
    frames: int | None,
    stages: Stages,
) -> Iterator[tuple[Frame, TrackedObjects]]:
    """Every frame with what the tracker says about it, the init frame included."""
    with stages.measure("init"):
        tracks = tracker.init(first, boxes, ids)
    yield first, tracks
    done = 1
    while frames is None or done < frames:
        with stages.measure("decode"):
            frame = source.read()
        if frame is None:
            return
        with stages.measure("track"):
            tracks = tracker.update(frame)
        yield frame, tracks
        done += 1


def _total(source: FrameSource, init_frame: int, frames: int | None) -> int | None:
    """How many frames there will be, as far as one can know."""
    left = None if source.length is None else max(source.length - init_frame, 1)
    known = [n for n in (left, frames) if n is not None]
    return min(known) if known else None


def _warnings(
    source: FrameSource, asked: int | None, done: int, interrupted: bool
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
    return tuple(found)
