"""Rehearsal: the first frame is followed for a while, pushed about, to learn how it is answered.

Most drawn boxes are no whole objects as the network knows them, and it slowly goes to what it takes
for whole: a face becomes a head, a larva its body without the tail. One look at the frame that was
drawn in shows little of that, since the network mostly stays where it is put. So before the video
goes on, the box is pushed aside and made larger or smaller, and back again, and the frame is looked
at each time, as if the object had moved. Where the truth is known, what the answers differ from it
by is a habit, and is taken out of what is said later (mohart.tracking.learned.drawn).

Only the state of the rehearsal is pushed; the video begins with the state of the first look.

Axis letters: N objects.

Source: examples moved about the first box, from which what a box lacks is learned: bounding box
regression in Nam and Han 2016 (MDNet), sec. 4.2; measured, docs/experiments/0047-rehearsal.md.
"""

from __future__ import annotations

import numpy as np

from mohart.aliases import Boxes, Floats
from mohart.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from mohart.tracking.learned.drawn import Habits, differences, habits
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.objects import read_boxes
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.state import Array, NetworkState

LOOKS = 6  # at the first frame, pushed there and back ...
WARM = 2  # ... of which the first ones are not counted
ASIDE, GROWN = 0.14, 0.1  # of a push: in widths and heights, and logarithm of the size
WAYS = (1, 1, 1), (-1, 1, -1), (1, -1, 1)  # in x, y and size, of every two looks
FAR = 0.3  # sizes, or logarithm: who is answered further away is not seen as drawn
GAIN = 1.25  # of what a rehearsal tells beyond the first look: a video is longer
SHAPE = 0.4  # ... and of that in the ratio of width to height, which changes with every pose


def rehearse(engine: Engine, picture: Picture, start: NetworkState, drawn: Boxes) -> Habits:
    """How the network's boxes will differ from what was drawn.

    Args:
        engine: computes the network.
        picture: the frame that was drawn in.
        start: N objects that the network was just started on in this frame.
        drawn: [N, 4] xyxy pixels.

    Returns:
        [N, 4] offset of the centre in drawn sizes, and logarithm of the sizes' ratio; of objects
        that it does not see as drawn, those of the first look, or 0.
    """
    if not len(drawn):
        return np.zeros((0, 4), np.float32)
    first = habits(drawn, read_boxes(engine.step(picture, start)[1]))
    state, told = start, []
    for look in range(LOOKS):
        _, state = engine.step(picture, _pushed(state, look))
        told.append(differences(drawn, read_boxes(state)))
    usual = np.mean(told[WARM:], axis=0)
    more = usual - first
    growth = more[:, 2:].mean(1, keepdims=True)
    more[:, 2:] = growth + SHAPE * (more[:, 2:] - growth)
    seen = (np.abs(usual) <= FAR).all(1)[:, None]
    return np.where(seen, first + GAIN * more, first).astype(np.float32)


def _pushed(state: NetworkState, look: int) -> NetworkState:
    """A state whose boxes and windows were moved and scaled; every second look undoes the last.

    The looks that count go both ways along a diagonal, larger and smaller, so that what a slow
    network has not made good yet cancels out.
    """
    pair, back = divmod(look, 2)
    sign = 1 - 2 * back
    way = sign * ASIDE * np.array(WAYS[pair][:2])
    growth = np.exp(sign * GROWN * WAYS[pair][2])
    boxes, windows = _centred(state.boxes), _centred(state.windows)
    moved = way * boxes[..., 2:] * (growth if back else 1)  # in sizes before they were changed
    return state._replace(
        boxes=_cornered(boxes, moved, growth), windows=_cornered(windows, moved, growth)
    )


def _centred(boxes: Array) -> Floats:
    return np.asarray(xyxy_to_cxcywh(boxes.astype(np.float64)), np.float64)


def _cornered(boxes: Floats, moved: Floats, growth: float) -> Array:
    after = np.concatenate([boxes[..., :2] + moved, boxes[..., 2:] * growth], -1)
    return np.asarray(cxcywh_to_xyxy(after), np.float32)
