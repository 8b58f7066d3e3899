"""Who is away and may come back: a bounded list."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.model.state import TrackState

MOST = 64  # who went first is forgotten first


class Away(NamedTuple):
    """One who is away.

    Attributes:
        state: what the network remembers, one object.
        looks: [D].
        votes: for classes.
        since: frame of the clock.
    """

    state: TrackState
    looks: NDArray[np.float32]
    votes: Counter[int]
    since: int


class Absent:
    """Objects by identity, at most 64, for a while.

    Args:
        frames: how long they are remembered.
    """

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._away: OrderedDict[int, Away] = OrderedDict()

    def __len__(self) -> int:
        return len(self._away)

    def leave(self, track: int, away: Away) -> None:
        """Remember somebody."""
        self._away[track] = away
        while len(self._away) > MOST:
            self._away.popitem(last=False)

    def forget(self, now: int) -> None:
        """Those who are away for too long."""
        while self._away:
            track, away = next(iter(self._away.items()))
            if now - away.since <= self._frames:
                return
            del self._away[track]

    def similarity(
        self, looks: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Identities [K], and similarities [K, M] to given looks [M, D]."""
        ids = np.array(list(self._away), np.int64)
        if not len(ids):
            return ids, np.zeros((0, len(looks)))
        own = np.stack([away.looks for away in self._away.values()])
        return ids, (own @ looks.T).astype(np.float64)

    def box(self, track: int) -> NDArray[np.float64]:
        """[4] where they were last."""
        box: NDArray[np.float64] = self._away[track].state.boxes[0, 0].cpu().numpy()
        return box.astype(np.float64)

    def take(self, track: int) -> Away:
        """They are back."""
        return self._away.pop(track)
