"""World `crowd`: people seen from above who walk to goals and avoid each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from mohart.aliases import Floats, Random
from mohart.synth.worlds.physics import integrate, place_apart
from mohart.synth.worlds.world import (
    Simulated,
    check_world,
    draw_colours,
    draw_count,
    draw_radii,
    simulated,
)

RELAX = 4.0  # frames in which a walker takes up the wished velocity
PUSH = 0.5  # acceleration at touch, in wished speeds per frame
RANGE = 0.06  # of the frame's height, over which the push falls to 1 / e


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Walkers cross the frame to a goal on the other side and are pushed off by others nearby.

    From the true state and the goals the world is deterministic. Without the others the best is a
    walker who goes to the goal undisturbed.

    Attributes:
        width: of the frames, pixels.
        height: of the frames, pixels.
        objects: smallest and largest number.
        size: smallest and largest diameter, of the frame's height.
        speed: wished, of the frame's height per frame; walkers have 0.7 to 1.3 times that.

    Raises:
        ConfigError: a setting is out of range, or the objects do not fit.

    Source: social force model, Helbing and Molnar 1995, eq. 2 to 4, with round repulsion.
    """

    width: int = 96
    height: int = 96
    objects: tuple[int, int] = (5, 8)
    size: tuple[float, float] = (0.09, 0.13)
    speed: float = 0.025

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
        count, room = draw_count(rng, self.objects), np.array([self.width, self.height])
        radii = draw_radii(rng, count, self.size, self.height)
        start = place_apart(rng, radii, (self.width, self.height))
        goals = room - start + rng.normal(size=(count, 2)) * 0.1 * self.height
        goals = goals.clip(radii[:, None], room - radii[:, None])
        wished = rng.uniform(0.7, 1.3, count) * self.speed * self.height
        way = goals - start
        velocities = way / np.linalg.norm(way, axis=-1, keepdims=True) * wished[:, None]
        x, v = self.roll(start, velocities, radii, goals, wished, frames - 1)
        colours, order = draw_colours(rng, count), rng.permutation(count).astype(float)
        return simulated(x, v, radii, colours, order, goals=goals, wished=wished)

    def roll(
        self,
        positions: Floats,
        velocities: Floats,
        radii: Floats,
        goals: Floats,
        wished: Floats,
        frames: int,
        *,
        avoid: bool = True,
    ) -> tuple[Floats, Floats]:
        """Positions and velocities [frames + 1, N, 2], the given ones first.

        Args:
            positions: [N, 2].
            velocities: [N, 2].
            radii: [N].
            goals: [N, 2].
            wished: [N] speeds, pixels per frame.
            frames: to simulate.
            avoid: False leaves the others out.
        """
        force = partial(
            walk,
            radii=radii,
            goals=goals,
            wished=wished,
            avoid=avoid,
            push=PUSH * self.speed * self.height,
            reach=RANGE * self.height,
        )
        states = [(positions, velocities)]
        for _ in range(frames):
            states.append(integrate(*states[-1], radii, (self.width, self.height), force))
        return np.stack([x for x, _ in states]), np.stack([v for _, v in states])


def walk(
    positions: Floats,
    velocities: Floats,
    *,
    radii: Floats,
    goals: Floats,
    wished: Floats,
    push: float,
    reach: float,
    avoid: bool,
) -> Floats:
    """[N, 2] accelerations: towards the goal, slower near it, and away from the others."""
    way = goals - positions
    left = np.linalg.norm(way, axis=-1, keepdims=True)
    wish = way / np.maximum(left, 1e-9) * np.minimum(wished[:, None], left / RELAX)
    pull: Floats = (wish - velocities) / RELAX
    if not avoid:
        return pull
    apart = positions[:, None] - positions[None, :]  # [N, N, 2], from j to i
    distance = np.linalg.norm(apart, axis=-1)
    touch = radii[:, None] + radii[None, :]
    strength = push * np.exp((touch - distance) / reach) / np.maximum(distance, 1e-9)
    np.fill_diagonal(strength, 0)
    push_off: Floats = (strength[..., None] * apart).sum(1)
    return pull + push_off
