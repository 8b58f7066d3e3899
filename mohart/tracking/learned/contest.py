"""Whose object is this? Somebody who is lost claims what another has slid onto.

Two people meet; one is covered and lost, and the other's window stays on the wrong one as they
part. Its box looks sure, and only the looks of the one who is lost tell. Now and then what
everybody stands on, alone and in view, is compared with whoever is lost and may be there:
where it looks clearly more like that one, by colours and by the embedding, time and again, that
one is back, there, and the other is not seen.

Conventions: N rows of `Objects`; A of them are asked, L are lost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.boxes import pairwise_iou
from mohart.tracking.learned.association import separation
from mohart.tracking.learned.gallery import NEAR, OTHER_SIZE, PER_FRAME
from mohart.tracking.learned.identify import Identifier
from mohart.tracking.learned.knobs import RULES, UNSEEN
from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.state import holds_looks, make_state

EVERY = 5  # frames between two comparisons of an object
TIMES = 3  # in a row that somebody who is lost looks more like it
ALONE = 0.2  # IoU with others up to which an object stands alone
ALIKE = 0.9  # similarity of colours with the one who is lost, at least
LEAD, CLEAR = 0.07, 0.1  # in it, where the embedding agrees by MORE, and where there is none
MORE = 0.05
HERE = 0.5  # sizes from where somebody was lost, within which less is asked: ...
HERE_LEAD, AGAINST = 0.05, 0.1  # ... that lead, and an embedding that is not against it by more
FAR = 6.0  # sizes from where somebody was lost at which they are looked for, at most
PLACE = 3  # columns of a state that say where; the others, what is known
Rows = NDArray[np.int64]


def contest(objects: Objects, picture: Picture, says: Identifier) -> Objects:
    """After a look: who stands on what belongs to somebody who is lost gives it back.

    Args:
        objects: N, as the network sees them in this frame.
        picture: the frame.
        says: who is who.
    """
    seen = objects.visibility >= RULES.seen
    lost = np.flatnonzero(objects.given & ~seen & objects.life.lost)
    if not len(lost) and not objects.contested.any():
        return objects
    asked = np.flatnonzero(
        objects.given & seen & ~objects.life.lost & (objects.age % EVERY == 0) & _alone(objects)
    )
    contested = objects.contested.copy()
    if not len(lost) or not len(asked):
        contested[asked] = 0
        return objects.changed(contested=contested)
    lead = _lead(objects, picture, says, asked, lost)
    best, most = lost[lead.argmax(1)], lead.max(1)
    contested[asked] = np.where(most > 0, contested[asked] + 1, 0)
    objects = objects.changed(contested=contested)
    back = set[int]()
    for place in np.argsort(-most, kind="stable"):  # who is lost is back in one place only
        row, owner = int(asked[place]), int(best[place])
        if contested[row] >= TIMES and owner not in back:
            objects = _give_back(objects, row, owner)
            back.add(owner)
    return objects


def _alone(objects: Objects) -> NDArray[np.bool_]:
    boxes = objects.boxes.astype(np.float64)
    shared = pairwise_iou(boxes, boxes)
    np.fill_diagonal(shared, 0.0)
    shared[:, objects.visibility < RULES.seen] = 0.0  # who is not seen is in nobody's way
    return np.asarray(shared.max(1, initial=0.0) <= ALONE)


def _lead(objects: Objects, picture: Picture, says: Identifier, asked: Rows, lost: Rows) -> Floats:
    """[A, L] by how much each place looks more like who is lost; 0 where that is not clear."""
    looks = picture.looks(objects.boxes[asked])
    theirs = looks @ objects.looks[lost].T
    lead = (theirs - (looks * objects.looks[asked]).sum(1)[:, None]).astype(np.float64)
    was, now = (objects.free_box[lost], objects.boxes[asked])
    distance, ratio = separation(now.astype(np.float64), was.astype(np.float64))
    clear = lead > CLEAR
    if says.width:
        latest = says.latest(objects.state.select(asked), looks)
        own = (latest * objects.identity[asked]).sum(1)[:, None]
        more = latest @ objects.identity[lost].T - own
        here = (distance <= HERE) & (lead > HERE_LEAD) & (more > -AGAINST)
        clear = (lead > LEAD) & (more > MORE) | here
    reach = np.minimum(NEAR + PER_FRAME * objects.free_age[lost], FAR)
    near = (distance <= reach) & (ratio <= OTHER_SIZE)
    return np.where(clear & near & (theirs >= ALIKE), lead, 0.0)


def _give_back(objects: Objects, row: int, owner: int) -> Objects:
    """The object of `row` is that of `owner`, who is back, and goes on from there.

    With all that was learned there lately; first looks stay. `row` is lost, with nothing but its
    first look, where `owner` was: at the same place it would drive `owner` away (`claims`).
    """
    columns = [column.copy() for column in objects.state.arrays()]
    for k, column in enumerate(columns):
        first = column[0, [row, owner], 0] if holds_looks(column[0]) else None
        column[0, [row, owner]] = column[0, [owner, row]]
        if k >= PLACE:
            column[0, row] = 0
        if first is not None:
            column[0, row], column[0, owner, 0] = first[0], first[1]
    visibility, mean = objects.visibility.copy(), objects.mean_logit.copy()
    visibility[owner], visibility[row] = visibility[row], min(visibility[row], UNSEEN)
    mean[owner] = mean[row]
    number = np.arange(len(objects))
    fresh = np.where(np.isin(number, [row, owner]), 0, 1)
    state = make_state(columns, objects.state.frame)
    return objects.moved(state).changed(
        life=objects.life.find(number == owner).lose(number == row),
        visibility=visibility,
        mean_logit=mean,
        yields=fresh * objects.yields,
        together=fresh * objects.together,
        contested=fresh * objects.contested,
    )
