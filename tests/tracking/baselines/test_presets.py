"""IoU tracker, SORT and ByteTrack: what each of them adds to what they share."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.tracking.baselines.presets import ByteTracker, IouTracker, SortTracker

FRAME, WIDE = np.zeros((100, 200, 3), np.uint8), np.zeros((400, 800, 3), np.uint8)
LEFT, RIGHT = [10.0, 10, 30, 50], [110.0, 10, 130, 50]


def ids(tracker: IouTracker, steps: list[float]) -> list[list[int]]:
    """Ids of active tracks for one box of 20 pixels at these places."""
    found = []
    for x in steps:
        answer = tracker.update(FRAME, [[x, 10, x + 20, 50]])
        found.append(answer.tracker_id[answer.state == "active"].tolist())
    return found


def test_small_steps_are_one_object_and_large_ones_are_not() -> None:
    # IoU (20 - d) / (20 + d): 0.54 for 6 pixels, 0.48 for 7
    assert ids(IouTracker(), [0, 6, 12, 18]) == [[], [1], [1], [1]]
    assert ids(IouTracker(), [0, 7, 14, 21]) == [[], [], [], []]


def test_it_does_not_predict() -> None:
    tracker = IouTracker(confirm_after=1)
    ids(tracker, [0, 5, 10])
    answer = tracker.update(FRAME)
    np.testing.assert_array_equal(answer.xyxy, [[10, 10, 30, 50]])
    assert answer.state.tolist() == ["predicted"]


def test_a_miss_ends_a_track() -> None:
    tracker = IouTracker(confirm_after=1)
    ids(tracker, [0])
    assert tracker.update(FRAME, []).state.tolist() == ["ended"]


def box_at(x: float, y: float = 10.0) -> np.ndarray:
    return np.array([x, y, x + 20, y + 40])


def test_two_that_pass_each_other_keep_their_ids() -> None:
    tracker = SortTracker()
    for step in range(30):
        right, left = box_at(10 + 6.0 * step), box_at(190 - 6.0 * step, 20)
        answer = tracker.update(WIDE, [right, left] if step % 2 else [left, right])
    at = {int(n): float(b[0]) for n, b in zip(answer.tracker_id, answer.xyxy, strict=True)}
    # at birth the one from the right came first
    assert at == {1: 190 - 6.0 * 29, 2: 10 + 6.0 * 29}


def test_a_gap_is_bridged_by_the_motion() -> None:
    tracker = SortTracker()
    for step in range(10):
        tracker.update(WIDE, [box_at(10 + 8.0 * step)])
    for _ in range(8):  # 64 pixels, three widths
        hidden = tracker.update(WIDE, [])
    assert hidden.state.tolist() == ["lost"]
    back = tracker.update(WIDE, [box_at(10 + 8.0 * 18)])
    assert back.tracker_id.tolist() == [1]
    assert back.state.tolist() == ["active"]


def test_a_silent_detector_leaves_prediction() -> None:
    tracker = SortTracker()
    for step in range(10):
        tracker.update(WIDE, [box_at(10 + 8.0 * step)])
    for step in range(10, 14):
        answer = tracker.update(WIDE)
        np.testing.assert_allclose(answer.xyxy, [box_at(10 + 8.0 * step)], atol=0.5)
        assert answer.state.tolist() == ["predicted"]


def test_time_stamps_replace_the_frame_count() -> None:
    # a frame rate of 10, but every third frame was lost on the way
    tracker = SortTracker(frame_rate=10)
    for step in range(10):
        tracker.update(WIDE, [box_at(10 + 8.0 * step)], timestamp=step / 10)
    answer = tracker.update(WIDE, timestamp=1.2)
    np.testing.assert_allclose(answer.xyxy, [box_at(10 + 8.0 * 12)], atol=0.5)


def fates(tracker: ByteTracker, detections: list[list[float]]) -> list[tuple[str, int]]:
    answer = tracker.update(FRAME, detections).fates
    assert answer is not None
    return list(zip(answer.kind.tolist(), answer.tracker_id.tolist(), strict=True))


def test_a_weak_detection_keeps_a_track_but_starts_none() -> None:
    tracker = ByteTracker()
    assert fates(tracker, [[*LEFT, 0.9], [*RIGHT, 0.3]]) == [("tentative", -1), ("dropped", -1)]
    assert fates(tracker, [[*LEFT, 0.2], [*RIGHT, 0.3]]) == [("matched", 1), ("dropped", -1)]


def test_between_the_thresholds_nothing_starts() -> None:
    assert fates(ByteTracker(), [[*LEFT, 0.65]]) == [("dropped", -1)]
    assert fates(ByteTracker(birth_score=0.6), [[*LEFT, 0.65]]) == [("tentative", -1)]
    # weak detections start nothing, however low the birth score
    assert fates(ByteTracker(birth_score=0.1), [[*LEFT, 0.5]]) == [("dropped", -1)]


def test_sure_detections_choose_first() -> None:
    # the weak box lies on the track (IoU 1), the sure one beside it (IoU 10 / 30)
    tracker = ByteTracker(confirm_after=1)
    fates(tracker, [[*LEFT, 0.9]])
    beside = [20.0, 10, 40, 50]
    assert fates(tracker, [[*LEFT, 0.5], [*beside, 0.9]]) == [("dropped", -1), ("matched", 1)]


def test_errors() -> None:
    with pytest.raises(ConfigError, match=r"high_score in 0\.\.1, got 2"):
        ByteTracker(high_score=2)
