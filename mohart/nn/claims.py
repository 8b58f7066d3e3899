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
    bumps = []
    for axis, places in ((1, cells[1, :, 0]), (0, cells[0, 0])):
        where = middle[..., axis, None] + size[..., axis, None] * places  # [B, N, R or S]
        away = where[:, :, None] - centre[:, None, :, axis, None]  # [B, N, N, R or S]
        bumps.append(torch.exp(-0.5 * (away / spread[:, None, :, axis, None]) ** 2))
    both = bumps[0][..., :, None] * bumps[1][..., None, :]  # [B, N, N, R, S]
    number = torch.arange(boxes.shape[1], device=boxes.device)
    counts = alive[:, None, :] & (number[:, None] != number)
    both = torch.where(counts[..., None, None], both, both.new_zeros(()))
    most = both.amax(2)
    return (most[0] if len(most) == 1 else most.flatten(0, 1))[:, None]
