"""Engines: who computes the time step of the network. Torch is one; graphs may be another.

Whatever computes, what is carried from frame to frame is the same state, so one engine goes on
where another has stopped; and none of it needs torch, so that tracking does not either.

Axis letters: B videos that look at one frame (1 while tracking), N objects of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.state import Array, NetworkState

if TYPE_CHECKING:
    from mohart.model.tracker import MohartModel

Looked = Any  # glimpses [B, N, 3, R, S] in 0..1, in the engine's own kind of array


class Engine(Protocol):
    """What tracking asks of whoever computes the network."""

    def start(self, picture: Picture, boxes: Array) -> NetworkState:
        """The state after a first look at boxes [1, N, 4] float32, xyxy pixels."""
        ...

    def step(self, picture: Picture | None, state: NetworkState) -> tuple[Array, NetworkState]:
        """One frame further.

        Args:
            picture: the frame, the same for all B; None: it is not seen (coasting).
            state: of the frame before.

        Returns:
            [B, N] logit of "visible, and the box is on it", and the state after this frame.
        """
        ...

    def see(self, looked: Looked, state: NetworkState) -> tuple[Array, NetworkState]:
        """One frame further, of which the glimpses are read already; see `step`.

        Args:
            looked: glimpses of the state's windows, see `read`.
            state: of the frame before.
        """
        ...

    def aim(self, boxes: Array) -> Array:
        """[..., 4] where to look for objects in these boxes [..., 4] that are not known to move."""
        ...

    def read(self, picture: Picture, windows: Array) -> Looked:
        """Glimpses of windows [B, N, 4], xyxy pixels."""
        ...

    def watch(self) -> MohartModel:
        """The network in torch; from now on it makes every step itself, so that its hooks see it.

        Slower, and otherwise the same.

        Raises:
            MissingDataError: torch is not installed.
        """
        ...
