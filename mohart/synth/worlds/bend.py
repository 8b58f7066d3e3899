"""World `bend`: what an object will do shows in how it moves; its colour says it too, for a while.

The sanity world of stethoscopes: the answer to "does it help to suppress the colour?" is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.errors import ConfigError
from mohart.synth.worlds.world import Simulated, check_world, draw_count, draw_radii, simulated

COLOURS = np.array([[40, 140, 250], [250, 150, 40]], np.uint8)  # BGR: orange, blue


@dataclass(frozen=True, kw_only=True)
class Bend:
    """Discs go round in circles, to the left or to the right; nobody minds the others.

    The way an object turns can be seen in its motion. Its colour is a nuisance: with probability
    `bias` orange ones turn left and blue ones right, otherwise it is the other way round. At
    `bias` 0.5 the colour says nothing. So where training is biased and the test is not, a model
    that has learned to go by the colour fails, and one that cannot see it does not.

    Attributes:
        width: of the frames, pixels.
        height: of the frames, pixels.
        objects: smallest and largest number.
        size: smallest and largest diameter, of the frame's height.
        speed: of all objects, of the frame's height per frame.
        turn: radians per frame.
        bias: probability that the colour fits the way it turns.

    Raises:
        ConfigError: a setting is out of range, or the circles do not fit into the frame.

    Source: the biased and unbiased sets of Fuchs et al. 2018, neural stethoscopes; the world is
    ours.
    """

    width: int = 96
    height: int = 96
    objects: tuple[int, int] = (3, 3)
    size: tuple[float, float] = (0.16, 0.16)
    speed: float = 0.04
    turn: float = 0.25
    bias: float = 0.95

    def __post_init__(self) -> None:
        check_world(
            width=self.width,
            height=self.height,
            objects=self.objects,
            size=self.size,
            speed=self.speed,
        )
        if not 0 <= self.bias <= 1:
            raise ConfigError(f"bias: expected 0 to 1, got {self.bias}")
        if self.turn <= 0 or self._reach() > min(self.width, self.height) / 2:
            raise ConfigError(
                f"turn: expected circles that fit into the frame, got {self.turn} radians per "
                "frame; turn more, or take a smaller speed"
            )

    def simulate(self, rng: Random, frames: int) -> Simulated:
        """See :class:`mohart.synth.worlds.world.World`."""
        count, room = draw_count(rng, self.objects), np.array([self.width, self.height])
        radii = draw_radii(rng, count, self.size, self.height)
        middle = rng.uniform(self._reach(), room - self._reach(), (count, 2))
        start = rng.uniform(0, 2 * np.pi, count)
        right = rng.random(count) < 0.5
        kinds = np.where(rng.random(count) < self.bias, right, ~right).astype(np.int64)
        x, v = self.circle(middle, start, right, np.arange(float(frames)))
        order = rng.permutation(count).astype(float)
        shown = np.tile(kinds, (frames, 1))
        return simulated(x, v, radii, COLOURS[shown], order, kinds=shown)

    def circle(
        self, middle: Floats, start: Floats, right: NDArray[np.bool_], times: Floats
    ) -> tuple[Floats, Floats]:
        """Positions and velocities [T, N, 2].

        Args:
            middle: [N, 2] of the circles.
            start: [N] angle at time 0.
            right: [N] whether the angle grows (y is down: clockwise to the eye).
            times: [T] frames.
        """
        side = np.where(right, 1.0, -1.0)
        angle = start + side * self.turn * times[:, None]
        out = np.stack([np.cos(angle), np.sin(angle)], -1)
        along = np.stack([-out[..., 1], out[..., 0]], -1) * side[:, None]
        speed = self.speed * self.height
        return middle + out * speed / self.turn, along * speed

    def roll(self, drawn: Simulated, last: int, horizon: int, right: NDArray[np.bool_]) -> Floats:
        """[horizon, N, 2] where objects would go that turn like this from frame `last` on."""
        speed = np.linalg.norm(drawn.velocities[last], axis=-1, keepdims=True)
        along = drawn.velocities[last] / speed
        side = np.where(right, 1.0, -1.0)[:, None]
        out = np.stack([along[:, 1], -along[:, 0]], -1) * side
        middle = drawn.positions[last] - out * speed / self.turn
        start = np.arctan2(out[:, 1], out[:, 0])
        return self.circle(middle, start, right, np.arange(1.0, horizon + 1))[0]

    def turns_right(self, drawn: Simulated, last: int) -> NDArray[np.bool_]:
        """[N] how objects turn, from their velocities in the last two frames shown."""
        before, now = drawn.velocities[last - 1], drawn.velocities[last]
        turned: NDArray[np.bool_] = before[:, 0] * now[:, 1] - before[:, 1] * now[:, 0] > 0
        return turned

    def _reach(self) -> float:
        """From a circle's middle to the far side of a disc on it, pixels."""
        return self.speed * self.height / self.turn + self.size[1] * self.height / 2
