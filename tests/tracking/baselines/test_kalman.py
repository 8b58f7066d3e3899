from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.tracking.baselines.kalman import STATES, AreaVelocity, CornerVelocity, velocity_of


def box_at(x: float, y: float = 10.0) -> np.ndarray:
    return np.array([x, y, x + 20, y + 40])


@pytest.mark.parametrize("state", STATES)
def test_the_first_prediction_is_where_the_box_was(state: str) -> None:
    motion = velocity_of(state)(box_at(100))
    np.testing.assert_allclose(motion.box(), box_at(100))
    motion.predict(1)
    np.testing.assert_allclose(motion.box(), box_at(100))


def test_the_first_correction_of_the_area_state_by_hand() -> None:
    # x: variance 10 + 10,000 + 1 = 10,011 predicted, 1 measured: gain 10,011 / 10,012;
    # speed: covariance 10,000, gain 10,000 / 10,012
    motion = AreaVelocity(box_at(100))
    motion.predict(1)
    motion.correct(box_at(104))
    np.testing.assert_allclose(motion.box()[0], 100 + 4 * 10_011 / 10_012, atol=1e-9)
    before = motion.box()[0]
    motion.predict(2)
    np.testing.assert_allclose(motion.box()[0] - before, 2 * 4 * 10_000 / 10_012, atol=1e-9)


def test_the_first_correction_of_the_corner_state_by_hand() -> None:
    # variance 1 + 1 + 0.01 = 2.01 predicted, 0.1 measured: gain 2.01 / 2.11;
    # speed: covariance 1, gain 1 / 2.11
    motion = CornerVelocity(box_at(100))
    motion.predict(1)
    motion.correct(box_at(104))
    np.testing.assert_allclose(motion.box()[0], 100 + 4 * 2.01 / 2.11, atol=1e-9)
    before = motion.box()[0]
    motion.predict(2)
    np.testing.assert_allclose(motion.box()[0] - before, 2 * 4 / 2.11, atol=1e-9)


@pytest.mark.parametrize("state", STATES)
def test_it_learns_a_steady_motion_and_goes_on(state: str) -> None:
    motion = velocity_of(state)(box_at(0))
    for step in range(1, 20):
        motion.predict(1)
        motion.correct(box_at(3.0 * step, 10 + 2.0 * step))
    for _ in range(5):
        motion.predict(1)
    np.testing.assert_allclose(motion.box(), box_at(3.0 * 24, 10 + 2.0 * 24), atol=0.5)


@pytest.mark.parametrize("state", STATES)
def test_one_long_step_goes_as_far_as_many_short_ones(state: str) -> None:
    one, many = velocity_of(state)(box_at(0)), velocity_of(state)(box_at(0))
    for motion in (one, many):
        motion.predict(1)
        motion.correct(box_at(5))
    one.predict(4)
    for _ in range(4):
        many.predict(1)
    np.testing.assert_allclose(one.box(), many.box())


@pytest.mark.parametrize("state", STATES)
def test_a_box_does_not_shrink_to_nothing(state: str) -> None:
    motion = velocity_of(state)(np.array([0.0, 0, 40, 80]))
    for side in (30.0, 20.0, 10.0):
        motion.predict(1)
        motion.correct(np.array([0.0, 0, side, 2 * side]))
    for _ in range(20):
        motion.predict(1)
        box = motion.box()
        assert np.isfinite(box).all()
        assert (box[2:] > box[:2]).all()


def test_unknown_state() -> None:
    with pytest.raises(ConfigError, match="unknown state 'corner'; did you mean 'corners'"):
        velocity_of("corner")  # type: ignore[arg-type]
