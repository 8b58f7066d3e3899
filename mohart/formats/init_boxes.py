"""Boxes to start from: a file of MOT text, CSV or JSON, or `x,y,w,h` on the command line.

Conventions: every accepted text says left, top, width, height in pixels; the result is xyxy.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import are_shares, clip_to_frame, xywh_to_xyxy
from mohart.errors import ConfigError, FormatError
from mohart.formats.init_rows import BoxRow, read_rows
from mohart.formats.rows import MAX_NUMBER, MAX_PIXEL
from mohart.formats.text import as_numbers, split_line


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


def _span(frames: set[float]) -> str:
    """Which frames a file has, in words."""
    known = sorted(frames)
    if len(known) <= 5:
        return f"the file has frame {', '.join(f'{f:g}' for f in known)}"
    return f"the file has {len(known)} frames from {known[0]:g} to {known[-1]:g}"


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
    if box and max(map(abs, box)) > MAX_PIXEL:
        raise FormatError(f"{row.where}: a box of {box} is no place in a picture")
    if isinstance(row.track_id, float) or row.track_id < -1:
        raise FormatError(
            f"{row.where}: id {row.track_id:.17g} must be a whole number from 0 to 2^63 - 1 (or "
            "-1: none)"
        )
    if frame != int(frame) or not 1 <= frame <= MAX_NUMBER:
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
