"""Who is tracked: identities, belief that they exist, classes, looks. One row per object.

Belief is the log odds that a track is an object of the kind that is detected, from the detector
alone: the network follows a patch of wall as happily as a person. A detector repeats itself: who
was found in the last frame is found again, and so is a false alarm, though not for long. So belief
follows two Markov chains, one of objects and one of false alarms: that a young track is missed in
the next frame says much, that it is missed once more says little.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mohart.structures import UNKNOWN_CLASS
from mohart.tracking.learned.looks import LENGTH
from mohart.tracking.learned.sight import SURE
from mohart.tracking.lifecycle import Lifecycle

INDEPENDENT = 5  # frames after which what a detector says is news
MOST = 4.0  # belief is not stored up beyond this
TENTATIVE_ID = -1
COLUMNS = ("tracker_id", "given", "belief", "found", "template_age",
           "mean_logit", "size", "looks")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Knobs:
    """How detections are used; the defaults were chosen on generated video (docs/experiments/0014).

    Attributes:
        min_score: detections below are dropped.
        birth_score: score from which a detection can start a track, or belong to a hidden one.
        min_overlap: smallest IoU of a detection with the track it feeds.
        duplicate_overlap: IoU from which two detections are the same object.
        drift: how far the network's boxes drift per frame, mean square over the edges in sizes. A
            box moves towards its detection by the share of this in how far both are apart.
        recall: share of looks in which a detector finds an object in full view.
        recall_memory: how far that repeats from frame to frame, 0 to 1.
        clutter_memory: the same of false alarms.
        clutter: chance that a false alarm is just where one was before.
        confirm: belief from which a track counts.
        give_up: belief below which it ends.
        predict_frames: how long who is not seen any more is said to be there all the same.
        search_frames: how long the network goes on looking for them.
        remember_frames: how long who is not found can come back under the old identity.
        alike: smallest similarity of looks of who comes back, 0 to 1.
    """

    min_score: float = 0.1
    birth_score: float = 0.4
    min_overlap: float = 0.3
    duplicate_overlap: float = 0.8
    drift: float = 0.002
    recall: float = 0.85
    recall_memory: float = 0.8
    clutter_memory: float = 0.6
    clutter: float = 0.03
    confirm: float = 1.0
    give_up: float = -1.0
    predict_frames: int = 3
    search_frames: int = 15
    remember_frames: int = 300
    alike: float = 0.85


def news(gap: int) -> float:
    """How much a look of the detector says, `gap` frames after the last: 0.44 to 1."""
    return 0.3 + 0.7 * min(1.0, gap / INDEPENDENT)


class Roster:
    """Rows in the order of the model's state.

    Args:
        knobs: how belief changes.
    """

    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs
        self._next = 1
        self.tracker_id = np.zeros(0, np.int64)
        self.given = np.zeros(0, bool)  # from `init`: never given up
        self.belief = np.zeros(0)
        self.found = np.zeros(0, bool)  # when the detector looked last
        self.template_age = np.zeros(0, np.int64)  # frames since the templates were renewed
        self.mean_logit = np.zeros(0)
        self.size = np.zeros((0, 2), np.float32)  # when it was seen last; 0: not yet
        self.looks = np.zeros((0, LENGTH), np.float32)
        self.votes: list[Counter[int]] = []
        self.lifecycle = Lifecycle(0)

    def __len__(self) -> int:
        return len(self.tracker_id)

    @property
    def confirmed(self) -> NDArray[np.bool_]:
        """[N] who counts; once it does, always."""
        return np.asarray(self.tracker_id != TENTATIVE_ID)

    @property
    def class_id(self) -> NDArray[np.int64]:
        """[N] the class with most votes, the smaller number where two have as many."""
        best = [min(v, key=lambda c, v=v: (-v[c], c)) if v else UNKNOWN_CLASS for v in self.votes]  # type: ignore[misc]
        return np.array(best, np.int64)

    def give(self, ids: NDArray[np.int64]) -> None:
        """Objects that a person has drawn: with identities, and beyond doubt."""
        self._add(len(ids), ids, given=True, belief=MOST)
        self._next = max(self._next, int(ids.max(initial=0)) + 1)

    def bear(self, scores: NDArray[np.float32], gap: int) -> None:
        """Objects that a detector has found, with its scores; tentative until they are believed.

        Where the detector is asked often, another look is soon there and is waited for.
        """
        odds = np.clip(scores.astype(np.float64), 0.02, 0.98)
        belief = np.clip(np.log(odds / (1 - odds)), 0.1, 1.0) * news(gap)
        self._add(len(scores), np.full(len(scores), TENTATIVE_ID), given=False, belief=belief)

    def bring_back(self, track: int, votes: Counter[int], looks: NDArray[np.float32]) -> None:
        """One who was away, under the old identity."""
        self._add(1, np.array([track]), given=False, belief=self._knobs.confirm)
        self.votes[-1], self.looks[-1] = votes, looks

    def judge(self, found: NDArray[np.bool_], blame: NDArray[np.float64], gap: int) -> None:
        """The detector has looked again, `gap` frames later.

        Args:
            found: [N] who has a detection.
            blame: [N] how much a missing one counts: 1 in full view, less where something hides
                the object, more where another track already has the detection.
            gap: frames.
        """
        knobs = self._knobs
        stays, false_stays = knobs.recall_memory**gap, knobs.clutter_memory**gap
        object_found = knobs.recall * (1 - stays) + stays * self.found
        false_found = knobs.clutter * (1 - false_stays) + false_stays * self.found
        hit = np.log(object_found / false_found)
        miss = np.log((1 - object_found) / (1 - false_found))
        self.belief = np.minimum(self.belief + np.where(found, hit, blame * miss), MOST)
        self.found = found.copy()

    def vote(self, row: int, class_id: int) -> None:
        """A detection's class."""
        if class_id != UNKNOWN_CLASS:
            self.votes[row][class_id] += 1

    def confirm(self) -> NDArray[np.bool_]:
        """Number those who are believed from now on; [N] which they are."""
        fresh = ~self.confirmed & (self.belief >= self._knobs.confirm)
        count = int(fresh.sum())
        self.tracker_id[fresh] = np.arange(self._next, self._next + count)
        self._next += count
        return fresh

    def hopeless(self) -> NDArray[np.bool_]:
        """[N] who is not believed any more; those who never were go sooner."""
        least = np.where(self.confirmed, self._knobs.give_up, 0.0)
        return ~self.given & (self.belief < least)

    def out_of_sight(self) -> NDArray[np.bool_]:
        """[N] who is not looked for any more: not seen for long, or out of the frame."""
        life = self.lifecycle
        away = life.hidden_frames >= self._knobs.search_frames
        return ~self.given & (away | (life.outside_frames >= life.outside_after))

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Forget the others."""
        for name in COLUMNS:
            setattr(self, name, getattr(self, name)[rows])
        self.votes = [votes for votes, kept in zip(self.votes, rows, strict=True) if kept]
        self.lifecycle.keep(rows)

    def _add(
        self,
        count: int,
        ids: NDArray[np.int64],
        *,
        given: bool,
        belief: float | NDArray[np.float64],
    ) -> None:
        fresh = {"tracker_id": ids, "given": given, "belief": belief, "found": True,
                 "mean_logit": SURE}  # fmt: skip
        for name in COLUMNS:
            old = getattr(self, name)
            new = np.zeros((count, *old.shape[1:]), old.dtype)
            new[...] = fresh.get(name, 0)
            setattr(self, name, np.concatenate([old, new]))
        self.votes += [Counter() for _ in range(count)]
        self.lifecycle.add(count, lost_after=None if given else self._knobs.predict_frames)
