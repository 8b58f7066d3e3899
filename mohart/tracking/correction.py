"""Boxes moved towards detections, and everything in the state that hangs on them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mohart.model.state import TrackState

FOLLOW = 0.2  # share of a correction that is taken as motion


def correct_boxes(
    state: TrackState, rows: Tensor, boxes: Tensor, share: Tensor,
    first_window: Callable[[Tensor], Tensor],
) -> TrackState:  # fmt: skip
    """The state with corrected objects.

    A window follows its box. An object that is put somewhere else altogether (share 1) is looked
    for there as if it were new, without velocity; what it looks like is kept.

    Args:
        state: of one video, N objects.
        rows: [n] which.
        boxes: [n, 4] where detections are, xyxy pixels.
        share: [n] how far to go, 0 to 1.
        first_window: boxes -> where to look for an object that is not known to move.
    """
    old, velocity = state.boxes[0, rows], state.velocity[0, rows]
    new = old + share[:, None] * (boxes - old)
    moved = (new[:, :2] + new[:, 2:] - old[:, :2] - old[:, 2:]) / 2
    softly = (share < 1)[:, None]
    windows = state.windows[0, rows] + torch.cat([moved, moved], 1)
    return state._replace(
        boxes=_put(state.boxes, rows, new),
        windows=_put(state.windows, rows, torch.where(softly, windows, first_window(new))),
        velocity=_put(state.velocity, rows, torch.where(softly, velocity + FOLLOW * moved, 0.0)),
    )


def renew_templates(state: TrackState, rows: Tensor, fresh: TrackState, share: float) -> TrackState:
    """The state with templates that have moved towards a new first look.

    What was a first look at half a car is in the way once all of it is there.

    Args:
        state: of one video, N objects.
        rows: [n] which.
        fresh: started on these n objects as they are now.
        share: how far the first look goes, 0 to 1; the recent look goes all the way.
    """

    def renewed(old: Tensor, new: Tensor) -> Tensor:
        if old.ndim < 4:  # no templates, or none of two looks
            return old
        mixed = new.clone()
        mixed[0, :, 0] = old[0, rows, 0] + share * (new[0, :, 0] - old[0, rows, 0])
        return _put(old, rows, mixed[0])

    return state._replace(
        memory=renewed(state.memory, fresh.memory), detail=renewed(state.detail, fresh.detail)
    )


def _put(values: Tensor, rows: Tensor, new: Tensor) -> Tensor:
    changed = values.clone()
    changed[0, rows] = new
    return changed
