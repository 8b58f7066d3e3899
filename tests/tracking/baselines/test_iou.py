from __future__ import annotations

import numpy as np

from mohart.tracking.baselines.iou import IouTracker

FRAME = np.zeros((100, 200, 3), np.uint8)


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
