"""Where a tracking run's frames go, one at a time: tracks.txt, tracks.csv, video.mp4, fates.csv."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from mohart.draw import Trails, draw_tracks
from mohart.files import write_failure
from mohart.folders import Kind
from mohart.formats.mot.tracks import format_mot_row
from mohart.session.feed import Fate
from mohart.session.snapshots import FOLDER
from mohart.session.table import HEADER, table_rows
from mohart.session.timing import Stages
from mohart.structures import ACTIVE, LOST, PREDICTED, UNKNOWN_CLASS, TrackedObjects
from mohart.video import FrameSource, VideoWriter

TRACKED = Kind(
    "mohart track",
    names=(
        *("tracks.txt", "tracks.csv", "keyframes.csv", "video.mp4", "fates.csv", "run.json"),
        f"{FOLDER}/*.pt",
    ),
    mark="run.json",
    said='"mohart": "',
)


class ResultSink:
    """Writes and draws one frame after the other.

    Args:
        files: closes what is opened here.
        folder: where the files appear.
        stages: times `draw` and `write`.
        pictured: the source, if video.mp4 is wanted.
        include_lost: whether tracks.txt has rows of lost objects too.
        with_classes: whether column 8 of tracks.txt is the class.
        fates: whether fates.csv is wanted.

    Attributes:
        frames: number of frames taken in.
        rows: number of rows in tracks.txt.
        last: what was said about the last frame.

    Raises:
        OutputError: a file cannot be written.
    """

    def __init__(
        self,
        files: ExitStack,
        folder: Path,
        stages: Stages,
        *,
        pictured: FrameSource | None = None,
        include_lost: bool = False,
        with_classes: bool = False,
        fates: bool = False,
    ) -> None:
        self.rows = self.frames = 0
        self.last: TrackedObjects | None = None
        self._written = (ACTIVE, PREDICTED, LOST) if include_lost else (ACTIVE, PREDICTED)
        self._with_classes, self._stages = with_classes, stages
        self._trails = Trails()
        self._ids: set[int] = set()  # grows with the objects, not with the frames
        self._tracks = files.enter_context(_Text(folder / "tracks.txt"))
        self._table = files.enter_context(_Text(folder / "tracks.csv"))
        self._table.rows([HEADER])
        self._fates = files.enter_context(_Text(folder / "fates.csv")) if fates else None
        if self._fates:
            self._fates.write("frame,row,fate,id,why\n")
        self._video = pictured and files.enter_context(
            VideoWriter(folder / "video.mp4", pictured.width, pictured.height, pictured.frame_rate)
        )

    @property
    def objects(self) -> int:
        """Number of identities so far."""
        return len(self._ids)

    def add(
        self,
        number: int,
        frame: NDArray[np.uint8],
        tracks: TrackedObjects,
        fates: Sequence[Fate] = (),
    ) -> None:
        """Take in one frame with its zero-based number in the source."""
        shown = tracks.select(np.isin(tracks.state, (ACTIVE, PREDICTED, LOST)))
        self._ids.update(shown.tracker_id.tolist())
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
        if self._video:
            with self._stages.measure("draw"):
                self._trails.update(shown)
                frame = draw_tracks(frame, shown, self._trails)
        with self._stages.measure("write"):
            self._tracks.write("".join(f"{line}\n" for line in lines))
            self._table.rows(table_rows(number, shown))
            if self._fates:
                self._fates.rows(fates)
            self.rows += len(kept)
            self.frames += 1
            self.last = tracks
            if self._video:
                self._video.write(frame)


class _Text:
    """A text file; closing it may be what fails, where there is no space for the last bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text: TextIO = path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise write_failure(path, error) from error

    def __enter__(self) -> _Text:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.text.close()
        except OSError as error:
            raise write_failure(self.path, error) from error

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
