"""The laws of each world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.synth.worlds.bend import Bend
from mohart.synth.worlds.camera import KEEP, SPRING, Camera, stationary
from mohart.synth.worlds.collide import Collide
from mohart.synth.worlds.crowd import Crowd
from mohart.synth.worlds.forces import COLOURS, LAW, SURE, Forces, pair_forces
from mohart.synth.worlds.free import Free
from mohart.synth.worlds.world import Simulated, World

WORLDS = [Free(), Collide(), Forces(), Camera(), Bend(), Crowd()]
NAMES = [type(world).__name__ for world in WORLDS]


def run(world: World, seed: int = 0, frames: int = 12) -> Simulated:
    return world.simulate(np.random.default_rng(seed), frames)


@pytest.mark.parametrize("world", WORLDS, ids=NAMES)
def test_the_seed_decides_everything(world: World) -> None:
    a, b, c = run(world, 3), run(world, 3), run(world, 4)
    for name, value in vars(a).items():
        np.testing.assert_array_equal(value, getattr(b, name))
    assert a.positions.shape != c.positions.shape or not np.allclose(a.positions, c.positions)


@pytest.mark.parametrize("world", WORLDS, ids=NAMES)
def test_shapes_and_settings(world: World) -> None:
    for seed in range(10):
        drawn = run(world, seed)
        length, count = drawn.positions.shape[:2]
        assert length == 12
        low, high = world.objects  # type: ignore[attr-defined]
        assert low <= count <= high
        assert drawn.velocities.shape == (12, count, 2)
        assert drawn.colours.shape == (12, count, 3)
        assert drawn.boxes().shape == (12, count, 4)
        assert drawn.present.all()
        small, large = (s * world.height / 2 for s in world.size)  # type: ignore[attr-defined]
        assert (drawn.radii >= small).all()
        assert (drawn.radii <= large).all()


@pytest.mark.parametrize("world", WORLDS, ids=NAMES)
def test_a_world_looks_the_same_in_every_frame_size(world: World) -> None:
    large = replace(world, width=192, height=192)  # type: ignore[type-var]
    if isinstance(world, Forces):  # many small steps: rounding grows
        small, big = run(world, frames=4), run(large, frames=4)
    else:
        small, big = run(world), run(large)
    np.testing.assert_allclose(2 * small.radii, big.radii)
    if not isinstance(world, Camera | Crowd):  # these draw places from a fixed number of pixels
        np.testing.assert_allclose(2 * small.velocities[0], big.velocities[0], atol=1e-9)


@pytest.mark.parametrize(
    "world", [Free(), Collide(), Forces(), Bend(), Crowd()], ids=lambda w: type(w)
)
def test_nobody_leaves_a_world_with_walls(world: World) -> None:
    for seed in range(5):
        drawn = run(world, seed, 40)
        boxes = drawn.boxes()
        assert boxes.min() > -1e-6
        assert boxes.max() < 96 + 1e-6


def test_free_objects_do_not_notice_each_other() -> None:
    """Between two walls every velocity stays what it was, whoever is met."""
    drawn = run(Free(objects=(8, 8), size=(0.14, 0.14)), frames=30)
    speed = np.abs(drawn.velocities)
    np.testing.assert_allclose(speed, np.broadcast_to(speed[0], speed.shape), rtol=1e-12)
    apart = np.linalg.norm(drawn.positions[:, :, None] - drawn.positions[:, None], axis=-1)
    touched = (apart + 1e3 * np.eye(8) < 2 * drawn.radii[0]).any()
    assert touched, "the test must see somebody pass"


def test_collide_conserves_energy_and_changes_momentum_only_at_walls() -> None:
    collided = 0
    for seed in range(5):
        drawn = run(Collide(objects=(6, 6), size=(0.14, 0.22), speed=0.04), seed, 40)
        np.testing.assert_allclose(
            (drawn.velocities**2).sum((1, 2)), (drawn.velocities[0] ** 2).sum(), rtol=1e-9
        )
        change = np.abs(np.diff(drawn.velocities, axis=0))
        room = np.minimum(drawn.positions, 96 - drawn.positions) - drawn.radii[:, None]
        fastest = np.linalg.norm(drawn.velocities, axis=-1).sum()
        for t in np.flatnonzero(change.max((1, 2)) > 1e-9):
            axis_free = (room[t] > fastest).all() or (room[t : t + 2].min() > 8)
            if axis_free:
                collided += 1
                np.testing.assert_allclose(
                    drawn.velocities[t + 1].sum(0), drawn.velocities[t].sum(0), atol=1e-9
                )
    assert collided > 0, "the test must see a collision far from the walls"


def test_in_collide_only_discs_of_different_size_ever_overlap_and_the_larger_is_in_front() -> None:
    passed = False
    for seed in range(10):
        drawn = run(Collide(), seed, 40)
        apart = np.linalg.norm(drawn.positions[:, :, None] - drawn.positions[:, None], axis=-1)
        overlap = apart < drawn.radii[:, None] + drawn.radii[None, :] - 1e-6
        same = drawn.radii[:, None] == drawn.radii[None, :]
        assert not (overlap & same & ~np.eye(len(drawn.radii), dtype=bool)).any()
        passed |= bool((overlap & ~same).any())
        behind = drawn.radii[:, None] < drawn.radii[None, :]
        assert (drawn.order[:, None] < drawn.order[None, :])[behind].all()
    assert passed


def test_two_blues_repel_all_others_attract_and_action_equals_reaction() -> None:
    x = np.array([[0.0, 0], [10, 0]])
    for kinds, sign in (([0, 0], 1), ([1, 1], -1), ([0, 1], 1), ([1, 0], 1)):
        pull = pair_forces(x, x, chances=SURE[kinds], strength=5.0, soft=1e-9)
        np.testing.assert_allclose(pull, [[sign * 0.5, 0], [-sign * 0.5, 0]])
    far = pair_forces(2 * x, x, chances=SURE[[0, 1]], strength=5.0, soft=1e-9)
    np.testing.assert_allclose(far[0], [0.25, 0])  # 1 / distance


def test_forces_depend_on_colours_only() -> None:
    """The same start with other colours goes elsewhere; who has them does not matter."""
    world = Forces(recolour=0.0)
    drawn = run(world)
    start = drawn.positions[0], drawn.velocities[0], drawn.radii
    np.testing.assert_array_equal(drawn.colours, COLOURS[drawn.kinds])
    kinds = drawn.kinds[:-1]
    np.testing.assert_allclose(world.roll(*start, SURE[kinds])[0], drawn.positions)
    order = np.random.default_rng(0).permutation(4)
    shuffled, _ = world.roll(*(x[order] for x in start), SURE[kinds[:, order]])
    np.testing.assert_allclose(shuffled, drawn.positions[:, order])
    other = kinds.copy()
    other[:, 0] = 1 - other[:, 0]
    assert np.abs(world.roll(*start, SURE[other])[0] - drawn.positions).max() > 3


def test_forces_without_friction_conserve_momentum_and_energy() -> None:
    rng = np.random.default_rng(0)
    x, v = 500 + rng.uniform(-40, 40, (4, 2)), rng.normal(0, 2, (4, 2))
    kinds, strength, soft = np.array([0, 1, 0, 1]), 15.0, 15.0
    from mohart.synth.worlds.physics import integrate

    def energy(x: np.ndarray, v: np.ndarray) -> float:
        square = ((x[:, None] - x[None]) ** 2).sum(-1) + soft**2
        sign = LAW[kinds[:, None], kinds[None]] * (1 - np.eye(4))
        return float(0.5 * (v**2).sum() + 0.25 * strength * (sign * np.log(square)).sum())

    def force(x: np.ndarray, v: np.ndarray) -> np.ndarray:
        return pair_forces(x, v, chances=SURE[kinds], strength=strength, soft=soft)

    before, momentum = energy(x, v), v.sum(0)
    moved = x
    for _ in range(20):
        moved, v = integrate(moved, v, np.ones(4), (1000, 1000), force)
    assert np.abs(moved - x).max() > 10
    np.testing.assert_allclose(v.sum(0), momentum, atol=1e-9)
    assert energy(moved, v) == pytest.approx(before, abs=0.02)


@pytest.mark.slow
def test_colours_change_as_often_as_told_and_rest_at_the_end() -> None:
    def changes(recolour: float, quiet: int) -> np.ndarray:
        world = Forces(recolour=recolour, quiet=quiet)
        kinds = [run(world, seed, 20).kinds for seed in range(30)]
        return np.stack([np.diff(k, axis=0) != 0 for k in kinds]).mean((0, 2))

    assert not changes(0.0, 0).any()
    often = changes(0.4, 6)
    assert not often[13:].any()
    assert often[:13].mean() == pytest.approx(0.2, abs=0.03)  # half of the draws change nothing
    assert changes(1.0, 0).mean() == pytest.approx(0.5, abs=0.05)


def test_the_shake_is_common_to_all_and_as_large_as_told() -> None:
    world = Camera(shake=0.1)
    drawn = run(world, frames=400)
    assert drawn.camera.std(0) == pytest.approx([9.6, 9.6], rel=0.1)
    seen = (drawn.boxes()[..., :2] + drawn.boxes()[..., 2:]) / 2
    np.testing.assert_allclose(
        seen - drawn.positions, np.broadcast_to(drawn.camera[:, None], seen.shape), atol=1e-9
    )
    assert not run(Camera(shake=0.0)).camera.any()


def test_camera_motion_is_stationary_and_as_fast_as_told() -> None:
    drawn = [run(Camera(), seed, 30) for seed in range(40)]
    for part in (slice(0, 5), slice(25, 30)):
        speed = np.concatenate([(d.velocities[part] ** 2).sum(-1).ravel() for d in drawn])
        assert np.sqrt(speed.mean()) == pytest.approx(0.012 * 96, rel=0.15)
    spread = stationary(np.array([[1, 1], [-SPRING, KEEP]]), np.diag([0.0, 1]))
    move = np.array([[1, 1], [-SPRING, KEEP]])
    np.testing.assert_allclose(move @ spread @ move.T + np.diag([0, 1]), spread, rtol=1e-9)


@pytest.mark.slow
def test_walkers_reach_their_goals_and_do_not_walk_through_each_other() -> None:
    nearest = []
    for seed in range(5):
        world = Crowd(objects=(6, 6))
        drawn = run(world, seed, 60)
        left = np.linalg.norm(drawn.positions - drawn.goals, axis=-1)
        assert np.median(left[-1]) < 0.25 * np.median(left[0])
        apart = np.linalg.norm(drawn.positions[:, :, None] - drawn.positions[:, None], axis=-1)
        nearest.append((apart + 1e3 * np.eye(6)).min() / drawn.radii.min())
        state = (drawn.positions[0], drawn.velocities[0], drawn.radii, drawn.goals, drawn.wished)
        blind, _ = world.roll(*state, 59, avoid=False)
        gap = np.linalg.norm(blind[:, :, None] - blind[:, None], axis=-1) + 1e3 * np.eye(6)
        assert gap[:40].min() < (apart + 1e3 * np.eye(6))[:40].min()
    assert min(nearest) > 0.5


@pytest.mark.parametrize(
    ("world", "settings", "message"),
    [
        (Free, {"objects": (3, 2)}, "objects: expected 1 <= low <= high"),
        (Free, {"size": (0.2, 0.1)}, "size: expected 0 < low <= high"),
        (Collide, {"speed": -1.0}, "speed: expected at least 0"),
        (Collide, {"width": 16}, "at least 32x32"),
        (Forces, {"recolour": 1.5}, "recolour: expected 0 to 1"),
        (Forces, {"quiet": -1}, "quiet: expected at least 0"),
        (Camera, {"shake": -0.1}, "shake: expected at least 0"),
        (Crowd, {"objects": (0, 2)}, "objects: expected 1 <= low"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    world: type, settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        world(**settings)
