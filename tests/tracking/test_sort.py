from __future__ import annotations

import numpy as np

from mohart.tracking.sort import ConstantVelocity, SortTracker

FRAME = np.zeros((400, 800, 3), np.uint8)


def box_at(x: float, y: float = 10.0) -> np.ndarray:
    return np.array([x, y, x + 20, y + 40])


def test_the_first_prediction_is_where_the_box_was() -> None:
    motion = ConstantVelocity(box_at(100))
    np.testing.assert_allclose(motion.box(), box_at(100))
    motion.predict(1)
    np.testing.assert_allclose(motion.box(), box_at(100))


def test_the_first_correction_by_hand() -> None:
    # x: variance 10 + 10,000 + 1 = 10,011 predicted, 1 measured: gain 10,011 / 10,012;
    # speed: covariance 10,000, gain 10,000 / 10,012
    motion = ConstantVelocity(box_at(100))
    motion.predict(1)
    motion.correct(box_at(104))
    np.testing.assert_allclose(motion.box()[0], 100 + 4 * 10_011 / 10_012, atol=1e-9)
    before = motion.box()[0]
    motion.predict(2)
    np.testing.assert_allclose(motion.box()[0] - before, 2 * 4 * 10_000 / 10_012, atol=1e-9)


def test_it_learns_a_steady_motion_and_goes_on() -> None:
    motion = ConstantVelocity(box_at(0))
    for step in range(1, 20):
        motion.predict(1)
        motion.correct(box_at(3.0 * step, 10 + 2.0 * step))
    for _ in range(5):
        motion.predict(1)
    np.testing.assert_allclose(motion.box(), box_at(3.0 * 24, 10 + 2.0 * 24), atol=0.5)


def test_one_long_step_goes_as_far_as_many_short_ones() -> None:
    one, many = ConstantVelocity(box_at(0)), ConstantVelocity(box_at(0))
    for motion in (one, many):
        motion.predict(1)
        motion.correct(box_at(5))
    one.predict(4)
    for _ in range(4):
        many.predict(1)
    np.testing.assert_allclose(one.box(), many.box())


def test_an_area_does_not_shrink_to_nothing() -> None:
    motion = ConstantVelocity(np.array([0.0, 0, 40, 80]))
    for side in (30.0, 20.0, 10.0):
        motion.predict(1)
        motion.correct(np.array([0.0, 0, side, 2 * side]))
    for _ in range(20):
        motion.predict(1)
        box = motion.box()
        assert np.isfinite(box).all()
        assert (box[2:] > box[:2]).all()


def test_two_that_pass_each_other_keep_their_ids() -> None:
    tracker = SortTracker()
    for step in range(30):
        right, left = box_at(10 + 6.0 * step), box_at(190 - 6.0 * step, 20)
        answer = tracker.update(FRAME, [right, left] if step % 2 else [left, right])
    at = {int(n): float(b[0]) for n, b in zip(answer.tracker_id, answer.xyxy, strict=True)}
    # at birth the one from the right came first
    assert at == {1: 190 - 6.0 * 29, 2: 10 + 6.0 * 29}


def test_a_gap_is_bridged_by_the_motion() -> None:
    tracker = SortTracker()
    for step in range(10):
        tracker.update(FRAME, [box_at(10 + 8.0 * step)])
    for _ in range(8):  # 64 pixels, three widths
        hidden = tracker.update(FRAME, [])
    assert hidden.state.tolist() == ["lost"]
    back = tracker.update(FRAME, [box_at(10 + 8.0 * 18)])
    assert back.tracker_id.tolist() == [1]
    assert back.state.tolist() == ["active"]


def test_a_silent_detector_leaves_prediction() -> None:
    tracker = SortTracker()
    for step in range(10):
        tracker.update(FRAME, [box_at(10 + 8.0 * step)])
    for step in range(10, 14):
        answer = tracker.update(FRAME)
        np.testing.assert_allclose(answer.xyxy, [box_at(10 + 8.0 * step)], atol=0.5)
        assert answer.state.tolist() == ["predicted"]


def test_time_stamps_replace_the_frame_count() -> None:
    # a frame rate of 10, but every third frame was lost on the way
    tracker = SortTracker(frame_rate=10)
    for step in range(10):
        tracker.update(FRAME, [box_at(10 + 8.0 * step)], timestamp=step / 10)
    answer = tracker.update(FRAME, timestamp=1.2)
    np.testing.assert_allclose(answer.xyxy, [box_at(10 + 8.0 * 12)], atol=0.5)
