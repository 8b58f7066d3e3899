from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.tracking.baselines.bytetrack import ByteTracker

FRAME = np.zeros((100, 200, 3), np.uint8)
LEFT, RIGHT = [10.0, 10, 30, 50], [110.0, 10, 130, 50]


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
