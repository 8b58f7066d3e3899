"""tracks.csv: what was said of every object in every frame, in full precision, read back as it was.

The product's own table (`mohart.formats.own.columns`) with one column more, `state`. Frames count
from 0, boxes are corners.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from mohart.errors import FormatError
from mohart.formats.text import read_text
from mohart.structures import ACTIVE, LOST, PREDICTED, TrackedObjects

HEADER = ("frame", "track_id", "x1", "y1", "x2", "y2", "confidence", "class_id", "state")
STATES = (ACTIVE, PREDICTED, LOST)


def table_rows(frame: int, tracks: TrackedObjects) -> list[tuple[object, ...]]:
    """One row per object of a frame, zero-based; numbers in as many digits as they have."""
    numbers = np.column_stack([tracks.xyxy, tracks.confidence]).astype(np.float32)
    return [
        (
            frame,
            int(tracks.tracker_id[n]),
            *(np.format_float_positional(x, trim="-") for x in numbers[n]),
            int(tracks.class_id[n]),
            str(tracks.state[n]),
        )
        for n in range(len(tracks))
    ]


def read_table(path: Path, *, last: int | None = None) -> dict[int, TrackedObjects]:
    """Zero-based frame -> its objects, in the order in which they were written.

    Args:
        path: the file; a last line that was not written to its end is left out.
        last: nothing behind this frame is read; None reads all.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is not one that a run wrote.
    """
    text = read_text(path)
    lines = csv.reader(text[: text.rfind("\n") + 1].splitlines())
    if tuple(next(lines, ())) != HEADER:
        raise FormatError(f"{path}:1: expected the columns {','.join(HEADER)}")
    frames: dict[int, list[list[str]]] = {}
    try:
        for fields in lines:
            if last is not None and int(fields[0]) > last:
                break
            frames.setdefault(int(fields[0]), []).append(fields)
        return {frame: _objects(rows) for frame, rows in frames.items()}
    except (ValueError, IndexError) as error:
        raise FormatError(f"{path}:{lines.line_num}: not a row of this table ({error})") from error


def no_objects() -> TrackedObjects:
    """A frame in which nobody is followed."""
    return _objects([])


def _objects(rows: list[list[str]]) -> TrackedObjects:
    if any(len(row) != len(HEADER) or row[-1] not in STATES for row in rows):
        raise ValueError(f"expected {len(HEADER)} columns, the last one a state")
    numbers = np.array([row[2:7] for row in rows], np.float32).reshape(-1, 5)
    return TrackedObjects(
        numbers[:, :4].copy(),
        np.array([int(row[1]) for row in rows], np.int64),
        numbers[:, 4].copy(),
        np.array([row[-1] for row in rows], "<U9"),
        np.array([int(row[7]) for row in rows], np.int64),
    )
