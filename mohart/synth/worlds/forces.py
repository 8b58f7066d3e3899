"""World `forces`: colours decide who attracts and who repels, and they change at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.errors import ConfigError
from mohart.synth.worlds.physics import Force, integrate, place_apart
from mohart.synth.worlds.world import (
    Simulated,
    check_world,
    draw_count,
    draw_radii,
    draw_velocities,
    simulated,
)

COLOURS = np.array([[40, 140, 250], [250, 150, 40]], np.uint8)  # BGR: orange, blue
SURE = np.eye(2)  # kinds -> chances
LAW = np.array([[1.0, 1.0], [1.0, -1.0]])  # 1 attracts, -1 repels; not the law of charges: there
# the colour of the other alone says nothing, and gradient descent takes long to find out
STRENGTH = 4.0  # acceleration at distance d is STRENGTH speed^2 / d: same shape at every speed
FRICTION = 0.1  # per frame: re-drawn colours put energy in
STEPS = 4  # of the integrator per frame
GRID = 12  # places per side that stand for "anywhere in the frame"


@dataclass(frozen=True, kw_only=True)
class Forces:
    """Discs attract or repel each other with a force of about 1 / distance.

    Orange attracts and is attracted by everything, blue and blue repel each other.
    In every frame each disc gets a new colour with probability `recolour` (half of the time it is
    the old one again). The larger that probability, the less an object's own past says about the
    forces on it: they are known only by looking at the colours and places of the others.
    Colours rest in the last `quiet` frames, so that what comes after the last look can be
    predicted; take as many as are predicted. Discs pass through each other.

    From the true state and the colours the world is deterministic. Without the others, where
    `recolour` is 1, only the mean pull of objects that may be anywhere can be expected.

    Attributes:
        width: of the frames, pixels.
        height: of the frames, pixels.
        objects: smallest and largest number.
        size: smallest and largest diameter, of the frame's height.
        speed: mean at the start, of the frame's height per frame; sets the forces too.
        recolour: probability per object and frame.
        quiet: last frames without new colours.

    Raises:
        ConfigError: a setting is out of range, or the objects do not fit.

    Source: after MOHART's toy data, Fuchs et al. 2019 (long-range forces by kind of object).
    """

    width: int = 96
    height: int = 96
    objects: tuple[int, int] = (4, 4)
    size: tuple[float, float] = (0.16, 0.16)
    speed: float = 0.02
    recolour: float = 1.0
    quiet: int = 6

    def __post_init__(self) -> None:
        check_world(
            width=self.width,
            height=self.height,
            objects=self.objects,
            size=self.size,
            speed=self.speed,
        )
        if not 0 <= self.recolour <= 1:
            raise ConfigError(f"recolour: expected 0 to 1, got {self.recolour}")
        if self.quiet < 0:
            raise ConfigError(f"quiet: expected at least 0 frames, got {self.quiet}")

    def simulate(self, rng: Random, frames: int) -> Simulated:
        """See :class:`mohart.synth.worlds.world.World`."""
        count, room = draw_count(rng, self.objects), (self.width, self.height)
        radii = draw_radii(rng, count, self.size, self.height)
        start = place_apart(rng, radii, room)
        velocities = draw_velocities(rng, count, self.speed * self.height)
        kinds = rng.integers(0, 2, (frames, count))
        fresh = rng.random((frames, count)) < self.recolour
        fresh[max(1, frames - self.quiet) :] = False
        for t in range(1, frames):
            kinds[t] = np.where(fresh[t], kinds[t], kinds[t - 1])
        order = rng.permutation(count).astype(float)
        x, v = self.roll(start, velocities, radii, SURE[kinds[:-1]])
        return simulated(x, v, radii, COLOURS[kinds], order, kinds=kinds)

    def roll(
        self, positions: Floats, velocities: Floats, radii: Floats, chances: Floats
    ) -> tuple[Floats, Floats]:
        """Positions and velocities [T + 1, N, 2], the given ones first.

        Args:
            positions: [N, 2].
            velocities: [N, 2].
            radii: [N].
            chances: [T, N, 2] of each kind, from each frame to the next; forces are expectations.
        """
        strength, soft = self._law()
        return self._integrate(
            positions,
            velocities,
            radii,
            [partial(pair_forces, chances=c, strength=strength, soft=soft) for c in chances],
        )

    def expected_kinds(self, kinds: NDArray[np.int64], ahead: int, unrest: int) -> Floats:
        """[ahead, N, 2] chances of each kind, from now on.

        Args:
            kinds: [N] now.
            ahead: frames.
            unrest: the first so many steps end with new colours.
        """
        chances = [SURE[kinds]]
        for k in range(1, ahead):
            p = self.recolour if k <= unrest else 0.0
            chances.append((1 - p) * chances[-1] + p / 2)
        return np.stack(chances)

    def roll_alone(
        self,
        positions: Floats,
        velocities: Floats,
        kinds: NDArray[np.int64],
        radii: Floats,
        frames: int,
        *,
        fresh: bool,
    ) -> tuple[Floats, Floats]:
        """Like `roll`, with what each object can know of the forces by itself.

        An orange object is pulled by all others alike: the last time it was orange tells that pull
        (if it never was, the others may be anywhere). A blue one keeps the force of the last step
        as far as the others have kept their colours, and expects none from new colours.

        Args:
            positions: [T, N, 2] of the frames shown.
            velocities: [T, N, 2].
            kinds: [T, N].
            radii: [N].
            frames: to roll.
            fresh: colours may have been re-drawn in the last frame shown.
        """
        keep = float(np.exp(-FRICTION))
        pulls = (velocities[1:] - keep * velocities[:-1]) / ((1 + keep) / 2)  # [T - 1, N, 2]
        strength, soft = self._law()
        count, then = len(radii), kinds[-2]
        known, pull = np.zeros(count, bool), np.zeros((count, 2))
        for n in range(count):
            orange = np.flatnonzero(kinds[:-1, n] == 0)
            if kinds[-1, n] == 0:
                known[n] = len(orange) > 0
                pull[n] = pulls[orange[-1], n] if known[n] else 0
            else:
                known[n] = True
                pull[n] = pulls[-1, n] * ((1 - self.recolour if fresh else 1) * (then[n] == 1))
        side = (np.arange(GRID) + 0.5) / GRID
        anywhere = np.stack(np.meshgrid(side * self.width, side * self.height), -1).reshape(-1, 2)

        def force(x: Floats, v: Floats) -> Floats:
            apart = anywhere[None] - x[:, None]  # [N, GRID^2, 2]
            mean = (apart / ((apart**2).sum(-1, keepdims=True) + soft**2)).mean(1)
            return np.where(known[:, None], pull, strength * (count - 1) * mean)

        return self._integrate(positions[-1], velocities[-1], radii, [force] * frames)

    def _law(self) -> tuple[float, float]:
        """Strength in pixels^2 per frame^2, and the distance in pixels below which it falls."""
        soft = (self.size[0] + self.size[1]) / 2 * self.height
        return STRENGTH * (self.speed * self.height) ** 2, soft

    def _integrate(
        self, positions: Floats, velocities: Floats, radii: Floats, forces: Sequence[Force]
    ) -> tuple[Floats, Floats]:
        room = (self.width, self.height)
        states = [(positions, velocities)]
        for force in forces:
            states.append(
                integrate(*states[-1], radii, room, force, friction=FRICTION, steps=STEPS)
            )
        return np.stack([x for x, _ in states]), np.stack([v for _, v in states])


def pair_forces(
    positions: Floats, velocities: Floats, *, chances: Floats, strength: float, soft: float
) -> Floats:
    """Accelerations [N, 2] along the lines between, of expected LAW strength d / (d^2 + soft^2).

    Args:
        positions: [N, 2].
        velocities: not used.
        chances: [N, 2] of each kind.
        strength: pixels^2 per frame^2.
        soft: pixels.
    """
    apart = positions[None, :] - positions[:, None]  # [N, N, 2], from i to j
    scale = strength * (chances @ LAW @ chances.T) / ((apart**2).sum(-1) + soft**2)
    pulls: Floats = (scale[..., None] * apart).sum(1)
    return pulls
