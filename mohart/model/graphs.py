"""The time step and the first look as graphs (ONNX), for engines other than torch.

Both take and give plain tensors. Axis letters: B batch, N objects, dynamic in every graph.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from mohart.model.state import Frame, TrackState
from mohart.model.tracker import MohartModel

STATE = ("boxes", "windows", "velocity", "hidden", "cell")


class FirstLook(nn.Module):
    """`MohartModel.begin` over plain tensors: a graph's inputs and outputs, in order."""

    def __init__(self, model: MohartModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, glimpses: Tensor, boxes: Tensor, windows: Tensor) -> tuple[Tensor, ...]:
        """Glimpses [B, N, 3, R, S], boxes and windows [B, N, 4] -> hidden, cell, memories."""
        alive = torch.ones_like(boxes[..., 0], dtype=torch.bool)
        state = self.model.cell.begin(glimpses, boxes, windows, alive, (1, 1))
        return (state.hidden, state.cell, *state.memories)


class Step(nn.Module):
    """`MohartModel.see` over plain tensors: a graph's inputs and outputs, in order."""

    def __init__(self, model: MohartModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, glimpses: Tensor, frame: Tensor, boxes: Tensor, windows: Tensor, velocity: Tensor,
        hidden: Tensor, cell: Tensor, *memories: Tensor,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        """Glimpses [B, N, 3, R, S], (height, width) [2], state -> visibility [B, N], state."""
        alive = torch.ones_like(boxes[..., 0], dtype=torch.bool)
        size = cast("Frame", (frame[0], frame[1]))  # a number each, and no constant
        state = TrackState(boxes, windows, velocity, hidden, cell, alive, memories, size)
        said, after = self.model.cell.see(glimpses, state)
        return (said.visibility, *after[:5], *after.memories)
