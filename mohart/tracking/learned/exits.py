"""Exits: who was on the way out of the frame and seems to jump back in is gone.

A window whose object walks out of the picture is left at the edge with nothing to hold on to but
what is there: it slides back in over the ground, box and all. People turn round at an edge, too,
but not from one frame to the next. So whoever was at the edge and going out is expected further
out; found much further in, it is not seen, and goes on along its path, out of the picture, until
it is lost there. From then on a return has to be earned (`mohart.tracking.lifecycle`).

Conventions: N rows of `Objects`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mohart.tracking.learned.correction import correct_boxes
from mohart.tracking.learned.knobs import UNSEEN
from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.rivals import path
from mohart.tracking.learned.state import Array

EDGE = 2.0  # pixels from the frame's edge: there
OUTWARD = 0.01  # sizes a frame towards it: on the way out
BACK = 0.4  # sizes further in than expected, from which it is not the object


def leaving(boxes: Array, speed: Array, size: tuple[int, int]) -> NDArray[np.bool_]:
    """[N, 4] over which edge (left, top, right, bottom) each is on the way out.

    Args:
        boxes: [N, 4] xyxy pixels.
        speed: [N, 2] pixels per frame.
        size: of the frame, width and height.
    """
    least = OUTWARD * np.maximum(boxes[:, 2:] - boxes[:, :2], 1)
    low = (boxes[:, :2] <= EDGE) & (speed < -least)
    high = (boxes[:, 2:] >= np.array(size) - EDGE) & (speed > least)
    return np.concatenate([low, high], 1)


def hold_exits(
    objects: Objects, size: tuple[int, int], first_window: Callable[[Array], Array]
) -> Objects:
    """After a look: drawn objects that were going out and were found further in are not seen.

    Args:
        objects: N, as the network sees them in this frame.
        size: of the frame, width and height.
        first_window: boxes -> where to look for an object that is not known to move.
    """
    out = leaving(objects.free_box, objects.free_speed, size)
    rows = np.flatnonzero(out.any(1) & objects.given & ~objects.life.lost & (objects.age > 0))
    if not len(rows):
        return objects
    expected = np.stack([path(objects, row) for row in rows.tolist()]).astype(np.float32)
    sides = np.maximum(expected[:, 2:] - expected[:, :2], 1)
    boxes = objects.boxes[rows]
    further = (
        np.concatenate(  # in from the left and the top, from the right and the bottom
            [boxes[:, 2:] - expected[:, 2:], expected[:, :2] - boxes[:, :2]], 1
        )
        / np.concatenate([sides, sides], 1)
    )
    back = (out[rows] & (further > BACK)).any(1)
    if not back.any():
        return objects
    rows, expected = rows[back], expected[back]
    visibility = objects.visibility.copy()
    visibility[rows] = np.minimum(visibility[rows], UNSEEN)
    all_the_way = np.ones(len(rows), np.float32)
    state = correct_boxes(objects.state, rows, expected, all_the_way, first_window)
    return objects.moved(state).changed(visibility=visibility)
