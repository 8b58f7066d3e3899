"""What an object carries from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

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
        memory: [B, N, ...] of appearance attention.
        detail: [B, N, ...] of the refinement; [B, N, 0] without one.
        filters: [B, N, ...] of the discriminative filter; [B, N, 0] without one.
        alive: [B, N] bool; rows that are not alive are padding.
        frame: (height, width) of the video in pixels.
    """

    boxes: Tensor
    windows: Tensor
    velocity: Tensor
    hidden: Tensor
    cell: Tensor
    memory: Tensor
    detail: Tensor
    filters: Tensor
    alive: Tensor
    frame: tuple[int, int]

    def detach(self) -> TrackState:
        """The same values without their history: a new chunk of back-propagation starts."""
        return _state([x.detach() for x in _tensors(self)], self.frame)

    def select(self, objects: Tensor) -> TrackState:
        """The objects [n] (long) along N, for all of the batch."""
        return _state([x[:, objects] for x in _tensors(self)], self.frame)

    def replace_where(self, rows: Tensor, other: TrackState) -> TrackState:
        """`other`'s values for the objects where `rows` [B, N] is True."""
        pairs = zip(_tensors(self), _tensors(other), strict=True)
        return _state([torch.where(_like(rows, b), b, a) for a, b in pairs], self.frame)


def _tensors(state: TrackState) -> tuple[Tensor, ...]:
    """All fields but the frame size."""
    return cast("tuple[Tensor, ...]", state[:-1])


def _state(tensors: Sequence[Tensor], frame: tuple[int, int]) -> TrackState:
    boxes, windows, velocity, hidden, cell, memory, detail, filters, alive = tensors
    return TrackState(boxes, windows, velocity, hidden, cell, memory, detail, filters, alive, frame)


def _like(rows: Tensor, values: Tensor) -> Tensor:
    return rows.reshape(*rows.shape, *([1] * (values.ndim - 2)))


def concat(states: Sequence[TrackState]) -> TrackState:
    """Objects of several states (same video, same batch) side by side along N."""
    columns = zip(*(_tensors(state) for state in states), strict=True)
    return _state([torch.cat(parts, 1) for parts in columns], states[0].frame)
