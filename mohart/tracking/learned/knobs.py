"""The tunable numbers of tracking with detections."""

from __future__ import annotations

from dataclasses import dataclass

from mohart.tracking.lifecycle import Lifecycle

RULES = Lifecycle()


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
