"""An engine that tells where its time goes: reading glimpses, and the network behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mohart.tracking.learned.engine import Engine, Looked
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.state import Array, NetworkState

if TYPE_CHECKING:
    from mohart.model.tracker import MohartModel

GLIMPSE, NETWORK = "glimpse", "network"


class TimedEngine:
    """Computes as another engine does, and counts the seconds.

    Args:
        engine: that computes.
        clock: seconds from any zero.

    Attributes:
        spent: seconds so far: `glimpse`, `network`.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock
        self._watched = False
        self.spent = {GLIMPSE: 0.0, NETWORK: 0.0}

    def start(self, picture: Picture, boxes: Array) -> NetworkState:
        """See :class:`mohart.tracking.learned.engine.Engine`; all of it counts as network."""
        with self._count(NETWORK):
            return self._engine.start(picture, boxes)

    def step(self, picture: Picture | None, state: NetworkState) -> tuple[Array, NetworkState]:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        if picture is None or self._watched or not state.rows:
            with self._count(NETWORK):
                return self._engine.step(picture, state)
        return self.see(self.read(picture, state.windows), state)

    def see(self, looked: Looked, state: NetworkState) -> tuple[Array, NetworkState]:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        with self._count(NETWORK):
            return self._engine.see(looked, state)

    def aim(self, boxes: Array) -> Array:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        return self._engine.aim(boxes)

    def read(self, picture: Picture, windows: Array) -> Looked:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        with self._count(GLIMPSE):
            return self._engine.read(picture, windows)

    def watch(self) -> MohartModel:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        self._watched = True
        return self._engine.watch()

    @contextmanager
    def _count(self, part: str) -> Iterator[None]:
        start = self._clock()
        yield
        self.spent[part] += self._clock() - start
