"""One track of two: forwards from one keyframe and backwards from the next, joined in between.

Conventions: T frames strictly between the two keyframes, forwards in time; boxes xyxy pixels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.boxes import iou

AGREE = 0.3  # IoU from which both ways have found the same
SIZE = 0.3  # share of the size that lies between those of the keyframes, in logarithms
HALF = 60.0  # frames from a keyframe after which a way is trusted half as much


class Way(NamedTuple):
    """One object, one way.

    Attributes:
        boxes: [T, 4].
        confidence: [T] in 0..1; 0 where the way has no box.
        state: [T] of `active`, `predicted`, `lost`.
    """

    boxes: Floats
    confidence: Floats
    state: NDArray[np.str_]


def join_ways(forwards: Way, backwards: Way, drawn: Floats) -> Way:
    """The track that both tell.

    Where their boxes overlap by a third they have found the same, and the box is the mean, weighted
    by confidence and by how near each way's keyframe is. Where they do not, one of them has lost
    the object: up to one moment the forward way is followed, from there on the backward one; the
    moment is the one with the largest sum of what the chosen way is sure of. The size of a box is
    drawn towards the one that lies between the sizes of the two keyframes: errors of size grow with
    time, and there they are known to be none.

    Args:
        forwards: from the keyframe before.
        backwards: from the keyframe behind, in the order of time.
        drawn: [2, 4] the boxes of the two keyframes.

    Returns:
        [T]: state and confidence of who is followed; of two that agree, of the surer one.
    """
    count = len(forwards.boxes)
    if not count:
        return forwards
    gone = np.arange(1, count + 1)
    f = forwards.confidence * 0.5 ** (gone / HALF)
    b = backwards.confidence * 0.5 ** (gone[::-1] / HALF)
    agree = iou(forwards.boxes, backwards.boxes) >= AGREE
    agree &= (forwards.confidence > 0) & (backwards.confidence > 0)
    share = gone[::-1] / (count + 1)  # of the way whose keyframe is nearer
    weight = np.maximum(f * share, 1e-9)
    weight = weight / (weight + np.maximum(b * (1 - share), 1e-9))
    mean = weight[:, None] * forwards.boxes + (1 - weight[:, None]) * backwards.boxes
    # who is followed where they disagree: forwards before the turn, backwards from it on
    gain = np.where(agree, 0.0, f - b)
    turn = int(np.concatenate([[0.0], np.cumsum(gain)]).argmax())
    ahead = np.arange(count) < turn
    surer = np.where(agree, forwards.confidence >= backwards.confidence, ahead)
    boxes = np.where(ahead[:, None], forwards.boxes, backwards.boxes)
    return Way(
        _resize(np.where(agree[:, None], mean, boxes), drawn, gone / (count + 1)),
        np.where(surer, forwards.confidence, backwards.confidence),
        np.where(surer, forwards.state, backwards.state),
    )


def _resize(boxes: Floats, drawn: Floats, passed: Floats) -> Floats:
    """Boxes [T, 4] about their centres, `passed` [T] of the way from `drawn[0]` to `drawn[1]`."""
    sizes = np.log(np.maximum(drawn[:, 2:] - drawn[:, :2], 1.0))
    between = sizes[0] + passed[:, None] * (sizes[1] - sizes[0])
    own = np.log(np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0))
    half = np.exp((1 - SIZE) * own + SIZE * between) / 2
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([centre - half, centre + half], 1)
