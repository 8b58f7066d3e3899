"""ByteTrack: the sure detections are assigned first, the others to the tracks that are left."""

from __future__ import annotations

from math import inf

from mohart.errors import ConfigError
from mohart.tracking.baselines.kalman import State, velocity_of
from mohart.tracking.baselines.tracklets import Stage, TrackletTracker


class ByteTracker(TrackletTracker):
    """Two-stage association with the motion of SORT.

    A weak detection can keep a track alive, but never starts one: weak boxes on a track are mostly
    the object half hidden, weak boxes elsewhere are mostly nothing.

    Args:
        high_score: score from which a detection takes part in the first stage.
        min_iou: overlap that a match needs, in both stages.
        birth_score: score from which an unmatched detection of the first stage starts a track.
        confirm_after: detections in a row that confirm a track.
        max_gap_frames: frames without a detection that a track survives.
        state: see :class:`mohart.tracking.baselines.sort.SortTracker`.
        frame_rate: see :class:`mohart.tracking.baselines.tracklets.TrackletTracker`.

    Raises:
        ConfigError: a setting is out of range.

    Source: Zhang et al. 2022 (ByteTrack), algorithm 1; the settings are those of roboflow/trackers
        2.6.1 (`ByteTrackTracker`, Apache-2.0).
    Differs: SORT's motion, where the paper has centre, ratio and height as its state.
    """

    def __init__(
        self, high_score: float = 0.6, min_iou: float = 0.1, birth_score: float = 0.7,
        confirm_after: int = 2, max_gap_frames: float = 30.0, state: State = "corners",
        frame_rate: float = 30.0,
    ) -> None:  # fmt: skip
        if not 0 <= high_score <= 1:
            raise ConfigError(f"tracker 'bytetrack': expected high_score in 0..1, got {high_score}")
        stages = [Stage(high_score, inf, min_iou), Stage(0.0, high_score, min_iou)]
        super().__init__(
            "bytetrack", velocity_of(state), stages, birth_score=max(birth_score, high_score),
            confirm_after=confirm_after, max_gap_frames=max_gap_frames, frame_rate=frame_rate,
        )  # fmt: skip
