"""mohart.tracking.learned.search: who vanished is looked for nearby, and only for a while."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mohart.assembly.weights import load_model
from mohart.tracking.learned.knobs import RULES
from mohart.tracking.learned.objects import Objects, fresh_objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.search import (
    HALF,
    PATIENCE,
    search_nearby,
    share_of_best,
    surroundings,
)
from mohart.tracking.learned.torch_engine import TorchEngine

CPU = torch.device("cpu")
BOX = np.array([[[88.0, 84.0, 112.0, 116.0]]], np.float32)  # around (100, 100)


@pytest.fixture(scope="module")
def engine() -> TorchEngine:
    return TorchEngine(load_model().model, CPU)


def chequered(x: int, y: int, *, thing: bool = True) -> Picture:
    """A chequered thing on noise, its middle at (x, y)."""
    rng = np.random.default_rng(0)
    frame = cv2.GaussianBlur(rng.integers(60, 120, (240, 320, 3), np.uint8), (0, 0), 2)
    if thing:
        frame[y - 16 : y + 16, x - 12 : x + 12] = (30, 60, 200)
        frame[y - 16 : y, x - 12 : x] = (220, 200, 40)
        frame[y : y + 16, x : x + 12] = (40, 220, 90)
    return Picture(np.asarray(frame, np.uint8))


def surely_seen(engine: TorchEngine, boxes: NDArray[np.float32] = BOX) -> Objects:
    """Objects that were surely seen a moment ago."""
    picture, count = chequered(100, 100), boxes.shape[1]
    state = engine.start(picture, boxes)
    objects = fresh_objects(
        state,
        picture.looks(boxes[0]),
        RULES.start(count),
        tracker_id=np.arange(1, count + 1),
        given=True,
        belief=np.full(count, 5.0),
        visibility=np.ones(count),
    )
    return replace(objects, worth_search=np.full(count, PATIENCE))


GONE = np.full(1, -3.0)  # what the network says of a window without the object


def centre(objects: Objects, row: int = 0) -> NDArray[np.float32]:
    middle: NDArray[np.float32] = (objects.boxes[row, :2] + objects.boxes[row, 2:]) / 2
    return middle


def test_finds_what_has_jumped_out_of_its_window(engine: TorchEngine) -> None:
    objects = surely_seen(engine)
    found = search_nearby(objects, objects.state, chequered(145, 70), engine, GONE)
    assert np.abs(centre(found) - (145, 70)).max() < 8
    assert found.visibility[0] > 0.8


HERE, THERE, BELOW = [10.0, 10, 34, 42], [110.0, 10, 134, 42], [10.0, 90, 34, 122]


@pytest.mark.parametrize(
    ("logit", "boxes", "own", "clear"),
    [
        ([3.0, -1.0], [HERE, THERE], -3.0, True),
        ([3.0, 2.9, 2.8], [HERE, THERE, BELOW], -3.0, False),  # which one is not guessed
        ([3.0, 2.9], [HERE, [12.0, 11, 36, 43]], -3.0, True),  # it is one place
        ([3.0, -np.inf], [HERE, THERE], -3.0, True),  # it cannot be there
        ([3.0, -1.0], [HERE, THERE], 3.1, False),  # it may as well be where it was
    ],
)
def test_who_is_found_has_most_of_the_evidence(
    logit: list[float], boxes: list[list[float]], own: float, clear: bool
) -> None:
    share = share_of_best(np.array(logit), np.array(boxes, np.float32), own)
    assert (share >= HALF) is clear
    turned = share_of_best(np.array(logit[::-1]), np.array(boxes[::-1], np.float32), own)
    assert turned == pytest.approx(share)


def test_finds_what_has_jumped_and_come_near(engine: TorchEngine) -> None:
    picture = chequered(120, 128)
    large = cv2.resize(picture.pixels[112:144, 108:132], (41, 54))
    frame = chequered(0, 0, thing=False).pixels.copy()
    frame[110:164, 120:161] = large
    objects = surely_seen(engine)
    found = search_nearby(objects, objects.state, Picture(frame), engine, GONE)
    assert np.abs(centre(found) - (140, 137)).max() < 10
    assert found.boxes[0, 2] - found.boxes[0, 0] > 32


def test_looks_only_for_a_while_after_a_sure_sight(engine: TorchEngine) -> None:
    objects = replace(surely_seen(engine), worth_search=np.zeros(1, np.int64))
    found = search_nearby(objects, objects.state, chequered(145, 70), engine, GONE)
    np.testing.assert_array_equal(found.boxes, objects.boxes)
    empty = chequered(0, 0, thing=False)
    waiting = surely_seen(engine)
    for left in (PATIENCE - 1, PATIENCE - 2):
        waiting = search_nearby(waiting, waiting.state, empty, engine, GONE)
        assert waiting.worth_search.tolist() == [left]


def test_only_who_was_drawn_is_worth_it(engine: TorchEngine) -> None:
    seen = replace(surely_seen(engine), worth_search=np.zeros(1, np.int64))
    picture = chequered(100, 100)
    sure = np.full(1, 3.0)
    after = search_nearby(seen, seen.state, picture, engine, sure)
    assert after.worth_search.tolist() == [PATIENCE]
    detected = replace(seen, given=np.zeros(1, bool))
    after = search_nearby(detected, seen.state, picture, engine, sure)
    assert after.worth_search.tolist() == [0]


def test_does_not_take_what_belongs_to_another(engine: TorchEngine) -> None:
    other = np.array([[[133.0, 54.0, 157.0, 86.0]]], np.float32)
    both, logit = surely_seen(engine, np.concatenate([BOX, other], 1)), np.array([-3.0, 2.0])
    after = search_nearby(both, both.state, chequered(145, 70), engine, logit)
    assert np.abs(centre(after) - (145, 70)).max() > 8


def test_finds_nothing_where_nothing_is(engine: TorchEngine) -> None:
    objects = surely_seen(engine)
    after = search_nearby(objects, objects.state, chequered(0, 0, thing=False), engine, GONE)
    np.testing.assert_array_equal(after.boxes, objects.boxes)
    assert after.visibility.tolist() == [1.0]


def test_windows_lie_around_the_box_and_not_on_it(engine: TorchEngine) -> None:
    many = surroundings(engine.start(chequered(100, 100), BOX), engine)
    away = many.boxes[:, 0] - BOX[0, 0]
    assert len(away) == 48
    assert (np.abs(away).sum(1) > 0).all()
    alike, larger = away[:24], many.boxes[24:, 0]
    np.testing.assert_allclose(alike[:, :2], alike[:, 2:], atol=1e-5)
    assert alike[:, 0].max().item() == pytest.approx(1.8 * 24)
    assert alike[:, 1].min().item() == pytest.approx(-1.8 * 32)
    np.testing.assert_allclose(
        larger[:, 2:] - larger[:, :2], [[1.7 * 24, 1.7 * 32]] * 24, atol=1e-3
    )
    assert (larger[:, :2] + larger[:, 2:]).max() / 2 == pytest.approx(100 + 1.8 * 1.7 * 32)


def test_a_row_is_replaced_and_no_other(engine: TorchEngine) -> None:
    picture = chequered(100, 100)
    two = engine.start(picture, np.concatenate([BOX, BOX + 60], 1))
    one = engine.start(picture, BOX + 20)
    mixed = two.put(1, one)
    for a, b, c in zip(mixed.arrays(), two.arrays(), one.arrays(), strict=True):
        assert np.array_equal(a[:, 0], b[:, 0])
        assert np.array_equal(a[:, 1], c[:, 0])


def test_nobody_is_looked_for_who_was_half_out_of_the_frame(engine: TorchEngine) -> None:
    """It has left; something like it further in is somebody else."""
    objects = surely_seen(engine)
    for middle, found in ((100, True), (2, False)):
        boxes = objects.state.boxes.copy()
        boxes[..., 0::2] += middle - 100
        before = objects.state._replace(boxes=boxes)
        after = objects.moved(before)
        seen = search_nearby(after, before, chequered(middle + 45, 70), engine, GONE)
        assert (np.abs(centre(seen) - (middle + 45, 70)).max() < 8) == found
