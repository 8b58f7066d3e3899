"""Where a tracking run's frames go, one at a time: its tables and video.mp4."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from mohart.draw import Overlay
from mohart.errors import OutputError
from mohart.files import write_failure
from mohart.folders import Kind
from mohart.formats.mot.tracks import format_mot_row
from mohart.regions import Regions
from mohart.session.events import HEADER as EVENT_HEADER
from mohart.session.events import EventCounter
from mohart.session.feed import Fate
from mohart.session.lane import VideoLane
from mohart.session.snapshots import FOLDER
from mohart.session.table import HEADER, table_rows
from mohart.session.tally import Tally
from mohart.session.timing import Stages
from mohart.structures import ACTIVE, LOST, PREDICTED, UNKNOWN_CLASS, TrackedObjects
from mohart.video import VideoWriter

TRACKED = Kind(
    "mohart track",
    names=(
        *("tracks.txt", "tracks.csv", "keyframes.csv", "video.mp4", "run.json"),
        *("fates.csv", "events.csv", f"{FOLDER}/*.npz"),
    ),
    mark="run.json",
    said='"mohart": "',
)
MARK_EVERY = 50  # frames


class _Mark(NamedTuple):
    """Up to where all files are whole."""

    frames: int
    rows: int
    objects: int
    last: TrackedObjects | None
    places: tuple[int, ...]
    tally: Tally


class ResultSink:
    """Writes and draws one frame after the other; use it as a context manager, and `close` it.

    A video that cannot be written is given up, the rest goes on. Where a table cannot be written,
    closing leaves what was whole before.

    Args:
        folder: where the files appear.
        stages: times `write`, and `draw` and `encode`, which go on beside it.
        pictured: width, height and frames per second of video.mp4, if it is wanted.
        overlay: what is written on its pictures beside ids.
        include_lost: whether tracks.txt has rows of lost objects too.
        with_classes: whether column 8 of tracks.txt is the class.
        fates: whether fates.csv is wanted.
        regions: lines and zones whose events make events.csv; None wants none.
        every: only every N-th frame is taken in.

    Attributes:
        frames: number of frames taken in.
        rows: number of rows in tracks.txt.
        objects: number of identities so far.
        last: what was said about the last frame.
        counter: of events; None where none are wanted.
        tally: a row per object.
        failure: why there is no video, or only a part of the tables; empty while all is well.

    Raises:
        OutputError: a file cannot be made.
    """

    def __init__(
        self,
        folder: Path,
        stages: Stages,
        *,
        pictured: tuple[int, int, float] | None = None,
        overlay: Overlay | None = None,
        include_lost: bool = False,
        with_classes: bool = False,
        fates: bool = False,
        regions: Regions | None = None,
        every: int = 1,
    ) -> None:
        self.rows = self.frames = self.objects = 0
        self.last: TrackedObjects | None = None
        self.failure = ""
        self._written = (ACTIVE, PREDICTED, LOST) if include_lost else (ACTIVE, PREDICTED)
        self._with_classes, self._stages = with_classes, stages
        self.tally = Tally(every)  # grows with the objects, not with the frames
        self._texts: list[_Text] = []
        self._tracks = self._open(folder / "tracks.txt")
        self._table = self._open(folder / "tracks.csv")
        self._table.rows([HEADER])
        self._fates = self._open(folder / "fates.csv") if fates else None
        if self._fates:
            self._fates.write("frame,row,fate,id,why\n")
        self.counter = EventCounter(regions) if regions else None
        self._events = self._open(folder / "events.csv") if regions else None
        if self._events:
            self._events.rows([EVENT_HEADER])
        self._mark = _Mark(0, 0, 0, None, (), self.tally)
        self._torn = False
        self._video: VideoLane | None = None
        if pictured:
            self._video = VideoLane(VideoWriter(folder / "video.mp4", *pictured), stages, overlay)

    def __enter__(self) -> ResultSink:
        return self

    def __exit__(self, *_: object) -> None:
        if self._video:
            self._video.discard()
        for text in self._texts:
            text.abandon()

    def add(
        self,
        number: int,
        frame: NDArray[np.uint8],
        tracks: TrackedObjects,
        fates: Sequence[Fate] = (),
    ) -> None:
        """Take in one frame with its zero-based number in the source.

        The arrays may not be written to any more: the video gets them later.

        Raises:
            OutputError: a table cannot be written; nothing can be added any more.
        """
        shown = tracks.select(np.isin(tracks.state, (ACTIVE, PREDICTED, LOST)))
        kept = shown.select(np.isin(shown.state, self._written))
        lines = [
            format_mot_row(
                number,
                int(kept.tracker_id[n]),
                kept.xyxy[n],
                float(kept.confidence[n]),
                int(kept.class_id[n]) if self._with_classes else UNKNOWN_CLASS,
            )
            for n in range(len(kept))
        ]
        self._torn = True
        with self._stages.measure("write"):
            self._tracks.write("".join(f"{line}\n" for line in lines))
            self._table.rows(table_rows(number, shown))
            if self._fates:
                self._fates.rows(fates)
            if self._events and self.counter:
                self._events.rows(self.counter.add(number, shown))
        self.tally.add(number, shown)
        self.objects = len(self.tally)
        self.rows += len(kept)
        self.frames += 1
        self.last = tracks
        self._torn = False
        if self.frames == 1 or self.frames % MARK_EVERY == 0:
            self.flush()
        self._draw(number, frame, shown)

    def flush(self, *, to_disk: bool = False) -> None:
        """Let the files have everything, whatever happens to the process.

        Args:
            to_disk: whatever happens to the machine, too.

        Raises:
            OutputError: as for `add`.
        """
        self._torn = True
        places = tuple(text.flush(to_disk=to_disk) for text in self._texts)
        self._mark = _Mark(
            self.frames, self.rows, self.objects, self.last, places, self.tally.copy()
        )
        self._torn = False

    def close(self) -> None:
        """Complete the files; see `failure`.

        Raises:
            OutputError: there is not even a first frame.
        """
        if not self._torn:
            try:
                self.flush()
            except OutputError as error:
                self.failure = str(error)
        if self._torn:
            self._roll_back()
        self._finish_video()
        for text in self._texts:
            text.abandon()

    def _open(self, path: Path) -> _Text:
        self._texts.append(_Text(path))
        return self._texts[-1]

    def _draw(self, number: int, frame: NDArray[np.uint8], shown: TrackedObjects) -> None:
        if self._video is None:
            return
        try:
            self._video.add(number, frame, shown)
        except OutputError as error:
            self._give_up_video(error)

    def _finish_video(self) -> None:
        if self._video is None:
            return
        try:
            self._video.close()
            self._video = None
        except Exception as error:  # also what drawing raised in its thread
            self._give_up_video(error)

    def _give_up_video(self, error: Exception | str) -> None:
        if self._video:
            self._video.discard()
            self._video = None
        self.failure = self.failure or f"there is no video: {error}"

    def _roll_back(self) -> None:
        """To the last mark; the video, which shows more, makes room."""
        if not self._mark.frames:
            raise OutputError(self.failure or "the first frame could not be written")
        self._give_up_video("it was given up for the tables")
        for text, place in zip(self._texts, self._mark.places, strict=True):
            text.abandon()
            with suppress(OSError):
                os.truncate(text.path, place)
        self.frames, self.rows, self.objects, self.last, _, self.tally = self._mark


class _Text:
    """A text file; flushing it may be what fails, where there is no space for the last bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text: TextIO = path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise write_failure(path, error) from error

    def write(self, text: str) -> None:
        try:
            self.text.write(text)
        except OSError as error:
            raise write_failure(self.path, error) from error

    def rows(self, rows: Sequence[Sequence[object]]) -> None:
        try:
            csv.writer(self.text, lineterminator="\n").writerows(rows)
        except OSError as error:
            raise write_failure(self.path, error) from error

    def flush(self, *, to_disk: bool) -> int:
        """Bytes in the file, all of it written."""
        try:
            self.text.flush()
            if to_disk:
                os.fsync(self.text.fileno())
        except OSError as error:
            raise write_failure(self.path, error) from error
        return os.fstat(self.text.fileno()).st_size

    def abandon(self) -> None:
        """Close the file, whatever becomes of what it still holds."""
        with suppress(OSError):
            self.text.close()
