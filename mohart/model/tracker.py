"""The model: a time step, repeated. Training and streaming run the same code."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from mohart.errors import check_shape
from mohart.model.cell import MohartCell, Prediction
from mohart.model.state import TrackState


class MohartModel(nn.Module):
    """Multi-object tracker: `start` from boxes, then `step` frame by frame.

    Source: MOHART, Fuchs et al. 2019; HART, Kosiorek et al. 2017.
    """

    def __init__(self, cell: MohartCell) -> None:
        super().__init__()
        self.cell = cell

    def start(self, frames: Tensor, boxes: Tensor, alive: Tensor | None = None) -> TrackState:
        """The state after a first look at given boxes.

        Args:
            frames: [B, H, W, 3] uint8 BGR (or float in 0..1).
            boxes: [B, N, 4] xyxy pixels.
            alive: [B, N] bool; None means all.

        Raises:
            ShapeError: a shape differs from the above.
        """
        if alive is None:
            alive = torch.ones(boxes.shape[:2], dtype=torch.bool, device=boxes.device)
        check_shape(frames=(frames, "B H W 3"), boxes=(boxes, "B N 4"), alive=(alive, "B N"))
        started: TrackState = self.cell.start(frames, boxes, alive)
        return started

    def aim(self, boxes: Tensor) -> Tensor:
        """[..., 4] where to look for objects in these boxes [..., 4] that are not known to move."""
        windows = self.cell.heads.first_window(boxes.flatten(0, -2))
        aimed: Tensor = windows.unflatten(0, boxes.shape[:-1])
        return aimed

    def step(self, frames: Tensor | None, state: TrackState) -> tuple[Prediction, TrackState]:
        """One frame further.

        Args:
            frames: [B, H, W, 3] of the same size as at the start; None coasts without looking.
            state: returned by `start` or `step`.

        Raises:
            ShapeError: the frame's size or batch changed.
        """
        if frames is not None:
            height, width = state.frame
            axes = f"{state.boxes.shape[0]} {height} {width} 3"
            check_shape(frames=(frames, axes))
        said: tuple[Prediction, TrackState] = self.cell(frames, state)
        return said

    def forward(
        self, frames: Tensor | Iterable[Tensor | None], state: TrackState
    ) -> tuple[list[Prediction], TrackState]:
        """Several frames: a tensor [B, T, H, W, 3] or an iterable over [B, H, W, 3] or None."""
        steps = frames.unbind(1) if isinstance(frames, Tensor) else frames
        said = []
        for frame in steps:
            prediction, state = self.step(frame, state)
            said.append(prediction)
        return said, state

    def parameter_count(self) -> int:
        """Number of trainable parameters."""
        return sum(p.numel() for p in self.parameters() if p.requires_grad)
