"""Motion blur, transparency, and things that stand still in a place."""

import numpy as np
import pytest

from mohart.synth.scenes.compose import blend, paste_parked, smear
from mohart.synth.scenes.ground import Ground
from mohart.synth.scenes.sprites import draw_sprite


def dot() -> np.ndarray:
    image = np.zeros((21, 31, 3), np.uint8)
    image[10, 15] = 250
    return image


def test_short_motion_is_not_blurred() -> None:
    image = dot()
    assert smear(image, np.array([1.0, 0.5])) is image


@pytest.mark.parametrize("shift", [(9.0, 0.0), (0.0, 9.0), (-9.0, 0.0)])
def test_a_dot_becomes_a_line_of_the_same_light_along_the_motion(shift: tuple[float, ...]) -> None:
    image = smear(dot(), np.array(shift))
    light = image[..., 0].astype(float)
    assert light.sum() == pytest.approx(250, rel=0.1)
    rows, columns = np.nonzero(light)
    long, short = (columns, rows) if shift[0] else (rows, columns)
    assert 7 <= np.ptp(long) + 1 <= 11
    assert np.ptp(short) <= 2
    assert rows.mean() == pytest.approx(10, abs=0.6)
    assert columns.mean() == pytest.approx(15, abs=0.6)


def test_blur_spreads_opacity_and_keeps_the_colour() -> None:
    layer = np.zeros((21, 31, 4), np.uint8)
    layer[6:15, 10:20] = (200, 100, 50, 255)
    out = smear(layer, np.array([10.0, 0.0]))
    edge = out[10, 8]
    assert 0 < edge[3] < 255
    np.testing.assert_allclose(edge[:3], (200, 100, 50), atol=3)  # not darkened


def test_blend_paints_by_opacity_in_place() -> None:
    below = np.full((2, 2, 3), 100, np.uint8)
    layer = np.zeros((2, 2, 4), np.uint8)
    layer[0, 0] = (200, 0, 50, 255)
    layer[0, 1] = (200, 200, 200, 128)
    blend(below, layer)
    assert below[0, 0].tolist() == [200, 0, 50]
    np.testing.assert_allclose(below[0, 1], 150, atol=1)
    assert below[1].tolist() == [[100] * 3] * 2


def test_parked_things_on_a_ground_stay_below_its_horizon() -> None:
    rng = np.random.default_rng(4)
    sprites = [draw_sprite(rng, "vehicle") for _ in range(4)]
    place = np.full((384, 512, 3), 127, np.uint8)
    ground = Ground(horizon=0.0, reference=100.0, focal=400.0, heading=0.0)
    drawn = paste_parked(rng, place, sprites, np.full(4, 20.0), ground).place
    changed = (drawn != place).any((1, 2)).nonzero()[0]
    assert len(changed)
    assert changed.min() > 384 / 2 - 30  # a small one's top may reach over the horizon
    assert (place == 127).all()  # the original stays
