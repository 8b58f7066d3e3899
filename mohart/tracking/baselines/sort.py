"""SORT: a Kalman filter per box, and the assignment with the largest overlap."""

from __future__ import annotations

from math import inf

from mohart.tracking.baselines.kalman import State, velocity_of
from mohart.tracking.baselines.tracklets import Stage, TrackletTracker


class SortTracker(TrackletTracker):
    """SORT behind :class:`mohart.tracking.protocol.Tracker`.

    Args:
        min_iou: overlap of the predicted box with a detection that a match needs.
        birth_score: score from which an unmatched detection starts a track.
        confirm_after: detections in a row that confirm a track.
        max_gap_frames: frames without a detection that a track survives.
        state: what moves at constant velocity: `corners`, as in the library, or centre and `area`,
            as in the paper.
        frame_rate: see :class:`mohart.tracking.baselines.tracklets.TrackletTracker`.

    Raises:
        ConfigError: a setting is out of range.

    Source: Bewley et al. 2016; the settings are those of roboflow/trackers 2.6.1 (`SORTTracker`,
        Apache-2.0), which it follows in what is reported: boxes of detections, and none before a
        track is confirmed. The paper keeps a lost track for one frame, not for thirty.
    """

    def __init__(
        self, min_iou: float = 0.3, birth_score: float = 0.25, confirm_after: int = 3,
        max_gap_frames: float = 30.0, state: State = "corners", frame_rate: float = 30.0,
    ) -> None:  # fmt: skip
        super().__init__(
            "sort", velocity_of(state), [Stage(0.0, inf, min_iou)], birth_score=birth_score,
            confirm_after=confirm_after, max_gap_frames=max_gap_frames, frame_rate=frame_rate,
        )  # fmt: skip
