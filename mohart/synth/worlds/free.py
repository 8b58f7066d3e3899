"""World `free`: nothing interacts, so relations cannot help."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mohart.aliases import Floats, Random
from mohart.synth.worlds.physics import fold, place_apart
from mohart.synth.worlds.world import (
    Simulated,
    check_world,
    draw_colours,
    draw_count,
    draw_radii,
    draw_velocities,
    simulated,
)


@dataclass(frozen=True, kw_only=True)
class Free:
    """Discs move straight on, bounce off the walls and pass in front of and behind each other.

    Best predictor: straight on, mirrored at the walls; it is exact and needs no other object.

    Attributes:
        width: of the frames, pixels.
        height: of the frames, pixels.
        objects: smallest and largest number.
        size: smallest and largest diameter, of the frame's height.
        speed: mean, of the frame's height per frame; objects have 0.5 to 1.5 times that.

    Raises:
        ConfigError: a setting is out of range, or the objects do not fit.
    """

    width: int = 96
    height: int = 96
    objects: tuple[int, int] = (4, 5)
    size: tuple[float, float] = (0.14, 0.22)
    speed: float = 0.03

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
        radii = draw_radii(rng, count, self.size, self.height)
        start = place_apart(rng, radii, room)
        velocities = draw_velocities(rng, count, self.speed * self.height)
        colours, order = draw_colours(rng, count), rng.permutation(count).astype(float)
        times = np.arange(frames, dtype=float)
        x, v = straight_on(start, velocities, radii, room, times)
        return simulated(x, v, radii, colours, order)


def straight_on(
    positions: Floats, velocities: Floats, radii: Floats, room: tuple[int, int], times: Floats
) -> tuple[Floats, Floats]:
    """Positions and velocities [T, N, 2] after `times` [T] frames of free motion with walls."""
    low = radii[:, None]
    moved = positions + velocities * times[:, None, None]
    x, sign = fold(moved, low, np.array(room, float) - low)
    return x, velocities * sign
