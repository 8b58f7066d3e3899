"""A row per object: when it was followed, in which state, and which moments are doubtful."""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from mohart.boxes import iou
from mohart.structures import ACTIVE, LOST, PREDICTED, TrackedObjects

UNSURE = 0.5  # confidence of an active object below which a frame is doubtful
KEPT = 20  # doubtful moments of an object that are told; the longest
SAME_PLACE = 0.6  # IoU from which two active objects share a place
SHARED = 10  # frames in a row from which that is told
LISTED = 10  # objects in a summary


@dataclass
class Row:
    """One object; frames count from 1, as in tracks.txt.

    Attributes:
        id: identity.
        first: the first frame in which it was followed.
        last: the last one; the run may have gone on without it.
        active: frames in this state.
        predicted: likewise.
        lost: likewise.
        returns: how often it was active again after being lost.
        doubtful: first and last frame of stretches in which it was predicted, or active with a
            confidence below 0.5, and of every return; the longest 20.
    """

    id: int
    first: int
    last: int
    active: int = 0
    predicted: int = 0
    lost: int = 0
    returns: int = 0
    doubtful: list[list[int]] = field(default_factory=list)


class Tally:
    """Counts frame after frame, in memory that grows with the objects alone.

    Args:
        every: only every N-th frame is followed.
    """

    def __init__(self, every: int = 1) -> None:
        self._every = every
        self._rows: dict[int, Row] = {}
        self._before: dict[int, str] = {}
        self._shared: dict[tuple[int, int], list[int]] = {}  # pair -> first and last frame
        self._told: list[tuple[tuple[int, int], list[int]]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, number: int, shown: TrackedObjects) -> None:
        """One frame, zero-based, with its active, predicted and lost objects."""
        frame = number + 1
        before, self._before = self._before, {}
        for n, track in enumerate(shown.tracker_id.tolist()):
            state, sure = str(shown.state[n]), float(shown.confidence[n])
            row = self._rows.setdefault(track, Row(track, frame, frame))
            row.last = frame
            setattr(row, state, getattr(row, state) + 1)
            back = state == ACTIVE and before.get(track) == LOST
            row.returns += back
            if back or state == PREDICTED or (state == ACTIVE and sure < UNSURE):
                self._doubt(row, frame)
            self._before[track] = state
        self._note_shared(frame, shown)

    def rows(self) -> list[dict[str, Any]]:
        """All objects by id, ready for JSON."""
        return [asdict(self._rows[track]) for track in sorted(self._rows)]

    def copy(self) -> Tally:
        """As it is now."""
        return copy.deepcopy(self)

    def shared(self) -> list[str]:
        """`objects 1 and 3 share a place in frames 75 to 120`, for every long stretch."""
        stretches = [*self._told, *self._shared.items()]
        found = sorted((place, pair) for pair, place in stretches if self._is_long(place))
        return [
            f"objects {a} and {b} share a place in frames {first} to {last}: one of the two is "
            f"probably somewhere else"
            for (first, last), (a, b) in found
        ]

    def _doubt(self, row: Row, frame: int) -> None:
        if row.doubtful and row.doubtful[-1][1] == frame - self._every:
            row.doubtful[-1][1] = frame
            return
        if len(row.doubtful) >= KEPT:
            shortest = min(row.doubtful[:-1], key=lambda stretch: stretch[1] - stretch[0])
            row.doubtful.remove(shortest)
        row.doubtful.append([frame, frame])

    def _note_shared(self, frame: int, shown: TrackedObjects) -> None:
        active = np.flatnonzero(shown.state == ACTIVE)
        now: set[tuple[int, int]] = set()
        if len(active) > 1:
            boxes = shown.xyxy[active].astype(np.float64)
            over = np.triu(iou(boxes[:, None], boxes[None]) > SAME_PLACE, 1)
            ids = shown.tracker_id[active]
            for a, b in zip(*np.nonzero(over), strict=True):
                low, high = sorted((int(ids[a]), int(ids[b])))
                now.add((low, high))
        for pair in [pair for pair in self._shared if pair not in now]:
            place = self._shared.pop(pair)
            if self._is_long(place) and len(self._told) < KEPT:
                self._told.append((pair, place))
        for pair in now:
            self._shared.setdefault(pair, [frame, frame])[1] = frame

    def _is_long(self, place: list[int]) -> bool:
        return (place[1] - place[0]) // self._every + 1 >= SHARED


def format_rows(rows: list[dict[str, Any]]) -> list[str]:
    """A table of the first objects, for a summary; empty without objects."""
    head = ("id", "frames", "active", "predicted", "lost", "doubtful")
    lines = [head, *(_cells(row) for row in rows[:LISTED])]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    found = [
        "  ".join(
            cell.rjust(width) if n < len(head) - 1 else cell
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    if len(rows) > LISTED:
        found.append(f"... and {len(rows) - LISTED} more, in run.json")
    return found if rows else []


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    moments = [f"{a}-{b}" if a < b else str(a) for a, b in row["doubtful"]]
    doubtful = ", ".join(moments[:3]) + (f" and {len(moments) - 3} more" if moments[3:] else "")
    counts = (str(row[name]) for name in ("active", "predicted", "lost"))
    return (str(row["id"]), f"{row['first']}-{row['last']}", *counts, doubtful)
