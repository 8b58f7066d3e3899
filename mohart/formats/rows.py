"""Rows of annotation files as they were found, checked and made into an Annotation.

Conventions: a row holds what the file says, texts or numbers, in the file's own frame base and box
format; all of them are checked before one message tells everything that is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import xywh_to_xyxy
from mohart.errors import FormatError
from mohart.formats.annotation import Annotation
from mohart.formats.class_names import class_name
from mohart.formats.ids import BEYOND, exact_ids
from mohart.formats.problems import LineProblems, Problem
from mohart.structures import Tracks

MAX_FRAMES = 1_000_000
MAX_PIXEL = 1e7
MAX_NUMBER = 2**53
LARGEST_NUMBERS = (MAX_NUMBER, np.inf, MAX_NUMBER)  # of frame, id (looked at by itself), class
TRUE = ("1", "true", "yes")
FALSE = ("0", "false", "no", "")


class DamagedFileError(FormatError):
    """A file with problems; `problems` has all of them, the message the first one."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.line or 0)
        rest = len(self.problems) - 1
        more = f" ({rest} more kinds of problem in this file)" if rest else ""
        super().__init__(f"{self.problems[0]}{more}")


class Row(NamedTuple):
    """A box as the file has it; None where the file says nothing.

    Attributes:
        frame: in the file's base.
        track_id: negative or None for a box without identity.
        box: four numbers in the file's format.
        confidence: of a result.
        visibility: in [0, 1].
        ignored: a truth value.
        class_id: number of the class.
        extras: name -> text.
    """

    frame: object
    track_id: object
    box: tuple[object, object, object, object]
    confidence: object = None
    visibility: object = None
    ignored: object = None
    class_id: object = 1
    extras: Mapping[str, str] = {}


class Checked(NamedTuple):
    """Rows that are fine one by one: K rows in the order of the file.

    Attributes:
        lines: K lines in the file, from 1.
        frame: [K] int64, zero-based.
        track_id: [K] int64, -1 where there is none.
        boxes: [K, 4] float64 xyxy.
        confidence: [K] float64.
        visibility: [K] float64.
        ignored: [K] bool.
        class_id: [K] int64.
        extras: K mappings name -> text.
    """

    lines: Sequence[int] | NDArray[np.int64]
    frame: NDArray[np.int64]
    track_id: NDArray[np.int64]
    boxes: NDArray[np.float64]
    confidence: NDArray[np.float64]
    visibility: NDArray[np.float64]
    ignored: NDArray[np.bool_]
    class_id: NDArray[np.int64]
    extras: Sequence[Mapping[str, str]]


class Header(TypedDict, total=False):
    """What a file says about the video; the fields of `Annotation` with these names."""

    name: str
    width: int | None
    height: int | None
    frame_rate: float | None
    length: int | None
    unread: tuple[str, ...]
    assumed: tuple[str, ...]


def check_rows(
    path: Path,
    rows: Sequence[Row],
    lines: Sequence[int] | NDArray[np.int64],
    *,
    box: Literal["xyxy", "xywh"],
    first_frame: Literal[0, 1],
    more: Sequence[Problem] = (),
    identities: bool = True,
) -> Checked:
    """Rows as arrays in the house's conventions.

    Args:
        path: the file, for the messages.
        rows: K rows.
        lines: K lines in the file.
        box: whether boxes are corners or left, top, width, height.
        first_frame: what the file calls the first frame.
        more: problems that are known already.
        identities: whether ids mean anything; without, no row has one, whatever it says.

    Raises:
        DamagedFileError: a row is not what an annotation can be; has all problems.
    """
    problems = LineProblems(path, lines)
    columns = {
        "frame": [row.frame for row in rows],
        "id": [row.track_id if identities and row.track_id is not None else -1 for row in rows],
        **{f"box value {k + 1}": [row.box[k] for row in rows] for k in range(4)},
        "confidence": [1.0 if row.confidence is None else row.confidence for row in rows],
        "visibility": [1.0 if row.visibility is None else row.visibility for row in rows],
        "class": [row.class_id for row in rows],
    }
    values = np.empty((len(rows), len(columns)))
    for k, (name, found) in enumerate(columns.items()):
        values[:, k] = _as_floats(name, found, problems)
    truth = [_truth(row.ignored) for row in rows]
    problems.add(
        np.array([value is None for value in truth], bool),
        lambda row: f"ignored: expected 0 or 1, got {_shown(rows[row].ignored)}",
        "write 1 for boxes that are not to be scored, 0 for all others",
    )
    numbers = [row.track_id for row in rows]
    ids, too_large = exact_ids(values[:, 1], lambda: numbers)
    problems.add(
        too_large, lambda row: f"id {_shown(numbers[row])} is {BEYOND}", "number the objects anew"
    )
    _check_ranges(values, box, first_frame, problems)
    if problems.found or more:
        raise DamagedFileError([*more, *problems.found])
    boxes = values[:, 2:6]
    return Checked(
        lines=lines,
        frame=values[:, 0].astype(np.int64) - first_frame,
        track_id=np.maximum(ids, -1),
        boxes=boxes.copy() if box == "xyxy" else np.asarray(xywh_to_xyxy(boxes)),
        confidence=values[:, 6],
        visibility=values[:, 7],
        ignored=np.array(truth, bool),
        class_id=values[:, 8].astype(np.int64),
        extras=[row.extras for row in rows],
    )


def _as_floats(name: str, found: Sequence[object], problems: LineProblems) -> NDArray[np.float64]:
    """A column of numbers; what is none, or not finite, is reported and NaN."""
    numbers = [_number(value) for value in found]
    bad = np.array([value is None for value in numbers], bool)
    problems.add(
        bad,
        lambda row: f"{name}: expected a number, got {_shown(found[row])}",
        "correct or remove the box",
    )
    column = np.array([np.nan if value is None else value for value in numbers], np.float64)
    infinite = ~np.isfinite(column)
    problems.add(infinite & ~bad, lambda row: f"{name}: not finite (nan or inf)", "repair the box")
    column[infinite] = np.nan
    return column


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, np.number)):
        return None
    try:
        return float(value)
    except ValueError:
        return None
    except OverflowError:  # an integer of hundreds of digits
        return math.inf


def _truth(value: object) -> bool | None:
    text = "0" if value is None else str(value).strip().lower()
    return True if text in TRUE else False if text in FALSE else None


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:36]} ..."


def _check_ranges(
    values: NDArray[np.float64], box: str, first_frame: int, problems: LineProblems
) -> None:
    """Report numbers that an annotation cannot have; NaN has been reported already."""
    frame, track_id, boxes, visibility = values[:, 0], values[:, 1], values[:, 2:6], values[:, 7]
    whole = values[:, [0, 1, 8]]
    problems.add(
        np.any((whole > np.floor(whole)) | (np.abs(whole) > LARGEST_NUMBERS), axis=1),
        lambda row: (
            f"frame {frame[row]:g}, id {track_id[row]:g}, class {values[row, 8]:g} must be whole "
            "numbers"
        ),
        "check the order of the columns",
    )
    problems.add(
        frame < first_frame,
        lambda row: f"frame {frame[row]:g}, but frames count from {first_frame} in this format",
        f"add {'1' if first_frame else 'something'} to every frame number",
    )
    problems.add(
        frame >= MAX_FRAMES,
        lambda row: f"frame {frame[row]:g} is beyond {MAX_FRAMES} frames",
        "correct the frame number, or cut the video",
    )
    problems.add(
        np.any(np.abs(boxes) > MAX_PIXEL, axis=1),
        lambda row: f"a box of {boxes[row].tolist()} is no place in a picture",
        "boxes are in pixels",
    )
    size = boxes[:, 2:] - boxes[:, :2] if box == "xyxy" else boxes[:, 2:]
    problems.add(
        np.any(size < 0, axis=1),
        lambda row: f"size {size[row, 0]:g} x {size[row, 1]:g} is negative",
        "boxes are left, top, right, bottom here"
        if box == "xyxy"
        else "boxes are left, top, width, height here",
    )
    problems.add(
        (visibility < 0) | (visibility > 1),
        lambda row: f"visibility {visibility[row]:g} is outside [0, 1]",
        "it is the visible part of the box",
    )


def make_annotation(
    path: Path, rows: Checked, classes: Mapping[int, str], header: Header
) -> Annotation:
    """The record, its rows sorted.

    Raises:
        DamagedFileError: an object has two boxes in one frame.
    """
    order = np.lexsort((rows.track_id, rows.frame))
    frame, track_id = rows.frame[order], rows.track_id[order]
    again = np.zeros(len(order), bool)
    same = (frame[1:] == frame[:-1]) & (track_id[1:] == track_id[:-1]) & (track_id[1:] >= 0)
    again[order[1:][same]] = True
    problems = LineProblems(path, rows.lines)
    problems.add(
        again,
        lambda row: f"id {rows.track_id[row]} has two boxes in frame {rows.frame[row]} (from 0)",
        "an object has one box per frame; remove one",
    )
    if problems.found:
        raise DamagedFileError(problems.found)
    names = sorted({name for extras in rows.extras for name in extras})
    extras = {name: tuple(rows.extras[int(row)].get(name, "") for row in order) for name in names}
    used = set(rows.class_id.tolist()) - set(classes)
    known = {**classes, **{number: class_name({}, number) for number in used}}
    return Annotation(
        tracks=Tracks.from_columns(
            frame,
            track_id,
            rows.boxes[order],
            confidence=rows.confidence[order],
            visibility=rows.visibility[order],
            ignored=rows.ignored[order],
            class_id=rows.class_id[order],
        ),
        classes=dict(sorted(known.items())),
        extras={name: texts for name, texts in extras.items() if any(texts)},
        **header,
    )
