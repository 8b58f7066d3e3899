"""Track management: births, confirmation and deaths, from the belief that a track is an object.

Belief is the log odds that a track is an object of the kind that is detected, from the detector
alone: the network follows a patch of wall as happily as a person. A detector repeats itself: who
was found in the last frame is found again, and so is a false alarm, though not for long. So belief
follows two Markov chains, one of objects and one of false alarms: that a young track is missed in
the next frame says much, that it is missed once more says little.

Everything here is a function of objects and evidence.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from mohart.structures import UNKNOWN_CLASS
from mohart.tracking.learned.knobs import Knobs
from mohart.tracking.learned.objects import Objects
from mohart.tracking.lifecycle import Lifecycle

INDEPENDENT = 5  # frames after which what a detector says is news
MOST = 4.0  # belief is not stored up beyond this

Mask = NDArray[np.bool_]


def news(gap: int) -> float:
    """How much a look of the detector says, `gap` frames after the last: 0.44 to 1."""
    return 0.3 + 0.7 * min(1.0, gap / INDEPENDENT)


def first_belief(scores: NDArray[np.float32], gap: int) -> NDArray[np.float64]:
    """[N] in objects that a detector has found with these scores [N]: tentative ones.

    Where the detector is asked often, another look is soon there and is waited for.
    """
    odds = np.clip(scores.astype(np.float64), 0.02, 0.98)
    belief: NDArray[np.float64] = np.clip(np.log(odds / (1 - odds)), 0.1, 1.0) * news(gap)
    return belief


def weigh_look(
    before: Mask, gap: int, knobs: Knobs, share: float, memory: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a look says, in log odds [N] each: that something was found, and that it was not.

    Args:
        before: [N] who was found in the last look.
        gap: frames since then.
        knobs: of the chain of objects.
        share: of looks in which that is reported which is no object, 0 to 1.
        memory: how far this repeats from frame to frame, 0 to 1.
    """
    stays, others = knobs.recall_memory**gap, memory**gap
    object_found = knobs.recall * (1 - stays) + stays * before
    other_found = share * (1 - others) + others * before
    hit: NDArray[np.float64] = np.log(object_found / other_found)
    miss: NDArray[np.float64] = np.log((1 - object_found) / (1 - other_found))
    return hit, miss


def judge(
    objects: Objects, found: Mask, blame: NDArray[np.float64], gap: int, knobs: Knobs
) -> Objects:
    """The detector has looked again, `gap` frames later.

    Args:
        objects: N.
        found: [N] who has a detection.
        blame: [N] how much a missing one counts: 1 in full view, less where something hides
            the object, more where another track already has the detection.
        gap: frames.
        knobs: of the two chains.
    """
    hit, miss = weigh_look(objects.found, gap, knobs, knobs.clutter, knobs.clutter_memory)
    belief = np.minimum(objects.belief + np.where(found, hit, blame * miss), MOST)
    return objects.changed(belief=belief, found=found)


def vote(objects: Objects, classes: NDArray[np.int64]) -> Objects:
    """Objects with a detection in this frame take its class [M] into account."""
    fed = np.flatnonzero(objects.source >= 0)
    named = fed[classes[objects.source[fed]] != UNKNOWN_CLASS]
    if not len(named):
        return objects
    votes = objects.votes.copy()
    for row in named:
        votes[row] = votes[row] + Counter([int(classes[objects.source[row]])])
    return objects.changed(votes=votes)


def odds(objects: Objects) -> NDArray[np.float64]:
    """[N] log odds that a track is an object: against a stray false alarm or a lure, the less."""
    both: NDArray[np.float64] = np.minimum(objects.belief, objects.real)
    return both


def confirm(objects: Objects, first: int, knobs: Knobs) -> tuple[Objects, Mask]:
    """Number those who are believed from now on, from `first` on; and [N] who they are."""
    fresh = ~objects.confirmed & (odds(objects) >= knobs.confirm)
    if not fresh.any():
        return objects, fresh
    numbers = objects.tracker_id.copy()
    numbers[fresh] = np.arange(first, first + int(fresh.sum()))
    return objects.changed(tracker_id=numbers), fresh


def hopeless(objects: Objects, knobs: Knobs) -> Mask:
    """[N] who is not believed any more (death); those who never were go sooner.

    Who was confirmed goes on being followed when it turns out to be like a lure: it is not said any
    more (`mohart.tracking.learned.doubt.say`), and keeps its identity for when it moves.
    """
    least = np.where(objects.confirmed, knobs.give_up, 0.0)
    stray, lure = objects.belief < least, ~objects.confirmed & (objects.real < 0)
    return ~objects.given & (stray | lure)


def out_of_sight(objects: Objects, knobs: Knobs, rules: Lifecycle) -> Mask:
    """[N] who is not looked for any more: not seen for long, or out of the frame."""
    away = objects.life.hidden_frames >= knobs.search_frames
    return ~objects.given & (away | (objects.life.outside_frames >= rules.outside_after))
