"""The state of all objects as rows of numbers: one piece of memory to send, one to fetch.

Axis letters: B videos that look at one frame (1 while tracking), N objects of each, F numbers of an
object.
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

from mohart.tracking.learned.state import Array, NetworkState, make_state

ALIVE, FRAME, HEAD = 0, slice(1, 3), 3  # what stands in a row before the columns of the state


class RowLayout(NamedTuple):
    """Where in its row each column of an object's state stands.

    Attributes:
        shapes: of one object, of all columns, those of the memories last.
    """

    shapes: tuple[tuple[int, ...], ...]

    @staticmethod
    def of(state: NetworkState) -> RowLayout:
        """The layout of states like this one."""
        return RowLayout(tuple(tuple(x.shape[2:]) for x in state.arrays()))

    @property
    def state(self) -> int:
        """Numbers of an object's state."""
        return sum(prod(shape) for shape in self.shapes)

    def pack(self, state: NetworkState, rows: Array) -> None:
        """Write a state into rows [B', N', 3 + state], at least as many: alive, height, width, it.

        What is left over is marked as not alive, and otherwise as it was.
        """
        videos, count = state.boxes.shape[:2]
        own = rows[:videos, :count]
        rows[..., ALIVE], rows[..., FRAME] = 0, state.frame
        own[..., ALIVE] = 1
        at = HEAD
        for column in state.arrays():
            size = prod(column.shape[2:])
            own[..., at : at + size] = column.reshape(videos, count, size)
            at += size

    def columns(self, rows: Any, head: int = HEAD) -> list[Any]:
        """The columns [B, N, ...] of rows [B, N, head + state], arrays or tensors."""
        found, at = [], head
        for shape in self.shapes:
            size = prod(shape)
            found.append(rows[..., at : at + size].reshape(*rows.shape[:2], *shape))
            at += size
        return found

    def unpack(self, rows: Array, frame: tuple[int, int]) -> tuple[Array, NetworkState]:
        """Visibility [B, N] and the state of rows [B, N, 1 + state], in memory of their own."""
        columns = [column.copy() for column in self.columns(rows, 1)]
        return rows[..., 0].copy(), make_state(columns, frame)
