"""Kalman filter of a box, constant velocity, in two kinds of coordinates.

Both measure four numbers and have speeds in pixels (square pixels for an area) per frame. Over n
frames at once the speeds act n times as long and the process noise is n times as large.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from filterpy.kalman import KalmanFilter

from mohart.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from mohart.errors import ConfigError, did_you_mean
from mohart.tracking.baselines.tracklets import Box, Motion

State = Literal["corners", "area"]
STATES = ("corners", "area")
LEAST = 1e-6  # pixels, of a side


class CornerVelocity:
    """State: the two corners and their speeds. Width and height may grow and shrink on their own.

    Variances per frame: 0.1 for what is measured, 0.01 for every process; 1 for everything at the
    start, so that a new track takes up speed with its first detections.

    Args:
        box: [4] xyxy pixels.

    Source: roboflow/trackers 2.6.1, trackers/core/sort/tracklet.py, `_configure_noise`
        (Apache-2.0), whose trackers have this state by default.
    """

    def __init__(self, box: Box) -> None:
        kalman = KalmanFilter(dim_x=8, dim_z=4)
        kalman.x = np.concatenate([box, np.zeros(4)])[:, None]
        kalman.H = np.eye(4, 8)
        kalman.R = np.eye(4) * 0.1
        kalman.P = np.eye(8)
        self._kalman = kalman

    def predict(self, frames: float) -> None:
        """See :class:`mohart.tracking.baselines.tracklets.Motion`."""
        self._kalman.predict(F=np.eye(8) + np.eye(8, k=4) * frames, Q=np.eye(8) * 0.01 * frames)

    def correct(self, box: Box) -> None:
        """See :class:`mohart.tracking.baselines.tracklets.Motion`."""
        self._kalman.update(box[:, None])

    def box(self) -> Box:
        """As :class:`mohart.tracking.baselines.tracklets.Motion`; a box is never inside out."""
        corners: Box = self._kalman.x[:4, 0].copy()
        corners[2:] = np.maximum(corners[2:], corners[:2] + LEAST)
        return corners


class AreaVelocity:
    """State: centre, area and width / height, and the speeds of the first three.

    Variances per frame: measurement 1 for x and y, 10 for area and ratio; process 1 for what is
    measured, 0.01 for the speeds of the centre, 0.0001 for that of the area. At the start 10 for
    what is measured and 10,000 for the speeds, which nobody has seen.

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
        """As :class:`mohart.tracking.baselines.tracklets.Motion`; an area stays above nothing."""
        state = self._kalman.x[:, 0]
        if state[2] + frames * state[6] <= 0:
            state[6] = 0.0
        moved = np.eye(7)
        moved[[0, 1, 2], [4, 5, 6]] = frames
        self._kalman.predict(F=moved, Q=self._noise * frames)

    def correct(self, box: Box) -> None:
        """See :class:`mohart.tracking.baselines.tracklets.Motion`."""
        self._kalman.update(_measured(box)[:, None])

    def box(self) -> Box:
        """See :class:`mohart.tracking.baselines.tracklets.Motion`."""
        x, y, size, ratio = self._kalman.x[:4, 0]
        width = np.sqrt(max(size, LEAST) * max(ratio, LEAST))
        corners: Box = cxcywh_to_xyxy(np.array([x, y, width, max(size, LEAST) / width]))
        return corners


def velocity_of(state: State) -> Callable[[Box], Motion]:
    """The motion with this state.

    Raises:
        ConfigError: there is no such state.
    """
    match state:
        case "corners":
            return CornerVelocity
        case "area":
            return AreaVelocity
    raise ConfigError(f"unknown state '{state}'{did_you_mean(state, STATES)}")


def _measured(box: Box) -> Box:
    """[4] xyxy -> centre x, centre y, area, width / height."""
    x, y, width, height = xyxy_to_cxcywh(box)
    width, height = max(width, LEAST), max(height, LEAST)
    return np.array([x, y, width * height, width / height])
