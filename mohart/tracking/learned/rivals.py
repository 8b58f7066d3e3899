"""One object, one box: of two identities that lie on the same thing for long, one gives way.

A window that passes another object may slide onto it and stay. Then two boxes lie on one object,
both look sure, and one identity is wrong. Whoever looks less like what is there, is seen less
surely, and has come further from where it was going, gives way: it is not seen (predicted, later
lost), and goes on as it went before the two met, until it finds something that nobody else stands
on. Who was lost and seems to be back has rivals, too: all who are away. If one of them looks
clearly more like what is there, it is not a return.

Conventions: N rows of `Objects`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Boxes, Floats
from mohart.boxes import area, pairwise_iou
from mohart.tracking.learned.correction import correct_boxes
from mohart.tracking.learned.knobs import RULES, UNSEEN
from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.state import Array
from mohart.tracking.lifecycle import Lifecycle

SAME = 0.6  # IoU of two boxes that may lie on one object
APART = 0.3  # IoU under which they certainly do not
LONG = 3  # frames in a row, from which it is no passing by
CLEAR = 0.1  # lead in what fits, from which the other one is certainly elsewhere
LEAD = 0.05  # of another who is away, in similarity of colours, from which it is no return
PATH = 0.1  # what a box size away from its path weighs, in similarity of colours, ...
SURE = 0.04  # ... and a logit of how surely it was seen lately
FURTHEST = 3.0  # box sizes away from its path that count at most
FRESH = 30  # frames for which a drawn box is beyond doubt against an older one
GOES_ON = 15  # frames that a path is followed
STEADY = 0.3  # share of the newest step in the speed of a path


def give_way(objects: Objects, picture: Picture, first_window: Callable[[Array], Array]) -> Objects:
    """After a look: who stands on another's object is not seen there.

    Args:
        objects: N, as the network sees them in this frame.
        picture: the frame.
        first_window: boxes -> where to look for an object that is not known to move.
    """
    objects = _doubt_returns(objects, picture)
    seen = objects.visibility >= RULES.seen
    stands = seen & (objects.yields == 0)
    shared = pairwise_iou(objects.boxes.astype(np.float64), objects.boxes.astype(np.float64))
    np.fill_diagonal(shared, 0)
    shared[:, ~stands] = 0  # who is not seen, or gives way, is in nobody's way
    together = np.where(stands & (shared.max(1, initial=0) > SAME), objects.together + 1, 0)
    yields = objects.yields.copy()
    for row, certain in _losers(objects, picture, shared, together):
        yields[row], together[row] = 1 if certain else -1, 0
        shared[:, row] = 0
    near = shared.max(1, initial=0) > APART
    yields[(yields != 0) & seen & ~near] = 0  # found where nobody stands
    away = yields != 0
    objects = objects.changed(
        age=objects.age + 1,
        together=together,
        yields=yields,
        visibility=np.where(away, np.minimum(objects.visibility, UNSEEN), objects.visibility),
    )
    objects = _follow_path(objects, np.flatnonzero((yields > 0) & near), first_window)
    return _remember_path(objects, seen & ~near & ~away)


def _doubt_returns(objects: Objects, picture: Picture) -> Objects:
    """Who is lost and seems to be back, where another who is away fits better, is not seen."""
    away = objects.given & (objects.life.lost | (objects.visibility < RULES.seen))
    back = np.flatnonzero(away & (objects.visibility >= RULES.seen))
    if not len(back) or away.sum() < 2:
        return objects
    fits = picture.looks(objects.boxes[back]) @ objects.looks.T
    lead = np.where(away, fits, 0.0).max(1) - fits[np.arange(len(back)), back]
    strange = back[lead > LEAD]
    visibility = objects.visibility.copy()
    visibility[strange] = np.minimum(visibility[strange], UNSEEN)
    return objects.changed(visibility=visibility)


def _losers(
    objects: Objects, picture: Picture, shared: Floats, together: NDArray[np.int64]
) -> list[tuple[int, bool]]:
    """Of every two that have been together for long, who gives way, and whether that is certain."""
    found: list[tuple[int, bool]] = []
    for i, j in np.argwhere(np.triu(np.minimum(shared, shared.T) > SAME)).tolist():
        judged = {row for row, _ in found}
        if min(together[i], together[j]) < LONG or judged & {i, j}:
            continue
        loser, certain = _loser(objects, picture, i, j)
        if objects.given[loser]:
            found.append((loser, certain))
    return found


def _loser(objects: Objects, picture: Picture, i: int, j: int) -> tuple[int, bool]:
    """Which of two on one object it is not, by colours, sureness and paths; a person's word first.

    Two people who walk close together lie on one another, too: where neither fits better by far,
    the one that gives way may well be there, behind the other, and stays where it is.
    """
    young, old = sorted((i, j), key=lambda n: objects.age[n])
    if objects.given[young] and objects.age[young] < FRESH <= objects.age[old]:
        return old, True
    here = picture.looks(objects.boxes[[i, j]]).sum(0)
    fits = [float(objects.looks[n] @ here) - PATH * _off_path(objects, n) for n in (i, j)]
    lead = fits[0] - fits[1]
    if lead + SURE * float(objects.mean_logit[i] - objects.mean_logit[j]) < 0:
        return i, -lead >= CLEAR
    return j, lead >= CLEAR


def _off_path(objects: Objects, row: int) -> float:
    """How many sizes a box lies away from where its object was going."""
    box = objects.boxes[row].astype(np.float64)
    moved = (box[:2] + box[2:] - path(objects, row)[:2] - path(objects, row)[2:]) / 2
    size = float(np.sqrt(max(float(area(box)), 1.0)))
    return min(float(np.hypot(moved[0], moved[1])) / size, FURTHEST)


def path(objects: Objects, row: int, passed: int | None = None) -> Floats:
    """[4] where an object would be now, had it gone on from when nobody was near.

    Args:
        objects: N.
        row: of the object.
        passed: frames since then; None while the frame is not counted yet.
    """
    frames = int(objects.free_age[row]) + 1 if passed is None else passed
    step = objects.free_speed[row] * min(frames, GOES_ON)
    there: Floats = objects.free_box[row].astype(np.float64) + np.concatenate([step, step])
    return there


def where_they_are(objects: Objects) -> Boxes:
    """[N, 4] boxes; of drawn objects that are not seen, where their path leads: also outside.

    The box of somebody who walks out of the picture stays at its edge, where windows find
    something to hold on to. The path goes on.
    """
    boxes: Boxes = objects.boxes.copy()
    unseen = objects.given & (objects.visibility < RULES.seen) & (objects.free_age > 0)
    for row in np.flatnonzero(unseen):
        boxes[row] = path(objects, int(row), passed=int(objects.free_age[row]))
    return boxes


def _follow_path(
    objects: Objects,
    rows: NDArray[np.int64],
    first_window: Callable[[Array], Array],
) -> Objects:
    """These go on along their paths."""
    if not len(rows):
        return objects
    boxes: Boxes = np.stack([path(objects, int(row)) for row in rows]).astype(np.float32)
    all_the_way = np.ones(len(rows), np.float32)
    state = correct_boxes(objects.state, rows, boxes, all_the_way, first_window)
    return objects.moved(state)


def _remember_path(objects: Objects, free: NDArray[np.bool_]) -> Objects:
    """Where those go whom nobody is near."""
    centre = (objects.boxes[:, :2] + objects.boxes[:, 2:]) / 2
    before = (objects.free_box[:, :2] + objects.free_box[:, 2:]) / 2
    step = (centre - before) / (objects.free_age + 1)[:, None]
    speed = objects.free_speed + STEADY * (step - objects.free_speed)
    return objects.changed(
        free_box=np.where(free[:, None], objects.boxes, objects.free_box).astype(np.float32),
        free_speed=np.where(free[:, None], speed, objects.free_speed).astype(np.float32),
        free_age=np.where(free, 0, objects.free_age + 1),
    )


def settle(objects: Objects, size: tuple[int, int], rules: Lifecycle) -> Objects:
    """States and confidences of this frame, after all that was seen of it."""
    boxes = where_they_are(objects)
    life = rules.advance(objects.life, boxes, objects.visibility, *size)
    return objects.changed(life=life)
