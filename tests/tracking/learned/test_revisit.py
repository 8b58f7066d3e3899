"""mohart.tracking.learned.revisit: who is lost is looked for around where it was, for a while."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mohart.assembly.weights import load_model
from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.revisit import EVERY, FIRST, LAST, look_where_lost
from mohart.tracking.learned.torch_engine import TorchEngine
from tests.tracking.learned.test_search import BOX, CPU, GONE, centre, chequered, surely_seen

ASIDE = (130, 118)  # a size and a bit from where it was


@pytest.fixture(scope="module")
def engine() -> TorchEngine:
    return TorchEngine(load_model().model, CPU)


def away(objects: Objects, frames: int) -> Objects:
    """Not seen for so many frames; its window has drifted off."""
    drifted = objects.state._replace(boxes=objects.state.boxes + 90)
    life = replace(objects.life, hidden_frames=np.full(len(objects), frames))
    sizes = objects.boxes[:, 2:] - objects.boxes[:, :2]
    return objects.moved(drifted).changed(life=life, size=sizes, age=np.full(len(objects), EVERY))


def look(objects: Objects, engine: TorchEngine, at: tuple[int, int] = ASIDE) -> Objects:
    return look_where_lost(objects, chequered(*at), engine, np.repeat(GONE, len(objects)))


def same(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    return bool(np.array_equal(one, other))


def test_who_is_lost_is_found_around_where_it_was(engine: TorchEngine) -> None:
    lost = away(surely_seen(engine), FIRST)
    found = look(lost, engine)
    assert np.abs(centre(found) - ASIDE).max() < 8
    assert found.visibility[0] > 0.9
    assert same(found.state.boxes[0], found.boxes)


def test_and_where_its_path_led(engine: TorchEngine) -> None:
    lost = away(surely_seen(engine), FIRST).changed(
        free_speed=np.array([[6.0, 0]], np.float32), free_age=np.array([20])
    )
    places = [
        look(lost.changed(age=np.array([turn * EVERY])), engine, (220, 100)) for turn in (1, 2)
    ]
    reached = [bool(np.abs(centre(place) - (220, 100)).max() < 8) for place in places]
    assert reached == [False, True]  # in turn


@pytest.mark.parametrize("frames", [0, FIRST - 1, LAST + 1])
def test_neither_at_once_nor_for_ever(engine: TorchEngine, frames: int) -> None:
    lost = away(surely_seen(engine), frames)
    assert same(look(lost, engine).boxes, lost.boxes)


def test_the_longer_away_the_surer(engine: TorchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mohart.tracking.learned.revisit.LATER", 0.2)  # 12 for 60 frames
    late, early = away(surely_seen(engine), LAST), away(surely_seen(engine), FIRST)
    assert same(look(late, engine).boxes, late.boxes)
    assert not same(look(early, engine).boxes, early.boxes)


def test_only_in_some_frames_and_only_who_was_drawn(engine: TorchEngine) -> None:
    lost = away(surely_seen(engine), FIRST)
    for other in (
        lost.changed(age=lost.age + 1),
        lost.changed(given=~lost.given),
        lost.changed(life=replace(lost.life, found_frames=np.ones(1, np.int64))),
    ):
        assert same(look(other, engine).boxes, lost.boxes)


def test_not_on_another_nor_where_nothing_is(engine: TorchEngine) -> None:
    x, y = ASIDE
    there = np.array([[[x - 12.0, y - 16, x + 12, y + 16]]], np.float32)
    both = surely_seen(engine, np.concatenate([BOX, there], 1))
    hidden = np.array([FIRST, 0])
    sizes = both.boxes[:, 2:] - both.boxes[:, :2]
    both = both.changed(
        life=replace(both.life, hidden_frames=hidden), size=sizes, age=np.full(2, EVERY)
    )
    after = look_where_lost(both, chequered(*ASIDE), engine, np.array([-3.0, 4.0]))
    assert same(after.boxes, both.boxes)
    lost = away(surely_seen(engine), FIRST)
    empty = chequered(0, 0, thing=False)
    assert same(look_where_lost(lost, empty, engine, GONE).boxes, lost.boxes)


def test_everybody_has_a_turn(engine: TorchEngine) -> None:
    far = BOX + np.array([150.0, 60, 150, 60], np.float32)
    lost = away(surely_seen(engine, np.concatenate([BOX, far], 1)), FIRST)
    moved = [
        (look(lost.changed(age=np.full(2, turn * EVERY)), engine).boxes != lost.boxes).any(1)
        for turn in range(4)
    ]
    assert np.any(moved, axis=0).tolist() == [True, False]  # only one is in the picture
    assert sum(row.any() for row in moved) in (1, 2)
