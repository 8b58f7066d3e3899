"""Rows of a KITTI tracking label file and everything that is wrong with them.

Conventions: values are as in the file, frames and pixels from 0, boxes as corners.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.formats.class_names import KITTI_CLASSES
from mohart.formats.ids import BEYOND, exact_ids
from mohart.formats.problems import LineProblems, Problem, earlier_rows
from mohart.formats.table import read_table
from mohart.formats.text import as_numbers, read_text, split_lines

Kind = Literal["gt", "results"]
KINDS = ("gt", "results")
CLASSES = {name: number for number, name in KITTI_CLASSES.items()}
ALIASES = {"Person_sitting": "Person"}
DONT_CARE = CLASSES["DontCare"]
VISIBILITY = {-1: 1.0, 0: 1.0, 1: 0.6, 2: 0.3, 3: 0.0}
COLUMNS = {"gt": (17, 17), "results": (17, 19)}
EXPECTED_COLUMNS = (
    "frame id type truncated occluded alpha left top right bottom h w l X Y Z ry [score]"
)

_IDS = {name.lower(): number for name, number in CLASSES.items()} | {
    alias.lower(): CLASSES[name] for alias, name in ALIASES.items()
}
_WORDS = CLASSES | {alias: CLASSES[name] for alias, name in ALIASES.items()}
LARGEST = 1e9  # no frame or pixel is beyond it
LIMITED = [0, *range(2, 9)]  # all up to the box but the id
COLUMN_OF_TYPE = 2


class KittiTable(NamedTuple):
    """Rows of a KITTI label file that could be read, in the order of the file.

    Attributes:
        values: [K, 16 or 18] float64, the columns without the type; NaN where a row is shorter.
        ids: [K] int64, column 2 exactly.
        counts: [K] int64, number of columns of every row, with the type.
        class_id: [K] int64, from `CLASSES`.
        lines: [K] int64, line in the file, from 1.
        problems: what is wrong with the file.
    """

    values: NDArray[np.float64]
    ids: NDArray[np.int64]
    counts: NDArray[np.int64]
    class_id: NDArray[np.int64]
    lines: NDArray[np.int64]
    problems: list[Problem]


def scan_kitti_table(path: Path, *, kind: Kind = "gt") -> KittiTable:
    """Rows and problems of a KITTI label file; the file's content never raises.

    Raises:
        MissingDataError: there is no such file.
        FormatError: the file is not text.
    """
    text = read_text(path)
    low, high = COLUMNS[kind]
    table = read_table(text, words=_WORDS, word_column=COLUMN_OF_TYPE)
    if table is not None and low <= table.shape[1] <= high:
        values = np.full((len(table), high - 1), np.nan)
        values[:, :COLUMN_OF_TYPE] = table[:, :COLUMN_OF_TYPE]
        values[:, COLUMN_OF_TYPE : table.shape[1] - 1] = table[:, COLUMN_OF_TYPE + 1 :]
        classes = table[:, COLUMN_OF_TYPE].astype(np.int64)
        counts, lines = np.full(len(table), table.shape[1]), np.arange(1, len(table) + 1)
        given = exact_ids(values[:, 1], lambda: [fields[1] for _, fields in split_lines(text)])
        usable, found = _check_values(path, values, given, classes, lines, kind)
        return _table(usable, values, given[0], counts, classes, lines, found)
    return _scan_lines(path, text, kind)


def _scan_lines(path: Path, text: str, kind: Kind) -> KittiTable:
    """The same, line by line, for text that is not regular."""
    raw = split_lines(text)
    low, high = COLUMNS[kind]
    lines = [line for line, _ in raw]
    wrong_count = np.array([not low <= len(fields) <= high for _, fields in raw], bool)
    numbers = [as_numbers(fields[:2] + fields[3:]) for _, fields in raw]
    not_numbers = np.array([n is None for n in numbers], bool) & ~wrong_count
    unknown = np.array([len(f) > 2 and f[2].lower() not in _IDS for _, f in raw], bool)
    unknown &= ~wrong_count
    expected = f"{low}" if low == high else f"{low} to {high}"
    problems = LineProblems(path, lines)
    problems.add(
        wrong_count,
        lambda row: f"expected {expected} columns ({EXPECTED_COLUMNS}), got {len(raw[row][1])}",
        "separate the values by spaces",
    )
    problems.add(
        not_numbers,
        lambda row: f"expected numbers beside the type, got '{' '.join(raw[row][1])}'",
        "remove headers and comments",
    )
    problems.add(
        unknown,
        lambda row: f"unknown type '{raw[row][1][2]}'",
        f"known: {', '.join(CLASSES)}",
    )
    kept = np.flatnonzero(~(wrong_count | not_numbers | unknown))
    values = np.full((len(kept), high - 1), np.nan)
    for row, source in enumerate(kept):
        fields = numbers[source] or []
        values[row, : len(fields)] = fields
    counts = np.array([len(raw[row][1]) for row in kept], np.int64)
    classes = np.array([_IDS[raw[row][1][2].lower()] for row in kept], np.int64)
    kept_lines = np.array([lines[row] for row in kept], np.int64)
    given = exact_ids(values[:, 1], lambda: [raw[row][1][1] for row in kept])
    usable, more = _check_values(path, values, given, classes, kept_lines, kind)
    found = problems.found + more
    return _table(usable, values, given[0], counts, classes, kept_lines, found)


def _table(usable: NDArray[np.bool_], *columns: Any) -> KittiTable:
    """The rows that are usable; the last of the columns are the problems."""
    values, ids, counts, classes, lines = (column[usable] for column in columns[:-1])
    return KittiTable(values, ids, counts, classes, lines, columns[-1])


def _check_values(
    path: Path,
    values: NDArray[np.float64],
    given: tuple[NDArray[np.int64], NDArray[np.bool_]],
    classes: NDArray[np.int64],
    lines: NDArray[np.int64],
    kind: Kind,
) -> tuple[NDArray[np.bool_], list[Problem]]:
    """Rows whose frame, id and box are usable, and the problems of all rows."""
    ids, too_large = given
    infinite = np.asarray(~np.isfinite(values[:, :9]).all(axis=1), bool)
    with np.errstate(invalid="ignore"):
        beyond = ~infinite & (np.abs(values[:, LIMITED]) > LARGEST).any(axis=1)
        too_large &= ~infinite
        infinite |= beyond | too_large
        fractional = ~infinite & np.any(values[:, :2] != np.floor(values[:, :2]), axis=1)
        usable = ~infinite & ~fractional
        low_frame = usable & (values[:, 0] < 0)
        labelled = usable & (classes != DONT_CARE)
        low_id = labelled & (ids < 0)
        size = values[:, 7:9] - values[:, 5:7]
        negative = usable & (size < 0).any(axis=1)
        occluded = values[:, 3]
        bad_occluded = usable & ~np.isin(occluded, list(VISIBILITY))
    row_number = np.arange(len(values))  # DontCare rows are nobody's second box
    earlier = earlier_rows(
        np.where(labelled, values[:, 0], -1),
        np.where(labelled, ids, -1),
        classes,
        np.where(labelled, -1, row_number),
    )
    again = labelled & ~low_id & (earlier != row_number)

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
        lambda row: f"a value is beyond {LARGEST:g}; no frame or pixel is",
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
        lambda row: f"frame {int(values[row, 0])}, but KITTI frames count from 0",
        "correct the frame numbers",
    )
    if kind == "gt":
        problems.add(
            low_id,
            lambda row: f"{pair(row)}: only DontCare rows have a negative id",
            "give every object a number",
        )
    else:
        usable &= ~low_id
        problems.add(
            low_id,
            lambda row: f"{pair(row)}: boxes with a negative id are left out, as KITTI does",
            "give every object a number if they should count",
            "warning",
        )
    problems.add(
        again,
        lambda row: f"{pair(row)} is there twice, first at line {lines[earlier[row]]}",
        "an object has one box per frame; remove one",
    )
    problems.add(
        bad_occluded,
        lambda row: f"{pair(row)}: occluded {occluded[row]:g} is none of 0, 1, 2, 3",
        "column 5 is the occlusion, -1 where it is not known",
    )
    if kind == "gt":
        problems.add(
            negative,
            lambda row: f"{pair(row)}: size {size[row, 0]:g} x {size[row, 1]:g} is negative",
            "columns 7 to 10 are left, top, right, bottom",
        )
    return usable, problems.found
