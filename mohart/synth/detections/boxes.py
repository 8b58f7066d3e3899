"""Localisation noise and false positives: what a detector does to boxes, and boxes of nothing.

Conventions: boxes [K, 4] xyxy pixels, float64. Randomness comes from the caller.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.boxes import cxcywh_to_xyxy, intersection, pairwise_iou, xyxy_to_cxcywh

LEAST_SEEN = 0.35  # share of a box that is left where it is cut
SHOWN = 0.8  # share of frames in which a false box that stays is reported


def jittered(boxes: Floats, wobble: Floats) -> Floats:
    """Boxes moved and resized.

    Args:
        boxes: [K, 4].
        wobble: [K, 4] shift of the centre in widths and heights, change of the logarithms of
            width and height.
    """
    middle = xyxy_to_cxcywh(boxes)
    centre = middle[:, :2] + wobble[:, :2] * middle[:, 2:]
    return np.asarray(
        cxcywh_to_xyxy(np.concatenate([centre, middle[:, 2:] * np.exp(wobble[:, 2:])], 1))
    )


def cut_to_seen(boxes: Floats, seen: Floats, side: Floats) -> Floats:
    """Boxes of partly hidden objects, shrunk to about the part that can be seen.

    The object in front is the one that overlaps most and reaches further down, as on a floor seen
    from above; what is left lies on the other side of it. Where nobody is in front, scenery is, on
    the object's own side.

    Args:
        boxes: [K, 4] of all objects.
        seen: [K] in [0, 1], share of the object that can be seen.
        side: [K] any number; by it an object without another in front is cut left (below -0.5),
            right (above 0.5) or at the bottom.
    """
    common = intersection(boxes[:, None], boxes[None])
    in_front = (boxes[None, :, 3] > boxes[:, None, 3]) & (common > 0)
    overlap = np.where(in_front, common, 0)
    result: Floats = boxes.copy()
    for k in np.flatnonzero(seen < 1):
        left, top, right, bottom = boxes[k]
        width, height = right - left, bottom - top
        lean = float(side[k])
        if overlap[k].any():
            other = boxes[int(np.argmax(overlap[k]))]
            lean = float((other[0] + other[2] - left - right) / 2 / max(width, 1e-9)) * 2
        keep = float(np.clip(seen[k], LEAST_SEEN, 1))
        if lean > 0.5:
            result[k, 2] = left + keep * width
        elif lean < -0.5:
            result[k, 0] = right - keep * width
        else:
            result[k, 3] = top + keep * height
    return result


def part_of(boxes: Floats, side: Floats) -> Floats:
    """A second box on each object: its upper or lower part, by the sign of `side` [K]."""
    result: Floats = boxes.copy()
    height = boxes[:, 3] - boxes[:, 1]
    upper = side > 0
    result[upper, 3] = boxes[upper, 1] + 0.55 * height[upper]
    result[~upper, 1] = boxes[~upper, 3] - 0.6 * height[~upper]
    return result


def merged(
    boxes: Floats, strength: Floats, willing: NDArray[np.bool_], from_iou: float
) -> tuple[Floats, NDArray[np.int64]]:
    """Pairs of overlapping boxes as one box around both, where one of the two is `willing`.

    Args:
        boxes: [K, 4].
        strength: [K]; the stronger of a pair stays.
        willing: [K].
        from_iou: overlap from which boxes can be merged.

    Returns:
        boxes [K, 4] and the rows that are left, ascending.
    """
    result, left = boxes.copy(), np.ones(len(boxes), bool)
    overlap = np.triu(np.asarray(pairwise_iou(boxes, boxes)), 1)
    for a, b in np.argwhere(overlap > from_iou):
        if left[a] and left[b] and (willing[a] or willing[b]):
            stays, goes = (a, b) if strength[a] >= strength[b] else (b, a)
            result[stays, :2] = np.minimum(boxes[a, :2], boxes[b, :2])
            result[stays, 2:] = np.maximum(boxes[a, 2:], boxes[b, 2:])
            left[goes] = False
    return result, np.flatnonzero(left)


def best_of_overlapping(boxes: Floats, scores: Floats, above: float) -> NDArray[np.int64]:
    """Rows that are left when, of two boxes with a larger IoU than `above`, the better stays.

    Boxes without area are left out too.
    """
    overlap = np.asarray(pairwise_iou(boxes, boxes))
    good = np.logical_and.reduce(boxes[:, 2:] - boxes[:, :2] > 1, axis=1)
    kept: list[int] = []
    for k in np.argsort(-scores, kind="stable"):
        if good[k] and not (overlap[k, kept] > above).any():
            kept.append(int(k))
    return np.array(sorted(kept), np.int64)


class Clutter:
    """False boxes: most are there for one frame, some stay at their place for many.

    Args:
        rng: source of randomness.
        boxes: [K, 4] labelled boxes of the whole sequence; false ones have sizes like them.
        width: of the frame, pixels.
        height: of the frame, pixels.
        rate: expected number per frame.
        stays: probability that one is there again in the next frame, in [0, 1].
    """

    def __init__(
        self, rng: Random, boxes: Floats, width: int, height: int, rate: float, stays: float
    ) -> None:
        self.width, self.height = width, height
        self._sizes = xyxy_to_cxcywh(boxes)[:, 2:]
        self._rate, self._stays = rate, stays
        self._boxes, self._strength = np.zeros((0, 4)), np.zeros(0)
        if len(boxes):
            self._add(rng, int(rng.poisson(rate / SHOWN)))

    def advance(self, rng: Random, jitter: tuple[float, ...]) -> tuple[Floats, Floats]:
        """The false boxes [F, 4] of the next frame, and logits [F] that their scores differ by."""
        shown = rng.random(len(self._boxes)) < SHOWN
        wobble = rng.normal(0, 1, (len(self._boxes), 4)) * np.array(jitter) / 2
        answer = jittered(self._boxes, wobble)[shown], self._strength[shown]
        left = rng.random(len(self._boxes)) < self._stays / SHOWN
        self._boxes, self._strength = self._boxes[left], self._strength[left]
        if len(self._sizes):
            staying = min(self._stays / SHOWN, 1.0)
            self._add(rng, int(rng.poisson(self._rate / SHOWN * (1 - staying))))
        return answer

    def _add(self, rng: Random, count: int) -> None:
        size = self._sizes[rng.integers(0, len(self._sizes), count)]
        size = size * np.exp(rng.normal(0, 0.3, (count, 1)))
        centre = rng.uniform(0, 1, (count, 2)) * (self.width, self.height)
        boxes = np.asarray(cxcywh_to_xyxy(np.concatenate([centre, size], 1)))
        self._boxes = np.concatenate([self._boxes, boxes])
        self._strength = np.concatenate([self._strength, rng.normal(0, 0.7, count)])
