"""Rows of a file of boxes to start from, as the file says them: MOT text, CSV or JSON.

Conventions: frames counted from 1; left, top, width, height in pixels. What is read here is checked
by `mohart.formats.init_boxes`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mohart.errors import FormatError
from mohart.formats.dialects import KNOWN, Header, read_header, split_table, to_xywh
from mohart.formats.ids import exact_id
from mohart.formats.text import Line, as_numbers, read_text

EXPECTED = (
    "expected `x,y,w,h` per line (a header such as `x,y,w,h`, `frame,id,x,y,w,h` or "
    "`frame,id,x1,y1,x2,y2` is allowed), MOT text (`frame,id,x,y,w,h,...`) or JSON"
)
END = "end"  # in the place of a box: the object has left


class BoxRow(NamedTuple):
    """One row of a file.

    Attributes:
        where: it stands, for messages.
        frame: counted from 1; None where the file does not say.
        track_id: -1: to be numbered; a float only where it is no whole number.
        box_xywh: left, top, width, height in pixels; None for an end.
    """

    where: str
    frame: float | None
    track_id: int | float
    box_xywh: list[float] | None


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
        rows = _text_rows(path, split_table(text))
    if not rows:
        raise FormatError(f"{path}: no boxes in this file; {EXPECTED}")
    return rows


def _text_rows(path: Path, lines: list[Line]) -> list[BoxRow]:
    """Rows of MOT text or CSV; ground truth that is switched off is left out."""
    if not lines:
        return []
    number, first = lines[0]
    named = not is_end(first) and any(
        name.isidentifier() and name.lower() not in ("nan", "inf", "infinity") for name in first
    )
    if named:
        header = read_header(first)
        if header is None:
            raise FormatError(
                f"{path}:{number}: header '{','.join(first)}' is unknown; known: {KNOWN}"
            )
        return [_named_row(f"{path}:{n}", fields, header) for n, fields in lines[1:]]
    width = 6 if is_end(first) else len(first)
    if width == 5 or not 4 <= width <= 10:
        raise FormatError(f"{path}:{number}: got {width} columns; {EXPECTED}")
    rows = []
    for number, fields in lines:
        where = f"{path}:{number}"
        ends = width >= 6 and is_end(fields)
        values = as_numbers(fields[:2] if ends else fields)
        if values is None:
            raise FormatError(f"{where}: expected numbers, got '{','.join(fields)}'; {EXPECTED}")
        if ends:
            rows.append(BoxRow(where, values[0], _id(fields[1]), None))
            continue
        if len(values) != width and (width <= 5 or not 6 <= len(values) <= 10):
            raise FormatError(f"{where}: expected {width} columns as above, got {len(values)}")
        if width <= 5:
            rows.append(BoxRow(where, None, -1, values[-4:]))
        elif len(values) != 9 or values[6] != 0:
            rows.append(BoxRow(where, values[0], _id(fields[1]), values[2:6]))
    return rows


def _named_row(where: str, fields: list[str], header: Header) -> BoxRow:
    """A row below a header; a table that counts frames from 0 is brought to counting from 1."""
    frame_at, id_at = header.columns.get("frame"), header.columns.get("id")
    before = [column for column in (frame_at, id_at) if column is not None]
    rest = [field for n, field in enumerate(fields) if n not in before]
    ends = len(before) == 2 and len(fields) > 2 and _says_end(rest, header, fields)
    if not ends and len(fields) != len(header.names):
        count = len(header.names)
        raise FormatError(f"{where}: expected {count} columns as above, got {len(fields)}")
    wanted = [*before, *(() if ends else header.box_columns)]
    values = as_numbers([fields[column] for column in wanted])
    if values is None:
        raise FormatError(f"{where}: expected numbers, got '{','.join(fields)}'; {EXPECTED}")
    frame = None if frame_at is None else values[0] + 1 - header.first_frame
    track = -1 if id_at is None else _id(fields[id_at])
    return BoxRow(where, frame, track, None if ends else to_xywh(values[-4:], header.box))


def _says_end(rest: list[str], header: Header, fields: list[str]) -> bool:
    """`end` behind frame and id, or nothing where the box would be."""
    if rest and rest[0].lower() == END:
        return not any(rest[1:])
    whole = len(fields) == len(header.names)
    return whole and not any(fields[column] for column in header.box_columns)


def _id(said: object) -> int | float:
    """An id exactly; where it is none, what it is as a float."""
    number = exact_id(said)
    return float(str(said)) if number is None else number


def is_end(fields: list[str]) -> bool:
    """Whether a line says that an object has left: `frame,id,end`, or without the four numbers."""
    rest = [field.lower() for field in fields[2:]]
    return (
        len(fields) > 2
        and (rest[0] == END or len(rest) >= 3)
        and not any(rest[1:])
        and (rest[0] in ("", END))
    )


def _json_rows(path: Path, text: str) -> list[BoxRow]:
    """Rows of a JSON list."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise FormatError(f"{path}:{error.lineno}: not valid JSON ({error.msg})") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, deep nesting
        raise FormatError(f"{path}: cannot be read as JSON ({error})") from error
    if isinstance(content, dict):
        content = _as_list(content)
    if not isinstance(content, list):
        raise FormatError(f"{path}:1: expected a list of boxes, e.g. [[10, 20, 30, 40]]")
    return [_json_row(f"{path}: box {n}", entry) for n, entry in enumerate(content, 1)]


def _as_list(content: dict[str, Any]) -> Any:
    """Boxes of an object: `{"boxes": [...]}`, `{"7": [x, y, w, h]}` by id, or one box alone."""
    if "boxes" in content:
        return content["boxes"]
    ids = {key: exact_id(key) for key in content}
    if content and None not in ids.values():
        return [{"id": ids[key], "box": box} for key, box in content.items()]
    return [content]


def _json_row(where: str, entry: Any) -> BoxRow:
    track_id: Any = -1
    frame: Any = None
    box: Any = entry
    if isinstance(entry, dict):
        track_id, frame = entry.get("id", -1), entry.get("frame")
        box = entry.get("box", entry.get("bbox", [entry.get(key) for key in "xywh"]))
        if entry.get(END) is True and _are_numbers([track_id, frame]):
            return BoxRow(where, _plain(frame), _whole(track_id), None)
    named = [track_id] if frame is None else [track_id, frame]
    if not _are_numbers(box) or len(box) != 4 or not _are_numbers(named):
        raise FormatError(
            f"{where}: expected [x, y, w, h], {{'id', 'x', 'y', 'w', 'h'}} or {{'id', 'box'}} "
            f"with numbers, with 'frame' where it is not the first, got {json.dumps(entry)[:80]}"
        )
    when = None if frame is None else _plain(frame)
    return BoxRow(where, when, _whole(track_id), [_plain(value) for value in box])


def _plain(value: float) -> float:
    """As float; an integer that no float holds is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _whole(value: float) -> int | float:
    """An id exactly; where it is none, what it is as a float."""
    number = exact_id(value)
    return _plain(value) if number is None else number


def _are_numbers(values: Any) -> bool:
    return isinstance(values, Sequence) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    )
