from __future__ import annotations

import numpy as np
import pytest

from mohart.boxes import clip_to_frame
from mohart.synth.scenes.canvas import CANVAS
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.ground import Ground
from mohart.synth.scenes.solids import Solid, draw_solid
from mohart.synth.scenes.sprites import solid_sprite

AWAY, SIDE = np.pi / 2, 0.0
GROUND = Ground(horizon=-60.0, reference=60.0, focal=300.0, heading=0.0)


@pytest.fixture(scope="module", params=range(4))  # views are kept by the solid
def solid(request: pytest.FixtureRequest) -> Solid:
    return draw_solid(np.random.default_rng(request.param))


def extent(solid: Solid, yaw: float, slope: float) -> np.ndarray:
    hull = solid.view(yaw, slope).hull
    return hull.max(0) - hull.min(0)


def test_a_vehicle_is_long_from_the_side_and_narrow_from_behind(solid: Solid) -> None:
    assert extent(solid, SIDE, 0.1)[0] > 1.6 * extent(solid, AWAY, 0.1)[0]
    for yaw in (SIDE, 0.7, AWAY, 2.0, -1.0):
        assert extent(solid, yaw, 0.9)[1] > extent(solid, yaw, 0.1)[1]  # one looks down on more


def test_every_view_fits_the_canvas_and_stands_on_its_foot(solid: Solid) -> None:
    for yaw in np.linspace(0, 2 * np.pi, 8):
        for slope in (0.05, 0.4, 1.2, 5.0):
            view = solid.view(float(yaw), slope)
            assert view.image.shape == (CANVAS, CANVAS, 4)
            assert not view.image[[0, -1], :, 3].any()
            assert not view.image[:, [0, -1], 3].any()
            low, high = view.hull.min(0), view.hull.max(0)
            assert (low < view.foot).all()
            assert (view.foot < high + 1).all()
            assert view.area == (view.image[..., 3] > 100).sum()
            assert abs(view.foot[0] - (low[0] + high[0]) / 2) < 0.12 * (high[0] - low[0])


def test_views_are_kept_and_opposite_sides_differ(solid: Solid) -> None:
    front = solid.view(-AWAY, 0.3)
    assert solid.view(-AWAY + 2 * np.pi, 0.3) is front
    back = solid.view(AWAY, 0.3)
    both = (front.image[..., 3] > 200) & (back.image[..., 3] > 200)
    assert np.abs(front.image[both].astype(int) - back.image[both]).max() > 30


def test_the_same_seed_gives_the_same_vehicle() -> None:
    one, two = (draw_solid(np.random.default_rng(7)).view(0.4, 0.3).image for _ in range(2))
    assert np.array_equal(one, two)


def test_one_sees_the_side_that_is_nearer_to_the_line_of_sight() -> None:
    toward = np.pi / 2  # on the ground, y is towards the camera
    straight, slope = GROUND.sight(np.array([0.0, 60.0]), -toward)
    assert straight == pytest.approx(AWAY)
    assert slope == pytest.approx(120 / 300)
    right, _ = GROUND.sight(np.array([90.0, 60.0]), -toward)
    assert right > AWAY  # turned to the left: its left side shows
    coming, _ = GROUND.sight(np.array([0.0, 60.0]), toward)
    assert coming == pytest.approx(-AWAY)
    _, far = GROUND.sight(np.array([0.0, 0.0]), toward)
    assert far == pytest.approx(slope / 2)  # half as many rows under the horizon: twice as far


def test_a_solid_sprite_has_the_size_of_one_of_its_views(solid: Solid) -> None:
    sprite = solid_sprite(solid)
    assert sprite.kind == "vehicle"
    assert sprite.size == pytest.approx(extent(solid, -np.pi / 3, 0.3).tolist())


@pytest.mark.slow
def test_streets_get_vehicles_that_change_as_they_come() -> None:
    generator = Generator(
        seed=3,
        width=160,
        height=120,
        street=1.0,
        solid=1.0,
        leaving=0.3,
        camera=0.0,
        shutter=0.0,
        scenery=0.0,
    )
    aspects, scenes = [], 0
    for number in range(12):
        scene = generator.scene(number, 10)
        if scene.sprites[0].solid is None:
            continue
        scenes += 1
        assert scene.ground is not None
        first, *_, last = scene.frames()
        again = next(iter(generator.scene(number, 10).frames()))
        assert np.array_equal(first.frame, again.frame)
        assert ((first.visibility >= 0) & (first.visibility <= 1)).all()
        for one, two in zip(first.boxes, last.boxes, strict=True):
            ratio = (one[2:] - one[:2]) / (two[2:] - two[:2])
            aspects.append(ratio[0] / ratio[1])
    assert scenes >= 3
    assert np.ptp(aspects) > 0.2  # a flat picture would keep its aspect
    flat = Generator(seed=3, width=160, height=120, street=1.0)
    assert all(flat.scene(n, 2).sprites[0].solid is None for n in range(12))


@pytest.mark.slow
def test_the_box_holds_what_is_drawn_of_the_vehicle() -> None:
    generator = Generator(
        seed=3,
        width=160,
        height=120,
        objects=(1, 1),
        street=1.0,
        solid=1.0,
        camera=0.0,
        shutter=0.0,
        scenery=0.0,
    )
    checked = 0
    for number in range(60):
        scene = generator.scene(number, 2)
        if scene.sprites[0].solid is None:
            continue
        _, boxes, visibility = scene._draw(1)
        owner = np.full((120, 160), 254, np.uint8)
        view = scene.camera.matrix(1, 160, 120)
        scene._paint(np.zeros((120, 160, 3), np.uint8), owner, 0, 1, view, view)
        rows, columns = np.nonzero(owner == 0)
        if not len(rows) or visibility[0] < 0.95:
            continue
        checked += 1
        drawn = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        inside = clip_to_frame(boxes, 160, 120)[0]
        assert np.abs(inside - drawn).max() < 2.5
    assert checked >= 3
