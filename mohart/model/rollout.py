"""The roll-out: a model is led through a clip, and shown pixels, the true boxes, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import torch

from mohart.model.cell import Prediction
from mohart.model.state import TrackState
from mohart.model.tracker import MohartModel
from mohart.structures import Clip

Sight = Literal["pixels", "boxes"]


class Rolled(NamedTuple):
    """One step of a roll-out.

    Attributes:
        t: the frame, at least 1.
        before: the state after frame t - 1.
        said: what the model says about frame t.
        after: the state after frame t.
    """

    t: int
    before: TrackState
    said: Prediction
    after: TrackState


def roll_out(
    model: MohartModel,
    clip: Clip,
    state: TrackState,
    start: int,
    stop: int,
    *,
    shown: Callable[[int], bool],
    sight: Sight,
) -> Iterator[Rolled]:
    """Lead a model through the frames `start <= t < stop`, one step at a time.

    Args:
        model: makes the steps; training learns through them.
        clip: a batch.
        state: after frame `start - 1`.
        start: at least 1.
        stop: one past the last.
        shown: whether the model sees frame t; asked once for each, in order, before its step.
        sight: what it is shown of those frames.
    """
    for t in range(start, stop):
        before = state
        said, state = advance(model, clip, before, t, shown=shown(t), sight=sight)
        yield Rolled(t, before, said, state)


def until(first_hidden: int) -> Callable[[int], bool]:
    """Frames before this one are shown, see `roll_out`."""
    return lambda t: t < first_hidden


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
    windows = model.aim(boxes) + torch.cat([moved, moved], -1)
    told = state._replace(boxes=boxes, velocity=moved, windows=windows)
    known = clip.present[:, t] & clip.present[:, t - 1] & state.alive
    return state.replace_where(known, told)
