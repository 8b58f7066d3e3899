"""World `camera`: everything shakes together, which only comparing objects can tell from motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mohart.aliases import Floats, Random
from mohart.errors import ConfigError
from mohart.synth.worlds.physics import place_apart
from mohart.synth.worlds.world import (
    Simulated,
    check_world,
    draw_colours,
    draw_count,
    draw_radii,
    simulated,
)

KEEP = 0.9  # of an object's velocity from frame to frame
SPRING = 0.02  # pull towards its home, per frame^2


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Discs wander about homes of their own; the camera jumps by a random offset in every frame.

    The background gives no hint. An object that was missed (its window looked beside it, because
    the shake is large against a small object) can be found by what the others moved.

    Motion and shake are linear and Gaussian, per axis
    `x' = x + v`, `v' = KEEP v + SPRING (home - x) + noise`, seen at `x + offset`, so Kalman
    filters are the best predictors: one for all objects, or one for each alone.

    Attributes:
        width: of the frames, pixels.
        height: of the frames, pixels.
        objects: smallest and largest number.
        size: smallest and largest diameter, of the frame's height.
        speed: standard deviation of the velocity, of the frame's height per frame.
        shake: standard deviation of the camera's offset along each axis, of the frame's height.

    Raises:
        ConfigError: a setting is out of range, or the objects do not fit.
    """

    width: int = 96
    height: int = 96
    objects: tuple[int, int] = (4, 5)
    size: tuple[float, float] = (0.1, 0.28)
    speed: float = 0.012
    shake: float = 0.05

    def __post_init__(self) -> None:
        check_world(
            width=self.width,
            height=self.height,
            objects=self.objects,
            size=self.size,
            speed=self.speed,
        )
        if self.shake < 0:
            raise ConfigError(f"shake: expected at least 0, got {self.shake}")

    def simulate(self, rng: Random, frames: int) -> Simulated:
        """See :class:`mohart.synth.worlds.world.World`."""
        count = draw_count(rng, self.objects)
        radii = draw_radii(rng, count, self.size, self.height)
        homes = place_apart(rng, radii, (self.width, self.height))
        move, noise = self.motion()
        spread = np.linalg.cholesky(stationary(move[:2, :2], noise[:2, :2]) + 1e-12 * np.eye(2))
        offset = np.einsum("ij,jnd->ind", spread, rng.normal(size=(2, count, 2)))
        state: Floats = np.stack([homes + offset[0], offset[1], homes])  # x, v, home: [3, N, 2]
        states = [state]
        for _ in range(frames - 1):
            kick = rng.normal(size=(count, 2)) * np.sqrt(noise[1, 1])
            state = np.einsum("ij,jnd->ind", move, state)
            state[1] += kick
            states.append(state)
        x, v = (np.stack([s[k] for s in states]) for k in (0, 1))
        camera = rng.normal(size=(frames, 2)) * self.shake * self.height
        return simulated(
            x,
            v,
            radii,
            draw_colours(rng, count),
            rng.permutation(count).astype(float),
            camera=camera,
        )

    def motion(self) -> tuple[Floats, Floats]:
        """One object along one axis: the step [3, 3] of (x, v, home), and its noise [3, 3]."""
        move = np.array([[1, 1, 0], [-SPRING, KEEP, SPRING], [0, 0, 1]], float)
        unit = stationary(move[:2, :2], np.diag([0.0, 1.0]))
        noise = np.zeros((3, 3))
        noise[1, 1] = (self.speed * self.height) ** 2 / 2 / unit[1, 1]  # speed^2 = vx^2 + vy^2
        return move, noise


def stationary(move: Floats, noise: Floats) -> Floats:
    """The covariance S = A S A' + Q of a stable linear motion [K, K]."""
    size = len(move)
    law = np.eye(size * size) - np.kron(move, move)
    return np.asarray(np.linalg.solve(law, noise.reshape(-1)).reshape(size, size), np.float64)
