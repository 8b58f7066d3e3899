from __future__ import annotations

import numpy as np
import pytest

from mohart.synth.worlds.render import render, visible_share
from mohart.synth.worlds.world import Simulated, simulated


def still(
    places: list[tuple[float, float]], radii: list[float], order: list[float], frames: int = 2
) -> Simulated:
    x = np.tile(np.array(places, float).reshape(1, -1, 2), (frames, 1, 1))
    colours = np.array([[0, 0, 255], [255, 0, 0], [0, 255, 0]], np.uint8)[: len(places)]
    return simulated(x, np.zeros_like(x), np.array(radii), colours, np.array(order))


def draw(scene: Simulated, width: int = 64, height: int = 48):  # type: ignore[no-untyped-def]
    return render(scene, np.random.default_rng(0), width, height)


def test_shapes_and_types() -> None:
    drawn = draw(still([(20, 20), (40, 30)], [8, 5], [0, 1]))
    assert drawn.frames.shape == (2, 48, 64, 3)
    assert drawn.frames.dtype == np.uint8
    assert drawn.boxes.dtype == drawn.visibility.dtype == np.float32
    np.testing.assert_array_equal(drawn.boxes[0], [[12, 12, 28, 28], [35, 25, 45, 35]])


def test_a_disc_covers_its_area_and_nothing_outside_its_box() -> None:
    for x, y in ((20.0, 20.0), (20.37, 19.81)):
        with_disc, without = draw(still([(x, y)], [8], [0])), draw(still([], [], []))
        changed = (with_disc.frames[0] != without.frames[0]).any(-1)
        rows, columns = np.nonzero(changed)
        left, top, right, bottom = with_disc.boxes[0, 0]
        assert left - 1 < columns.min() < left + 1.5
        assert right - 2.5 < columns.max() < right
        assert top - 1 < rows.min() < top + 1.5
        assert bottom - 2.5 < rows.max() < bottom
        red = with_disc.frames[0, ..., 2].astype(float) - without.frames[0, ..., 2]
        covered = (red / (255.0 - without.frames[0, ..., 2])).sum()
        assert covered == pytest.approx(np.pi * 64, rel=0.01)


def test_a_fraction_of_a_pixel_moves_the_centre_of_what_is_drawn() -> None:
    ground = draw(still([], [], [])).frames[0, ..., 2].astype(float)
    places = []
    for x in (20.0, 20.25, 20.5):
        cover = draw(still([(x, 20)], [8], [0])).frames[0, ..., 2] - ground
        weight = cover / (255.0 - ground)
        places.append((weight.sum(0) * (np.arange(64) + 0.5)).sum() / weight.sum())
    np.testing.assert_allclose(places, [20.0, 20.25, 20.5], atol=0.02)


@pytest.mark.parametrize("front", [0, 1])
def test_who_is_in_front_is_drawn_and_counted_as_seen(front: int) -> None:
    order = [1.0, 0.0] if front == 0 else [0.0, 1.0]
    scene = still([(20, 20), (20, 20)], [8, 8], order)
    drawn = draw(scene)
    np.testing.assert_array_equal(drawn.frames[0, 20, 20], scene.colours[0, front])
    np.testing.assert_array_equal(drawn.visibility[0], [1.0, 0.0] if front == 0 else [0.0, 1.0])


def test_the_visible_share_is_that_of_the_area() -> None:
    """A disc whose centre is on the border is half outside; a lens of two discs a radius apart.

    The lens of two discs of radius r at distance r is 2 pi / 3 - sqrt(3) / 2 of r^2: 0.391 pi.
    """
    scene = still([(0, 24), (40, 24), (48, 24)], [8, 8, 8], [0, 0, 1])
    share = visible_share(scene, np.ones((2, 3), bool), 64, 48)
    np.testing.assert_allclose(share[0], [0.5, 1 - 0.391, 1.0], atol=0.02)


def test_objects_outside_the_frame_are_absent_and_hide_nobody() -> None:
    drawn = draw(still([(-9, 20), (70, 20), (20, 56)], [8, 5, 8], [2, 1, 0]))
    assert not drawn.present[0].any()
    assert not drawn.boxes.any()
    assert (drawn.frames[0] == draw(still([], [], [])).frames[0]).all()
    border = draw(still([(-6, 20), (50, 54)], [8, 8], [0, 1]))
    assert border.present.all()
    assert (border.visibility > 0).all()
    assert (border.visibility < 0.1).all()


def test_the_camera_moves_all_boxes_but_not_the_ground() -> None:
    scene = still([(20, 20), (40, 30)], [8, 5], [0, 1])
    camera = np.array([[0.0, 0], [3, -2]])
    moved = simulated(
        scene.positions, scene.velocities, scene.radii, scene.colours, scene.order, camera=camera
    )
    drawn = draw(moved)
    np.testing.assert_allclose(drawn.boxes[1] - drawn.boxes[0], [[3, -2, 3, -2]] * 2)
    np.testing.assert_array_equal(drawn.frames[0, :8, 40:], drawn.frames[1, :8, 40:])
