"""Files of keyframes: boxes that a person drew in several frames, and ends.

CSV `frame,id,x,y,w,h`: frames counted from 1; left, top, width, height in pixels. An end is
`31,2,end`, or a row whose four numbers are empty. MOT text and JSON are read too, see
`mohart.formats.init_boxes`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from mohart.boxes import xyxy_to_xywh
from mohart.errors import FormatError
from mohart.files import write_text
from mohart.formats.init_boxes import box_corners, check_row, choose_frame, number_rows
from mohart.formats.init_rows import END, BoxRow, read_rows
from mohart.keyframes import Keyframes

HEADER = "frame,id,x,y,w,h"
ANNOTATED = 0.5  # share of boxes right behind one of the same id, from which it is no keyframes


class Given(NamedTuple):
    """What a file says.

    Attributes:
        keyframes: of the frames that were asked for.
        note: what the user should know about the choice; None where nothing was left out.
    """

    keyframes: Keyframes
    note: str | None = None


def read_keyframes(path: Path, *, frame: int | Literal["all"] | None = None) -> Given:
    """Boxes and ends of a file.

    Args:
        path: CSV, MOT text or JSON.
        frame: zero-based: the boxes of that frame alone, where the file says frames; otherwise
            they are taken as being of it. "all": every row. None: every row, but of a file that
            labels frame after frame, as ground truth does, the first frame alone, which is told.

    Raises:
        MissingDataError: there is no such file.
        FormatError: names path and line: not a known layout, a number that cannot be meant, an id
            twice in a frame, or no box in the frame.
    """
    rows = read_rows(path)
    note = None
    if frame is None and _labels_every_frame(rows):
        frame = 0
        note = (
            f"{path} labels frame after frame: the boxes of frame 1 are taken; --init-frame N "
            "takes those of another frame, --init-frame all every box as a correction"
        )
    if isinstance(frame, int):
        rows = choose_frame(path, rows, frame)
    for row in rows:
        check_row(row)
    ids = number_rows(path, rows)
    usual = frame if isinstance(frame, int) else 0
    frames = [usual if row.frame is None else int(row.frame) - 1 for row in rows]
    if len(set(frames)) > 1 and all(row.track_id == -1 for row in rows):
        raise FormatError(f"{path}: boxes of several frames need ids, to tell who is who")
    ends = [row.box_xywh is None for row in rows]
    return Given(Keyframes.from_rows(frames, ids, box_corners(rows), ends), note)


def write_keyframes(path: Path, keyframes: Keyframes) -> None:
    """Write CSV that `read_keyframes` reads, in full precision.

    Raises:
        OutputError: it cannot be written.
    """
    write_text(path, format_keyframes(keyframes))


def format_keyframes(keyframes: Keyframes) -> str:
    """The text of `write_keyframes`.

    >>> rows = Keyframes.from_rows([0, 30], [2, 2], [[10, 20, 40, 60.5], [0, 0, 0, 0]], [0, 1])
    >>> print(format_keyframes(rows), end="")
    frame,id,x,y,w,h
    1,2,10.0,20.0,30.0,40.5
    31,2,end
    """
    lines = [HEADER]
    sizes = np.asarray(xyxy_to_xywh(keyframes.boxes)).tolist()
    for n, (frame, track) in enumerate(zip(keyframes.frame, keyframes.track_id, strict=True)):
        what = END if keyframes.end[n] else ",".join(map(repr, sizes[n]))
        lines.append(f"{frame + 1},{track},{what}")
    return "".join(f"{line}\n" for line in lines)


def _labels_every_frame(rows: list[BoxRow]) -> bool:
    """Whether most boxes stand right behind one of the same id, or nobody has an id."""
    boxes = {(row.frame, row.track_id) for row in rows if row.frame is not None}
    frames = {frame for frame, _ in boxes}
    if len(frames) < 2:
        return False
    if all(track == -1 for _, track in boxes):
        return True
    behind = sum((frame - 1, track) in boxes for frame, track in boxes if frame is not None)
    return behind > ANNOTATED * len(boxes)
