"""mohart.tracking.baselines.tracklets: identities, births, deaths and fates.

Expectations are derived by hand: boxes of 20 x 40 pixels that stand still or step aside.
"""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from mohart.errors import ConfigError, ShapeError
from mohart.structures import TrackedObjects
from mohart.tracking.baselines.presets import Standstill
from mohart.tracking.baselines.tracklets import Stage, TrackletTracker
from mohart.tracking.protocol import Tracker

FRAME = np.zeros((100, 200, 3), np.uint8)
LEFT, RIGHT = [10.0, 10, 30, 50], [110.0, 10, 130, 50]


def tracker(**changes: object) -> TrackletTracker:
    settings = {
        "birth_score": 0.5,
        "confirm_after": 2,
        "max_gap_frames": 3,
        "frame_rate": 10,
    } | changes
    return TrackletTracker("plain", Standstill, [Stage(0.0, inf, 0.3)], **settings)  # type: ignore[arg-type]


def rows(answer: TrackedObjects) -> list[tuple[int, str]]:
    return list(zip(answer.tracker_id.tolist(), answer.state.tolist(), strict=True))


def fates(answer: TrackedObjects) -> list[tuple[str, int]]:
    assert answer.fates is not None
    return list(zip(answer.fates.kind.tolist(), answer.fates.tracker_id.tolist(), strict=True))


def test_it_is_a_tracker() -> None:
    assert isinstance(tracker(), Tracker)
    assert tracker().takes_detections


def test_from_birth_to_end() -> None:
    followed = tracker()
    seen, nothing = [[*LEFT, 0.9, 7]], np.zeros((0, 6))
    first = followed.update(FRAME, seen)
    assert rows(first) == [(-1, "tentative")]
    assert fates(first) == [("tentative", -1)]
    second = followed.update(FRAME, seen)
    assert rows(second) == [(1, "active")]
    assert fates(second) == [("matched", 1)]
    assert second.class_id.tolist() == [7]
    assert second.source_index.tolist() == [0]
    np.testing.assert_allclose(second.confidence, [0.9])
    missed = [followed.update(FRAME, nothing) for _ in range(3)]
    assert [rows(answer) for answer in missed] == [[(1, "lost")]] * 3
    np.testing.assert_allclose(missed[1].confidence, [0.9 * 0.81], rtol=1e-6)
    assert missed[0].source_index.tolist() == [-1]
    assert rows(followed.update(FRAME, nothing)) == [(1, "ended")]  # 4 frames, 3 are allowed
    assert rows(followed.update(FRAME, nothing)) == []


def test_a_lost_track_comes_back_within_its_gap() -> None:
    followed = tracker(confirm_after=1)
    assert fates(followed.update(FRAME, [[*LEFT, 0.9]])) == [("born", 1)]
    for _ in range(3):
        followed.update(FRAME, [])
    back = followed.update(FRAME, [[*LEFT, 0.8]])
    assert rows(back) == [(1, "active")]


def test_tentative_tracks_end_with_the_first_miss_and_take_no_id() -> None:
    followed = tracker()
    followed.update(FRAME, [LEFT])
    assert rows(followed.update(FRAME, [])) == []
    followed.update(FRAME, [RIGHT])
    assert rows(followed.update(FRAME, [RIGHT])) == [(1, "active")]


def test_ids_are_consecutive_and_never_used_again() -> None:
    followed = tracker(confirm_after=1, max_gap_frames=0)
    given = []
    for step in range(6):
        place = LEFT if step % 2 else RIGHT
        answer = followed.update(FRAME, [place])
        given += [number for number, state in rows(answer) if state == "active"]
    assert given == [1, 2, 3, 4, 5, 6]
    followed.reset()
    assert rows(followed.update(FRAME, [LEFT])) == [(1, "active")]


def test_two_trackers_do_not_touch_each_other() -> None:
    one, two = tracker(confirm_after=1), tracker(confirm_after=1)
    one.update(FRAME, [LEFT, RIGHT])
    assert rows(two.update(FRAME, [LEFT])) == [(1, "active")]


def test_a_silent_detector_is_not_a_miss() -> None:
    followed = tracker()
    followed.update(FRAME, [LEFT])
    silent = followed.update(FRAME)
    assert rows(silent) == [(-1, "tentative")]
    assert silent.fates is None
    for _ in range(10):  # far more than the gap
        followed.update(FRAME)
    assert rows(followed.update(FRAME, [LEFT])) == [(1, "active")]
    later = [followed.update(FRAME) for _ in range(10)]
    assert [rows(answer) for answer in later] == [[(1, "predicted")]] * 10
    np.testing.assert_allclose(later[-1].confidence, [0.9**10], rtol=1e-6)
    assert rows(followed.update(FRAME, [])) == [(1, "ended")]


def test_a_track_that_was_missed_is_lost_until_it_is_found() -> None:
    followed = tracker(confirm_after=1, max_gap_frames=9)
    followed.update(FRAME, [LEFT, RIGHT])
    followed.update(FRAME, [LEFT])
    assert rows(followed.update(FRAME)) == [(1, "predicted"), (2, "lost")]
    assert rows(followed.update(FRAME, [LEFT, RIGHT])) == [(1, "active"), (2, "active")]


def test_the_assignment_is_the_best_in_all() -> None:
    # IoU with the tracks at x = 0 and 10 of the detections at x = 5 (15/25 with both) and 14
    # (6/34 and 16/24): greedy by row would be fine as well, greedy by detection 0 not
    followed = tracker(confirm_after=1)
    followed.update(FRAME, [[0, 0, 20, 40], [10, 0, 30, 40]])
    answer = followed.update(FRAME, [[14, 0, 34, 40], [5, 0, 25, 40]])
    assert fates(answer) == [("matched", 2), ("matched", 1)]
    assert answer.source_index.tolist() == [1, 0]


def test_matches_need_the_overlap() -> None:
    # moved by d of 20 pixels: IoU (20 - d) / (20 + d), 0.3 at d = 10.77
    near, far = [[20.7, 10, 40.7, 50]], [[20.8, 10, 40.8, 50]]
    followed = tracker(confirm_after=1)
    followed.update(FRAME, [LEFT])
    assert fates(followed.update(FRAME, near)) == [("matched", 1)]
    followed = tracker(confirm_after=1)
    followed.update(FRAME, [LEFT])
    assert fates(followed.update(FRAME, far)) == [("born", 2)]


def test_every_detection_has_a_fate_and_a_reason() -> None:
    followed = tracker()
    empty = [5.0, 5, 5, 9]
    answer = followed.update(FRAME, [[*LEFT, 0.9], [*RIGHT, 0.4], [*empty, 0.9]])
    assert fates(answer) == [("tentative", -1), ("dropped", -1), ("dropped", -1)]
    assert answer.fates is not None
    assert answer.fates.why.tolist() == [
        "",
        "no track fits, score is below 0.5",
        "has no area",
    ]
    none = followed.update(FRAME, [])
    assert none.fates is not None
    assert len(none.fates) == 0


def test_boxes_from_init_are_confirmed_and_stay() -> None:
    followed = tracker(max_gap_frames=1)
    started = followed.init(FRAME, [LEFT, RIGHT], ids=[4, 9])
    assert rows(started) == [(4, "active"), (9, "active")]
    np.testing.assert_array_equal(started.xyxy, np.array([LEFT, RIGHT], np.float32))
    for _ in range(3):
        answer = followed.update(FRAME, [LEFT])
    assert rows(answer) == [(4, "active"), (9, "lost")]
    followed.update(FRAME, [LEFT, [60, 10, 80, 50]])
    answer = followed.update(FRAME, [LEFT, [60, 10, 80, 50]])
    assert rows(answer) == [(4, "active"), (9, "lost"), (10, "active")]


def test_the_class_is_that_of_most_detections() -> None:
    followed = tracker(confirm_after=1)
    for kind in (2, 7, 7):
        answer = followed.update(FRAME, [[*LEFT, 0.9, kind]])
    assert answer.class_id.tolist() == [7]


def test_time_stamps_count_the_gap() -> None:
    # ten frames per second, a gap of three frames: 0.3 s
    followed = tracker(confirm_after=1)
    followed.update(FRAME, [LEFT], timestamp=5.0)
    assert rows(followed.update(FRAME, [], timestamp=5.2)) == [(1, "lost")]
    assert rows(followed.update(FRAME, [LEFT], timestamp=5.25)) == [(1, "active")]
    assert rows(followed.update(FRAME, [], timestamp=5.75)) == [(1, "ended")]


def test_errors() -> None:
    with pytest.raises(ConfigError, match="confirm_after >= 1"):
        tracker(confirm_after=0)
    with pytest.raises(ConfigError, match=r"overlaps in 0\.\.1, got 1\.5"):
        TrackletTracker(
            "p",
            Standstill,
            [Stage(0, 1, 1.5)],
            birth_score=0.5,
            confirm_after=1,
            max_gap_frames=1,
            frame_rate=30,
        )
    with pytest.raises(ConfigError, match="has no objects yet"):
        tracker().update(FRAME)
    with pytest.raises(ShapeError, match="expected an array"):
        tracker().update(FRAME, np.zeros((2, 3)))
    followed = tracker()
    followed.update(FRAME, [LEFT])
    with pytest.raises(ConfigError, match="the frame is 50x100"):
        followed.update(np.zeros((100, 50, 3), np.uint8), [LEFT])
