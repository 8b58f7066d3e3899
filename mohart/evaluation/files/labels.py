"""Label files -> `Labels` for scoring, with everything that is wrong with them.

The readers in `formats` look at one file; here a file is also held against its sequence: frames
beyond the end, a frame base that looks off by one, classes that the benchmark does not have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.errors import FormatError, MissingDataError
from mohart.formats.kitti.scan import KittiTable, scan_kitti_table
from mohart.formats.mot.labels import read_labels
from mohart.formats.mot.scan import MotTable, scan_mot
from mohart.formats.problems import LineProblems, Problem
from mohart.metrics.filtering import Benchmark
from mohart.metrics.labels import Labels

Kind = Literal["gt", "results"]
LARGEST_MOT_CLASS = 13
NO_CLASS, PEDESTRIAN = 0, 1


class LabelFile(NamedTuple):
    """A file that was read.

    Attributes:
        path: of the file.
        labels: K rows, sorted by frame, otherwise as in the file.
        lines: [K] int64, line in the file, from 1, of every row.
        first_frame: number of the first frame in the file's convention.
        has_classes: whether columns 8 and 9 are class and visibility (MOT ground truth).
        problems: what is wrong with it.
    """

    path: Path
    labels: Labels
    lines: NDArray[np.int64]
    first_frame: int
    has_classes: bool
    problems: list[Problem]


def read_mot_labels(path: Path, kind: Kind) -> LabelFile:
    """A MOTChallenge file; unreadable content becomes a problem.

    Ground truth without classes gets class 0; a flag counts as 0 below 1, as the official script
    cuts it to a whole number.
    """
    return _read(path, lambda: _from_mot(path, scan_mot(path, kind=kind), kind))


def read_kitti_labels(path: Path, kind: Kind) -> LabelFile:
    """A KITTI tracking file; unreadable content becomes a problem.

    Truncation is cut to a whole number, as the official script does.
    """
    return _read(path, lambda: _from_kitti(path, scan_kitti_table(path, kind=kind)))


def _read(path: Path, read: Callable[[], LabelFile]) -> LabelFile:
    try:
        return read()
    except (FormatError, MissingDataError) as error:
        what, _, fix = str(error).removeprefix(f"{path}: ").partition("; ")
        problem = Problem(path, None, what, fix or "check the file")
        return LabelFile(path, Labels.empty(), np.zeros(0, np.int64), 0, False, [problem])


def _from_mot(path: Path, table: MotTable, kind: Kind) -> LabelFile:
    values = table.values
    order = np.argsort(values[:, 0], kind="stable")
    values, lines, columns = values[order], table.lines[order], table.columns[order]
    ids = table.ids[order]
    corners = values[:, 2:6].copy()
    corners[:, 2:] += corners[:, :2]
    column = values[:, 7]
    is_class = (column >= 1) & (column == np.floor(column))  # False for NaN
    has_classes = kind == "gt" and len(values) > 0 and bool((is_class & (columns <= 9)).all())
    given = np.isfinite(column)
    labels = Labels.from_columns(
        values[:, 0].astype(np.int64) - 1,
        ids,
        corners,
        class_id=np.trunc(np.where(given, column, NO_CLASS if kind == "gt" else 1)),
        flagged=(np.trunc(np.where(np.isfinite(values[:, 6]), values[:, 6], 1)) != 0)
        if kind == "gt"
        else None,
    )
    return LabelFile(path, labels, lines, 1, has_classes, table.problems)


def _from_kitti(path: Path, table: KittiTable) -> LabelFile:
    order = np.argsort(table.values[:, 0], kind="stable")
    values = table.values[order]
    labels = Labels.from_columns(
        values[:, 0],
        table.ids[order],
        values[:, 5:9],
        class_id=table.class_id[order],
        truncated=np.trunc(values[:, 2]),
        occluded=values[:, 3],
    )
    return LabelFile(path, labels, table.lines[order], 0, True, table.problems)


def read_class_names(truth: Path) -> list[str]:
    """Names in the `labels.txt` beside a truth; empty where there is none, or it is no text."""
    try:
        return list(read_labels(truth).values())
    except (FormatError, MissingDataError):
        return []


def all_alike(file: LabelFile) -> LabelFile:
    """The file with every box of the class that is scored: its classes are not the benchmark's."""
    ones = np.full(len(file.labels), PEDESTRIAN)
    return file._replace(labels=replace(file.labels, class_id=ones))


def check_truth(file: LabelFile, benchmark: Benchmark) -> list[Problem]:
    """Classes that do not fit, and truth of which no box counts: all its scores would be 0."""
    found = check_mot_classes(file, "gt", benchmark)
    labels = file.labels
    counts = labels.flagged & ((benchmark == "mot15") | (labels.class_id == PEDESTRIAN))
    if not len(labels) or counts.any():
        return found
    no_flag = not labels.flagged.any()
    why = "no flag but 0 in column 7" if no_flag else "no flagged row of class 1, pedestrian"
    what = f"none of its {len(labels)} boxes counts ({why})"
    fix = "its scores say nothing; check the columns"
    return [*found, Problem(file.path, None, what, fix, "warning")]


def check_mot_classes(file: LabelFile, kind: Kind, benchmark: Benchmark) -> list[Problem]:
    """Classes that do not fit the benchmark; MOT15 has none, its columns mean something else."""
    if benchmark == "mot15":
        return []
    problems = LineProblems(file.path, file.lines)
    number = file.labels.class_id
    if kind == "results":
        problems.add(
            number > 1,
            lambda row: f"class {number[row]} in column 8, but only pedestrians are scored",
            "leave these rows out, or write 1 or -1 there",
        )
    else:
        known = (number >= 1) & (number <= LARGEST_MOT_CLASS)
        problems.add(
            ~known,
            lambda row: f"{_class_text(number[row])}, but {benchmark} has classes 1 to 13 there",
            "correct it, or give --benchmark mot15 to score without classes",
        )
    return problems.found


def check_frames(file: LabelFile, length: int, *, source: str) -> list[Problem]:
    """Frames beyond the end of the sequence, with the off-by-one case named.

    Args:
        file: truth or results.
        length: of the sequence, frames.
        source: where the length is known from, for the message.
    """
    frame, base = file.labels.frame, file.first_frame
    problems = LineProblems(file.path, file.lines)
    last = length - 1 + base
    beyond = frame >= length
    if len(frame) and frame[-1] == length and frame[0] >= 1:
        problems.add(
            beyond,
            lambda row: (
                f"frame {frame[row] + base}, but the sequence ends at {last} ({source}), and no "
                f"row is in frame {base}; your frames look {base + 1}-based, these files are "
                f"{base}-based"
            ),
            "subtract 1 from every frame number",
        )
    else:
        problems.add(
            beyond,
            lambda row: (
                f"frame {frame[row] + base} is beyond the sequence's last, {last} ({source})"
            ),
            "is this the right sequence? correct the frames or the length",
        )
    return problems.found


def _class_text(number: np.int64) -> str:
    return "no class in column 8" if number == NO_CLASS else f"class {number} in column 8"
