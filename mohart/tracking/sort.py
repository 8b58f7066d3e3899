"""SORT: a Kalman filter per box, and the assignment with the largest overlap."""

from __future__ import annotations

from math import inf

import numpy as np
from filterpy.kalman import KalmanFilter

from mohart.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from mohart.tracking.tracklets import Box, Stage, TrackletTracker

LEAST = 1e-6  # pixels, of a side


class ConstantVelocity:
    """A Kalman filter on centre, area and ratio of a box; the ratio stays, the others have a speed.

    State (x, y, area, width / height, and the speeds of the first three per frame), measurement the
    first four. Noise, as variances per frame: measurement 1 for x and y, 10 for area and ratio;
    process 1 for positions, area and ratio, 0.01 for the speeds, 0.0001 for that of the area. At
    the start 10 for what was measured and 10,000 for the speeds, which nobody has seen.

    Over n frames at once the speeds act n times as long and the process noise is n times as large.

    Args:
        box: [4] xyxy pixels, with an area.

    Source: Bewley et al. 2016 (SORT), sec. 3.2; the noise as in roboflow/trackers 2.6.1,
        trackers/core/sort/tracklet.py, `_configure_noise` (XCYCSR), Apache-2.0.
    """

    def __init__(self, box: Box) -> None:
        kalman = KalmanFilter(dim_x=7, dim_z=4)
        kalman.x = np.concatenate([_measured(box), np.zeros(3)])[:, None]
        kalman.H = np.eye(4, 7)
        kalman.R = np.diag([1.0, 1, 10, 10])
        kalman.P = np.diag([10.0] * 4 + [10_000.0] * 3)
        self._noise = np.diag([1.0, 1, 1, 1, 0.01, 0.01, 0.0001])
        self._kalman = kalman

    def predict(self, frames: float) -> None:
        """See :class:`mohart.tracking.tracklets.Motion`; an area does not shrink to nothing."""
        state = self._kalman.x[:, 0]
        if state[2] + frames * state[6] <= 0:
            state[6] = 0.0
        moved = np.eye(7)
        moved[[0, 1, 2], [4, 5, 6]] = frames
        self._kalman.predict(F=moved, Q=self._noise * frames)

    def correct(self, box: Box) -> None:
        """See :class:`mohart.tracking.tracklets.Motion`."""
        self._kalman.update(_measured(box)[:, None])

    def box(self) -> Box:
        """See :class:`mohart.tracking.tracklets.Motion`."""
        x, y, size, ratio = self._kalman.x[:4, 0]
        width = np.sqrt(max(size, LEAST) * max(ratio, LEAST))
        corners: Box = cxcywh_to_xyxy(np.array([x, y, width, max(size, LEAST) / width]))
        return corners


def _measured(box: Box) -> Box:
    """[4] xyxy -> centre x, centre y, area, width / height."""
    x, y, width, height = xyxy_to_cxcywh(box)
    width, height = max(width, LEAST), max(height, LEAST)
    return np.array([x, y, width * height, width / height])


class SortTracker(TrackletTracker):
    """SORT behind :class:`mohart.tracking.protocol.Tracker`.

    Args:
        min_iou: overlap of the predicted box with a detection that a match needs.
        birth_score: score from which an unmatched detection starts a track.
        confirm_after: detections in a row that confirm a track.
        max_gap_frames: frames without a detection that a track survives.
        frame_rate: see :class:`mohart.tracking.tracklets.TrackletTracker`.

    Raises:
        ConfigError: a setting is out of range.

    Source: Bewley et al. 2016; the settings are those of roboflow/trackers 2.6.1 (`SORTTracker`,
        Apache-2.0), whose tracks it follows in what is reported: boxes of detections, and none
        before a track is confirmed. The paper keeps a lost track for one frame, not for thirty.
    Differs: the library's filter has the corners as its state.
    """

    def __init__(
        self, min_iou: float = 0.3, birth_score: float = 0.25, confirm_after: int = 3,
        max_gap_frames: float = 30.0, frame_rate: float = 30.0,
    ) -> None:  # fmt: skip
        super().__init__(
            "sort", ConstantVelocity, [Stage(0.0, inf, min_iou)], birth_score=birth_score,
            confirm_after=confirm_after, max_gap_frames=max_gap_frames, frame_rate=frame_rate,
        )  # fmt: skip
