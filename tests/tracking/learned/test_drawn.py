"""mohart.tracking.learned.drawn: what was drawn is what is followed."""

from __future__ import annotations

import numpy as np
import pytest

import mohart
from mohart.data.sequence import Sequence
from mohart.structures import Detections
from mohart.tracking.learned.drawn import (
    DOUBT,
    GROWTH_DOUBT,
    as_drawn,
    doubted,
    drawn_sizes,
    habits,
)

NONE = np.zeros((1, 4), np.float32)


def _boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_the_size_of_a_box_at_the_edge_is_not_known() -> None:
    boxes = _boxes(
        (10, 10, 50, 40), (0, 10, 50, 40), (10, -5, 50, 40), (10, 10, 99.5, 40), (10, 10, 50, 80)
    )
    np.testing.assert_array_equal(
        drawn_sizes(boxes, (80, 100)), [(40, 30), (0, 0), (0, 0), (0, 0), (0, 0)]
    )


def test_habits_are_offset_and_size_in_sizes_of_what_was_drawn() -> None:
    found = habits(_boxes((100, 100, 140, 200)), _boxes((100, 95, 144, 205)))
    np.testing.assert_allclose(found, [(0.05, 0.0, np.log(1.1), np.log(1.1))], atol=1e-6)


def test_who_is_not_seen_as_drawn_has_no_habit() -> None:
    drawn = _boxes((100, 100, 140, 200), (100, 100, 140, 200))
    said = _boxes((108, 100, 148, 200), (100, 100, 180, 200))
    np.testing.assert_array_equal(habits(drawn, said), np.zeros((2, 4)))


def test_a_habit_is_taken_out_wherever_the_object_goes() -> None:
    drawn = _boxes((100, 100, 140, 200))
    habit = habits(drawn, _boxes((100, 95, 144, 205)))
    later = _boxes((300, 195, 344, 305))  # the same habit 200 to the right, 100 down
    np.testing.assert_allclose(
        as_drawn(later, np.array([[40.0, 100.0]], np.float32), habit),
        [(300, 200, 340, 300)],
        atol=1e-3,
    )


def test_growth_is_believed_and_a_small_change_of_shape_is_not() -> None:
    size = np.array([[40.0, 100.0]], np.float32)
    grown = _boxes((0, 0, 80, 200))
    (left, top, right, bottom) = as_drawn(grown, size, NONE)[0]
    assert (right - left, bottom - top) == pytest.approx((80, 200), rel=0.005)
    assert (left + right, top + bottom) == pytest.approx((80, 200), abs=1e-3)
    wider = _boxes((0, 0, 44, 100))
    said = as_drawn(wider, size, NONE)
    (left, top, right, bottom) = said[0]
    assert (right - left) / (bottom - top) == pytest.approx(0.4, abs=0.01)  # as drawn
    assert (right - left) * (bottom - top) == pytest.approx(4200, rel=1e-2)  # half of its growth
    assert (left + right, top + bottom) == pytest.approx((44, 100), abs=1e-3)


def test_a_large_change_of_shape_is_believed_more_and_more() -> None:
    changes = np.array([0.02, 0.1, DOUBT, 0.5, 1.5])
    shares = doubted(changes, DOUBT) / changes
    assert (np.diff(shares) > 0).all()
    assert shares[0] < 0.02
    assert shares[2] == pytest.approx(0.5)
    assert shares[-1] > 0.95
    np.testing.assert_allclose(doubted(-changes, DOUBT), -doubted(changes, DOUBT))
    assert doubted(np.array([GROWTH_DOUBT]), GROWTH_DOUBT) == pytest.approx(GROWTH_DOUBT / 2)


def test_boxes_without_a_drawn_shape_stay_as_they_are() -> None:
    boxes = _boxes((0, 0, 44, 100), (0, 0, 44, 100))
    sizes = np.array([[0, 0], [40, 100]], np.float32)
    said = as_drawn(boxes, sizes, np.zeros((2, 4), np.float32))
    np.testing.assert_array_equal(said[0], boxes[0])
    assert not np.array_equal(said[1], boxes[1])


def test_the_tracker_says_shapes_as_drawn_until_a_detector_tells_another(
    moving_boxes: Sequence,
) -> None:
    frames = list(moving_boxes.frames(0, 4))
    drawn = _boxes((12, 42, 32, 78))
    tracker = mohart.load_tracker(engine="torch")
    tracker.init(frames[0], drawn)
    shape = np.log(20 / 36)
    for frame in frames[1:3]:
        x1, y1, x2, y2 = tracker.update(frame).xyxy[0]
        assert np.log((x2 - x1) / (y2 - y1)) == pytest.approx(shape, abs=0.1)
    wide = Detections(_boxes((16, 46, 50, 74)), np.ones(1, np.float32), np.zeros(1, np.int64))
    tracker.update(frames[3], wide)
    packed = tracker._online.snapshot()["objects"]
    assert not packed["drawn_size"].any()
