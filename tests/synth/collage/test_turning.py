"""Objects that turn in space: their pictures and what is labelled."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from mohart.synth.collage.material import Material
from mohart.synth.collage.scene import Collage
from mohart.synth.collage.turning import Cloud, blow_up, draw_turning, film_cloud


def _sides(mask: np.ndarray) -> tuple[int, int]:
    return int(mask.any(0).sum()), int(mask.any(1).sum())


def _yaw(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _disc(thick: float) -> Cloud:
    picture = np.zeros((60, 60, 4), np.uint8)
    y, x = np.mgrid[:60, :60] - 29.5
    picture[x**2 + y**2 < 28**2] = (30, 90, 200, 255)
    return blow_up(picture, thick, 0.0)


def test_a_disc_that_turns_becomes_narrow_and_stays_as_high() -> None:
    views = np.stack([_yaw(0.0), _yaw(np.pi / 2)])
    turned = film_cloud(np.random.default_rng(0), _disc(0.3), views, 40.0)
    front, side = _sides(turned.whole[0] > 0), _sides(turned.whole[1] > 0)
    assert abs(front[0] - 40) <= 3
    assert abs(front[1] - 40) <= 3
    assert abs(side[1] - 40) <= 3
    assert 0.2 * front[0] < side[0] < 0.5 * front[0]  # its belly and back: 0.3 of the half


def test_what_is_in_front_hides_what_is_behind() -> None:
    x, y = (one.ravel() for one in np.meshgrid(np.arange(-20, 20, 0.5), np.arange(-20, 20, 0.5)))
    places = np.stack([np.r_[x, x], np.r_[y, y], np.r_[0 * x - 5, 0 * x + 5]], 1)[None]
    facing = np.tile((0.0, 0.0, 1.0), (1, len(places[0]), 1))
    colours = np.repeat([[255, 0, 0], [0, 0, 255]], len(x), 0).astype(np.float32)
    cloud = Cloud(places, facing, colours)
    turned = film_cloud(np.random.default_rng(0), cloud, np.stack([np.eye(3), _yaw(np.pi)]), 30.0)
    middle = len(turned.images[0]) // 2
    assert turned.images[0, middle, middle, 2] > 4 * int(turned.images[0, middle, middle, 0]) + 40
    assert turned.images[1, middle, middle, 0] > 4 * int(turned.images[1, middle, middle, 2]) + 40


def test_an_end_is_smaller_than_the_whole_and_lies_on_it() -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        turned = film_cloud(rng, _disc(0.5), np.stack([_yaw(0.0), _yaw(0.4)]), 60.0)
        for whole, part in zip(turned.whole > 0, turned.part > 0, strict=True):
            assert 20 < part.sum() < 0.9 * whole.sum()
            assert (part & ~whole).sum() <= 0.05 * part.sum()


@pytest.fixture
def with_models(material_folder: Path, bar_file: Path, tmp_path: Path) -> Path:
    shutil.copytree(material_folder, tmp_path / "material")
    (tmp_path / "material/models3d/bars").mkdir(parents=True)
    shutil.copy(bar_file, tmp_path / "material/models3d/bars/bar.glb")
    return tmp_path / "material"


@pytest.mark.slow
def test_models_move_and_cutouts_turn(with_models: Path) -> None:
    material = Material(with_models)
    assert [path.name for path in material.models] == ["bar.glb"]
    changed = 0
    for seed in range(8):
        turned = draw_turning(np.random.default_rng(seed), material, 40.0, 6)
        assert turned.images.shape[0] == 6
        assert (turned.images[..., :3] <= turned.images[..., 3:].astype(int) + 2).all()
        assert abs(np.sqrt(np.prod(_sides(turned.whole[0] > 0))) - 40) < 6
        changed += _sides(turned.whole[0] > 0) != _sides(turned.whole[-1] > 0)
    assert changed >= 5


@pytest.mark.slow
def test_scenes_with_turning_objects_repeat_and_are_labelled(with_models: Path) -> None:
    def scene(number: int) -> tuple[np.ndarray, np.ndarray]:
        drawn = Collage(
            Material(with_models),
            seed=4,
            width=160,
            height=120,
            size=(20, 50),
            dishes=0.0,
            turning=1.0,
        ).scene(number, 5)
        return drawn.frames, drawn.boxes

    sizes = []
    for number in range(4):
        (frames, boxes), (again, others) = scene(number), scene(number)
        np.testing.assert_array_equal(frames, again)
        np.testing.assert_array_equal(boxes, others)
        sizes += [*(boxes[..., 2:] - boxes[..., :2]).reshape(-1, 2)]
    known = np.array(sizes)[np.isfinite(sizes).all(1)]
    assert len(known) > 20
    assert (known > 0).all()
