"""mohart.tracking.learned.second_look: who moved further than expected is looked at once more."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mohart.assembly.weights import load_model
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.second_look import look_closer
from mohart.tracking.learned.state import Array, NetworkState
from mohart.tracking.learned.torch_engine import TorchEngine

BOXES = np.array([[[88, 84, 112, 116], [200, 150, 230, 180]]], np.float32)
GIVEN = np.ones(2, bool)


class Counted(TorchEngine):
    """Keeps the states that it was asked to go on from."""

    def __init__(self) -> None:
        super().__init__(load_model().model, torch.device("cpu"))
        self.asked: list[NetworkState] = []

    def step(self, picture: Picture | None, state: NetworkState) -> tuple[Array, NetworkState]:
        self.asked.append(state)
        return super().step(picture, state)


@pytest.fixture(scope="module")
def engine() -> Counted:
    return Counted()


def _picture(*middles: tuple[int, int]) -> Picture:
    frame = np.random.default_rng(0).integers(60, 120, (240, 320, 3), np.uint8)
    for x, y in middles:
        frame[y - 16 : y + 16, x - 12 : x + 12] = (30, 60, 200)
        frame[y - 16 : y, x - 12 : x] = (220, 200, 40)
    return Picture(frame)


def _looked(
    engine: Counted, picture: Picture, given: NDArray[np.bool_] = GIVEN
) -> tuple[tuple[Array, NetworkState], tuple[Array, NetworkState]]:
    """The first look at a frame, and both."""
    before = engine.start(_picture((100, 100), (215, 165)), BOXES)
    first = engine.step(picture, before)
    engine.asked.clear()
    return first, look_closer(given, before, *first, picture, engine)


def test_who_moved_is_looked_at_where_it_was_found(engine: Counted) -> None:
    first, both = _looked(engine, _picture((114, 92), (215, 165)))
    (again,) = engine.asked
    found = first[1].boxes[0, 0]
    assert again.rows == 1  # the other one rests
    middle, window = again.boxes[0, 0], again.windows[0, 0]
    np.testing.assert_allclose(middle[:2] + middle[2:], found[:2] + found[2:], rtol=1e-5)
    np.testing.assert_allclose(window[:2] + window[2:], found[:2] + found[2:], rtol=1e-5)
    np.testing.assert_allclose(middle[2:] - middle[:2], [24, 32], rtol=1e-5)
    assert not again.velocity.any()
    assert not np.array_equal(both[1].boxes[0, 0], found)
    for old, new in zip(first[1].arrays(), both[1].arrays(), strict=True):
        np.testing.assert_array_equal(old[0, 1], new[0, 1])
    assert both[0][0, 1] == first[0][0, 1]


def test_velocity_is_that_of_the_whole_way(engine: Counted) -> None:
    first, both = _looked(engine, _picture((114, 92), (215, 165)))
    np.testing.assert_array_equal(both[1].velocity, first[1].velocity)
    box, window = both[1].boxes[0, 0], both[1].windows[0, 0]
    ahead = (window[:2] + window[2:] - box[:2] - box[2:]) / 2  # the next window goes along
    np.testing.assert_allclose(ahead, both[1].velocity[0, 0], atol=1e-3)


def test_who_rests_who_is_not_seen_and_who_was_detected_is_not_looked_at_again(
    engine: Counted,
) -> None:
    first, both = _looked(engine, _picture((100, 100), (215, 165)))
    assert engine.asked == []
    assert both[1] is first[1]
    _looked(engine, _picture((114, 92), (215, 165)), given=np.zeros(2, bool))
    assert engine.asked == []
    before = engine.start(_picture((100, 100), (215, 165)), BOXES)
    told, after = engine.step(_picture((114, 92), (215, 165)), before)
    engine.asked.clear()
    look_closer(GIVEN, before, np.full_like(told, -1.0), after, _picture((114, 92)), engine)
    assert engine.asked == []


def test_who_touches_another_is_not_looked_at_again(engine: Counted) -> None:
    boxes = np.concatenate([BOXES[:, :1], BOXES[:, :1] + np.float32([[[20, 4, 20, 4]]])], 1)
    before = engine.start(_picture((100, 100), (120, 104)), boxes)
    picture = _picture((114, 92), (134, 96))
    told, after = engine.step(picture, before)
    engine.asked.clear()
    look_closer(GIVEN, before, told + 9.0, after, picture, engine)
    assert engine.asked == []
    alone = after._replace(boxes=after.boxes + np.float32([[[0], [90]]]))
    look_closer(GIVEN, before, told + 9.0, alone, picture, engine)
    assert [state.rows for state in engine.asked] == [2]


def test_a_look_that_is_less_sure_does_not_count(engine: Counted) -> None:
    before = engine.start(_picture((100, 100), (215, 165)), BOXES)
    picture = _picture((114, 92), (215, 165))
    told, after = engine.step(picture, before)
    surer = told + 50.0
    again, same = look_closer(GIVEN, before, surer, after, picture, engine)
    np.testing.assert_array_equal(again, surer)
    for one, other in zip(same.arrays(), after.arrays(), strict=True):
        np.testing.assert_array_equal(one, other)
