"""Tables of boxes as people write them: one list of headers, delimiters and comments.

`--init`, `--detections`, `mohart eval` and `mohart convert` all read them by this list, so a file
means the same everywhere. Fields are separated by `;`, tabs, commas or blanks, whichever comes
first in this order; with `;` and tabs a comma in a number is a decimal comma. Lines that start
with `#` are comments.

Conventions: tables with corners count frames from 0, as mohart's own do; those with width and
height, or a centre, from 1, as MOT text does.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from mohart.formats.text import Line

Box = Literal["xyxy", "xywh", "cxcywh"]
NAMES: Mapping[str, tuple[str, ...]] = {  # what is meant -> how people call it, in small letters
    "frame": ("frame", "frame_id", "frame_number", "frame_no", "frame_num", "frameid"),
    "id": ("id", "track_id", "tracker_id", "object_id", "obj_id", "track", "trackid", "identity"),
    "confidence": ("confidence", "conf", "score", "probability"),
    "class_id": ("class_id", "class", "cls", "category_id"),
    "class_name": ("class_name", "label", "category", "name"),
}
BOXES: tuple[tuple[Box, tuple[str, ...]], ...] = (
    ("xyxy", ("x1", "y1", "x2", "y2")),
    ("xyxy", ("xmin", "ymin", "xmax", "ymax")),
    ("xyxy", ("x_min", "y_min", "x_max", "y_max")),
    ("xyxy", ("left", "top", "right", "bottom")),
    ("xywh", ("x", "y", "w", "h")),
    ("xywh", ("x", "y", "width", "height")),
    ("xywh", ("left", "top", "width", "height")),
    ("xywh", ("left", "top", "w", "h")),
    ("xywh", ("bb_left", "bb_top", "bb_width", "bb_height")),
    ("xywh", ("bbox_left", "bbox_top", "bbox_width", "bbox_height")),
    ("xywh", ("bbox_left", "bbox_top", "bbox_w", "bbox_h")),
    ("cxcywh", ("cx", "cy", "w", "h")),
    ("cxcywh", ("cx", "cy", "width", "height")),
    ("cxcywh", ("x_center", "y_center", "width", "height")),
)
KNOWN = (
    "x,y,w,h or x1,y1,x2,y2 or left,top,width,height or left,top,right,bottom or xmin,ymin,xmax,"
    "ymax or cx,cy,w,h, with frame, id, confidence and class where they are known"
)
COMMENT = "#"
_DECIMAL = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?")


class Header(NamedTuple):
    """What a header line says.

    Attributes:
        columns: what is meant (a key of `NAMES`) -> index of its column.
        box: kind of the box.
        box_columns: indices of its four columns.
        names: the header's own names, as written.
    """

    columns: Mapping[str, int]
    box: Box
    box_columns: tuple[int, int, int, int]
    names: tuple[str, ...]

    @property
    def first_frame(self) -> Literal[0, 1]:
        """What such a table calls the first frame."""
        return 0 if self.box == "xyxy" else 1

    @property
    def others(self) -> dict[str, int]:
        """Columns that mean nothing here: name -> index."""
        known = {*self.columns.values(), *self.box_columns}
        return {name: n for n, name in enumerate(self.names) if n not in known}


def split_table(text: str) -> list[Line]:
    r"""(line number from 1, fields) of every line that is neither blank nor a comment.

    A separator at the end of a line is forgiven where it is one more than in the first line.

    >>> split_table("# mine\nx;y;w;h\n10,5;20;30;40;\n")
    [(2, ['x', 'y', 'w', 'h']), (3, ['10.5', '20', '30', '40'])]
    """
    lines = [
        (n, line)
        for n, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith(COMMENT)
    ]
    if not lines:
        return []
    mark = delimiter(lines[0][1])
    table = [(n, split_fields(line, mark)) for n, line in lines]
    first = table[0][1]
    width = len(first) - (len(first) > 1 and not first[-1])
    return [
        (n, fields[:-1] if len(fields) == width + 1 and not fields[-1] else fields)
        for n, fields in table
    ]


def delimiter(line: str) -> str | None:
    """What separates the fields of a line; None for blanks."""
    return next((mark for mark in (";", "\t", ",") if mark in line.strip()), None)


def split_fields(line: str, mark: str | None) -> list[str]:
    """Fields of a line; quotes hold a field together."""
    if mark is None:
        return line.split()
    line = line.strip(" \r\n")
    try:
        fields = [field.strip() for field in next(csv.reader([line], delimiter=mark), [])]
    except csv.Error:  # a field of more than 100 kB
        fields = line.split(mark)
    if mark == ",":
        return fields
    return [f.replace(",", ".") if _DECIMAL.fullmatch(f) else f for f in fields]


def read_header(fields: Sequence[str]) -> Header | None:
    """What a line says, if it is the header of a table of boxes.

    Where several kinds of boxes are named, the first one of `BOXES` counts.

    >>> read_header(["Frame", "ID", "xmin", "ymin", "xmax", "ymax"]).box
    'xyxy'
    >>> read_header(["a", "b", "c", "d"]) is None
    True
    """
    names = [field.strip().lower() for field in fields]
    place = {name: n for n, name in reversed(list(enumerate(names)))}
    for box, sides in BOXES:
        if all(side in place for side in sides):
            columns = {
                meaning: place[next(name for name in called if name in place)]
                for meaning, called in NAMES.items()
                if any(name in place for name in called)
            }
            a, b, c, d = (place[side] for side in sides)
            return Header(columns, box, (a, b, c, d), tuple(field.strip() for field in fields))
    return None


def to_xywh(box: Sequence[float], kind: Box) -> list[float]:
    """Left, top, width, height.

    >>> to_xywh([10, 20, 40, 60], "xyxy"), to_xywh([25, 40, 30, 40], "cxcywh")
    ([10, 20, 30, 40], [10.0, 20.0, 30, 40])
    """
    a, b, c, d = box
    if kind == "xyxy":
        return [a, b, c - a, d - b]
    return [a - c / 2, b - d / 2, c, d] if kind == "cxcywh" else [a, b, c, d]
