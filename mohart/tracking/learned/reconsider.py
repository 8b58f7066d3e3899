"""Second thoughts: is it what its box shows? Who shrank or left its path is looked at as it was.

A window may end on a part of its object while the rest is covered (legs below a sign), or go along
with a stranger whom nobody has drawn, and is then sure of what it sees. Two things are odd there:
the box is smaller than it used to be, or far from where the object was going. So now and then
those of whom something is odd are looked at once more in the same frame, at their usual size, or
where their path leads, by a network that knows nothing of the last frames. Where an object is
clearly more like itself there, two looks in a row, there it is.

Source: hypotheses of a track kept beside the one that is followed, Reid 1979 (multiple hypothesis
tracking), sec. III; here one, judged by looks. Measured: docs/experiments/0049-second-thoughts.md.

Axis letters: N objects, K windows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Boxes, Floats
from mohart.boxes import pairwise_iou
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.identify import Identifier
from mohart.tracking.learned.knobs import RULES
from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.search import Found, inside, put_found
from mohart.tracking.learned.state import NetworkState

EVERY = 3  # frames between two looks at one object
TIMES = 2  # looks in a row
KNOWN = 8  # frames since it was drawn, before which nothing is usual yet
LEAST = 10  # pixels, shorter side of a box whose colours can be compared
USUAL = 1 / 30  # how fast the usual size follows, per frame ...
SURE, ALONE = 2.0, 0.1  # ... where the mean logit is above this, and IoU with others below
SHRUNK = -0.35  # logarithm of the size in the usual one under which it is odd
ANCHOR = 10  # frames between two boxes of a path that are remembered
ASIDE = 0.8  # roots of its area beside its path from which it is odd
SPREAD = 0.6  # sizes between the windows about a path
NEARER = 0.5  # of its way to that path, at most, is what is found there away from it
STRANGER = 3.0  # logit of its own window, looked at anew: surely something, so not just covered
FOUND = 2.0  # logit of another window, at least
SAME = 0.6  # IoU with its own box from which what is found is nothing new
APART = 0.3  # IoU with others who are seen, at most
EVIDENCE, COLOURS = (
    0.3,
    10.0,
)  # logits that speak for a whole; and what a lead in colours is in them
DOUBT = 0.5  # logits by which a whole may be less sure than its part, whatever its colours
LESS_SURE = 2.0  # ... and by which the place on its path may be less sure than the stranger
UNLIKE, MORE_ALIKE = 0.9, 0.03  # colours of the stranger, and lead of the place on its path
ROOM = 0.1  # by which a whole may be less like itself than the part by the embedding
GRID = np.stack(np.meshgrid([-1, 0, 1], [-1, 0, 1]), -1).reshape(9, 2)
CROSS = GRID[[4, 1, 3, 5, 7]]
PART, STRAYED = 0, 1  # columns of `Objects.odd`


def reconsider(objects: Objects, picture: Picture, engine: Engine, says: Identifier) -> Objects:
    """After a look: drawn objects that turn out to be elsewhere, or larger, are that.

    Args:
        objects: N, as the network sees them in this frame.
        picture: this frame.
        engine: computes the network.
        says: who is who; nobody is sent back to a path by colours alone.
    """
    objects = _follow(objects)
    size, path = _sizes(objects.boxes), _expected(objects)
    shrunk = np.log(size / objects.usual_size).mean(1) < SHRUNK
    aside = np.hypot(*(_centres(path) - _centres(objects.boxes)).T) / np.sqrt(size.prod(1))
    strayed = (aside > ASIDE) & (objects.age >= 3 * ANCHOR) & (says.width > 0)
    asked = (objects.visibility >= RULES.seen) & objects.given & ~objects.life.lost
    asked &= (objects.age >= KNOWN) & (size.min(1) >= LEAST)
    asked &= (objects.age + objects.tracker_id) % EVERY == 0
    for row in np.flatnonzero(asked).tolist():
        for kind, doubtful in ((PART, shrunk[row]), (STRAYED, strayed[row])):
            found, after = None, objects.state
            if doubtful:
                look = _whole if kind == PART else _on_path
                found, after = look(objects, row, picture, engine, says)
            if found is None and not objects.odd[row, kind]:
                continue
            odd = objects.odd.copy()
            odd[row, kind] = 0 if found is None else odd[row, kind] + 1
            if found is not None and odd[row, kind] >= TIMES:
                odd[row] = 0
                objects = put_found(objects.changed(odd=odd), row, found, after)
                break
            objects = objects.changed(odd=odd)
    return objects


def _whole(
    objects: Objects, row: int, picture: Picture, engine: Engine, says: Identifier
) -> tuple[Found | None, NetworkState]:
    """At its usual size, of which its box may be any part."""
    own, usual = objects.boxes[row], objects.usual_size[row]
    step = (usual - _sizes(own[None])[0]) / 2
    windows = _windows(_centres(own[None])[0], usual, GRID * step)
    logit, after = _look(objects, row, windows, picture, engine)
    best = 1 + int(logit[1:].argmax())
    lead = float(logit[best] - logit[0])
    if lead <= -DOUBT:
        return None, after
    colours, embedded, alike = _leads(objects, row, after.boxes[best, 0], picture, engine, says)
    if embedded <= -ROOM or lead + COLOURS * colours + embedded <= EVIDENCE:
        return None, after
    return Found(best, float(logit[best]), alike), after


def _on_path(
    objects: Objects, row: int, picture: Picture, engine: Engine, says: Identifier
) -> tuple[Found | None, NetworkState]:
    """Where it was going, of the size it had then."""
    own, there = objects.boxes[row : row + 1], _expected(objects)[row : row + 1]
    if float(picture.looks(own)[0] @ objects.looks[row]) >= UNLIKE:
        return None, objects.state
    middle, size = _centres(there)[0], _sizes(there)[0]
    logit, after = _look(
        objects, row, _windows(middle, size, SPREAD * CROSS * size), picture, engine
    )
    off = np.hypot(*(_centres(after.boxes[:, 0]) - middle).T)
    reach = NEARER * np.hypot(*(_centres(own)[0] - middle))
    best = int(np.where(off < reach, logit, -np.inf).argmax())
    if logit[0] < STRANGER or off[best] >= reach or logit[best] <= logit[0] - LESS_SURE:
        return None, after
    colours, embedded, alike = _leads(objects, row, after.boxes[best, 0], picture, engine, says)
    if embedded <= 0 or colours <= MORE_ALIKE:
        return None, after
    return Found(best, float(logit[best]), alike), after


def _look(
    objects: Objects, row: int, windows: Boxes, picture: Picture, engine: Engine
) -> tuple[Floats, NetworkState]:
    """[K + 1] logits in its own window and those [K, 4], and the state behind them.

    With what it looks like, and nothing else. -inf where there is nothing new, or nothing of its.
    """
    own = objects.boxes[row : row + 1]
    boxes = np.concatenate([own, windows]).astype(np.float32)[:, None]
    one = objects.state.select(np.array([row])).map(lambda x: np.repeat(x, len(boxes), 0))
    blank = {name: np.zeros_like(getattr(one, name)) for name in ("hidden", "cell", "velocity")}
    aimed = engine.aim(boxes[:, 0])[:, None]
    said, after = engine.step(picture, one._replace(boxes=boxes, windows=aimed, **blank))
    found, logit = after.boxes[:, 0].astype(np.float64), said[:, 0].astype(np.float64)
    others = (objects.visibility >= RULES.seen) & (np.arange(len(objects)) != row)
    taken = pairwise_iou(found, objects.boxes[others].astype(np.float64)).max(1, initial=0.0)
    new = pairwise_iou(found, own.astype(np.float64))[:, 0] < SAME
    possible = new & (taken <= APART) & (logit > FOUND) & inside(after.boxes[:, 0], picture.size)
    possible[0] = True
    return np.where(possible, logit, -np.inf), after


def _leads(
    objects: Objects, row: int, box: Boxes, picture: Picture, engine: Engine, says: Identifier
) -> tuple[float, float, float]:
    """By how much it is more like itself in a box [4] than in its own; and how much by colours.

    Returns:
        Lead in colours, in the embedding (0 without a head), and similarity of colours there.
    """
    both = np.stack([objects.boxes[row], box])
    looks = picture.looks(both)
    alike = looks @ objects.looks[row]
    embedded = 0.0
    if says.width:
        own, other = says.first(engine.start(picture, both[None]), looks) @ objects.identity[row]
        embedded = float(other - own)
    return float(alike[1] - alike[0]), embedded, float(alike[1])


def _follow(objects: Objects) -> Objects:
    """What is usual, with this frame."""
    boxes = objects.boxes.astype(np.float64)
    seen, size = objects.visibility >= RULES.seen, _sizes(objects.boxes)
    shared = pairwise_iou(boxes, boxes)
    np.fill_diagonal(shared, 0.0)
    shared[:, ~seen] = 0.0
    sure = seen & (objects.mean_logit > SURE) & (shared.max(1, initial=0.0) < ALONE)
    usual = np.where(objects.usual_size > 0, objects.usual_size, size)
    usual = usual + np.where(sure, USUAL, 0.0)[:, None] * (size - usual)
    way = np.where(objects.way[:, -1:, 2:3] > 0, objects.way, objects.boxes[:, None])
    later = np.concatenate([way[:, 1:], objects.boxes[:, None]], 1)
    way = np.where((objects.age % ANCHOR == 0)[:, None, None], later, way)
    return objects.changed(usual_size=usual.astype(np.float32), way=way)


def _expected(objects: Objects) -> Boxes:
    """[N, 4] where objects would be had they gone on as they did 20 to 30 frames ago."""
    old, middle, _ = np.moveaxis(objects.way, 1, 0)
    gone = (objects.age % ANCHOR + ANCHOR) / ANCHOR
    step = (_centres(middle) - _centres(old)) * gone[:, None]
    there: Boxes = (middle + np.concatenate([step, step], 1)).astype(np.float32)
    return there


def _windows(middle: NDArray[np.float32], size: NDArray[np.float32], aside: Floats) -> Boxes:
    """[K, 4] boxes of a size [2], `aside` [K, 2] of a point [2]."""
    places = middle + aside
    return np.concatenate([places - size / 2, places + size / 2], 1).astype(np.float32)


def _centres(boxes: Boxes) -> Boxes:
    middle: Boxes = ((boxes[:, :2] + boxes[:, 2:]) / 2).astype(np.float32)
    return middle


def _sizes(boxes: Boxes) -> Boxes:
    """[N, 2] width and height, one pixel at least."""
    size: Boxes = np.maximum(boxes[:, 2:] - boxes[:, :2], 1)
    return size
