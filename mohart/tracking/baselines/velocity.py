"""Constant-velocity baseline: a Kalman filter that gets no measurements and only extrapolates.

What it can and cannot do: one box says nothing about motion. Started from boxes alone, the best
estimate of the velocity is zero, so the boxes stay where `static` leaves them and only the stated
uncertainty differs: it grows with the square of time (the unknown velocity) instead of at a fixed
rate. Give `velocities` to `init` (from a click in two frames, a detector, a flow field) and it
follows straight motion. It is the comparison that tells looking at pixels from guessing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from filterpy.kalman import KalmanFilter
from numpy.typing import ArrayLike, NDArray

from mohart.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from mohart.errors import ConfigError, check_shape
from mohart.structures import ACTIVE, LOST, PREDICTED, TrackedObjects
from mohart.tracking.baselines.static import LOST_BELOW
from mohart.tracking.checks import FrameGuard
from mohart.tracking.protocol import refuse_detections


class VelocityTracker:
    """Moves every box by its velocity, with a Kalman filter's account of how unsure that is.

    The filter's state is (centre x, centre y, velocity x, velocity y) in pixels and frames; width
    and height stay. All scales are relative to the object's mean side s, as large objects move more
    pixels.

    Confidence is exp(-variance of the centre / s^2), 1 at the start and monotonically falling; the
    state is `predicted`, and `lost` under 0.1. No object is `active` after `init`.

    Args:
        unknown_velocity: standard deviation of the velocity that is not given, in s per frame.
        known_velocity: the same for a velocity that is given.
        acceleration: standard deviation of the change of velocity per frame, in s per frame.

    Raises:
        ConfigError: a standard deviation is negative.

    Source: filterpy.kalman.KalmanFilter; scales relative to the box as in DeepSORT (Wojke et al.
    2017, sec. 2.1).
    """

    name = "velocity"
    takes_detections = False

    def __init__(
        self,
        unknown_velocity: float = 1 / 20,
        known_velocity: float = 1 / 160,
        acceleration: float = 1 / 160,
    ) -> None:
        if min(unknown_velocity, known_velocity, acceleration) < 0:
            raise ConfigError("velocity tracker: standard deviations must not be negative")
        self.details: dict[str, Any] = {}
        self.unknown_velocity = unknown_velocity
        self.known_velocity = known_velocity
        self.acceleration = acceleration
        self._guard = FrameGuard()
        self._filters: list[KalmanFilter] = []
        self.reset()

    def init(
        self,
        frame_bgr: NDArray[np.uint8],
        boxes_xyxy: ArrayLike,
        ids: ArrayLike | None = None,
        *,
        velocities: ArrayLike | None = None,
    ) -> TrackedObjects:
        """Start one filter per box; see :class:`mohart.tracking.protocol.Tracker`.

        Args:
            frame_bgr: uint8 [H, W, 3].
            boxes_xyxy: [N, 4] pixels.
            ids: [N] integers or None for 1..N.
            velocities: [N, 2] pixels per frame, NaN rows where unknown; None where nothing is
                known.

        Raises:
            ShapeError: velocities are not [N, 2].
        """
        boxes, numbers = self._guard.start(frame_bgr, boxes_xyxy, ids)
        known = np.full((len(boxes), 2), np.nan) if velocities is None else np.array(velocities)
        if known.size == 0:
            known = known.reshape(-1, 2)
        check_shape(boxes=(boxes, "N 4"), velocities=(known, "N 2"))
        centres = xyxy_to_cxcywh(boxes.astype(np.float64))
        self._ids, self._sizes = numbers, centres[:, 2:]
        self._filters = [
            self._start(centre, velocity.astype(np.float64))
            for centre, velocity in zip(centres, known, strict=True)
        ]
        return TrackedObjects(
            xyxy=boxes,
            tracker_id=numbers.copy(),
            confidence=np.ones(len(boxes), np.float32),
            state=np.full(len(boxes), ACTIVE),
        )

    def update(
        self, frame_bgr: NDArray[np.uint8], detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        """The boxes one frame further along their velocity."""
        refuse_detections(self.name, detections)
        self._guard.check(frame_bgr)
        count = len(self._filters)
        centres, variances = np.zeros((count, 2)), np.zeros(count)
        for n, kalman in enumerate(self._filters):
            kalman.predict()
            centres[n] = kalman.x[:2, 0]
            variances[n] = (kalman.P[0, 0] + kalman.P[1, 1]) / 2
        sides = self._sizes.mean(1) if count else np.ones(0)
        confidence = np.exp(-variances / sides**2)
        return TrackedObjects(
            xyxy=cxcywh_to_xyxy(np.concatenate([centres, self._sizes], 1)).astype(np.float32),
            tracker_id=self._ids.copy(),
            confidence=confidence.astype(np.float32),
            state=np.where(confidence < LOST_BELOW, LOST, PREDICTED),
        )

    def reset(self) -> None:
        """Forget all objects."""
        self._guard.clear()
        self._filters = []
        self._ids = np.zeros(0, np.int64)
        self._sizes = np.zeros((0, 2))

    def _start(self, centre: NDArray[np.float64], velocity: NDArray[np.float64]) -> KalmanFilter:
        """One filter; centre [4] is cxcywh, velocity [2] may be NaN."""
        side = float(centre[2:].mean())
        is_known = bool(np.isfinite(velocity).all())
        spread = side * (self.known_velocity if is_known else self.unknown_velocity)
        kalman = KalmanFilter(dim_x=4, dim_z=2)
        kalman.x = np.array([*centre[:2], *(velocity if is_known else (0, 0))]).reshape(4, 1)
        kalman.F = np.eye(4) + np.eye(4, k=2)  # centre += velocity
        kalman.P = np.diag([0, 0, spread**2, spread**2])  # the drawn box is taken as exact
        change = (side * self.acceleration) ** 2
        # white noise on the velocity, constant within a frame: [1/4 1/2; 1/2 1] per axis
        kalman.Q = np.kron(np.array([[0.25, 0.5], [0.5, 1.0]]), np.eye(2)) * change
        return kalman
