"""Correlated false alarms: whether a track is an object, or a place that fools the detector.

A stray false alarm is gone in the next frames, which is what `mohart.tracking.learned.belief`
weighs. A *lure* is not: a figure in a shop window, a parked car, a bush at the edge is reported in
streaks, as long as those of an object, and again later. What tells it from an object:

* it is still: who has moved away from where they were first found is no lure;
* its share: an object in full view is found in nearly all looks, a lure in some of them. So silence
  counts against a track, and being found again says little for it. A third Markov chain;
* its scores: a lure is only just over the detector's threshold, time and again, and this detector's
  usual score of those who moved is learned;
* its picture: a figure does not stir. Whoever stands does within a second or so, and where somebody
  is new the place looked different before they came (mohart.tracking.learned.scenery). So a place
  that looks as it did speaks against a track, from its first detection on;
* its place: where tracks that never moved were given up before, and nobody has left from since.

None of this can be seen by the network, which follows a figure as happily as a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.boxes import pairwise_iou
from mohart.structures import ACTIVE, LOST, PREDICTED, Fates, TrackedObjects
from mohart.tracking.learned.belief import MOST, news, weigh_look
from mohart.tracking.learned.camera import Camera
from mohart.tracking.learned.evidence import Evidence
from mohart.tracking.learned.knobs import Knobs
from mohart.tracking.learned.objects import LIVELY, Objects
from mohart.tracking.learned.scenery import Scenery

STILL, GONE = 0.15, 0.5  # sizes from where it was first found: has not moved, certainly has
MOVED = 4.0  # log odds of one that has
SCORES = 1.5  # log odds that scores can be worth, either way
BELOW = 1.0  # logits under the usual score of objects at which a score says nothing
USUAL, USUAL_WEIGHT = 1.6, 15.0  # logit of objects' scores, and for how many detections that counts
MEMORY = 1000.0  # detections by which the usual score is known at most
AS_EVER, MOST_AS_EVER = 15.0, 6.0  # log odds per correlation of a place with itself above LIVELY
NEW_AS_EVER = 2.0  # the same of what is found for the first time, as a belief
FOLLOW = 0.3  # of the running mean of that correlation, per look
SILENCE = 0.8  # log odds of being seen that a silent look takes
SHOWN = 0.25  # probability of being seen under which nothing is said
LONGEST = 3.0  # silent looks that count
RATE = 0.1  # of the running mean of a track's scores, per look
LONG = 10  # frames after which one that is given up is no stray alarm: its place counts twice
MOST_TIMES = 2.0  # that somebody was given up at a place before, which count
SEEN_WELL, CLEAR = 0.8, 2.0  # visibility, and mean logit, of who is surely seen
STRODE = 0.3  # sizes from there that count as much if the network surely sees it go
STIRS = 1.0  # what it is worth as a belief that the network sees it move
SAME = 0.4  # IoU of a box with a place
PLACES = 32  # remembered at most; the oldest is forgotten first


class Doubts:
    """What is known of a detector's lures in one video.

    Args:
        knobs: of the chain, and how likely lures are beforehand.
        camera: of the same video, which knows what is still.
        scenery: of the same video, which knows what looks as it did.
    """

    def __init__(self, knobs: Knobs, camera: Camera, scenery: Scenery) -> None:
        self._knobs, self._camera, self._scenery = knobs, camera, scenery
        self._usual, self._weight = USUAL, USUAL_WEIGHT
        self._places: NDArray[np.float32] = np.zeros((0, 4), np.float32)
        self._times: Floats = np.zeros(0)

    def pack(self) -> dict[str, Any]:
        """What was learned, as plain values; see `unpack`."""
        return {
            "usual": (self._usual, self._weight),
            "places": self._places.tolist(),
            "times": self._times.tolist(),
        }

    def unpack(self, packed: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._usual, self._weight = packed["usual"]
        self._places = np.array(packed["places"], np.float32).reshape(-1, 4)
        self._times = np.array(packed["times"], np.float64)

    def begin(self, objects: Objects, scores: NDArray[np.float32]) -> Objects:
        """Objects N that were born from detections with these scores [N]."""
        first = self._camera.place(objects.boxes)
        again = np.clip(self._times_at(first) - 1, 0, MOST_TIMES)  # once is a stray alarm
        streak = self._knobs.real - self._knobs.place * again
        unchanged = self._scenery.unchanged(objects)
        still = np.where(np.isnan(unchanged), objects.still, unchanged)
        stray = NEW_AS_EVER * np.maximum(still - LIVELY, 0)
        told = objects.changed(streak=streak, score=logits(scores), first_box=first, still=still)
        return self._weigh(told.changed(belief=objects.belief - stray))

    def resume(self, objects: Objects, old: Objects) -> Objects:
        """Objects N that are back are believed as they were, and at least as if they were new."""
        return self._weigh(
            objects.changed(
                streak=np.maximum(old.streak, self._knobs.real),
                score=old.score,
                walked=old.walked,
                first_box=self._camera.place(objects.boxes),
            )
        )

    def judge(self, objects: Objects, evidence: Evidence, blame: Floats) -> Objects:
        """The detector has looked again; `belief.judge` is to be called afterwards.

        Args:
            objects: N; `source` is that of this look, `found` still says who was found in the last.
            evidence: what the detector says.
            blame: [N] how much a missing detection counts.
        """
        knobs, gap, found = self._knobs, evidence.gap, objects.source >= 0
        hit, miss = weigh_look(objects.found, gap, knobs, knobs.lure, knobs.lure_memory)
        streak = np.minimum(objects.streak + np.where(found, hit, blame * miss), MOST)
        scores = np.zeros(len(objects), np.float32)
        scores[found] = evidence.found.confidence[objects.source[found]]
        now = logits(scores)
        score = np.where(found, objects.score + RATE * (now - objects.score), objects.score)
        away = _away(self._camera.place(objects.boxes), objects.first_box)
        walked = np.where(found, np.maximum(objects.walked, away), objects.walked)
        self._learn(now[found & (walked >= GONE)])
        self._clear(objects.first_box[(walked >= GONE) & (objects.walked < GONE)])
        return self._weigh(
            objects.changed(
                streak=streak,
                score=score,
                walked=walked,
                still=_follow(objects.still, self._scenery.unchanged(objects)),
                silent=np.where(found, 0.0, objects.silent + blame * news(gap)),
            )
        )

    def watch(self, objects: Objects) -> Objects:
        """Between two looks of the detector: who is surely seen to move is an object.

        A figure and a stray alarm stay where they are. So who has no number yet need not wait for
        the detector, which may be asked in every tenth frame only. To be called in frames in which
        it was not asked.
        """
        young = ~objects.given & ~objects.confirmed & (objects.walked < GONE)
        young &= (objects.visibility >= SEEN_WELL) & (objects.mean_logit >= CLEAR)
        if not young.any():
            return objects
        away = _away(self._camera.place(objects.boxes), objects.first_box)
        gone = young & (away >= STRODE)
        if not gone.any():
            return objects
        belief = objects.belief + np.where(gone, STIRS, 0.0)
        walked = np.where(gone, np.maximum(away, GONE), objects.walked)
        return self._weigh(objects.changed(walked=walked, belief=belief))

    def remember(self, objects: Objects, gone: NDArray[np.bool_]) -> None:
        """Those of N are given up; where they never moved is a place to be careful with."""
        rows = gone & (objects.walked < STILL) & ~objects.given
        if not rows.any():
            return
        still = objects.select(rows)
        for box, age in zip(self._camera.place(still.boxes), still.age, strict=True):
            times = 2.0 if age >= LONG else 1.0
            near = np.asarray(pairwise_iou(self._places, box[None]))[:, 0]
            if len(near) and near.max() >= SAME:
                self._times[near.argmax()] += times
                continue
            self._places = np.concatenate([self._places, box[None]])[-PLACES:]
            self._times = np.append(self._times, times)[-PLACES:]

    def _times_at(self, boxes: NDArray[np.float32]) -> Floats:
        """[N] how often somebody was given up at each of these places."""
        if not len(self._places):
            return np.zeros(len(boxes))
        near = np.asarray(pairwise_iou(boxes, self._places)) >= SAME
        times: Floats = (near * self._times).max(1)
        return times

    def _clear(self, boxes: NDArray[np.float32]) -> None:
        """Somebody who was first found in each of these [N, 4] is an object: no lure is there."""
        if len(boxes) and len(self._places):
            kept = (np.asarray(pairwise_iou(self._places, boxes)) < SAME).all(1)
            self._places, self._times = self._places[kept], self._times[kept]

    def _learn(self, scores: Floats) -> None:
        """Scores (logits) of detections of objects that are beyond doubt."""
        total = self._usual * self._weight + float(scores.sum())
        weight = self._weight + len(scores)
        self._usual, self._weight = total / weight, min(weight, MEMORY)

    def _weigh(self, objects: Objects) -> Objects:
        """All of the evidence together."""
        height = objects.score - (self._usual - BELOW)
        real = objects.streak + np.clip(height, -SCORES, SCORES)
        real = real - np.clip(AS_EVER * (objects.still - LIVELY), 0, MOST_AS_EVER)
        real = real + MOVED * np.clip((objects.walked - STILL) / (GONE - STILL), 0, 1)
        return objects.changed(real=np.where(objects.given, MOST, np.minimum(real, MOST)))


def say(objects: Objects, fates: Fates | None = None) -> TrackedObjects:
    """What is said of a frame; nothing of lures, nor of those whom a detector no longer finds.

    Who was confirmed and is doubted is followed on as before, so that it keeps its identity, and
    is shown again once it has moved or is found in nearly all looks. The network half sees a figure
    in whatever its window holds. An object that it surely sees is missed by the detector now and
    then; one that it half sees, and the detector never, is gone, or at least not where its box is.
    It is looked for all the same, and back when it is found.
    """
    said = objects.said(fates)
    if not ((objects.real < 0) | (~objects.given & (objects.silent > 0))).any():
        return said
    odds = np.clip(objects.visibility, 1e-6, 1 - 1e-6)
    less = np.where(objects.given, 0.0, SILENCE * np.minimum(objects.silent, LONGEST))
    sure = 1 / (1 + (1 - odds) / odds * np.exp(less))
    lure = objects.real < 0
    sure = np.where(lure, np.minimum(sure, 1 / (1 + np.exp(-np.minimum(objects.real, 0)))), sure)
    doubted = lure | ((less > 0) & (sure < SHOWN))
    gone = doubted & ((said.state == ACTIVE) | (said.state == PREDICTED))
    if not gone.any():
        return said
    return replace(
        said,
        state=np.where(gone, LOST, said.state),
        confidence=np.where(gone, np.minimum(said.confidence, sure), said.confidence).astype(
            np.float32
        ),
    )


def logits(scores: NDArray[np.float32]) -> Floats:
    """[N] of scores in 0..1."""
    odds = np.clip(scores.astype(np.float64), 0.02, 0.98)
    answer: Floats = np.log(odds / (1 - odds))
    return answer


def _follow(mean: Floats, now: Floats) -> Floats:
    """[N] running mean of what is known."""
    step = np.where(np.isnan(now), 0.0, FOLLOW * (np.nan_to_num(now) - mean))
    followed: Floats = mean + step
    return followed


def _away(boxes: NDArray[np.float32], first: NDArray[np.float32]) -> Floats:
    """[N] distance of centres in sizes of the first box."""
    apart = (boxes[:, :2] + boxes[:, 2:] - first[:, :2] - first[:, 2:]) / 2
    size = np.sqrt(np.maximum((first[:, 2:] - first[:, :2]).prod(1), 1.0))
    return np.asarray(np.hypot(apart[:, 0], apart[:, 1]) / size, np.float64)
