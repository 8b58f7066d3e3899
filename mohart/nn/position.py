"""Where an object is, as a vector that can be added to its features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

GEOMETRY = 6  # x, y, log w, log h, velocity x, velocity y


def geometry(boxes: Tensor, velocity: Tensor, width: int, height: int) -> Tensor:
    """Boxes and velocities relative to the frame.

    Args:
        boxes: [B, N, 4] xyxy pixels.
        velocity: [B, N, 2] pixels per frame.
        width: of the frame, pixels.
        height: of the frame, pixels.

    Returns:
        [B, N, 6]: centre in -1..1, log of the relative size, velocity in twentieths of the frame.
    """
    frame = frame_sides(boxes, (height, width))
    centre = (boxes[..., :2] + boxes[..., 2:]) / frame - 1
    size = ((boxes[..., 2:] - boxes[..., :2]).clamp(min=1) / frame).log()
    return torch.cat([centre.clamp(-4, 4), size, (velocity * 20 / frame).clamp(-10, 10)], -1)


def frame_sides(like: Tensor, frame: Sequence[Any]) -> Tensor:
    """[2] width and height of a frame (height, width), as numbers of `like`'s kind.

    While a step is traced the sides are tensors themselves, and stay what is asked for.
    """
    height, width = frame
    if isinstance(width, Tensor):
        return torch.stack([width, height]).to(like.dtype)
    return like.new_tensor([width, height])


def cell_middles(rows: int, columns: int) -> Tensor:
    """[2, R, S] x and y of the middles of equal cells that cover -0.5..0.5."""
    down, across = ((torch.arange(count) + 0.5) / count - 0.5 for count in (rows, columns))
    y, x = torch.meshgrid(down, across, indexing="ij")
    return torch.stack([x, y])


class LinearPosition(nn.Module):
    """A linear map of the geometry: [B, N, 6] -> [B, N, D]."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.project = nn.Linear(GEOMETRY, features)

    def forward(self, where: Tensor) -> Tensor:
        """Encode [B, N, 6] as [B, N, D]."""
        result: Tensor = self.project(where)
        return result


class FourierPosition(nn.Module):
    """Learnable Fourier features of the geometry: [B, N, 6] -> [B, N, D].

    Source: Li et al. 2021, learnable Fourier features for multi-dimensional positions, eq. 2.
    """

    def __init__(self, features: int, waves: int = 32, scale: float = 1.0) -> None:
        super().__init__()
        self.waves = nn.Linear(GEOMETRY, waves, bias=False)
        nn.init.normal_(self.waves.weight, std=scale)
        self.project = nn.Linear(2 * waves + GEOMETRY, features)

    def forward(self, where: Tensor) -> Tensor:
        """Encode [B, N, 6] as [B, N, D]."""
        angle = self.waves(where)
        result: Tensor = self.project(torch.cat([angle.cos(), angle.sin(), where], -1))
        return result
