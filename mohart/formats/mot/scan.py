"""Rows of a MOTChallenge text file and everything that is wrong with them.

Conventions: values are as in the file, frames from 1, boxes as left, top, width, height.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.formats.ids import BEYOND, exact_ids
from mohart.formats.problems import LineProblems, Problem, earlier_rows
from mohart.formats.table import read_table
from mohart.formats.text import as_numbers, read_text, split_lines

Kind = Literal["gt", "results", "det"]
KINDS = ("gt", "results", "det")
MIN_COLUMNS, MAX_COLUMNS = 6, 10
EXPECTED_COLUMNS = "frame,id,left,top,width,height[,confidence[,class[,visibility]]]"
LARGEST = 1e9  # no frame, pixel or class is beyond it
LIMITED = [0, 2, 3, 4, 5, 7]  # frame, box, class


class MotTable(NamedTuple):
    """Rows of a MOT text file that could be read as numbers.

    Attributes:
        values: [K, 10] float64 as in the file (frames from 1), NaN where a row is shorter.
        ids: [K] int64, column 2 exactly.
        columns: [K] int64, number of columns of every row.
        lines: [K] int64, line in the file, from 1.
        problems: what is wrong with the file.
    """

    values: NDArray[np.float64]
    ids: NDArray[np.int64]
    columns: NDArray[np.int64]
    lines: NDArray[np.int64]
    problems: list[Problem]


def scan_mot(path: Path, *, kind: Kind = "gt") -> MotTable:
    """Rows and problems of a MOT text file; the file's content never raises.

    Raises:
        MissingDataError: there is no such file.
        FormatError: the file is not text.
    """
    text = read_text(path)
    table = read_table(text)
    if table is not None and MIN_COLUMNS <= table.shape[1] <= MAX_COLUMNS:
        values = np.full((len(table), MAX_COLUMNS), np.nan)
        values[:, : table.shape[1]] = table
        columns = np.full(len(table), table.shape[1])
        lines = np.arange(1, len(table) + 1)
        given = exact_ids(values[:, 1], lambda: [fields[1] for _, fields in split_lines(text)])
        usable, found = _check_values(path, values, given, columns, lines, kind)
        return MotTable(values[usable], given[0][usable], columns[usable], lines[usable], found)
    return _scan_lines(path, text, kind)


def _scan_lines(path: Path, text: str, kind: Kind) -> MotTable:
    """The same, line by line, for text that is not regular."""
    raw = split_lines(text)
    numbers = [as_numbers(fields) for _, fields in raw]
    all_lines = [line for line, _ in raw]
    wrong_count = np.array([not MIN_COLUMNS <= len(f) <= MAX_COLUMNS for _, f in raw], bool)
    not_numbers = np.array([n is None for n in numbers], bool) & ~wrong_count
    problems = LineProblems(path, all_lines)
    problems.add(
        wrong_count,
        lambda row: (
            f"expected {MIN_COLUMNS} to {MAX_COLUMNS} columns ({EXPECTED_COLUMNS}), "
            f"got {len(raw[row][1])}"
        ),
        "one box per line, separated by commas",
    )
    problems.add(
        not_numbers,
        lambda row: f"expected numbers, got '{','.join(raw[row][1])}'",
        "remove headers and comments; MOT text has numbers only",
    )
    kept = np.flatnonzero(~(wrong_count | not_numbers))
    values = np.full((len(kept), MAX_COLUMNS), np.nan)
    columns = np.array([len(raw[row][1]) for row in kept], np.int64)
    for row, source in enumerate(kept):
        values[row, : columns[row]] = numbers[source]
    lines = np.array([all_lines[row] for row in kept], np.int64)
    given = exact_ids(values[:, 1], lambda: [raw[row][1][1] for row in kept])
    usable, found = _check_values(path, values, given, columns, lines, kind)
    found = problems.found + found
    return MotTable(values[usable], given[0][usable], columns[usable], lines[usable], found)


def _check_values(
    path: Path,
    values: NDArray[np.float64],
    given: tuple[NDArray[np.int64], NDArray[np.bool_]],
    columns: NDArray[np.int64],
    lines: NDArray[np.int64],
    kind: Kind,
) -> tuple[NDArray[np.bool_], list[Problem]]:
    """Rows whose frame, id and box are usable, and the problems of all rows."""
    ids, too_large = given
    in_row = np.arange(MAX_COLUMNS) < columns[:, None]
    infinite = np.asarray((in_row & ~np.isfinite(values)).any(axis=1), bool)
    with np.errstate(invalid="ignore"):
        beyond = ~infinite & (np.abs(values[:, LIMITED]) > LARGEST).any(axis=1)
        too_large &= ~infinite
        infinite |= beyond | too_large
        fractional = ~infinite & np.any(values[:, :2] != np.floor(values[:, :2]), axis=1)
        usable = ~infinite & ~fractional
        low_frame = usable & (values[:, 0] < 1)
        low_id = usable & (ids < 0)
        negative = usable & (values[:, 4:6] < 0).any(axis=1)
        visibility = values[:, 8]
        bad_visibility = usable & (columns == 9) & (values[:, 7] >= 1)
        bad_visibility &= (visibility < 0) | (visibility > 1)
    earlier = earlier_rows(np.where(usable, values[:, 0], -1), np.where(usable, ids, -1))
    again = usable & (earlier != np.arange(len(values)))

    def pair(row: int) -> str:
        return f"frame {int(values[row, 0])}, id {ids[row]}"

    problems = LineProblems(path, lines)
    problems.add(
        infinite & ~beyond & ~too_large,
        lambda row: "a value is not finite (nan or inf)",
        "remove or repair the row",
    )
    problems.add(
        beyond,
        lambda row: f"a value is beyond {LARGEST:g}; no frame, pixel or class is",
        "remove or repair the row",
    )
    problems.add(
        too_large,
        lambda row: f"id {values[row, 1]:g} is {BEYOND}",
        "number the objects anew",
    )
    problems.add(
        fractional,
        lambda row: f"frame {values[row, 0]:g}, id {values[row, 1]:g} must be whole numbers",
        "check the order of the columns",
    )
    problems.add(
        low_frame,
        lambda row: f"frame {int(values[row, 0])}, but MOT frames count from 1",
        "add 1 to every frame number",
    )
    problems.add(
        negative,
        lambda row: (
            f"{pair(row)}: width {values[row, 4]:g}, height {values[row, 5]:g} must not be negative"
        ),
        "columns 5 and 6 are width and height",
    )
    if kind != "det":
        problems.add(
            low_id,
            lambda row: f"{pair(row)}: the id must not be negative",
            "give every object a number; only detections have id -1",
        )
        problems.add(
            again & ~low_id,
            lambda row: f"{pair(row)} is there twice, first at line {lines[earlier[row]]}",
            "an object has one box per frame; remove one",
        )
    if kind == "gt":
        problems.add(
            bad_visibility,
            lambda row: f"{pair(row)}: visibility {visibility[row]:g} is outside [0, 1]",
            "column 9 is the visible part of the box",
        )
    return usable, problems.found
