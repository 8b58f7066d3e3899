"""The simplest tracker by detection: a detection belongs to the box that it overlaps most."""

from __future__ import annotations

from math import inf

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
        self, min_iou: float = 0.5, birth_score: float = 0.5, confirm_after: int = 2,
        max_gap_frames: float = 0.0, frame_rate: float = 30.0,
    ) -> None:  # fmt: skip
        super().__init__(
            "iou", Standstill, [Stage(0.0, inf, min_iou)], birth_score=birth_score,
            confirm_after=confirm_after, max_gap_frames=max_gap_frames, frame_rate=frame_rate,
        )  # fmt: skip
