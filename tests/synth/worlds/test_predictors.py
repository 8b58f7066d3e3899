"""Bounds: exact where the world is deterministic, and ordered."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.synth.worlds.camera import Camera
from mohart.synth.worlds.collide import Collide
from mohart.synth.worlds.crowd import Crowd
from mohart.synth.worlds.forces import Forces
from mohart.synth.worlds.free import Free
from mohart.synth.worlds.kalman import Motion, kalman_predict
from mohart.synth.worlds.predictors import Bound, bounds
from mohart.synth.worlds.world import World


def bounds_of(world: World, sequences: int = 40, **settings: int) -> dict[str, Bound]:
    given = {"seed": 1, "frames": 14, "horizon": 6, **settings}
    return {b.predictor: b for b in bounds(world, sequences=sequences, **given)}


@pytest.mark.parametrize("world", [Free(), Collide(), Forces(), Crowd()], ids=lambda w: type(w))
def test_the_true_simulation_predicts_without_error(world: World) -> None:
    best = bounds_of(world, 10)["best"]
    assert best.iou == pytest.approx(1, abs=1e-6)
    assert best.fde == pytest.approx(0, abs=1e-6)


def test_without_interaction_the_others_are_of_no_use() -> None:
    found = bounds_of(Free(), 10)
    assert found["alone"].iou == found["best"].iou == pytest.approx(1)
    assert found["static"].iou < 0.5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "gap"),
    [(Collide(), 0.08), (Forces(), 0.2), (Crowd(), 0.2), (Camera(), 0.02)],
    ids=lambda x: type(x),
)
def test_where_objects_interact_the_others_are_worth_something(world: World, gap: float) -> None:
    found = bounds_of(world)
    assert found["best"].iou > found["alone"].iou + gap
    assert found["alone"].iou > found["static"].iou
    assert found["best"].ade < found["alone"].ade < found["static"].ade


@pytest.mark.slow
def test_an_object_that_is_not_seen_is_found_by_the_shake_of_the_others() -> None:
    found = bounds_of(Camera())
    assert found["best_unseen"].fde < 0.15 * found["alone_unseen"].fde
    assert found["best_unseen"].iou > found["alone_unseen"].iou + 0.3


@pytest.mark.slow
def test_colours_that_change_after_the_last_look_can_not_be_predicted() -> None:
    rest, change = bounds_of(Forces()), bounds_of(Forces(quiet=0))
    assert change["best"].iou < rest["best"].iou - 0.05
    assert change["best"].iou > change["alone"].iou


@pytest.mark.slow
def test_more_of_the_future_is_harder() -> None:
    near, far = (bounds_of(Forces(), horizon=k)["alone"] for k in (3, 8))
    assert near.iou_end > far.iou_end + 0.1


def test_numbers_that_do_not_fit_are_refused() -> None:
    for wrong in ({"horizon": 0}, {"horizon": 13}, {"sequences": 0}):
        with pytest.raises(ConfigError, match="bounds: expected a horizon"):
            bounds_of(Free(), **wrong)  # type: ignore[arg-type]


def motion(shake: float, home: float = 0.0) -> Motion:
    move = np.array([[1.0, 1, 0], [0, 1, 0], [0, 0, 1]])
    start = np.diag([25.0, 25, 0])
    return Motion(move, np.zeros((3, 3)), start, shake, home)


def test_a_kalman_filter_goes_straight_on_where_nothing_shakes() -> None:
    t = np.arange(8.0)[:, None, None]
    seen = np.concatenate([10 + 2 * t, 50 - 3 * t], -1)  # [8, 1, 2]
    shown = (np.arange(8) < 5)[:, None]
    found = kalman_predict(seen, shown, motion(0.0))
    np.testing.assert_allclose(found, seen, atol=1e-3)


def test_a_shared_offset_is_taken_from_those_that_are_seen() -> None:
    """Two still objects; in the last frame everything jumps by (8, -5), one is not seen."""
    seen = np.tile(np.array([[20.0, 20], [60, 40]]), (6, 1, 1))
    seen[-1] += (8, -5)
    shown = np.ones((6, 2), bool)
    shown[-1, 1] = False
    law = motion(8.0, home=30.0)
    np.testing.assert_allclose(kalman_predict(seen, shown, law)[-1, 1], [68, 35], atol=1.5)
    alone = kalman_predict(seen[:, 1:], shown[:, 1:], law)[-1, 0]
    assert np.abs(alone - (60, 40)).max() < 4  # it stays: nothing tells the jump
