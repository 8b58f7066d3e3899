"""What an object carries from frame to frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class TrackState(NamedTuple):
    """The state of all objects; births and deaths are `concat` and `select` on it.

    Attributes:
        boxes: [B, N, 4] xyxy pixels.
        windows: [B, N, 4] where the next step looks, xyxy pixels.
        velocity: [B, N, 2] pixels per frame.
        hidden: [B, N, E] recurrent output.
        cell: [B, N, E] recurrent cell.
        alive: [B, N] bool; rows that are not alive are padding.
        memories: [B, N, ...] of every kind of templates that the cell has, in its order.
        frame: (height, width) of the video in pixels.
    """

    boxes: Tensor
    windows: Tensor
    velocity: Tensor
    hidden: Tensor
    cell: Tensor
    alive: Tensor
    memories: tuple[Tensor, ...]
    frame: tuple[int, int]

    def tensors(self) -> tuple[Tensor, ...]:
        """All columns, those of the memories last."""
        return (*self[:6], *self.memories)

    def map(self, change: Callable[[Tensor], Tensor]) -> TrackState:
        """The state with every column changed."""
        return _state([change(x) for x in self.tensors()], self.frame)

    def detach(self) -> TrackState:
        """The same values without their history: a new chunk of back-propagation starts."""
        return self.map(lambda x: x.detach())

    def select(self, objects: Tensor) -> TrackState:
        """The objects [n] (long) along N, for all of the batch."""
        return self.map(lambda x: x[:, objects])

    def flatten(self) -> TrackState:
        """All objects of the batch in a row: columns [K, ...] with K = B * N."""
        return self.map(lambda x: x.flatten(0, 1))

    def replace_where(self, rows: Tensor, other: TrackState) -> TrackState:
        """`other`'s values for the objects where `rows` [B, N] is True."""
        pairs = zip(self.tensors(), other.tensors(), strict=True)
        return _state([torch.where(_like(rows, b), b, a) for a, b in pairs], self.frame)


def _state(columns: Sequence[Tensor], frame: tuple[int, int]) -> TrackState:
    boxes, windows, velocity, hidden, cell, alive, *memories = columns
    return TrackState(boxes, windows, velocity, hidden, cell, alive, tuple(memories), frame)


def _like(rows: Tensor, values: Tensor) -> Tensor:
    return rows.reshape(*rows.shape, *([1] * (values.ndim - 2)))


def concat(states: Sequence[TrackState]) -> TrackState:
    """Objects of several states (same video, same batch) side by side along N."""
    columns = zip(*(state.tensors() for state in states), strict=True)
    return _state([torch.cat(parts, 1) for parts in columns], states[0].frame)
