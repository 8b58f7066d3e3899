"""mohart.tracking.learned.contest: who is lost claims what another has slid onto."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mohart.tracking.learned.contest import EVERY, FAR, TIMES, contest
from mohart.tracking.learned.embedding import Embedding
from mohart.tracking.learned.identify import Identifier
from mohart.tracking.learned.knobs import UNSEEN
from mohart.tracking.learned.objects import Objects, fresh_objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.state import NetworkState
from mohart.tracking.lifecycle import Lifecycle

RED, BLUE, GREEN = (30, 30, 220), (220, 30, 30), (30, 200, 30)
A, B, C = [20.0, 20, 40, 60], [100.0, 20, 120, 60], [60.0, 20, 80, 60]
PLACES = np.array([A, B, C], np.float32)


def picture(**colours: tuple[int, int, int]) -> Picture:
    """Something of a colour at places a, b and c on grey."""
    frame = np.full((120, 200, 3), 110, np.uint8)
    for name, colour in colours.items():
        x1, y1, x2, y2 = (int(v) for v in {"a": A, "b": B, "c": C}[name])
        frame[y1:y2, x1:x2] = colour
    return Picture(frame)


FIRST = picture(a=RED, b=BLUE, c=GREEN)


def _state(memory: np.ndarray | None = None) -> NetworkState:
    cells = np.ones((1, 3, 2, 2, 2, 2), np.float32) if memory is None else memory
    if memory is None:
        cells *= np.array([[1, 2], [10, 20], [100, 200]])[..., None, None, None]
    learned = np.array([[[1], [2], [3]]], np.float32)
    return NetworkState(
        boxes=PLACES[None].copy(),
        windows=PLACES[None] + np.array([-10, -10, 10, 10], np.float32),
        velocity=np.arange(6, dtype=np.float32).reshape(1, 3, 2),
        hidden=np.ones((1, 3, 4), np.float32),
        cell=np.ones((1, 3, 4), np.float32),
        memories=(cells, learned),
        frame=(120, 200),
    )


def drawn(*, given: bool = True, identity: np.ndarray | None = None) -> Objects:
    """1 is red at A, 2 blue at B, 3 green at C; 1 is lost since, and old enough to be asked for."""
    objects = fresh_objects(
        _state(),
        FIRST.looks(PLACES),
        Lifecycle().start(3),
        tracker_id=np.array([1, 2, 3]),
        given=given,
        belief=np.ones(3),
        visibility=np.array([0.05, 0.9, 0.9]),
        identity=identity,
    )
    lost = np.array([True, False, False])
    life = replace(objects.life, lost=lost)
    return objects.changed(life=life, age=np.full(3, EVERY), free_age=np.array([30, 0, 0]))


def looked(objects: Objects, shown: Picture, says: Identifier, times: int = 1) -> Objects:
    for _ in range(times):
        objects = contest(objects, shown, says)
    return objects


def test_who_is_lost_is_put_where_another_stands_on_it_after_some_looks() -> None:
    """What stands at B is red now: it is 1, not 2."""
    shown, says = picture(b=RED, c=GREEN), Identifier()
    objects = looked(drawn(), shown, says, TIMES - 1)
    assert objects.contested.tolist() == [0, TIMES - 1, 0]
    np.testing.assert_array_equal(objects.boxes, PLACES)
    objects = looked(objects, shown, says)
    assert objects.boxes[0].tolist() == objects.state.boxes[0, 0].tolist() == B
    assert objects.boxes[1].tolist() == A  # out of its way
    assert objects.state.windows[0, 0].tolist() == [90, 10, 130, 70]
    assert objects.state.velocity[0, 0].tolist() == [2, 3]
    assert objects.state.hidden[0, :, 0].tolist() == [1, 0, 1]  # goes on; knows nothing
    looks = objects.state.memories[0][0, :, :, 0, 0, 0]  # the first ones are as they were
    assert looks.tolist() == [[1, 20], [10, 10], [100, 200]]
    assert objects.state.memories[1][0].tolist() == [[2], [0], [3]]
    assert objects.visibility.tolist() == [0.9, pytest.approx(UNSEEN), 0.9]
    assert objects.life.lost.tolist() == [False, True, False]
    assert objects.life.hidden_frames[1] > 0
    assert objects.contested.tolist() == [0, 0, 0]


def test_one_look_in_between_that_shows_itself_begins_the_count_anew() -> None:
    says = Identifier()
    objects = looked(drawn(), picture(b=RED, c=GREEN), says, TIMES - 1)
    objects = looked(objects, FIRST, says)
    assert objects.contested.tolist() == [0, 0, 0]
    objects = looked(objects, picture(b=RED, c=GREEN), says, TIMES - 1)
    np.testing.assert_array_equal(objects.boxes, PLACES)


def test_who_is_lost_is_back_in_one_place_only() -> None:
    """Red at B and at C: 1 is put on the one that looks more like it, and the other stays."""
    almost = (45, 30, 215)
    objects = looked(drawn(), picture(b=almost, c=RED), Identifier(), TIMES)
    assert objects.boxes[0].tolist() == C
    assert objects.boxes[1].tolist() == B
    assert objects.visibility[1] == 0.9


def test_a_count_does_not_outlast_a_time_without_anybody_lost() -> None:
    shown, says = picture(b=RED, c=GREEN), Identifier()
    objects = looked(drawn(), shown, says, TIMES - 1)
    found = objects.changed(life=objects.life.changed(lost=np.zeros(3, bool)))
    assert looked(found, shown, says).contested.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "why", ["it looks like itself", "not lost", "a detector's", "too far", "not its turn", "crowd"]
)
def test_nothing_is_claimed_otherwise(why: str) -> None:
    shown, says = picture(b=RED, c=GREEN), Identifier()
    objects = drawn(given=why != "a detector's")
    if why == "it looks like itself":
        shown = FIRST
    elif why == "not lost":
        objects = objects.changed(life=replace(objects.life, lost=np.zeros(3, bool)))
    elif why == "too far":
        away = objects.free_box.copy()
        away[0] -= FAR * 40
        objects = objects.changed(free_box=away)
    elif why == "not its turn":
        objects = objects.changed(age=np.full(3, EVERY + 1))
    elif why == "crowd":
        boxes = objects.boxes.copy()
        boxes[2] = boxes[1] + 2
        objects = objects.changed(boxes=boxes)
    after = looked(objects, shown, says, TIMES)
    np.testing.assert_array_equal(after.boxes, objects.boxes)
    assert after.yields.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("agrees", "here", "claimed"),
    [(1.0, False, True), (0.0, False, False), (0.7, True, True), (0.7, False, False)],
)
def test_an_embedding_has_to_agree_less_so_where_it_was_lost(
    agrees: float, here: bool, claimed: bool
) -> None:
    """An embedding is what the latest template has in its two channels: (1, 0) is 1, (0, 1) 2."""
    one, other = np.eye(2, dtype=np.float32)
    cells = np.zeros((1, 3, 2, 2, 1, 1), np.float32)  # looks, channels, rows, columns
    cells[0, 1, -1, :, 0, 0] = agrees, (1 - agrees**2) ** 0.5  # of what 2 stands on
    cells[0, 2, -1, :, 0, 0] = other
    head = Embedding(
        cells=np.eye(2, dtype=np.float32),
        tone=np.zeros((2, FIRST.looks(PLACES).shape[1]), np.float32),
        tone_shift=np.zeros(2, np.float32),
        bend=np.zeros((1, 2), np.float32),
        bend_shift=np.zeros(1, np.float32),
        back=np.zeros((2, 1), np.float32),
        back_shift=np.zeros(2, np.float32),
    )
    objects = drawn(identity=np.stack([one, other, other]))
    objects = objects.changed(state=_state(cells))
    if here:
        objects = objects.changed(free_box=PLACES[[1, 1, 2]] + 3)
    after = looked(objects, picture(b=RED, c=GREEN), Identifier(head), TIMES)
    assert (after.boxes[0].tolist() == B) is claimed
