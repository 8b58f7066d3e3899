"""mohart.tracking.learned.exits: who was going out of the frame does not jump back in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mohart.tracking.learned.exits import hold_exits, leaving
from mohart.tracking.learned.knobs import RULES, UNSEEN
from mohart.tracking.learned.objects import Objects, fresh_objects
from mohart.tracking.learned.state import NetworkState

SIZE = (200, 120)
AT_LEFT = (0.0, 40.0, 30.0, 100.0)


def state(box: tuple[float, ...]) -> NetworkState:
    return NetworkState(
        boxes=np.array([[box]], np.float32),
        windows=np.zeros((1, 1, 4), np.float32),
        velocity=np.zeros((1, 1, 2), np.float32),
        hidden=np.zeros((1, 1, 3), np.float32),
        cell=np.zeros((1, 1, 3), np.float32),
        memories=(),
        frame=(120, 200),
    )


def going(
    speed: tuple[float, float], box: tuple[float, ...] = AT_LEFT, *, given: bool = True
) -> Objects:
    """Somebody who was seen there in the last frame, moving at this speed."""
    objects = fresh_objects(
        state(box),
        np.zeros((1, 8), np.float32),
        RULES.start(1),
        tracker_id=np.array([3]),
        given=given,
        belief=np.ones(1),
        visibility=np.ones(1),
    )
    return objects.changed(
        age=np.array([20]),
        free_box=np.array([box], np.float32),
        free_speed=np.array([speed], np.float32),
        free_age=np.array([0]),
    )


def found(objects: Objects, box: tuple[float, ...]) -> Objects:
    told = objects.moved(state(box)).changed(visibility=np.array([0.9]))
    return hold_exits(told, SIZE, lambda boxes: boxes)


def test_who_was_going_out_is_not_found_further_in() -> None:
    after = found(going((-6.0, 0.0)), (50.0, 40.0, 80.0, 100.0))
    assert after.visibility[0] == UNSEEN
    np.testing.assert_allclose(after.boxes[0], [-6, 40, 24, 100])  # it goes on along its path


@pytest.mark.parametrize(
    ("speed", "before", "now"),
    [
        ((-6.0, 0.0), AT_LEFT, (0.0, 40.0, 25.0, 100.0)),  # it goes on out
        ((-6.0, 0.0), AT_LEFT, (2.0, 40.0, 32.0, 100.0)),  # it turns
        ((6.0, 0.0), AT_LEFT, (20.0, 40.0, 50.0, 100.0)),  # it comes in
        ((-6.0, 0.0), (50.0, 40.0, 80.0, 100.0), (90.0, 40.0, 120.0, 100.0)),  # far from any edge
        ((0.0, -6.0), AT_LEFT, (30.0, 40.0, 60.0, 100.0)),  # at another edge than where it goes
    ],
)
def test_others_are_left_alone(
    speed: tuple[float, float], before: tuple[float, ...], now: tuple[float, ...]
) -> None:
    after = found(going(speed, before), now)
    assert after.visibility[0] == 0.9
    np.testing.assert_allclose(after.boxes[0], now)


def test_who_is_lost_may_come_back_where_it_will_and_detectors_have_their_word() -> None:
    inside = (50.0, 40.0, 80.0, 100.0)
    lost = going((-6.0, 0.0))
    lost = lost.changed(life=replace(lost.life, lost=np.ones(1, bool)))
    assert found(lost, inside).visibility[0] == 0.9
    assert found(going((-6.0, 0.0), given=False), inside).visibility[0] == 0.9


def test_every_edge_is_known() -> None:
    boxes = np.array(
        [[0, 40, 30, 100], [80, 1, 110, 60], [170, 40, 200, 100], [80, 70, 110, 119]], np.float32
    )
    speed = np.array([[-2, 0], [0, -2], [2, 0], [0, 2]], np.float32)
    np.testing.assert_array_equal(leaving(boxes, speed, SIZE), np.eye(4, dtype=bool))
    assert not leaving(boxes, -speed, SIZE).any()
    assert not leaving(boxes, 0 * speed, SIZE).any()
