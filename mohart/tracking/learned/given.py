"""Objects that a person has drawn: at the start, later, or again as a correction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.model.state import TrackState
from mohart.tracking.learned import belief
from mohart.tracking.learned.knobs import RULES
from mohart.tracking.learned.objects import Objects, fresh_objects


def drawn(
    state: TrackState,
    looks: NDArray[np.float32],
    ids: NDArray[np.int64],
    identity: NDArray[np.float32],
) -> Objects:
    """Objects with identities, and beyond doubt.

    Args:
        state: N objects that the network was just started on.
        looks: [N, D] colours of them.
        ids: [N].
        identity: [N, E] embeddings.
    """
    count = len(ids)
    return fresh_objects(
        state,
        looks,
        RULES.start(count),
        tracker_id=ids.copy(),
        given=True,
        belief=np.full(count, belief.MOST),
        visibility=np.ones(count),
        identity=identity,
    )


def put(objects: Objects, fresh: Objects) -> Objects:
    """Objects among others: in the rows of those with the same identity, or behind all."""
    place = {int(track): len(objects) + n for n, track in enumerate(fresh.tracker_id)}
    rows = [place.pop(int(track), n) for n, track in enumerate(objects.tracker_id)]
    return objects.join(fresh).select(np.array([*rows, *place.values()], np.int64))
