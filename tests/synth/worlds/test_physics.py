from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.synth.worlds.collide import same_size
from mohart.synth.worlds.physics import (
    advance_discs,
    exchange,
    fold,
    integrate,
    place_apart,
    reflect,
)

WIDE = (10_000, 10_000)  # no wall is ever met


def discs(seed: int, count: int, room: tuple[int, int], size: float) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    radii = np.full(count, size)
    x = place_apart(rng, radii, room)
    return x, rng.normal(0, 3, (count, 2)), radii


def test_fold_is_a_mirror_at_both_ends() -> None:
    x, sign = fold(np.array([5.0, 11, -1, 25, 41]), np.array(0.0), np.array(10.0))
    np.testing.assert_allclose(x, [5, 9, 1, 5, 1])
    np.testing.assert_array_equal(sign, [1, -1, -1, 1, 1])


def test_a_wall_reverses_one_velocity_and_keeps_the_disc_inside() -> None:
    x, v = reflect(np.array([[2.0, 50]]), np.array([[-4.0, 1]]), np.array([5.0]), (100, 100))
    np.testing.assert_allclose(x, [[8, 50]])
    np.testing.assert_allclose(v, [[4, 1]])


def test_a_head_on_collision_swaps_the_velocities() -> None:
    """Centres 20 apart, radii 5, closing at 4: touch after 2.5 frames, then 0.5 frames apart."""
    x = np.array([[40.0, 50], [60, 50]])
    v = np.array([[3.0, 0], [-1, 0]])
    x, v = advance_discs(x, v, np.array([5.0, 5]), (100, 100), ~np.eye(2, dtype=bool), 3.0)
    np.testing.assert_allclose(v, [[-1, 0], [3, 0]])
    np.testing.assert_allclose(x, [[47, 50], [59, 50]])


def test_an_oblique_collision_exchanges_only_the_part_along_the_line_of_centres() -> None:
    """The line is (1, 1) / sqrt 2; of (2, 0) the part along it is (1, 1)."""
    v = np.array([[2.0, 0], [0, 0]])
    exchange(np.array([[0.0, 0], [7, 7]]), v, 0, 1)
    np.testing.assert_allclose(v, [[1, -1], [1, 1]], atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_collisions_conserve_momentum_and_energy(seed: int) -> None:
    x, v, radii = discs(seed, 12, (120, 120), 8.0)
    collide = ~np.eye(12, dtype=bool)
    after, w = advance_discs(x + 4000, v, radii, WIDE, collide, 30.0)
    assert np.abs(w - v).max() > 1, "somebody must have collided"
    np.testing.assert_allclose(w.sum(0), v.sum(0), atol=1e-9)
    np.testing.assert_allclose((w**2).sum(), (v**2).sum(), rtol=1e-12)
    # the centre of mass goes straight on
    np.testing.assert_allclose(after.mean(0), x.mean(0) + 4000 + 30 * v.mean(0), rtol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_walls_conserve_energy_and_nobody_overlaps_or_leaves(seed: int) -> None:
    room = (96, 96)
    x, v, radii = discs(seed, 6, room, 9.0)
    collide = ~np.eye(6, dtype=bool)
    energy = (v**2).sum()
    for _ in range(40):
        x, v = advance_discs(x, v, radii, room, collide)
        apart = np.linalg.norm(x[:, None] - x[None], axis=-1) + 1e3 * np.eye(6)
        assert apart.min() > 18 - 1e-6
        assert x.min() > 9 - 1e-6
        assert x.max() < 87 + 1e-6
    np.testing.assert_allclose((v**2).sum(), energy, rtol=1e-12)


def test_a_collision_can_be_run_backwards() -> None:
    x, v, radii = discs(1, 6, (96, 96), 9.0)
    collide = ~np.eye(6, dtype=bool)
    there, w = advance_discs(x, v, radii, (96, 96), collide, 12.0)
    back, u = advance_discs(there, -w, radii, (96, 96), collide, 12.0)
    np.testing.assert_allclose(back, x, atol=1e-6)
    np.testing.assert_allclose(-u, v, atol=1e-6)


def test_one_long_step_equals_many_short_ones() -> None:
    x, v, radii = discs(2, 5, (96, 96), 9.0)
    collide = ~np.eye(5, dtype=bool)
    whole = advance_discs(x, v, radii, (96, 96), collide, 10.0)
    for _ in range(40):
        x, v = advance_discs(x, v, radii, (96, 96), collide, 0.25)
    np.testing.assert_allclose(whole[0], x, atol=1e-7)
    np.testing.assert_allclose(whole[1], v, atol=1e-7)


def test_equal_discs_collide_and_different_ones_pass() -> None:
    for other, collides in ((5.0, True), (7.0, False)):
        radii = np.array([5.0, other])
        x = np.array([[30.0, 50], [70, 50]])
        v = np.array([[4.0, 0], [-4, 0]])
        _, w = advance_discs(x, v, radii, (100, 100), same_size(radii), 6.0)
        assert (w[0, 0] < 0) == collides


def test_the_integrator_follows_a_spring() -> None:
    """x'' = -x / 100 from (10, 0) at rest: x = 10 cos(t / 10)."""
    x, v = np.array([[60.0, 50]]), np.zeros((1, 2))
    middle = np.array([50.0, 50])
    for t in range(1, 30):
        x, v = integrate(x, v, np.array([1.0]), (100, 100), lambda x, v: -(x - middle) / 100)
        np.testing.assert_allclose(x[0, 0], 50 + 10 * np.cos(t / 10), atol=0.01)


def test_friction_takes_its_share() -> None:
    x, v = np.array([[50.0, 50]]), np.array([[1.0, 0]])
    _, v = integrate(x, v, np.array([1.0]), (100, 100), lambda x, v: 0 * x, friction=0.1)
    np.testing.assert_allclose(v, [[np.exp(-0.1), 0]])


def test_too_many_or_too_large_objects_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigError, match="40 of this size do not fit into 96x96"):
        place_apart(rng, np.full(40, 10.0), (96, 96))
    with pytest.raises(ConfigError, match="larger than the frame"):
        place_apart(rng, np.full(1, 50.0), (96, 96))
