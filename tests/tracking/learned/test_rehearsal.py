"""mohart.tracking.learned.rehearsal: the first frame is followed for a while, pushed about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mohart
from mohart.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from mohart.data.sequence import Sequence
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.rehearsal import GAIN, LOOKS, SHAPE, _pushed, rehearse
from mohart.tracking.learned.state import NetworkState

DRAWN = np.array([[30, 30, 50, 70], [100, 40, 160, 70]], np.float32)
PICTURE = Picture(np.zeros((120, 200, 3), np.uint8))


def _state(boxes: np.ndarray) -> NetworkState:
    nothing = np.zeros((1, len(boxes), 1), np.float32)
    windows = np.concatenate([boxes[:, :2] - 10, boxes[:, 2:] + 10], 1)
    velocity = np.zeros((1, len(boxes), 2), np.float32)
    return NetworkState(boxes[None], windows[None], velocity, nothing, nothing, (), (120, 200))


class _Drifting:
    """Answers a step towards what it takes for whole, wherever it is put."""

    def __init__(self, whole: np.ndarray, share: float) -> None:
        self.whole, self.share, self.looks = whole, share, 0

    def step(self, picture: Picture, state: NetworkState) -> tuple[Any, NetworkState]:
        """See mohart.tracking.learned.engine."""
        self.looks += 1
        boxes = state.boxes + self.share * (self.whole - state.boxes)
        return np.zeros(state.boxes.shape[:2]), state._replace(boxes=boxes.astype(np.float32))


def _whole(offset: float, growth: tuple[float, float]) -> np.ndarray:
    boxes = np.asarray(xyxy_to_cxcywh(DRAWN.astype(np.float64)))
    boxes[:, 1] += offset * boxes[:, 3]
    boxes[:, 2:] *= np.exp(growth)
    return np.asarray(cxcywh_to_xyxy(boxes))


def test_where_a_network_goes_to_is_known_although_one_look_shows_half_of_it() -> None:
    engine = _Drifting(_whole(0.1, (0.12, 0.12)), 0.5)
    found = rehearse(engine, PICTURE, _state(DRAWN), DRAWN)
    assert engine.looks == 1 + LOOKS
    np.testing.assert_allclose(found[:, 0], 0, atol=0.01)
    np.testing.assert_allclose(found[:, 1], 0.05 + GAIN * 0.05, atol=0.04)
    np.testing.assert_allclose(found[:, 2:], 0.06 + GAIN * 0.06, atol=0.03)


def test_of_a_change_of_shape_less_is_believed() -> None:
    found = rehearse(_Drifting(_whole(0, (0.1, -0.1)), 1.0), PICTURE, _state(DRAWN), DRAWN)
    np.testing.assert_allclose(found[:, 2:], [[0.1, -0.1]] * 2, atol=1e-3)  # by the first look
    slow = rehearse(_Drifting(_whole(0, (0.1, -0.1)), 0.5), PICTURE, _state(DRAWN), DRAWN)
    expected = 0.05 + GAIN * SHAPE * 0.05
    np.testing.assert_allclose(slow[:, 2], expected, atol=0.02)
    np.testing.assert_allclose(slow[:, 3], -expected, atol=0.02)


def test_a_network_that_stays_where_it_is_put_has_no_habit() -> None:
    found = rehearse(_Drifting(DRAWN, 0.0), PICTURE, _state(DRAWN), DRAWN)
    np.testing.assert_allclose(found, 0, atol=0.01)


@pytest.mark.parametrize("growth", [0.9, -0.9])
def test_who_is_answered_as_something_else_has_the_habit_of_the_first_look_or_none(
    growth: float,
) -> None:
    engine = _Drifting(_whole(0, (growth, growth)), 1.0)
    np.testing.assert_array_equal(rehearse(engine, PICTURE, _state(DRAWN), DRAWN), 0)


def test_nobody_is_rehearsed_without_a_look() -> None:
    engine = _Drifting(np.zeros((0, 4)), 1.0)
    none = np.zeros((0, 4), np.float32)
    assert rehearse(engine, PICTURE, _state(none), none).shape == (0, 4)
    assert engine.looks == 0


def test_every_second_push_undoes_the_last_and_the_window_goes_along() -> None:
    state = _state(DRAWN)
    for look in range(0, LOOKS, 2):
        away = _pushed(state, look)
        moved = away.boxes[..., :2] + away.boxes[..., 2:] - state.boxes[..., :2]
        moved = (moved - state.boxes[..., 2:]) / 2
        wide = np.diff(away.boxes[0][:, [0, 2]]) / np.diff(state.boxes[0][:, [0, 2]])
        assert (np.abs(moved) > 2).all()
        assert (np.abs(np.log(wide)) > 0.05).all()
        windows = (away.windows[..., :2] + away.windows[..., 2:]) / 2
        before = (state.windows[..., :2] + state.windows[..., 2:]) / 2
        np.testing.assert_allclose(windows - before, moved, atol=1e-3)
        again = _pushed(away, look + 1)
        np.testing.assert_allclose(again.boxes, state.boxes, atol=1e-3)


def test_a_video_begins_as_if_nothing_had_been_rehearsed(moving_boxes: Sequence) -> None:
    frame = moving_boxes.frame(0)
    tracker = mohart.load_tracker(engine="torch")
    tracker.init(frame, DRAWN[:1])
    objects = tracker._online._objects
    assert objects is not None
    np.testing.assert_array_equal(objects.boxes, DRAWN[:1])
    start = tracker._engine.start(Picture(frame), DRAWN[None, :1])
    for ours, theirs in zip(objects.state.arrays(), start.arrays(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert objects.habit.any()
