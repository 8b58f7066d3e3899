from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.synth.scenes.absences import BEFORE, Absences
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.record import inside_frame

GENERATOR = Generator(seed=5, objects=(4, 4), camera=0.0, leaving=0.0, passing=0.0, scenery=0.0)


def gone(frames: int, absences: Absences) -> np.ndarray:
    """[T, N] who is out of the frame."""
    scene = absences.put_into(GENERATOR.scene(0, frames), np.random.default_rng(0))
    return ~np.array([inside_frame(item.boxes, 320, 240) for item in scene.frames()])


@pytest.mark.slow
def test_everybody_leaves_and_comes_back_after_a_gap_of_the_wanted_length() -> None:
    away = gone(120, Absences(share=1.0, gap=(30, 30), walk=(10, 10)))
    assert not away[:BEFORE].any()
    lengths = away.sum(0)
    assert (lengths >= 30).all()
    assert np.median(lengths) <= 30 + 20  # and a part of the ways out and in
    assert away[-1].mean() <= 0.5  # where their own way leads out of the picture


@pytest.mark.slow
def test_nobody_leaves_without_a_share_or_without_time() -> None:
    assert not gone(60, Absences(share=0.0)).any()
    assert not gone(60, Absences(share=1.0, gap=(60, 60))).any()


def test_the_same_seed_gives_the_same_absences_and_the_scene_is_not_changed() -> None:
    scene = GENERATOR.scene(0, 90)
    before = scene.crowd.position.copy()
    first, again = (
        Absences(gap=(10, 20)).put_into(scene, np.random.default_rng(3)).crowd.position
        for _ in range(2)
    )
    assert np.array_equal(first, again)
    assert np.array_equal(scene.crowd.position, before)
    assert not np.array_equal(first, before)


@pytest.mark.slow
def test_a_moving_camera_and_impossible_numbers_are_refused() -> None:
    moving = Generator(seed=5, objects=(2, 2), camera=1.0)
    scenes = [moving.scene(n, 30) for n in range(4)]
    scene = next(s for s in scenes if np.ptp(s.camera.centre) > 0)
    with pytest.raises(ConfigError, match="the camera moves"):
        Absences().put_into(scene, np.random.default_rng(0))
    with pytest.raises(ConfigError, match="shortest <= longest"):
        Absences(gap=(30, 10))
