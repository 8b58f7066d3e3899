"""What an object carries from frame to frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

# (height, width) of a video in pixels; two numbers of a tensor only while a step is traced
Frame = tuple[int, int]


class TrackState(NamedTuple):
    """The state of all objects; births and deaths are `join` and `select` on it.

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
    frame: Frame

    def tensors(self) -> tuple[Tensor, ...]:
        """All columns, those of the memories last."""
        return (*self[:6], *self.memories)

    def map(self, change: Callable[[Tensor], Tensor]) -> TrackState:
        """The state with every column changed."""
        return _state([change(x) for x in self.tensors()], self.frame)

    def detach(self) -> TrackState:
        """The same values without their history: a new chunk of back-propagation starts."""
        return self.map(lambda x: x.detach())

    @property
    def rows(self) -> int:
        """N."""
        return self.boxes.shape[1]

    def select(self, objects: Tensor | NDArray[Any] | slice) -> TrackState:
        """The objects along N, for all of the batch: indices [n], a mask [N] or a range."""
        if not isinstance(objects, slice):
            objects = torch.as_tensor(objects, device=self.boxes.device)
        return self.map(lambda x: x[:, objects])

    def join(self, *others: TrackState) -> TrackState:
        """Objects of several states (same video, same batch) side by side along N."""
        columns = zip(self.tensors(), *(other.tensors() for other in others), strict=True)
        return _state([torch.cat(parts, 1) for parts in columns], self.frame)

    def video(self, b: int) -> TrackState:
        """One video of the batch, as a batch of one."""
        return self.map(lambda x: x[b : b + 1])

    @staticmethod
    def stack(videos: Sequence[TrackState]) -> TrackState:
        """Videos with as many objects each (frames of one size) as one batch, along B."""
        columns = zip(*(video.tensors() for video in videos), strict=True)
        return _state([torch.cat(parts) for parts in columns], videos[0].frame)

    def flatten(self) -> TrackState:
        """All objects of the batch in a row: columns [K, ...] with K = B * N."""
        return self.map(in_a_row)

    def replace_where(self, rows: Tensor, other: TrackState) -> TrackState:
        """`other`'s values for the objects where `rows` [B, N] is True."""
        pairs = zip(self.tensors(), other.tensors(), strict=True)
        return _state([torch.where(_like(rows, b), b, a) for a, b in pairs], self.frame)


def in_a_row(x: Tensor) -> Tensor:
    """[B, N, ...] -> [B * N, ...]."""
    return x[0] if len(x) == 1 else x.flatten(0, 1)  # one video: the simpler operation


def apart(x: Tensor, lead: Sequence[int]) -> Tensor:
    """[B * N, ...] -> [B, N, ...]; `lead` are B and N."""
    return x[None] if lead[0] == 1 else x.unflatten(0, (lead[0], lead[1]))


def _state(columns: Sequence[Tensor], frame: Frame) -> TrackState:
    boxes, windows, velocity, hidden, cell, alive, *memories = columns
    return TrackState(boxes, windows, velocity, hidden, cell, alive, tuple(memories), frame)


def _like(rows: Tensor, values: Tensor) -> Tensor:
    return rows.reshape(*rows.shape, *([1] * (values.ndim - 2)))
