"""Scenes put together from pictures: what their labels promise."""

from __future__ import annotations

from pathlib import Path as File

import numpy as np
import pytest

from mohart.synth.collage.actor import Actor, Bend, draw_creature, draw_part, prepare_cutout
from mohart.synth.collage.clips import CollageClips
from mohart.synth.collage.material import Material
from mohart.synth.collage.motion import Camera, Path, draw_camera, draw_path, wander
from mohart.synth.collage.puppet import draw_puppet
from mohart.synth.collage.scene import Collage

STILL = Bend(np.zeros(0), np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.zeros(0))


def _fixed(frames: int) -> Camera:
    return Camera(np.tile((80.0, 60.0), (frames, 1)), np.ones(frames), np.zeros(frames))


def _square(**changes: object) -> Actor:
    image = np.full((20, 20, 4), 255, np.uint8)
    values = {
        "centre": np.array([[40.0, 50.0], [60.0, 50.0]]),
        "turn": np.zeros(2),
        "stretch": np.ones((2, 2)),
        "wave": np.zeros(2),
    }
    path = Path(**{**values, **changes})  # type: ignore[arg-type]
    return Actor(image[None], image[None, None, ..., 3], path, STILL)


@pytest.fixture
def collage(material_folder: File) -> Collage:
    return Collage(
        Material(material_folder), seed=3, width=160, height=120, size=(14, 50), puppets=0.3
    )


def test_a_square_lies_where_its_path_says() -> None:
    drawn = _square().draw(0, _fixed(2), 160, 120, 0.0)
    assert drawn is not None
    columns, rows = (np.flatnonzero(drawn.masks[0].any(axis)) for axis in (0, 1))
    assert (drawn.left + columns[0], drawn.left + columns[-1] + 1) == (30, 50)
    assert (drawn.top + rows[0], drawn.top + rows[-1] + 1) == (40, 60)


def test_a_stretched_square_is_as_much_wider() -> None:
    drawn = _square(stretch=np.array([[1.5, 0.5], [1, 1]])).draw(0, _fixed(2), 160, 120, 0.0)
    assert drawn is not None
    assert abs(int(drawn.masks[0].any(0).sum()) - 30) <= 1
    assert abs(int(drawn.masks[0].any(1).sum()) - 10) <= 1


def test_motion_blur_smears_the_picture_and_not_the_label() -> None:
    sharp = _square().draw(1, _fixed(2), 160, 120, 0.0)
    smeared = _square().draw(1, _fixed(2), 160, 120, 0.8)
    assert sharp is not None
    assert smeared is not None
    assert sharp.masks.sum() == smeared.masks.sum()
    assert (smeared.colour[..., 3] > 0).any(0).sum() > (sharp.colour[..., 3] > 0).any(0).sum() + 8


def test_the_camera_moves_everything() -> None:
    camera = Camera(np.tile((90.0, 60.0), (2, 1)), np.ones(2), np.zeros(2))
    free = _square().draw(0, camera, 160, 120, 0.0)
    fixed = _square().draw(0, _fixed(2), 160, 120, 0.0)
    assert free is not None
    assert fixed is not None
    assert fixed.left - free.left == 10


def test_out_of_sight_is_none() -> None:
    far = _square(centre=np.array([[400.0, 50.0], [400.0, 50.0]]))
    assert far.draw(0, _fixed(2), 160, 120, 0.0) is None


def test_parts_lie_on_the_object_and_are_smaller() -> None:
    rng = np.random.default_rng(0)
    cutout = np.full((60, 40, 4), 200, np.uint8)
    image = prepare_cutout(rng, cutout, 50)
    parts = [draw_part(rng, image) for _ in range(20)]
    areas = [float((part > 0).mean()) for part in parts if part is not None]
    assert len(areas) == 20
    assert max(areas) <= 0.76**2
    assert min(areas) >= 0.05


def test_puppets_reach_out(material_folder: File) -> None:
    images = draw_puppet(np.random.default_rng(1), Material(material_folder), 30.0, 12)
    solid = images[..., 3] >= 128
    extent = solid.any(1).sum(1) * solid.any(2).sum(1)
    assert len(images) == 12
    assert extent.max() > 1.1 * extent.min()
    assert (images[..., :3] <= images[..., 3:].astype(int) + 2).all()


def test_creatures_have_a_body() -> None:
    for seed in range(10):
        image = draw_creature(np.random.default_rng(seed), 25.0)
        assert (image[..., 3] > 60).mean() > 0.2
        assert (image[..., :3] <= image[..., 3:] + 1).all()  # colours times alpha


def test_the_same_number_is_the_same_scene(collage: Collage) -> None:
    one, two = collage.scene(5, 6), collage.scene(5, 6)
    np.testing.assert_array_equal(one.frames, two.frames)
    np.testing.assert_array_equal(one.boxes, two.boxes)
    assert not np.array_equal(one.frames, collage.scene(6, 6).frames)


@pytest.mark.parametrize("number", range(8))
def test_labels_are_boxes_with_shares(collage: Collage, number: int) -> None:
    scene = collage.scene(number, 8)
    finite = np.isfinite(scene.boxes).all(-1)
    assert scene.frames.shape == (8, 120, 160, 3)
    sides = scene.boxes[finite][:, 2:] - scene.boxes[finite][:, :2]
    assert (sides > 0).all()
    assert (scene.visibility >= 0).all()
    assert (scene.visibility <= 1.05).all()
    assert (scene.visibility[~finite] == 0).all()


@pytest.mark.slow
def test_clips_start_with_objects_in_sight(collage: Collage) -> None:
    clips = CollageClips(collage, span=10, objects=3)
    rng = np.random.default_rng(2)
    started = 0
    for number in range(6):
        clip = clips.clip(rng, number, 5)
        assert clip.frames.shape == (5, 120, 160, 3)
        assert (clip.visibility[0][clip.present[0]] > 0.4).all()
        assert np.isfinite(clip.boxes).all()
        assert (clip.boxes[~clip.present] == 0).all()
        started += int(clip.present[0].sum())
    assert started >= 6


def test_clips_depend_on_the_random_numbers_alone(collage: Collage) -> None:
    one = CollageClips(collage, span=10, objects=3).clip(np.random.default_rng(4), 2, 5)
    other = CollageClips(collage, span=10, objects=3)
    other.clip(np.random.default_rng(9), 1, 5)
    again = other.clip(np.random.default_rng(4), 2, 5)
    for a, b in zip(one, again, strict=True):
        np.testing.assert_array_equal(a, b)


def test_wandering_has_the_strength_that_was_asked_for() -> None:
    walk = wander(np.random.default_rng(0), 20_000, 0.5, 5.0)
    assert walk.std() == pytest.approx(0.5, rel=0.1)
    keep = np.corrcoef(walk[:-1], walk[1:])[0, 1]
    assert keep == pytest.approx(np.exp(-1 / 5), abs=0.02)


def test_paths_and_cameras_are_finite() -> None:
    rng = np.random.default_rng(0)
    for manner in ("glide", "bounce", "dart", "rest"):
        path = draw_path(rng, 20, 30.0, 160, 120, pace=0.3, manner=manner, heading=True)
        for values in (path.centre, path.turn, path.stretch, path.wave):
            assert np.isfinite(values).all()
        camera = draw_camera(rng, 20, 160, 120, path.centre)
        assert np.isfinite(camera.middle).all()
        assert (camera.zoom > 0.3).all()
