"""People who leave the picture and come back: re-entry after an absence of known length.

The crowd's own motion hardly ever brings anybody back. Here objects of a scene walk out through an
edge, stay away, and come in again, through the same edge or the other one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.errors import ConfigError
from mohart.synth.scenes.scene import Scene

BEFORE = 20  # frames of the video at least before the first one leaves
BETWEEN = 40  # frames at least between two absences of one object
OUT = 0.75  # of an object's width and height together, how far outside the frame it waits


@dataclass(frozen=True)
class Absences:
    """How often, and for how long.

    Attributes:
        share: probability of each object to leave at all; each may leave again.
        gap: shortest and longest absence, frames; lengths are spread evenly on a log scale.
        walk: fewest and most frames of the way out, and of the way in.
        back: probability of coming back through the same edge.

    Raises:
        ConfigError: numbers that cannot be.
    """

    share: float = 0.8
    gap: tuple[int, int] = (10, 300)
    walk: tuple[int, int] = (12, 30)
    back: float = 0.7

    def __post_init__(self) -> None:
        if not (1 <= self.gap[0] <= self.gap[1] and 1 <= self.walk[0] <= self.walk[1]):
            raise ConfigError(f"absences: expected 1 <= shortest <= longest, got {self}")

    def put_into(self, scene: Scene, rng: Random) -> Scene:
        """The same scene with absences; its camera has to stand still.

        Raises:
            ConfigError: the camera moves, so that nobody knows where outside is.
        """
        if np.ptp(scene.camera.centre) > 0 or np.ptp(scene.camera.zoom) > 0:
            raise ConfigError("absences: the camera moves; expected a fixed one")
        position, heading = scene.crowd.position.copy(), scene.crowd.heading.copy()
        for n in np.flatnonzero(rng.random(len(scene.sprites)) < self.share):
            self._leave(scene, position[:, n], heading[:, n], int(n), rng)
        return replace(scene, crowd=replace(scene.crowd, position=position, heading=heading))

    def _leave(
        self, scene: Scene, position: Floats, heading: NDArray[np.float64], n: int, rng: Random
    ) -> None:
        """Change one object's way [T, 2] in place, as often as there is time."""
        width, height = scene.sprites[n].size
        room = OUT * (width + height) * float(scene.scales[n] * scene.crowd.height[:, n].max())
        edge = scene.width / 2 / float(scene.camera.zoom[0]) + room
        start = BEFORE + int(rng.integers(0, BETWEEN))
        while True:
            gap = round(float(np.exp(rng.uniform(*np.log(self.gap)))))
            out, come = (int(k) for k in rng.integers(self.walk[0], self.walk[1] + 1, 2))
            end = start + out + gap + come
            if end >= len(position):
                return
            side = 1.0 if position[start, 0] > 0 else -1.0
            again = side if rng.random() < self.back else -side
            away = slice(start + out, start + out + gap)
            _walk(position, heading, start, start + out, side * edge, leaving=True)
            position[away, 0] = again * edge
            _walk(position, heading, start + out + gap, end, again * edge, leaving=False)
            start = end + BETWEEN + int(rng.integers(0, BETWEEN))


def _walk(
    position: Floats,
    heading: NDArray[np.float64],
    first: int,
    last: int,
    edge: float,
    *,
    leaving: bool,
) -> None:
    """From where somebody is to the edge, or from there to where they would be."""
    inside = float(position[first if leaving else last, 0])
    ends = (inside, edge) if leaving else (edge, inside)
    position[first:last, 0] = np.linspace(*ends, last - first, endpoint=not leaving)
    heading[first:last] = 0.0 if ends[1] > ends[0] else np.pi
