"""Detections that lie in a file: MOT det.txt, KITTI, COCO JSON, tables, CVAT, DETRAC.

Conventions: frames of a file are counted as its format does it and from 0 here
(docs/guide/formats.md). Identities are not read. Boxes that the file marks as ignored are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import are_shares
from mohart.data.annotation_files import Source, find_sources, read_source
from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.formats.annotation import Annotation
from mohart.formats.coco.results import is_coco_results, read_coco_results
from mohart.formats.detect import Detected, detect_format
from mohart.structures import UNKNOWN_CLASS, Detections, Tracks
from mohart.tracking.detections import round_scores

REACH = 1.25  # boxes that reach so many frame widths to the right belong to another picture size


class FileDetector:
    """Detections of a file as a detector: call k gets those of frame k.

    It counts the frames it sees, by calls and by `observe`; `reset(frame)` sets the count. `at`
    asks for any frame.

    Args:
        path: a file, a MOT sequence folder (its `det/det.txt`) or a folder with one such file.
        video: name of the video, where a COCO file has several.

    Attributes:
        classes: class number -> name, where the file names its classes.
        notes: what was assumed, replaced or left out, one sentence each.
        details: path, format, number of boxes and of frames.

    Raises:
        MissingDataError: nothing is there.
        FormatError: it is not detections, or damaged; names the line.
        ConfigError: it is not clear which file or video is meant.
    """

    name = "file"
    follows_video = False  # only counts, and `reset` says where

    def __init__(self, path: str | Path, *, video: str | None = None) -> None:
        file = Path(path)
        source = _find(file)
        record, has_classes = _read(source, video)
        rows = record.tracks
        self.notes = [f"{source.path.name}: {text}" for text in record.assumed if has_classes]
        if rows.ignored.any():
            count = int(rows.ignored.sum())
            self.notes.append(f"{source.path.name}: {count} boxes marked as ignored are left out")
            rows = rows.select(~rows.ignored)
        scores, note = unit_scores(rows.confidence)
        if note:
            self.notes.append(f"{source.path.name}: {note}")
        self.classes: Mapping[int, str] = _names(record, source, has_classes)
        self._tracks = _table(rows, scores, has_classes)
        self._size = (record.width, record.height)
        self._next, self._checked = 0, False
        frames = np.unique(rows.frame)
        self._note_gaps(source.path.name, frames)
        self.details: dict[str, Any] = {
            "path": str(source.path),
            "format": source.detected.format,
            "boxes": len(rows),
            "frames_with_boxes": len(frames),
            "scores_by_rank": bool(note),
        }

    @property
    def remaining(self) -> int:
        """Number of boxes in frames behind those that were seen."""
        return int((self._tracks.frame >= self._next).sum())

    def __call__(self, frame_bgr: NDArray[np.uint8]) -> Detections:
        """The detections of the next frame.

        Raises:
            ConfigError: the file is about pictures of another size, or in shares of the frame.
        """
        self._check_size(frame_bgr)
        found = self.at(self._next)
        self._next += 1
        return found

    def observe(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Pass over a frame."""
        self._next += 1

    def skip(self, frames: int) -> None:
        """Pass over so many frames."""
        self._next += frames

    def reset(self, frame: int = 0) -> None:
        """The next frame is this one, counted from 0."""
        self._next = frame

    def at(self, frame: int) -> Detections:
        """The detections of a frame, counted from 0, in the order of the file."""
        rows = self._tracks.at(frame)
        return Detections(
            rows.boxes.astype(np.float32), rows.confidence.astype(np.float32), rows.class_id
        )

    def _note_gaps(self, name: str, frames: NDArray[np.int64]) -> None:
        """Say so where only every K-th frame has boxes: the others count as empty."""
        step = int(np.gcd.reduce(np.diff(frames))) if len(frames) > 2 else 1
        if step > 1:
            first = int(frames[0]) + 1
            start = f" --init-frame {first}" if first > 1 else ""
            self.notes.append(
                f"{name}: boxes in every {step}th frame only ({first}, {first + step}, ...); a "
                f"frame without boxes counts as empty unless you give --detect-every {step}{start}"
            )

    def _check_size(self, frame_bgr: NDArray[np.uint8]) -> None:
        if self._checked:
            return
        self._checked = True
        height, width = frame_bgr.shape[:2]
        path = self.details["path"]
        if None not in self._size and self._size != (width, height):
            raise ConfigError(
                f"{path}: made for pictures of {self._size[0]}x{self._size[1]}, but the frame is "
                f"{width}x{height}; take the video it was made from"
            )
        if are_shares(self._tracks.boxes, width, height):
            raise ConfigError(
                f"{path}: its boxes seem to be shares of the frame, 0 to 1; expected pixels: "
                f"multiply by {width} and {height}"
            )
        reach = self._tracks.boxes[:, 2:].max(0, initial=0)
        if (reach > [REACH * width, REACH * height]).any():
            self.notes.append(
                f"{Path(path).name}: boxes reach to {reach[0]:.0f}, {reach[1]:.0f}, but the frame "
                f"is {width}x{height}; do the two belong together?"
            )


def _find(path: Path) -> Source:
    """The one file that is meant, read as detections."""
    if path.is_dir():
        for file in (path / "det" / "det.txt", path / "det.txt"):
            if file.is_file():
                return Source(file, path.absolute().name, Detected("mot-det", None, ""))
        sources = find_sources(path, kind="results")
        if len(sources) > 1:
            names = ", ".join(source.path.name for source in sources[:5])
            raise ConfigError(f"{path}: {len(sources)} files ({names}); name one of them")
        return sources[0]
    if not path.exists():
        raise MissingDataError(f"{path}: no such file with detections; check the path")
    if is_coco_results(path):
        return Source(path, path.stem, Detected("coco-vid", "results", "a list of results"))
    truth = path.name == "gt.txt" or path.parent.name == "gt"
    try:
        found = detect_format(path, kind="gt" if truth else "results")
    except FormatError as error:
        raise FormatError(
            str(error).partition("; say --from")[0]
            + "; expected MOT text, KITTI, COCO JSON, CSV, JSON lines or Parquet "
            "(docs/guide/formats.md)"
        ) from error
    if found.format == "mot" and not truth:
        found = Detected("mot-det", None, found.why)
    return Source(path, path.stem, found)


def _read(source: Source, video: str | None) -> tuple[Annotation, bool]:
    """The record, and whether it says anything about classes."""
    if source.detected.why == "a list of results":
        return read_coco_results(source.path), True
    records = read_source(source, identities=False)
    if len(records) > 1:
        named = [record for record in records if record.name == video]
        if len(named) != 1:
            names = ", ".join(record.name for record in records[:5])
            raise ConfigError(
                f"{source.path}: has {len(records)} videos ({names}), none or several of them "
                f"named '{video}'; split the file, or name the video like its source"
            )
        records = named
    record = records[0]
    if source.detected.format in ("mot", "mot-det"):
        return record, not record.assumed  # the only thing that MOT text leaves to assumption
    return record, record.classes != {1: "class_1"}


def _names(record: Annotation, source: Source, has_classes: bool) -> dict[int, str]:
    """Names of classes; numbers in MOT detections may be of any detector, so they have none."""
    if not has_classes or source.detected.format == "mot-det":
        return {}
    return {n: name for n, name in record.classes.items() if name != f"class_{n}"}


def _table(rows: Tracks, scores: NDArray[np.float64], has_classes: bool) -> Tracks:
    classes = rows.class_id if has_classes else np.full(len(rows), UNKNOWN_CLASS)
    return Tracks.from_columns(
        rows.frame, np.zeros(len(rows)), rows.boxes, confidence=scores, class_id=classes
    )


def unit_scores(scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], str]:
    """Scores in [0, 1], deterministic, never changing their order.

    Scores that are in [0, 1] already stay as they are, up to what rounding put a little outside
    (`round_scores`). All others (margins of a classifier, as in
    part of MOT15's public detections, percentages, log-odds) are replaced by their rank in the
    file: the share of the scores that are lower, equal ones counted half. So 0.5 is the middle of
    the file whatever the scale was, and `--detector-score 0.5` keeps the better half. On the two
    MOT15 files of this kind with ground truth at hand (PETS09-S2L2, TUD-Stadtmitte) the share of
    correct boxes per tenth of the ranks rises steadily, from 0.47 to 0.95 and from 0.10 to 1.00.

    Args:
        scores: [K], finite.

    Returns:
        [K] in [0, 1], and a sentence that says what was done, empty where nothing was.

    >>> unit_scores(np.array([-1.0, 30.0, 30.0, 110.0]))[0].tolist()
    [0.125, 0.5, 0.5, 0.875]
    """
    rounded = round_scores(scores)
    if not len(scores) or (rounded.min() >= 0 and rounded.max() <= 1):
        return rounded, ""
    values, index, counts = np.unique(scores, return_inverse=True, return_counts=True)
    lower = np.cumsum(counts) - counts
    ranks = ((lower + counts / 2) / len(scores))[index.reshape(-1)]
    note = (
        f"scores reach from {values[0]:.6g} to {values[-1]:.6g} and not from 0 to 1; every score "
        "is replaced by its rank in the file (0.5: the middle of the file)"
    )
    return ranks, note
