"""The time step of a fixed number of objects in fixed memory, so that a GPU can record it once.

Launching a thousand small kernels costs a GPU more than computing them. A CUDA graph is launched
whole; it repeats what was recorded, on the same memory. So objects are padded to a few fixed
numbers, by rows that are not alive.

Axis letters: B videos that look at one frame (1 while tracking), N objects of each, both padded.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

from mohart.model.cell import MohartCell
from mohart.model.state import Frame, TrackState
from mohart.tracking.learned.rows import ALIVE, FRAME, HEAD, RowLayout
from mohart.tracking.learned.state import Array, NetworkState

WARM = 3  # steps before one is recorded, in which libraries choose and set up what they use


def padded(count: int) -> int:
    """The next power of two."""
    return 1 << max(count - 1, 0).bit_length()


class FixedStep:
    """A step behind the glimpse.

    Args:
        cell: computes it.
        layout: of the objects' states.
        lead: B and N.
        device: where.
    """

    def __init__(
        self, cell: MohartCell, layout: RowLayout, lead: tuple[int, int], device: torch.device
    ) -> None:
        self._cell, self._layout, self._device = cell, layout, device
        shape = (*lead, 3, cell.glimpse.rows, cell.glimpse.columns)
        held = device.type == "cuda"
        self._packed = torch.zeros(*lead, HEAD + layout.state, pin_memory=held)
        self._fetched = torch.zeros(*lead, 1 + layout.state, pin_memory=held)
        self._rows, self._told = self._packed.to(device), self._fetched.to(device)
        self._looked = torch.zeros(shape, device=device)
        self._graph: torch.cuda.CUDAGraph | None = None

    def run(self, looked: Tensor, state: NetworkState) -> tuple[Array, NetworkState]:
        """As `mohart.tracking.learned.engine.Engine.see`, for at most B videos of N objects."""
        videos, rows = state.boxes.shape[:2]
        self._fill(looked, state)
        if self._graph is None:
            self.compute()
        else:
            self._graph.replay()
        part = slice(None) if videos > 1 else slice(rows)  # one piece of memory
        fetched = self._fetched[:videos, part]
        fetched.copy_(self._told[:videos, part], non_blocking=True)
        if self._device.type == "cuda":
            torch.cuda.current_stream().synchronize()
        return self._layout.unpack(fetched.numpy()[:, :rows], state.frame)

    def record(
        self, looked: Tensor, state: NetworkState, stream: torch.cuda.Stream, pool: Any
    ) -> None:
        """From now on the step is a CUDA graph.

        Args:
            looked: glimpses, some that may come.
            state: of the frame before, one that may come.
            stream: to record on.
            pool: memory of all that is recorded: none of it is needed when a graph has run.

        Raises:
            RuntimeError: something in the step can not be recorded, such as waiting for the device.
        """
        self._fill(looked, state)
        here = torch.cuda.current_stream()
        stream.wait_stream(here)
        with torch.cuda.stream(stream):
            for _ in range(WARM):
                self.compute()
        here.wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, pool=pool, stream=stream, capture_error_mode=LOCAL):
                self.compute()
        finally:
            torch.cuda.set_stream(here)  # also where recording failed
        self._graph = graph

    def compute(self) -> None:
        """All that is computed, from fixed memory into fixed memory."""
        rows = self._rows
        boxes, windows, velocity, hidden, cell, *memories = (
            column.contiguous() for column in self._layout.columns(rows)
        )
        frame = cast("Frame", rows[0, 0, FRAME].unbind())  # not fixed: one graph for all sizes
        alive = rows[..., ALIVE] > 0
        state = TrackState(boxes, windows, velocity, hidden, cell, alive, tuple(memories), frame)
        said, after = self._cell.see(self._looked, state)
        own = after.boxes, after.windows, after.velocity, after.hidden, after.cell
        told = [x.flatten(2) for x in (*own, *after.memories)]
        torch.cat([said.visibility[..., None], *told], 2, out=self._told)

    def _fill(self, looked: Tensor, state: NetworkState) -> None:
        videos, rows = state.boxes.shape[:2]
        self._layout.pack(state, self._packed.numpy())
        self._rows.copy_(self._packed, non_blocking=True)
        self._looked[:videos, :rows].copy_(looked)


LOCAL = "thread_local"  # other threads, such as one that reads frames ahead, may go on meanwhile
