"""mohart.tracking.learned.given: a first look at somebody half hidden is taken again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mohart.assembly.weights import load_model
from mohart.tracking.learned.given import drawn, look_again, put
from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.torch_engine import TorchEngine

APART = np.array([[20, 40, 50, 100], [120, 40, 150, 100]], np.float32)
BEHIND = np.array([[20, 40, 50, 100], [35, 40, 65, 100]], np.float32)
FRAME = np.random.default_rng(3).integers(0, 255, (160, 200, 3), np.uint8)


@pytest.fixture(scope="module")
def engine() -> TorchEngine:
    return TorchEngine(load_model().model, torch.device("cpu"))


def _drawn(engine: TorchEngine, boxes: NDArray[np.float32], first: int = 1) -> Objects:
    picture = Picture(FRAME)
    ids = np.arange(first, first + len(boxes))
    nobody = np.zeros((len(boxes), 0), np.float32)  # no embedding
    habit = np.zeros_like(boxes)
    return drawn(engine.start(picture, boxes[None]), picture.looks(boxes), ids, habit, nobody)


def test_boxes_that_are_drawn_over_each_other_are_doubtful(engine: TorchEngine) -> None:
    assert put(None, _drawn(engine, APART)).half_hidden.tolist() == [False, False]
    assert put(None, _drawn(engine, BEHIND)).half_hidden.tolist() == [True, True]


def test_only_what_is_drawn_now_is_doubtful(engine: TorchEngine) -> None:
    known = put(None, _drawn(engine, BEHIND[:1])).changed(age=np.array([40]))
    both = put(known, _drawn(engine, BEHIND[1:], first=2))
    assert both.tracker_id.tolist() == [1, 2]
    assert both.half_hidden.tolist() == [False, True]


def test_the_first_look_is_taken_again_when_nobody_is_near(engine: TorchEngine) -> None:
    objects = put(None, _drawn(engine, BEHIND))
    picture = Picture(255 - FRAME)
    assert look_again(objects, picture, engine) is objects  # still one behind the other
    free = objects.changed(boxes=APART, age=np.array([5, 5]))
    unseen = free.changed(visibility=np.array([0.2, 0.2]))
    assert look_again(unseen, picture, engine) is unseen
    after = look_again(free, picture, engine)
    assert not after.half_hidden.any()
    fresh = engine.start(picture, APART[None])
    np.testing.assert_allclose(after.state.memories[0], fresh.memories[0], atol=1e-6)
    np.testing.assert_array_equal(after.state.hidden, objects.state.hidden)


def test_others_keep_their_looks(engine: TorchEngine) -> None:
    objects = put(None, _drawn(engine, BEHIND)).changed(
        boxes=APART, half_hidden=np.array([True, False])
    )
    after = look_again(objects, Picture(255 - FRAME), engine)
    np.testing.assert_array_equal(after.state.memories[0][0, 1], objects.state.memories[0][0, 1])
    assert not np.array_equal(after.state.memories[0][0, 0], objects.state.memories[0][0, 0])
