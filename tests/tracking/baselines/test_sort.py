from __future__ import annotations

import numpy as np

from mohart.tracking.baselines.sort import SortTracker

FRAME = np.zeros((400, 800, 3), np.uint8)


def box_at(x: float, y: float = 10.0) -> np.ndarray:
    return np.array([x, y, x + 20, y + 40])


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
