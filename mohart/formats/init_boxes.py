"""Boxes to start from: a file of MOT text, CSV or JSON, or `x,y,w,h` on the command line.

Conventions: every accepted text says left, top, width, height in pixels; the result is xyxy.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import are_shares, clip_to_frame, xywh_to_xyxy
from mohart.errors import ConfigError, FormatError
from mohart.formats.text import Line, as_numbers, read_text, split_line, split_lines

SIZE_NAMES = {"left": "x", "top": "y", "width": "w", "height": "h"}
HEADERS = (
    ["x", "y", "w", "h"],
    ["id", "x", "y", "w", "h"],
    ["frame", "id", "x", "y", "w", "h"],
)
EXPECTED = (
    "expected `x,y,w,h` per line (a header `x,y,w,h`, `id,x,y,w,h` or `frame,id,x,y,w,h` is "
    "allowed), MOT text (`frame,id,x,y,w,h,...`) or JSON"
)
END = "end"  # in the place of a box: the object has left


class BoxRow(NamedTuple):
    """One row of a file.

    Attributes:
        where: it stands, for messages.
        frame: counted from 1; None where the file does not say.
        track_id: -1: to be numbered.
        box_xywh: left, top, width, height in pixels; None for an end.
    """

    where: str
    frame: float | None
    track_id: float
    box_xywh: list[float] | None


def read_init_boxes(path: Path, *, frame: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Identities and boxes to start from, in the order of the file.

    Args:
        path: MOT text (rows of `frame`; rows of ground truth with flag 0 are left out), CSV with
            `x,y,w,h` per line, or JSON: a list of `[x, y, w, h]`, of `{"id", "x", "y", "w", "h"}`
            or of `{"id", "box": [x, y, w, h]}`. CSV and JSON hold one frame, whichever it is.
        frame: zero-based; MOT text counts from 1.

    Returns:
        ids [N] int64, numbered from 1 where the file has none (or -1 everywhere), and boxes
        [N, 4] float64, xyxy pixels; N >= 1.

    Raises:
        MissingDataError: there is no such file.
        FormatError: names path and line: not a known layout, not finite, no positive size, an id
            twice, no box at this frame.
    """
    rows = choose_frame(path, read_rows(path), frame)
    for row in rows:
        check_row(row)
    return number_rows(path, rows), box_corners(rows)


def read_rows(path: Path) -> list[BoxRow]:
    """All rows of a file, not checked yet.

    Raises:
        MissingDataError: there is no such file.
        FormatError: names path and line: not a known layout, or nothing in it.
    """
    text = read_text(path)
    if path.suffix.lower() == ".json" or text.lstrip()[:1] in ("[", "{"):
        rows = _json_rows(path, text)
    else:
        rows = _text_rows(path, split_lines(text))
    if not rows:
        raise FormatError(f"{path}: no boxes in this file; {EXPECTED}")
    return rows


def choose_frame(path: Path, rows: list[BoxRow], frame: int) -> list[BoxRow]:
    """The boxes of one frame, zero-based, and those of which the file does not say the frame.

    Raises:
        FormatError: there are none; says which frames the file has.
    """
    boxes = [row for row in rows if row.box_xywh is not None]
    chosen = [row for row in boxes if row.frame in (None, frame + 1)]
    if not chosen:
        frames = {row.frame for row in boxes if row.frame is not None}
        raise FormatError(f"{path}: no box at frame {frame + 1} (counted from 1); {_span(frames)}")
    return chosen


def box_corners(rows: list[BoxRow]) -> NDArray[np.float64]:
    """[N, 4] xyxy pixels of rows; NaN for ends."""
    sizes = [[np.nan] * 4 if row.box_xywh is None else row.box_xywh for row in rows]
    corners: NDArray[np.float64] = xywh_to_xyxy(np.array(sizes, np.float64).reshape(-1, 4))
    return corners


def parse_box(text: str) -> NDArray[np.float64]:
    """The box of a `--box x,y,w,h` flag.

    Returns:
        [4] float64, xyxy pixels.

    Raises:
        ConfigError: not four numbers, not finite, or no positive size.

    >>> parse_box("10,20,30,40").tolist()
    [10.0, 20.0, 40.0, 60.0]
    """
    values = as_numbers(split_line(text))
    if values is None or len(values) != 4:
        raise ConfigError(f"box '{text}': expected x,y,width,height in pixels, e.g. 10,20,30,40")
    if not all(map(math.isfinite, values)) or values[2] <= 0 or values[3] <= 0:
        raise ConfigError(f"box '{text}': width and height must be positive, all values finite")
    return np.asarray(xywh_to_xyxy(np.array(values, np.float64)))


def check_boxes_in_frame(
    ids: NDArray[np.int64], boxes: NDArray[np.float64], width: int, height: int, origin: str
) -> None:
    """Make sure that boxes are in pixels, and each has a part inside the frame.

    Args:
        ids: [N].
        boxes: [N, 4] xyxy pixels.
        width: of the frame, pixels.
        height: of the frame, pixels.
        origin: where the boxes came from, for the message.

    Raises:
        FormatError: a box lies wholly outside; names its id and where it is. Or all of them seem
            to be in shares of the frame.
    """
    if are_shares(boxes, width, height):
        raise FormatError(
            f"{origin}: boxes such as x {boxes[0, 0]:g} to {boxes[0, 2]:g} seem to be shares of "
            f"the frame, 0 to 1; expected pixels: multiply by {width} and {height}"
        )
    inside = np.asarray(clip_to_frame(boxes, width, height)).reshape(-1, 4)
    outside = (inside[:, 2] <= inside[:, 0]) | (inside[:, 3] <= inside[:, 1])
    for n in np.flatnonzero(outside):
        x1, y1, x2, y2 = boxes[n]
        raise FormatError(
            f"{origin}: box {n + 1} (id {ids[n]}; x {x1:g} to {x2:g}, y {y1:g} to {y2:g}) lies "
            f"outside the frame of {width}x{height} pixels; were the boxes drawn on another size?"
        )


def _text_rows(path: Path, lines: list[Line]) -> list[BoxRow]:
    """Rows of MOT text or CSV; ground truth that is switched off is left out."""
    if not lines:
        return []
    number, first = lines[0]
    header = [SIZE_NAMES.get(name.lower(), name.lower()) for name in first]
    has_header = not is_end(first) and any(
        name.isidentifier() and name not in ("nan", "inf") for name in header
    )
    if has_header:
        if header not in HEADERS:
            raise FormatError(f"{path}:{number}: header '{','.join(first)}' is unknown; {EXPECTED}")
        lines = lines[1:]
    width = 6 if is_end(first) else len(first)
    if not has_header and (width == 5 or not 4 <= width <= 10):
        raise FormatError(f"{path}:{number}: got {width} columns; {EXPECTED}")

    rows = []
    for number, fields in lines:
        where = f"{path}:{number}"
        ends = width >= 6 and is_end(fields)
        values = as_numbers(fields[:2] if ends else fields)
        if values is None:
            raise FormatError(f"{where}: expected numbers, got '{','.join(fields)}'; {EXPECTED}")
        if ends:
            rows.append(BoxRow(where, values[0], values[1], None))
            continue
        if len(values) != width and (width <= 5 or not 6 <= len(values) <= 10):
            raise FormatError(f"{where}: expected {width} columns as above, got {len(values)}")
        if width <= 5:
            rows.append(BoxRow(where, None, values[0] if width == 5 else -1, values[-4:]))
        elif len(values) != 9 or values[6] != 0:
            rows.append(BoxRow(where, values[0], values[1], values[2:6]))
    return rows


def is_end(fields: list[str]) -> bool:
    """Whether a line says that an object has left: `frame,id,end`, or without the four numbers."""
    rest = [field.lower() for field in fields[2:]]
    return (
        len(fields) > 2
        and (rest[0] == END or len(rest) >= 3)
        and not any(rest[1:])
        and (rest[0] in ("", END))
    )


def _span(frames: set[float]) -> str:
    """Which frames a file has, in words."""
    known = sorted(frames)
    if len(known) <= 5:
        return f"the file has frame {', '.join(f'{f:g}' for f in known)}"
    return f"the file has {len(known)} frames from {known[0]:g} to {known[-1]:g}"


def _json_rows(path: Path, text: str) -> list[BoxRow]:
    """Rows of a JSON list."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise FormatError(f"{path}:{error.lineno}: not valid JSON ({error.msg})") from error
    if not isinstance(content, list):
        raise FormatError(f"{path}:1: expected a list of boxes, e.g. [[10, 20, 30, 40]]")
    return [_json_row(f"{path}: box {n}", entry) for n, entry in enumerate(content, 1)]


def _json_row(where: str, entry: Any) -> BoxRow:
    track_id: Any = -1
    frame: Any = None
    box: Any = entry
    if isinstance(entry, dict):
        track_id, frame = entry.get("id", -1), entry.get("frame")
        box = entry.get("box", [entry.get(key) for key in "xywh"])
        if entry.get(END) is True and _are_numbers([track_id, frame]):
            return BoxRow(where, float(frame), float(track_id), None)
    named = [track_id] if frame is None else [track_id, frame]
    if not _are_numbers(box) or len(box) != 4 or not _are_numbers(named):
        raise FormatError(
            f"{where}: expected [x, y, w, h], {{'id', 'x', 'y', 'w', 'h'}} or {{'id', 'box'}} "
            f"with numbers, with 'frame' where it is not the first, got {json.dumps(entry)[:80]}"
        )
    when = None if frame is None else float(frame)
    return BoxRow(where, when, float(track_id), [float(value) for value in box])


def _are_numbers(values: Any) -> bool:
    return isinstance(values, Sequence) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    )


def check_row(row: BoxRow) -> None:
    """Make sure that a row's numbers can be meant.

    Raises:
        FormatError: not finite, no positive size, or an id or frame that is no whole number.
    """
    box = [] if row.box_xywh is None else row.box_xywh
    frame = 1 if row.frame is None else row.frame
    if not all(map(math.isfinite, [frame, row.track_id, *box])):
        raise FormatError(f"{row.where}: a value is not finite (nan or inf)")
    if box and (box[2] <= 0 or box[3] <= 0):
        raise FormatError(
            f"{row.where}: width {box[2]:g} and height {box[3]:g} must be "
            "positive; boxes are left, top, width, height"
        )
    if row.track_id != int(row.track_id) or row.track_id < -1:
        raise FormatError(
            f"{row.where}: id {row.track_id:g} must be a whole number from 0 on (or -1: none)"
        )
    if frame != int(frame) or frame < 1:
        raise FormatError(f"{row.where}: frame {frame:g} must be a whole number from 1 on")


def number_rows(path: Path, rows: list[BoxRow]) -> NDArray[np.int64]:
    """The ids of the file, or 1 to N where it has none.

    Raises:
        FormatError: some have ids and some do not, or an id is in a frame twice.
    """
    ids = [int(row.track_id) for row in rows]
    if all(track_id == -1 for track_id in ids):
        return np.arange(1, len(rows) + 1, dtype=np.int64)
    seen: dict[tuple[int, float | None], str] = {}
    for track_id, row in zip(ids, rows, strict=True):
        if track_id == -1:
            raise FormatError(f"{row.where}: no id, but other boxes have one; give all or none")
        key = track_id, row.frame
        if key in seen:
            raise FormatError(f"{row.where}: id {track_id} is there twice, first at {seen[key]}")
        seen[key] = row.where.removeprefix(f"{path}:").strip()
    return np.array(ids, np.int64)
