"""Objects that a person has drawn: at the start, later, or again as a correction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Boxes
from mohart.model.state import TrackState
from mohart.tracking.learned import belief
from mohart.tracking.learned.drawn import drawn_sizes, habits
from mohart.tracking.learned.knobs import RULES
from mohart.tracking.learned.objects import Objects, fresh_objects


def drawn(
    state: TrackState, looks: NDArray[np.float32], ids: NDArray[np.int64], again: Boxes
) -> Objects:
    """Objects with identities, and beyond doubt.

    Args:
        state: N objects that the network was just started on.
        looks: [N, D] colours of them.
        ids: [N].
        again: [N, 4] xyxy pixels, what the network answers on the same frame.
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
    )
    sizes = drawn_sizes(objects.boxes, state.frame)
    return replace(objects, drawn_size=sizes, habit=habits(objects.boxes, again))


def put(objects: Objects, fresh: Objects) -> Objects:
    """Objects among others: in the rows of those with the same identity, or behind all."""
    place = {int(track): len(objects) + n for n, track in enumerate(fresh.tracker_id)}
    rows = [place.pop(int(track), n) for n, track in enumerate(objects.tracker_id)]
    return objects.join(fresh).select(np.array([*rows, *place.values()], np.int64))
