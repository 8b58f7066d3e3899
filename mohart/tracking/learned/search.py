"""Re-detection at close range: a wider look for whom the window has lost all at once.

The window is about twice the box. A camera that is knocked, or a ball that is thrown, takes an
object out of it between two frames, in full view. Whoever was surely seen a moment ago is then
looked for in windows around the last one. Not later: what has been away for long may be anybody
(see `mohart.tracking.learned.gallery` for returns by look).

Source: local search before re-detection, Kalal et al. 2012 (TLD), sec. 5; the candidates are judged
by the tracker itself, each as a video of its own, so that they do not see each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Boxes, Floats
from mohart.boxes import area, clip_to_frame, pairwise_iou
from mohart.tracking.learned.association import cover
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.exits import leaving
from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.state import Array, NetworkState

REACH, STEP = 2, 0.9  # windows to each side, and how far apart they are in box sizes
SCALES = (1.0, 1.7)  # of these boxes: what is lost has often come near, or the view was cut
PATIENCE = 4  # frames after the last sure sight
SURE = 0.4  # logit of a sure sight, of what the network says of its own window
GONE = -0.4  # logit under which an object is looked for
FOUND = 2.5  # logit of visibility from which it is found, ...
FOUND_ALIKE, VERY_ALIKE = 1.0, 0.95  # ... and where its colours are all but those it had, ...
HALF = 0.5  # of all that speaks for a place, here or elsewhere, that has to speak for the best one
SAME = 0.2  # IoU from which two windows have found the same place
BETTER = 0.7  # ... and by how much that must be above what its own window said
APART = 0.3  # IoU with the box of another visible object, at most
ALIKE = 0.7  # with what it looked like, at least
LEFT = 0.7  # share of its box in the frame under which it is leaving
BUSY = 1  # objects that are looked for in one frame, at most
BEHIND = (
    0.3  # share of a box under that of another visible object, from which that is why it is gone
)


def search_nearby(
    objects: Objects,
    before: NetworkState,
    picture: Picture,
    engine: Engine,
    logit: NDArray[np.float64],
) -> Objects:
    """Objects that a person has drawn and that vanished a moment ago are looked for.

    Args:
        objects: N, after a look at this frame.
        before: their state before it.
        picture: this frame.
        engine: computes the network.
        logit: [N] what the network said of its own windows, not calibrated: colours change when
            something passes in front, and that is no reason to look elsewhere.

    Returns:
        The same objects; who was found is there, and seen. Who was surely seen in this frame is
        worth a search from now on, for `PATIENCE` frames.
    """
    seen = objects.given & (logit >= SURE)
    worth = np.where(seen, PATIENCE, np.maximum(objects.worth_search - 1, 0))
    missing = np.flatnonzero((logit < GONE) & (objects.worth_search > 0))
    if not len(missing):
        return objects.changed(worth_search=worth)
    visible = objects.boxes[logit >= GONE].astype(np.float64)
    hidden = cover(objects.boxes[missing].astype(np.float64), visible).max(1, initial=0.0)
    missing = missing[hidden < BEHIND]
    out = leaving(before.boxes[0], objects.free_speed, picture.size).any(1)
    out |= _share_inside(before.boxes[0], picture.size) < LEFT
    missing = missing[~out[missing]]  # nothing inside is who has just left
    order = np.argsort(-objects.worth_search[missing], kind="stable")
    objects = objects.changed(worth_search=worth)
    for row in missing[order][:BUSY]:
        objects = _search(objects, before, int(row), picture, engine, logit)
    return objects


def _search(
    objects: Objects,
    before: NetworkState,
    row: int,
    picture: Picture,
    engine: Engine,
    own: NDArray[np.float64],
) -> Objects:
    """One object, in windows around its last one."""
    around = surroundings(before.select(np.array([row])), engine)
    said, after = engine.step(picture, around)
    best = best_place(objects, row, said, after, picture, own, alike=ALIKE)
    if best is None:
        return objects
    enough = FOUND_ALIKE if best.alike >= VERY_ALIKE else FOUND
    if best.logit < max(enough, own[row] + BETTER):
        return objects
    return put_found(objects, row, best, after)


class Found(NamedTuple):
    """A place where an object may be: window number k, its logit, and similarity of colours."""

    window: int
    logit: float
    alike: float


def best_place(
    objects: Objects,
    row: int,
    said: Array,
    after: NetworkState,
    picture: Picture,
    own: Floats,
    *,
    alike: float,
) -> Found | None:
    """The window in which an object is, if one has most of the evidence.

    Args:
        objects: N.
        row: of the object that is looked for.
        said: [K, 1] logits of visibility in K windows.
        after: state [K, 1, ...] behind the look.
        picture: the frame.
        own: [N] what the network said of their own windows.
        alike: least similarity of colours with what it looked like.
    """
    boxes, logit = after.boxes[:, 0], said[:, 0].astype(np.float64)
    similar = picture.looks(boxes) @ objects.looks[row]
    possible = inside(boxes, picture.size) & (similar >= alike)
    others = (own >= GONE) & (np.arange(len(objects)) != row)
    if others.any():
        pairs = pairwise_iou(boxes.astype(np.float64), objects.boxes[others].astype(np.float64))
        possible &= pairs.max(1) <= APART
    logit = np.where(possible, logit, -np.inf)
    best = int(logit.argmax())
    if not possible.any() or share_of_best(logit, boxes, float(own[row])) < HALF:
        return None
    return Found(best, float(logit[best]), float(similar[best]))


def put_found(objects: Objects, row: int, found: Found, after: NetworkState) -> Objects:
    """With the object where it was found, and seen there."""
    seen, mean = objects.visibility.copy(), objects.mean_logit.copy()
    seen[row] = 1 / (1 + np.exp(-found.logit))
    mean[row] = max(mean[row], 0.5 * found.logit)
    state = objects.state.put(row, after.video(found.window))
    return objects.moved(state).changed(visibility=seen, mean_logit=mean)


def share_of_best(logit: Floats, boxes: Boxes, own: float) -> float:
    """Probability that the object is in the best place, if it is in one of those that were seen.

    Args:
        logit: [K] of visibility in every window; -inf where it cannot be.
        boxes: [K, 4] what was found there; boxes at one place count once, the best of them.
        own: logit of the window that lost it.
    """
    places = list[int]()
    for k in np.argsort(-logit):
        here = boxes[k : k + 1].astype(np.float64)
        if np.isfinite(logit[k]) and (
            not places or pairwise_iou(here, boxes[places].astype(np.float64)).max() < SAME
        ):
            places.append(int(k))
    odds = np.exp(logit[places])
    return float(odds[0] / (odds.sum() + np.exp(own)))


def surroundings(
    one: NetworkState,
    engine: Engine,
    *,
    reach: int = REACH,
    step: float = STEP,
    scales: Sequence[float] = SCALES,
    own: bool = False,
) -> NetworkState:
    """One object [1, 1, ...] as [K, 1, ...], in each of K windows around its last box, at rest.

    Args:
        one: its state.
        engine: says where a window of a box is.
        reach: windows to each side.
        step: how far apart they are, in sizes of their boxes.
        scales: of these boxes; those of the first come first.
        own: whether the last box itself is among them.
    """
    steps = np.float32(step) * np.arange(-reach, reach + 1, dtype=np.float32)
    y, x = np.meshgrid(steps, steps, indexing="ij")
    offsets = np.stack([x.ravel(), y.ravel()], 1)
    if not own:
        offsets = offsets[(offsets != 0).any(1)]
    box = one.boxes[0, 0]
    middle, size = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
    around = []
    for scale in scales:
        places, half = middle + scale * size * offsets, scale * size / 2
        around.append(np.concatenate([places - half, places + half], 1))
    boxes = np.concatenate(around)[:, None].astype(np.float32)  # [K, 1, 4]
    many = one.map(lambda x: np.repeat(x, len(boxes), 0))
    windows = engine.aim(boxes[:, 0])[:, None]
    return many._replace(boxes=boxes, windows=windows, velocity=np.zeros_like(many.velocity))


def _share_inside(boxes: Boxes, size: tuple[int, int]) -> Floats:
    """[N] share of the area of boxes [N, 4] that lies in the frame (width, height)."""
    whole = np.maximum(area(boxes.astype(np.float64)), 1e-9)
    return np.asarray(area(clip_to_frame(boxes.astype(np.float64), *size)) / whole, np.float64)


def inside(boxes: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.bool_]:
    """[K] whether the centre of each box [K, 4] lies in the frame (width, height)."""
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    return (x >= 0) & (y >= 0) & (x <= size[0]) & (y <= size[1])
