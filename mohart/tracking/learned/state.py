"""What the network carries of every object from frame to frame, as arrays that need no torch.

The same columns as :class:`mohart.model.state.TrackState`, whichever engine computes; all objects
are there (no padding). Axis letters: B videos (1 while tracking), N objects of each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
OWN = 5  # columns that are no memories


class NetworkState(NamedTuple):
    """The state of all objects; births and deaths are `join` and `select` on it.

    Attributes:
        boxes: [B, N, 4] float32 xyxy pixels.
        windows: [B, N, 4] where the next step looks, xyxy pixels.
        velocity: [B, N, 2] pixels per frame.
        hidden: [B, N, E] recurrent output.
        cell: [B, N, E] recurrent cell.
        memories: [B, N, ...] of every kind of templates that the network has, in its order.
        frame: (height, width) of the video in pixels.
    """

    boxes: Array
    windows: Array
    velocity: Array
    hidden: Array
    cell: Array
    memories: tuple[Array, ...]
    frame: tuple[int, int]

    @property
    def rows(self) -> int:
        """N."""
        return int(self.boxes.shape[1])

    def arrays(self) -> tuple[Array, ...]:
        """All columns, those of the memories last."""
        own = self.boxes, self.windows, self.velocity, self.hidden, self.cell
        return (*own, *self.memories)

    def map(self, change: Callable[[Array], Array]) -> NetworkState:
        """The state with every column changed."""
        return make_state([change(x) for x in self.arrays()], self.frame)

    def select(self, objects: NDArray[np.int64] | NDArray[np.bool_] | slice) -> NetworkState:
        """The objects along N, for all of the batch: indices [n], a mask [N] or a range."""
        return self.map(lambda x: x[:, objects])

    def join(self, *others: NetworkState) -> NetworkState:
        """Objects of several states (same video, same batch) side by side along N."""
        columns = zip(self.arrays(), *(other.arrays() for other in others), strict=True)
        return make_state([np.concatenate(parts, 1) for parts in columns], self.frame)

    def video(self, b: int) -> NetworkState:
        """One video of the batch, as a batch of one."""
        return self.map(lambda x: x[b : b + 1])

    @staticmethod
    def stack(videos: Sequence[NetworkState]) -> NetworkState:
        """Videos with as many objects each (frames of one size) as one batch, along B."""
        columns = zip(*(video.arrays() for video in videos), strict=True)
        return make_state([np.concatenate(parts) for parts in columns], videos[0].frame)

    def put(self, row: int, one: NetworkState) -> NetworkState:
        """With one object [1, 1, ...] in the place of a row of [1, N, ...]."""
        columns = [x.copy() for x in self.arrays()]
        for column, new in zip(columns, one.arrays(), strict=True):
            column[0, row] = new[0, 0]
        return make_state(columns, self.frame)


def make_state(columns: Sequence[Array], frame: tuple[int, int]) -> NetworkState:
    """A state of its columns, those of the memories last."""
    boxes, windows, velocity, hidden, cell, *memories = columns
    return NetworkState(boxes, windows, velocity, hidden, cell, tuple(memories), frame)


def holds_looks(memory: Array) -> bool:
    """Whether a memory [N, ...] is one of looks, [N, looks, C, k, k], the first look first."""
    return memory.ndim == 5
