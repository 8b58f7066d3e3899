"""Tracking failures: the moments in which an object was lost, under the initialised protocol.

An object's IoU is read along its pairs (see `mohart.metrics.overlap.window`). It is *held* at the
start;

* `low`: a held object's IoU falls to 0.5 or below, but not below 0.1;
* `lost`: the IoU falls below 0.1, whether the object was held or low (its first `lost` is where
  survival ends);
* `recovered`: the IoU of a low or lost object rises above 0.5; it is held again.

A lost object stays lost until it recovers: an IoU of 0.3 in passing is no event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mohart.columns import Columns
from mohart.metrics.overlap.window import GONE_BELOW

Kind = Literal["low", "lost", "recovered"]
KINDS: tuple[Kind, ...] = ("low", "lost", "recovered")
HELD_ABOVE = 0.5


@dataclass(frozen=True, kw_only=True)
class OverlapEvents(Columns):
    """One row per event of a window, sorted by frame, then object.

    Attributes:
        kind: [K] str, see `KINDS`.
        frame: [K] int64, t in the window; the boxes were given at 0.
        object: [K] int64, column of the object in the window.
        previous: [K] int64, the last t with IoU > 0.5 before the event; 0 where there was none
            since the boxes were given.
        iou: [K] float64, at the event.
    """

    kind: NDArray[np.str_]
    frame: NDArray[np.int64]
    object: NDArray[np.int64]
    previous: NDArray[np.int64]
    iou: NDArray[np.float64]


def find_overlap_events(overlap: NDArray[np.float64]) -> OverlapEvents:
    """All events of one window.

    Args:
        overlap: [T, N] IoU, NaN where there is no pair.
    """
    rows: list[tuple[int, int, Kind, int]] = []
    for n, values in enumerate(overlap.T):
        condition, previous = "held", 0
        for t in np.flatnonzero(np.isfinite(values)).tolist():
            if values[t] > HELD_ABOVE:
                if condition != "held":
                    rows.append((t, n, "recovered", previous))
                condition, previous = "held", t
            elif values[t] < GONE_BELOW and condition != "lost":
                rows.append((t, n, "lost", previous))
                condition = "lost"
            elif values[t] >= GONE_BELOW and condition == "held":
                rows.append((t, n, "low", previous))
                condition = "low"
    rows.sort(key=lambda row: row[:2])
    frame, column, previous_frame = (
        np.array([row[place] for row in rows], np.int64) for place in (0, 1, 3)
    )
    return OverlapEvents(
        kind=np.array([row[2] for row in rows], np.str_),
        frame=frame,
        object=column,
        previous=previous_frame,
        iou=overlap[frame, column],
    )
