"""World `collide`: equal discs collide, discs of different size pass in front of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.synth.worlds.physics import advance_discs, place_apart
from mohart.synth.worlds.world import (
    Simulated,
    check_world,
    draw_colours,
    draw_count,
    draw_velocities,
    simulated,
)


@dataclass(frozen=True, kw_only=True)
class Collide:
    """Every disc has one of two sizes; equal ones collide elastically, the larger hide the smaller.

    The world is deterministic: from the true state its own simulation predicts without error.
    Who does not see the others can at best go straight on.

    Attributes:
        width: of the frames, pixels.
        height: of the frames, pixels.
        objects: smallest and largest number.
        size: the two diameters, of the frame's height; one size if they are equal.
        speed: mean at the start, of the frame's height per frame.

    Raises:
        ConfigError: a setting is out of range, or the objects do not fit.

    Source: the toy data announced with MOHART, Fuchs et al. 2019: elastic collisions in a box,
    equal sizes collide, others pass and occlude.
    """

    width: int = 96
    height: int = 96
    objects: tuple[int, int] = (5, 5)
    size: tuple[float, float] = (0.2, 0.28)
    speed: float = 0.05

    def __post_init__(self) -> None:
        check_world(
            width=self.width,
            height=self.height,
            objects=self.objects,
            size=self.size,
            speed=self.speed,
        )

    def simulate(self, rng: Random, frames: int) -> Simulated:
        """See :class:`mohart.synth.worlds.world.World`."""
        count, room = draw_count(rng, self.objects), (self.width, self.height)
        large = rng.random(count) < 0.5
        radii = np.where(large, self.size[1], self.size[0]) * self.height / 2
        x = place_apart(rng, radii, room)
        v = draw_velocities(rng, count, self.speed * self.height)
        colours, order = draw_colours(rng, count), radii + 1e-3 * rng.random(count)
        positions, velocities = roll_discs(x, v, radii, room, frames - 1)
        return simulated(positions, velocities, radii, colours, order)


def same_size(radii: Floats) -> NDArray[np.bool_]:
    """[N, N] which pairs collide."""
    equal: NDArray[np.bool_] = radii[:, None] == radii[None, :]
    return equal & ~np.eye(len(radii), dtype=bool)


def roll_discs(
    positions: Floats, velocities: Floats, radii: Floats, room: tuple[int, int], frames: int
) -> tuple[Floats, Floats]:
    """Positions and velocities [frames + 1, N, 2], the given ones first."""
    collide = same_size(radii)
    states = [(positions, velocities)]
    for _ in range(frames):
        states.append(advance_discs(*states[-1], radii, room, collide))
    return np.stack([x for x, _ in states]), np.stack([v for _, v in states])
