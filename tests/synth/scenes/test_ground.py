"""Perspective: the ground plane, places drawn on it, and motion that lies on it."""

import numpy as np
import pytest

from mohart.synth.scenes.camera import camera_path
from mohart.synth.scenes.crowd import Gait, simulate_crowd
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.ground import Ground, draw_ground, street
from mohart.synth.scenes.scene import Bank
from mohart.synth.scenes.view import Flat, Plane

PLANE = Ground(horizon=-60.0, reference=60.0, focal=400.0, heading=0.0)


def test_ground_and_image_are_inverse_below_the_horizon() -> None:
    points = np.array([[-100.0, -40.0], [0.0, 60.0], [80.0, 118.0]])
    np.testing.assert_allclose(PLANE.to_image(PLANE.to_ground(points)), points)


def test_size_is_one_at_the_reference_row_and_falls_as_one_over_distance() -> None:
    ground = PLANE.to_ground(np.array([[0.0, 60.0]]))
    assert PLANE.scale(ground)[0] == pytest.approx(1)
    assert ground[0, 1] == pytest.approx(-400)
    twice = np.array([[0.0, -800.0]])  # one focal length further away
    assert PLANE.scale(twice)[0] == pytest.approx(0.5)
    assert PLANE.to_image(twice)[0, 1] == pytest.approx(0.0)  # half way to the horizon


def test_parallel_lines_meet_on_the_horizon() -> None:
    left, right = (PLANE.to_image(np.array([[x, -400.0 * 12]])) for x in (-100.0, 100.0))
    assert abs(right[0, 0] - left[0, 0]) < 20
    assert abs(left[0, 1] - PLANE.horizon) < 11


def test_random_grounds_are_seeded_and_never_enlarge_much() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        plane = draw_ground(rng, 320, 240)
        assert plane == draw_ground(np.random.default_rng(seed), 320, 240)
        assert plane.horizon < plane.reference <= 120
        bottom = plane.scale(plane.to_ground(np.array([[0.0, 120.0]])))[0]
        assert 1 <= bottom < 2.3


def test_a_street_is_a_picture_in_range_with_more_than_one_surface_and_seeded() -> None:
    image = street(np.random.default_rng(3), 192, 256, PLANE)
    assert image.shape == (192, 256, 3)
    assert image.dtype == np.float32
    assert image.min() >= 0
    assert image.max() <= 255
    above, below = image[:30].mean((0, 1)), image[120:].mean((0, 1))
    assert np.abs(above - below).max() > 5
    np.testing.assert_array_equal(image, street(np.random.default_rng(3), 192, 256, PLANE))


def test_traffic_grows_as_it_comes_and_shrinks_as_it_goes() -> None:
    camera = camera_path(np.random.default_rng(0), 30, 240, moving=0.0)
    crowd = simulate_crowd(
        np.random.default_rng(1),
        camera,
        np.full(6, 30.0),
        (320, 240),
        frame_rate=15.0,
        view=Plane(PLANE, 240.0),
        gait=Gait(lanes=True, interaction=0.0, scaling=0.0),
    )
    down = np.diff(crowd.position[..., 1] + crowd.height / 2, axis=0)
    growth = np.diff(crowd.height, axis=0)
    moving = np.abs(down) > 0.05
    assert moving.any()
    assert (np.sign(down[moving]) == np.sign(growth[moving])).all()
    foot = crowd.position[..., 1] + crowd.height / 2
    np.testing.assert_allclose(
        crowd.height / 30, (foot - PLANE.horizon) / (PLANE.reference - PLANE.horizon), rtol=1e-6
    )


def test_things_that_turn_get_narrower_but_never_broader_than_they_are() -> None:
    camera = camera_path(np.random.default_rng(0), 60, 240, moving=0.0)
    crowd = simulate_crowd(
        np.random.default_rng(1),
        camera,
        np.full(6, 30.0),
        (320, 240),
        frame_rate=15.0,
        view=Flat(),
        gait=Gait(turning=0.5),
    )
    assert 0.5 <= crowd.breadth.min() < 0.95
    assert crowd.breadth.max() <= 1
    assert np.abs(np.diff(crowd.breadth, axis=0)).max() < 0.06


@pytest.mark.slow
@pytest.mark.parametrize(("heading", "views"), [(0.1, {"front", "raised"}), (1.0, {"side"})])
def test_vehicles_on_a_road_show_the_side_that_the_road_shows(
    heading: float, views: set[str]
) -> None:
    generator, bank = Generator(seed=2), Bank(2)
    sprites = [bank.sprite(n) for n in range(40)]
    wrong = [s for s in sprites if s.kind == "vehicle" and s.view not in views][:1] * 9
    plane = Ground(horizon=-60.0, reference=60.0, focal=400.0, heading=heading)
    cast = generator._facing(np.random.default_rng(0), bank, 0, wrong, plane)
    assert len(cast) == 9
    assert {sprite.view for sprite in cast} <= views
    people = [s for s in sprites if s.kind == "walker"][:2]
    assert generator._facing(np.random.default_rng(0), bank, 0, people, plane) is people
