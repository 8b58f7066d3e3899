"""Three ways to see a place: what each says about size, order and pace."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.synth.scenes.ground import Ground
from mohart.synth.scenes.view import TINY, Flat, Plane, Tilted, View

PLANE = Plane(Ground(horizon=-60.0, reference=60.0, focal=400.0, heading=0.3), 240.0)
PLACES = np.array([[0.0, -50.0], [10.0, 20.0], [-80.0, 100.0]])
HEIGHTS = np.array([20.0, 30.0, 40.0])
LAYER = np.array([0.3, 0.1, 0.2])


def begun(view: View) -> tuple[View, np.ndarray]:
    position = view.enter(PLACES, HEIGHTS)
    return view.begin(position, -100.0), position


@pytest.mark.parametrize("view", [Flat(), Tilted()])
def test_where_there_is_no_ground_plane_everybody_starts_at_its_own_size(view: View) -> None:
    seen, position = begun(view)
    assert np.array_equal(position, PLACES)
    assert seen.scale(position).tolist() == [1, 1, 1]
    assert np.array_equal(seen.show(position, HEIGHTS), PLACES)
    assert seen.pace(HEIGHTS, LAYER) is HEIGHTS  # what is small as seen comes slowly
    assert seen.span(320.0, position) == 320.0


def test_only_seen_from_above_the_order_is_any() -> None:
    flat, tilted = begun(Flat())[0], begun(Tilted())[0]
    assert flat.depth(PLACES, HEIGHTS, LAYER) is LAYER
    assert np.argsort(tilted.depth(PLACES, HEIGHTS, LAYER)).tolist() == [0, 1, 2]


def test_tilted_things_grow_as_they_come_down_within_bounds() -> None:
    tilted, position = begun(Tilted())
    lower = position + np.array([0.0, 60.0])
    np.testing.assert_allclose(tilted.scale(lower), (lower[:, 1] + 100) / (position[:, 1] + 100))
    assert tilted.scale(position + np.array([0.0, 9e3])).tolist() == [4, 4, 4]
    assert tilted.scale(position - np.array([0.0, 9e3])).tolist() == [0.25, 0.25, 0.25]


def test_on_a_plane_things_stand_on_the_ground_and_none_starts_tiny() -> None:
    seen, position = begun(PLANE)
    tall = HEIGHTS * seen.scale(position)
    assert (tall >= 0.99 * TINY).all()
    foot = seen.show(position, tall)[:, 1] + tall / 2
    np.testing.assert_allclose(foot, PLANE.ground.to_image(position)[:, 1])
    assert np.array_equal(seen.depth(position, tall, LAYER), position[:, 1])
    assert seen.pace(HEIGHTS, LAYER) is LAYER
    farther = position * [1.0, 2.0]
    assert (seen.span(320.0, farther) > seen.span(320.0, position)).all()


def test_the_road_says_where_traffic_goes_and_nothing_is_drawn() -> None:
    rng, other = np.random.default_rng(0), np.random.default_rng(0)
    assert PLANE.course(rng) == pytest.approx(np.pi / 2 - 0.3)
    assert rng.random() == other.random()
    assert 0 <= Flat().course(rng) < 2 * np.pi
    assert rng.random() != other.random()
