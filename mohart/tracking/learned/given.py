"""Objects that a person has drawn: at the start, later, or again as a correction.

Where two drawn boxes overlap, the first look at one of them is a look at the other as well. It is
taken again as soon as nobody is near any more and the object is surely seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.tracking.learned import belief
from mohart.tracking.learned.association import cover
from mohart.tracking.learned.correction import renew_templates
from mohart.tracking.learned.drawn import Habits, drawn_sizes
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.knobs import RULES
from mohart.tracking.learned.objects import Objects, fresh_objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.state import NetworkState

HALF = 0.4  # share of a drawn box that lies in another, from which its first look is doubtful
FREE = 0.1  # share from which on nobody is near
SURE = 0.6  # visibility at which it is looked at again


def drawn(
    state: NetworkState,
    looks: NDArray[np.float32],
    ids: NDArray[np.int64],
    habit: Habits,
    identity: NDArray[np.float32],
) -> Objects:
    """Objects with identities, and beyond doubt.

    Args:
        state: N objects that the network was just started on.
        looks: [N, D] colours of them.
        ids: [N].
        habit: [N, 4] see mohart.tracking.learned.drawn.
        identity: [N, E] embeddings.
    """
    count = len(ids)
    objects = fresh_objects(
        state,
        looks,
        RULES.start(count),
        tracker_id=ids.copy(),
        given=True,
        belief=np.full(count, belief.MOST),
        visibility=np.ones(count),
        identity=identity,
    )
    sizes = drawn_sizes(objects.boxes, state.frame)
    return objects.changed(drawn_size=sizes, habit=habit)


def put(objects: Objects | None, fresh: Objects) -> Objects:
    """Objects among others: in the rows of those with the same identity, or behind all."""
    if objects is not None:
        place = {int(track): len(objects) + n for n, track in enumerate(fresh.tracker_id)}
        rows = [place.pop(int(track), n) for n, track in enumerate(objects.tracker_id)]
        fresh = objects.join(fresh).select(np.array([*rows, *place.values()], np.int64))
    return fresh.changed(half_hidden=fresh.half_hidden | (_nearness(fresh) >= HALF) & new(fresh))


def new(objects: Objects) -> NDArray[np.bool_]:
    """[N] who was drawn in this very frame."""
    return np.asarray(objects.given & (objects.age == 0))


def look_again(objects: Objects, picture: Picture, engine: Engine) -> Objects:
    """Templates of those whose first look was doubtful, once they stand free and are seen."""
    if not objects.half_hidden.any():
        return objects
    free = objects.half_hidden & (_nearness(objects) < FREE) & (objects.visibility >= SURE)
    rows = np.flatnonzero(free)
    if not len(rows):
        return objects
    fresh = engine.start(picture, objects.boxes[rows][None])
    before = objects.state.select(rows)
    state = renew_templates(objects.state, rows, before, fresh, 1.0)
    return objects.changed(state=state, half_hidden=objects.half_hidden & ~free)


def _nearness(objects: Objects) -> Floats:
    """[N] the share of each box that lies in one other box, the largest."""
    boxes = objects.boxes.astype(np.float64)
    shares = cover(boxes, boxes)
    np.fill_diagonal(shares, 0.0)
    answer: Floats = shares.max(1, initial=0.0)
    return answer
