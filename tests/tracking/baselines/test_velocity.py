"""mohart.tracking.baselines.velocity."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError, ShapeError
from mohart.tracking.baselines.static import StaticTracker
from mohart.tracking.baselines.velocity import VelocityTracker

FRAME = np.zeros((480, 640, 3), np.uint8)
BOXES = [[100.0, 100, 140, 180], [300.5, 50, 320.5, 90]]


def test_without_velocity_the_boxes_are_those_of_static() -> None:
    velocity, static = VelocityTracker(), StaticTracker()
    velocity.init(FRAME, BOXES)
    static.init(FRAME, BOXES)
    for _ in range(30):
        np.testing.assert_allclose(
            velocity.update(FRAME).xyxy, static.update(FRAME).xyxy, atol=1e-4
        )


def test_known_velocity_moves_in_a_straight_line() -> None:
    tracker = VelocityTracker()
    tracker.init(FRAME, BOXES, velocities=[[3, -1], [np.nan, np.nan]])
    for _ in range(10):
        tracks = tracker.update(FRAME)
    np.testing.assert_allclose(tracks.xyxy[0], [130, 90, 170, 170], atol=1e-3)
    np.testing.assert_allclose(tracks.xyxy[1], BOXES[1], atol=1e-3)
    assert tracks.confidence[0] > tracks.confidence[1]  # a known velocity is less uncertain


def test_first_step_confidence_by_hand() -> None:
    # Side s = 60. Variance of the centre after one step: that of the velocity (s/20)^2 plus a
    # quarter of that of its change (s/160)^2; confidence exp(-variance / s^2).
    tracker = VelocityTracker()
    tracker.init(FRAME, BOXES[:1])
    expected = np.exp(-(1 / 400 + 0.25 / 25600))
    np.testing.assert_allclose(tracker.update(FRAME).confidence, [expected], rtol=1e-6)


def test_confidence_falls_until_lost_and_does_not_depend_on_the_size() -> None:
    tracker = VelocityTracker()
    tracker.init(FRAME, [[0, 0, 20, 20], [0, 0, 200, 200]])
    answers = [tracker.update(FRAME) for _ in range(80)]
    confidence = np.array([a.confidence for a in answers])
    assert (np.diff(confidence, axis=0) < 0).all()
    np.testing.assert_allclose(confidence[:, 0], confidence[:, 1], rtol=1e-5)
    state = [str(a.state[0]) for a in answers]
    assert state[0] == "predicted"
    assert state[-1] == "lost"
    assert state == sorted(state, reverse=True)  # predicted, then lost, no way back


def test_errors() -> None:
    with pytest.raises(ShapeError, match="velocities"):
        VelocityTracker().init(FRAME, BOXES, velocities=[[1, 2]])
    with pytest.raises(ConfigError, match="negative"):
        VelocityTracker(acceleration=-1)
