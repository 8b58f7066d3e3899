"""What a model is shown of a frame: its pixels, the true boxes in it, or nothing."""

from __future__ import annotations

from typing import Literal

import torch

from mohart.model.cell import Prediction
from mohart.model.state import TrackState
from mohart.model.tracker import MohartModel
from mohart.structures import Clip

Sight = Literal["pixels", "boxes"]


def advance(
    model: MohartModel, clip: Clip, state: TrackState, t: int, *, shown: bool, sight: Sight
) -> tuple[Prediction, TrackState]:
    """One frame further.

    With `boxes` the model never looks: it says where the objects are in frame t from all before,
    and if the frame is shown it is then told. So the last frames are predicted from true places
    and velocities, whatever an encoder would have made of the pixels.

    Args:
        model: makes the step.
        clip: a batch.
        state: after frame t - 1.
        t: at least 1.
        shown: False: nothing is known of this frame.
        sight: what is shown.

    Returns:
        What the model says about frame t, and the state after it.
    """
    look = shown and sight == "pixels"
    said, state = model.step(clip.frames[:, t] if look else None, state)
    if shown and sight == "boxes":
        state = put_back(model, clip, state, t)
    return said, state


def put_back(model: MohartModel, clip: Clip, state: TrackState, t: int) -> TrackState:
    """The state with the truth of frame t: boxes, and what they moved since frame t - 1.

    Objects that are not labelled in both frames keep what they had. Memories are kept by all.
    """
    boxes, before = clip.boxes[:, t], clip.boxes[:, t - 1]
    moved = (boxes[..., :2] + boxes[..., 2:] - before[..., :2] - before[..., 2:]) / 2
    windows = model.cell.heads.first_window(boxes.flatten(0, 1)).unflatten(0, boxes.shape[:2])
    told = state._replace(
        boxes=boxes, velocity=moved, windows=windows + torch.cat([moved, moved], -1)
    )
    known = clip.present[:, t] & clip.present[:, t - 1] & state.alive
    return state.replace_where(known, told)
