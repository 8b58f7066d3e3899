"""Tracking by detection (SORT and its kin): IoU tracker, SORT and ByteTrack as settings.

What they share, births, deaths, ids, gating by overlap and the assignment, is in `tracklets.py`
beside this file; here stand a motion model, stages of association and thresholds for each.
"""

from __future__ import annotations

from math import inf

from mohart.errors import ConfigError
from mohart.tracking.baselines.kalman import State, velocity_of
from mohart.tracking.baselines.tracklets import Box, Stage, TrackletTracker


class Standstill:
    """A box stays where it was last seen."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def predict(self, frames: float) -> None:
        """See :class:`mohart.tracking.baselines.tracklets.Motion`; nothing happens."""

    def correct(self, box: Box) -> None:
        """Go there."""
        self._box = box

    def box(self) -> Box:
        """The last detection."""
        return self._box


class IouTracker(TrackletTracker):
    """Overlap with the last box, no motion; what a better tracker has to beat.

    Args:
        min_iou: overlap with the last box that a match needs.
        birth_score: score from which an unmatched detection starts a track.
        confirm_after: detections in a row that confirm a track.
        max_gap_frames: frames without a detection that a track survives.
        frame_rate: see :class:`mohart.tracking.baselines.tracklets.TrackletTracker`.

    Raises:
        ConfigError: a setting is out of range.

    Source: IOU tracker, Bochinski et al. 2017, its thresholds (sigma_iou, sigma_h, t_min).
    Differs: online (a track is reported once it is confirmed, not afterwards), the optimal instead
        of the greedy assignment, and the score counts at birth instead of anywhere on the track.
    """

    def __init__(
        self,
        min_iou: float = 0.5,
        birth_score: float = 0.5,
        confirm_after: int = 2,
        max_gap_frames: float = 0.0,
        frame_rate: float = 30.0,
    ) -> None:
        super().__init__(
            "iou",
            Standstill,
            [Stage(0.0, inf, min_iou)],
            birth_score=birth_score,
            confirm_after=confirm_after,
            max_gap_frames=max_gap_frames,
            frame_rate=frame_rate,
        )


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
        self,
        min_iou: float = 0.3,
        birth_score: float = 0.25,
        confirm_after: int = 3,
        max_gap_frames: float = 30.0,
        state: State = "corners",
        frame_rate: float = 30.0,
    ) -> None:
        super().__init__(
            "sort",
            velocity_of(state),
            [Stage(0.0, inf, min_iou)],
            birth_score=birth_score,
            confirm_after=confirm_after,
            max_gap_frames=max_gap_frames,
            frame_rate=frame_rate,
        )


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
        state: see :class:`SortTracker`.
        frame_rate: see :class:`mohart.tracking.baselines.tracklets.TrackletTracker`.

    Raises:
        ConfigError: a setting is out of range.

    Source: Zhang et al. 2022 (ByteTrack), algorithm 1; the settings are those of roboflow/trackers
        2.6.1 (`ByteTrackTracker`, Apache-2.0).
    Differs: SORT's motion, where the paper has centre, ratio and height as its state.
    """

    def __init__(
        self,
        high_score: float = 0.6,
        min_iou: float = 0.1,
        birth_score: float = 0.7,
        confirm_after: int = 2,
        max_gap_frames: float = 30.0,
        state: State = "corners",
        frame_rate: float = 30.0,
    ) -> None:
        if not 0 <= high_score <= 1:
            raise ConfigError(f"tracker 'bytetrack': expected high_score in 0..1, got {high_score}")
        stages = [Stage(high_score, inf, min_iou), Stage(0.0, high_score, min_iou)]
        super().__init__(
            "bytetrack",
            velocity_of(state),
            stages,
            birth_score=max(birth_score, high_score),
            confirm_after=confirm_after,
            max_gap_frames=max_gap_frames,
            frame_rate=frame_rate,
        )
