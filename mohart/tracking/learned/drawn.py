"""What was drawn is what is followed: a prior on a box's shape, and the network's habits taken out.

People draw boxes in their own way: tight, generous, round a part. The network has a taste of its
own, and two habits show on real video:

* On the very frame in which a box was drawn it answers with a slightly different one, and more so
  the longer it looks (mohart.tracking.learned.rehearsal). What differs there differs later, too,
  and is taken out of what is said.
* It changes the ratio of width to height more than objects do, and by a little also the size. Small
  changes are doubted, large ones (an animal seen from above that turns) believed: with x the
  logarithm of the ratio relative to the drawn one, x^3 / (x^2 + k^2) is said, as a robust estimate
  of a deviation that is mostly noise, seldom real (a Geman-McClure weight, x^2 / (x^2 + k^2), on
  x); and the same of the size, with a smaller k.

What is said is changed, not what the network carries on: inside the loop the same prior gained
nothing (docs/experiments/0037-what-was-drawn.md). Boxes of detectors, and boxes that people draw
up to the edge of the frame, where the object goes on, have no drawn shape.

Axis letters: N objects.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Boxes, Floats
from mohart.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh

DOUBT = 0.15  # k: change of the ratio, as a logarithm, that is half believed
GROWTH_DOUBT = 0.05  # k of the size
STRANGE = 0.15  # sizes, or logarithm: the network that differs more does not see what was drawn
EDGE = 1.0  # pixels from the frame's edge within which a box may end where its object goes on
Habits = NDArray[np.float32]


def drawn_sizes(boxes: Boxes, frame: tuple[int, int]) -> Boxes:
    """[N, 2] width and height of boxes [N, 4] that were drawn in a frame (height, width).

    0 where the box reaches the frame's edge: how wide and high the object is is not known.
    """
    height, width = frame
    room = np.concatenate([boxes[:, :2], np.array([width, height]) - boxes[:, 2:]], 1)
    inside = np.all(room > EDGE, axis=1, keepdims=True)
    return np.where(inside, boxes[:, 2:] - boxes[:, :2], 0.0).astype(np.float32)


def habits(drawn: Boxes, said: Boxes) -> Habits:
    """How the network's boxes of what was drawn differ from it.

    Args:
        drawn: [N, 4] xyxy pixels.
        said: [N, 4] what the network answers on the same frame.

    Returns:
        [N, 4] offset of the centre in drawn sizes, and logarithm of the sizes' ratio; 0 of objects
        that it does not see as drawn.
    """
    found = differences(drawn, said)
    seen = np.all(np.abs(found) <= STRANGE, axis=1, keepdims=True)
    return np.where(seen, found, 0.0).astype(np.float32)


def differences(drawn: Boxes, said: Boxes) -> Floats:
    """[N, 4] offset of the centre in sizes of what was drawn, and logarithm of the sizes' ratio."""
    was, now = _centres_and_sizes(drawn), _centres_and_sizes(said)
    offset = (now[:, :2] - was[:, :2]) / was[:, 2:]
    return np.concatenate([offset, np.log(now[:, 2:] / was[:, 2:])], 1)


def as_drawn(boxes: Boxes, drawn_size: Boxes, habit: Habits) -> Boxes:
    """The network's boxes as the person who drew the first ones would draw them.

    Args:
        boxes: [N, 4] xyxy pixels.
        drawn_size: [N, 2]; 0 where no shape is known: these boxes stay.
        habit: [N, 4] of `habits`.
    """
    known = np.all(drawn_size > 0, axis=1)
    if not known.any():
        return boxes
    was = drawn_size[known].astype(np.float64)
    now = _centres_and_sizes(boxes[known])
    change = np.log(now[:, 2:] / was) - habit[known, 2:]
    growth = change.mean(1, keepdims=True)
    ratio = doubted(change - growth, DOUBT)
    size = was * np.exp(doubted(growth, GROWTH_DOUBT) + ratio)
    centre = now[:, :2] - habit[known, :2] * size
    answer: Boxes = boxes.copy()
    answer[known] = cxcywh_to_xyxy(np.concatenate([centre, size], 1))
    return answer


def doubted(change: Floats, half: float) -> Floats:
    """Changes of a logarithm as far as they are believed; of one as large as `half`, a half."""
    answer: Floats = change**3 / (change**2 + half**2)
    return answer


def _centres_and_sizes(boxes: Boxes) -> Floats:
    """[N, 4] cxcywh, sizes at least a thousandth of a pixel."""
    answer = np.asarray(xyxy_to_cxcywh(boxes.astype(np.float64)), np.float64)
    answer[:, 2:] = np.maximum(answer[:, 2:], 1e-3)
    return answer
