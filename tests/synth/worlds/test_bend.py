"""The world whose nuisance is known."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.assembly.data import build_world
from mohart.config.worlds import BendConfig
from mohart.errors import ConfigError
from mohart.facts import find_fact
from mohart.synth.worlds.bend import COLOURS, Bend
from mohart.synth.worlds.clips import WorldClips
from mohart.synth.worlds.predictors import bounds


def test_objects_go_in_circles_at_a_steady_speed() -> None:
    world = Bend()
    drawn = world.simulate(np.random.default_rng(0), 9)
    speed = np.linalg.norm(drawn.velocities, axis=-1)
    np.testing.assert_allclose(speed, world.speed * world.height)
    angle = np.unwrap(np.arctan2(drawn.velocities[..., 1], drawn.velocities[..., 0]), axis=0)
    np.testing.assert_allclose(np.abs(np.diff(angle, axis=0)), world.turn)
    right = np.diff(angle, axis=0)[0] > 0
    np.testing.assert_array_equal(world.turns_right(drawn, 5), right)


@pytest.mark.parametrize("bias", [0.0, 0.5, 0.95, 1.0])
def test_the_colour_fits_as_often_as_is_asked(bias: float) -> None:
    world, fits = Bend(bias=bias, objects=(8, 8)), []
    for seed in range(60):
        drawn = world.simulate(np.random.default_rng(seed), 4)
        fits += list((drawn.kinds[0] == 1) == world.turns_right(drawn, 2))
        np.testing.assert_array_equal(drawn.colours[0], COLOURS[drawn.kinds[0]])
    assert abs(np.mean(fits) - bias) < 4 * np.sqrt(0.25 / len(fits)) * (0 < bias < 1) + 1e-9


def test_the_best_go_by_the_motion_and_the_colour_misleads_in_the_test() -> None:
    found = {}
    for part in ("training", "test"):
        world = build_world(BendConfig(), part)  # type: ignore[arg-type]
        rows = bounds(world, seed=1, sequences=60, frames=9, horizon=5)
        found[part] = {row.predictor: row.iou for row in rows}
    assert found["training"]["best"] == pytest.approx(1.0)
    assert found["training"]["colour"] > 0.9
    assert found["test"]["colour"] < 0.75
    assert found["test"]["best"] == pytest.approx(1.0)


def test_clips_tell_their_kind_where_they_are_asked() -> None:
    clip = WorldClips(Bend(), 0, 3, facts=True).clip(np.random.default_rng(0), 0, 4)
    assert clip.facts is not None
    kinds = clip.facts[..., find_fact("kind")[1]][clip.present]
    assert set(np.unique(kinds)) <= {0.0, 1.0}
    assert WorldClips(Bend(), 0, 3).clip(np.random.default_rng(0), 0, 4).facts is None


def test_settings_out_of_range() -> None:
    with pytest.raises(ConfigError, match="bias: expected 0 to 1"):
        Bend(bias=1.5)
    with pytest.raises(ConfigError, match="circles that fit"):
        Bend(turn=0.05)
