"""Claims: where in the window of one object the others are expected to be.

Axis letters: B batch, N objects, R S rows and columns of a map.
"""

from __future__ import annotations

import torch
from torch import Tensor

SPREAD = 0.3  # of a bump, in box sizes


def claimed_cells(
    boxes: Tensor, velocity: Tensor, windows: Tensor, alive: Tensor, cells: Tensor
) -> Tensor:
    """A bump per object, 1 in the middle of its predicted box; the largest counts.

    Args:
        boxes: [B, N, 4] xyxy pixels, of the frame before.
        velocity: [B, N, 2] pixels per frame.
        windows: [B, N, 4] xyxy pixels, where this frame is looked at.
        alive: [B, N] bool; who is not alive claims nothing.
        cells: [2, R, S] x and y of the cells of a map, -0.5..0.5 from edge to edge.

    Returns:
        [B * N, 1, R, S] in 0..1.
    """
    if boxes.shape[1] == 0:
        return boxes.new_zeros(0, 1, *cells.shape[1:])
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2 + velocity
    spread = SPREAD * (boxes[..., 2:] - boxes[..., :2]).clamp(min=2)
    low, high = windows.split([2, 2], -1)
    middle, size = (low + high) / 2, high - low
    if cells.shape[1] == cells.shape[2]:  # both axes at once
        across, down = _bumps(middle, size, centre, spread, cells[0, 0]).split(1, -2)
    else:
        down, across = (
            _bumps(middle[..., at], size[..., at], centre[..., at], spread[..., at], places)
            for at, places in ((slice(1, 2), cells[1, :, 0]), (slice(1), cells[0, 0]))
        )
    both = down.transpose(-1, -2) * across  # [B, N, N, R, S]
    number = torch.arange(boxes.shape[1], device=boxes.device)
    counts = (number[:, None] != number)[None]
    if not torch.onnx.is_in_onnx_export():  # there all are alive
        counts = counts & alive[:, None, :]
    both = torch.where(counts[..., None, None], both, both.new_zeros(()))
    most = both.amax(2)
    return (most[0] if len(most) == 1 else most.flatten(0, 1))[:, None]


def _bumps(middle: Tensor, size: Tensor, centre: Tensor, spread: Tensor, places: Tensor) -> Tensor:
    """How near every cell of every window is to every centre, along each of some axes.

    Args:
        middle: [B, N, A] of the windows.
        size: [B, N, A] of the windows.
        centre: [B, N, A] of the objects.
        spread: [B, N, A] of their bumps.
        places: [R] of cells, -0.5..0.5.

    Returns:
        [B, N windows, N objects, A, R] in 0..1.
    """
    where = middle[..., None] + size[..., None] * places  # [B, N, A, R]
    away = where[:, :, None] - centre[:, None, :, :, None]
    return torch.exp(-0.5 * (away / spread[:, None, :, :, None]) ** 2)
