"""Measurement update: boxes moved towards detections, and all in the state that hangs on them.

The gain is learned from the innovations, as in an adaptive Kalman filter.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Boxes
from mohart.boxes import iou
from mohart.tracking.learned.belief import INDEPENDENT
from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.state import Array, NetworkState, holds_looks

FRESH = 0.5  # how far a first look moves towards a new one
FOLLOW = 0.2  # share of a correction that is taken as motion
NEAR = 0.5  # IoU from which a detection and a box differ by errors alone
USUAL_ERROR, USUAL_WEIGHT = 0.002, 30.0  # squared sizes; what a new detector is taken for
LEAST_ERROR = 0.0003
UNUSUAL = 2.5  # of what is expected; more is an object that is cut off, or two in one box
CHANGED = 0.75  # IoU with its detection under which an object is looked at afresh
RENEW = 30  # frames after which it is anyway
MEMORY = 500.0  # detections
GROWTH = 1.2  # by how much a box may grow or shrink while its object is not seen


class DetectorError:
    """How exact a detector is, seen from how far its boxes are from those of the network.

    Both err, so their squared distance is the network's error and the detector's together, and
    how far a box is to be moved is the share of the first: the gain of a Kalman filter. The
    network drifts by about the same in every frame; what is left is the detector's.

    Args:
        drift: squared sizes by which the network's boxes drift in a frame, mean over the edges.

    Source: Kalman 1960; the noise of the measurements from the innovations, Mehra 1970.
    """

    def __init__(self, drift: float) -> None:
        self._drift = drift
        self._sum, self._weight = USUAL_ERROR * USUAL_WEIGHT, USUAL_WEIGHT

    @property
    def totals(self) -> tuple[float, float]:
        """What was learned so far, to be set again later: sum of squares and weight."""
        return self._sum, self._weight

    @totals.setter
    def totals(self, totals: tuple[float, float]) -> None:
        self._sum, self._weight = totals

    @property
    def variance(self) -> float:
        """Squared sizes, mean over the edges."""
        return max(self._sum / self._weight, LEAST_ERROR)

    def share(self, gap: int) -> float:
        """How far to move a box, 0 to 1, `gap` frames after the detector was asked last."""
        drifted = self._drift * gap
        return drifted / (drifted + self.variance)

    def shares(self, boxes: Boxes, detections: Boxes, hidden: NDArray[np.bool_], gap: int) -> Boxes:
        """How far to move each box, after these pairs have been taken into account.

        Args:
            boxes: [N, 4] xyxy pixels, of the network.
            detections: [N, 4] of the same objects. Those that overlap little tell nothing of the
                detector.
            hidden: [N] the object was out of sight; where it then appears away from its box, the
                box goes there all the way.
            gap: frames since the detector was asked last.

        Returns:
            [N] 0 to 1.
        """
        pairs = boxes.astype(np.float64), detections.astype(np.float64)
        size = np.maximum(pairs[0][:, 2:] - pairs[0][:, :2], 1.0)
        apart = (((pairs[1] - pairs[0]) / np.concatenate([size, size], 1)) ** 2).mean(1)
        near = iou(*pairs) >= NEAR
        drifted = self._drift * gap
        news = np.minimum(apart[near], UNUSUAL * (drifted + self.variance)) - drifted
        kept = max(0.0, 1 - len(news) / MEMORY) if self._weight > MEMORY else 1.0
        self._sum = kept * self._sum + float(news.sum())
        self._weight = kept * self._weight + len(news)
        return np.where(hidden & ~near, 1.0, self.share(gap)).astype(np.float32)


def correct_boxes(
    state: NetworkState,
    rows: Array,
    boxes: Array,
    share: Array,
    first_window: Callable[[Array], Array],
) -> NetworkState:
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
    windows = state.windows[0, rows] + np.concatenate([moved, moved], 1)
    return state._replace(
        boxes=_put(state.boxes, rows, new),
        windows=_put(state.windows, rows, np.where(softly, windows, first_window(new))),
        velocity=_put(state.velocity, rows, np.where(softly, velocity + FOLLOW * moved, 0)),
    )


def hold_sizes(objects: Objects, seen: NDArray[np.bool_], sure: NDArray[np.bool_]) -> Objects:
    """Boxes of drawn objects that are not seen keep about the size they had when they surely were.

    What the network says of something it does not see is a guess from frame to frame, and guesses
    add up: without this a lost box may grow to the whole picture. It grows before, too, while
    something slides in front. Boxes of detectors end before that.

    Args:
        objects: N.
        seen: [N] who is seen now: its box is left alone.
        sure: [N] of these, whose size is worth keeping.
    """
    boxes, last = objects.boxes, objects.size
    size = boxes[:, 2:] - boxes[:, :2]
    free, kept = seen | ~objects.given, sure | ~objects.given | (last[:, 0] <= 0)
    last = np.where(kept[:, None], size, last).astype(np.float32)
    held = np.where(free[:, None], size, np.clip(size, last / GROWTH, last * GROWTH))
    rows = np.flatnonzero((held != size).any(1))
    if not len(rows):
        return objects.changed(size=last)
    centre, half = (boxes[rows, :2] + boxes[rows, 2:]) / 2, held[rows] / 2
    new, boxes = np.concatenate([centre - half, centre + half], 1), boxes.copy()
    boxes[rows] = new
    state = objects.state
    put = _put(state.boxes, rows, new)
    return objects.changed(size=last, boxes=boxes, state=state._replace(boxes=put))


def renew(
    objects: Objects,
    rows: NDArray[np.int64],
    boxes: Boxes,
    start: Callable[[Boxes], NetworkState],
) -> Objects:
    """Objects of which some are looked at afresh: who changed much, or was not for long.

    Args:
        objects: N.
        rows: [n] who may be.
        boxes: [n, 4] of their detections.
        start: boxes [K, 4] -> the network started on them in this frame.
    """
    age = objects.template_age.copy()  # frames
    near = iou(objects.boxes[rows].astype(np.float64), boxes.astype(np.float64))
    changed = (near < CHANGED) & (age[rows] >= INDEPENDENT)
    rows = rows[changed | (age[rows] >= RENEW)]
    if not len(rows):
        return objects
    age[rows] = 0
    before = objects.state.select(rows)
    fresh = start(objects.boxes[rows])
    state = renew_templates(objects.state, rows, before, fresh, FRESH)
    return objects.changed(state=state, template_age=age)


def renew_templates(
    state: NetworkState, rows: Array, before: NetworkState, fresh: NetworkState, share: float
) -> NetworkState:
    """The state with templates that have moved from an old first look towards a new one.

    What was a first look at half a car is in the way once all of it is there.

    Args:
        state: of one video, N objects; what it remembers other than looks stays.
        rows: [n] which.
        before: the same n objects as they were.
        fresh: started on them as they are now.
        share: how far the first look goes, 0 to 1; the recent look goes all the way.
    """

    def renewed(kept: Array, old: Array, new: Array) -> Array:
        if not holds_looks(kept[0]):
            return kept
        mixed = new.copy()
        mixed[0, :, 0] = old[0, :, 0] + share * (new[0, :, 0] - old[0, :, 0])
        return _put(kept, rows, mixed[0])

    every = zip(state.memories, before.memories, fresh.memories, strict=True)
    return state._replace(memories=tuple(renewed(*memories) for memories in every))


def _put(values: Array, rows: Array, new: Array) -> Array:
    changed: Array = values.copy()
    changed[0, rows] = new
    return changed
