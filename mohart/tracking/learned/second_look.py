"""A second look at whoever has moved further than expected: the window goes where it was found.

The network sees best what lies in the middle of its window, as it mostly does in training. Who has
moved by more than the velocity said lies beside the middle, is cut off by the window, or is smeared
by a window that was too small; so the same frame is looked at once more, as if the object had been
expected where it was found. What it remembers of its velocity comes from the first look, which saw
the whole way.

Only objects that a person has drawn, since a detector corrects the boxes of others; and only where
no other object is: a second look alone does not see the others, and takes a neighbour for granted.

Source: iterated registration, each time from where the last one ended, Lucas and Kanade 1981,
sec. 4.3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import pairwise_iou
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.state import Array, NetworkState, make_state

ASIDE = 0.06  # sizes of the object beside the middle of its window from which it pays
SEEN = 0.0  # logit of the first look: who was not found is not looked at again ...
WORSE = 0.5  # ... and by how much a second look may be less sure to count


def look_closer(
    given: NDArray[np.bool_],
    before: NetworkState,
    told: Array,
    after: NetworkState,
    picture: Picture,
    engine: Engine,
) -> tuple[Array, NetworkState]:
    """The same frame once more, for those who were found beside the middle of their windows.

    Args:
        given: [N] by a person.
        before: their state before this frame, [1, N, ...].
        told: [1, N] logit of visibility of the first look.
        after: the state behind it.
        picture: this frame.
        engine: computes the network.

    Returns:
        As `engine.step`.
    """
    wanted = given & (told[0] > SEEN) & (_aside(before, after) > ASIDE)
    if not wanted.any():
        return told, after
    rows = np.flatnonzero(wanted & _free(after.boxes[0]))
    if not len(rows):
        return told, after
    again = _expected_where_found(before.select(rows), after.select(rows), engine)
    logit, closer = engine.step(picture, again)
    velocity = after.velocity[:, rows]
    more = np.concatenate([velocity - closer.velocity] * 2, -1)
    closer = closer._replace(velocity=velocity, windows=closer.windows + more)
    kept = np.flatnonzero(logit[0] > told[0, rows] - WORSE)
    told = told.copy()
    told[0, rows[kept]] = logit[0, kept]
    columns = [column.copy() for column in after.arrays()]
    for column, new in zip(columns, closer.arrays(), strict=True):
        column[:, rows[kept]] = new[:, kept]
    return told, make_state(columns, after.frame)


def _aside(before: NetworkState, after: NetworkState) -> NDArray[np.float32]:
    """[N] how far each was found from the middle of its window, in square roots of its area.

    So tall and narrow things, as walkers, that sway by a part of their width are spared.
    """
    window, found = before.windows[0], after.boxes[0]
    way = (found[:, :2] + found[:, 2:] - window[:, :2] - window[:, 2:]) / 2
    sizes = _sizes(before.boxes[0])
    result: NDArray[np.float32] = np.hypot(way[:, 0], way[:, 1]) / np.sqrt(sizes.prod(1))
    return result


def _free(boxes: Array) -> NDArray[np.bool_]:
    """[N] whether no other of the boxes [N, 4] touches this one."""
    shared = pairwise_iou(boxes.astype(np.float64), boxes.astype(np.float64))
    np.fill_diagonal(shared, 0.0)
    result: NDArray[np.bool_] = shared.max(1) == 0
    return result


def _expected_where_found(
    before: NetworkState, after: NetworkState, engine: Engine
) -> NetworkState:
    """The state before this frame of objects at rest, of their old sizes, where they are now."""
    half = _sizes(before.boxes) / 2
    middle = (after.boxes[..., :2] + after.boxes[..., 2:]) / 2
    boxes = np.concatenate([middle - half, middle + half], -1).astype(np.float32)
    return before._replace(
        boxes=boxes, windows=engine.aim(boxes), velocity=np.zeros_like(before.velocity)
    )


def _sizes(boxes: Array) -> Array:
    """[..., 2] width and height, one pixel at least."""
    sizes: Array = np.maximum(boxes[..., 2:] - boxes[..., :2], 1)
    return sizes
