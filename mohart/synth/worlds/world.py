"""What every toy world is: a size and a simulation.

Conventions: pixels of the frame and frames as the unit of time; positions are centres, origin at
the corner of pixel (0, 0). Axis letters T frames, N objects. Settings are relative to the frame's
height, so that a world looks the same in every frame size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """One simulated sequence.

    Attributes:
        positions: [T, N, 2] centres in the world, x and y in pixels.
        velocities: [T, N, 2] pixels per frame, at the same moments.
        radii: [N] pixels; objects are discs.
        colours: [T, N, 3] uint8 BGR.
        order: [N] larger is drawn later, in front.
        camera: [T, 2] pixels; positions in the frame are `positions + camera`.
        present: [T, N] bool; False where an object is not in the world.
        kinds: [T, N] what decides the motion in the worlds that have kinds; -1 in the others.
        goals: [N, 2] where objects want to go in the world that has goals, otherwise 0.
        wished: [N] speed at which they want to go there, pixels per frame, otherwise 0.
    """

    positions: Floats
    velocities: Floats
    radii: Floats
    colours: NDArray[np.uint8]
    order: Floats
    camera: Floats
    present: NDArray[np.bool_]
    kinds: NDArray[np.int64]
    goals: Floats
    wished: Floats

    def boxes(self) -> Floats:
        """[T, N, 4] xyxy pixels of the frame, hidden parts and parts outside included."""
        centre = self.positions + self.camera[:, None]
        half = self.radii[None, :, None]
        return np.concatenate([centre - half, centre + half], -1)


class World(Protocol):
    """A seeded simulation."""

    @property
    def width(self) -> int:
        """Of the frames, pixels."""
        ...

    @property
    def height(self) -> int:
        """Of the frames, pixels."""
        ...

    def simulate(self, rng: Random, frames: int) -> Simulated:
        """A sequence of `frames` frames; the same generator state gives the same sequence."""
        ...


def simulated(
    positions: Floats,
    velocities: Floats,
    radii: Floats,
    colours: NDArray[np.uint8],
    order: Floats,
    *,
    camera: Floats | None = None,
    present: NDArray[np.bool_] | None = None,
    kinds: NDArray[np.int64] | None = None,
    goals: Floats | None = None,
    wished: Floats | None = None,
) -> Simulated:
    """The record with what a world does not have filled in; `colours` may be [N, 3]."""
    length, count = positions.shape[:2]
    return Simulated(
        positions=positions,
        velocities=velocities,
        radii=radii,
        colours=np.broadcast_to(colours, (length, count, 3)),
        order=order,
        camera=np.zeros((length, 2)) if camera is None else camera,
        present=np.ones((length, count), bool) if present is None else present,
        kinds=np.full((length, count), -1, np.int64) if kinds is None else kinds,
        goals=np.zeros((count, 2)) if goals is None else goals,
        wished=np.zeros(count) if wished is None else wished,
    )


def draw_count(rng: Random, objects: tuple[int, int]) -> int:
    """A number of objects between the two, both included."""
    return int(rng.integers(objects[0], objects[1] + 1))


def draw_radii(rng: Random, count: int, size: tuple[float, float], height: int) -> Floats:
    """[N] radii in pixels of discs whose diameters are `size` of the frame's height."""
    radii: Floats = rng.uniform(size[0], size[1], count) * height / 2
    return radii


def draw_colours(rng: Random, count: int) -> NDArray[np.uint8]:
    """[N, 3] BGR, bright colours of any hue."""
    hue = rng.uniform(0, 2 * np.pi, count)[:, None] + np.array([0, 2, 4]) * np.pi / 3
    colours: NDArray[np.uint8] = (150 + 100 * np.cos(hue)).astype(np.uint8)
    return colours


def draw_velocities(rng: Random, count: int, speed: float) -> Floats:
    """[N, 2] pixels per frame: any direction, 0.5 to 1.5 times `speed`."""
    angle, length = rng.uniform(0, 2 * np.pi, count), rng.uniform(0.5, 1.5, count) * speed
    return np.stack([np.cos(angle), np.sin(angle)], -1) * length[:, None]


def check_world(
    *, width: int, height: int, objects: tuple[int, int], size: tuple[float, float], speed: float
) -> None:
    """Raise ConfigError where the settings that all worlds share make no sense."""
    low, high = objects
    if not 1 <= low <= high <= 64:
        raise ConfigError(f"objects: expected 1 <= low <= high <= 64, got {low}:{high}")
    if min(width, height) < 32:
        raise ConfigError(f"size of the frame: expected at least 32x32, got {width}x{height}")
    if not 0 < size[0] <= size[1] <= 0.5:
        raise ConfigError(f"size: expected 0 < low <= high <= 0.5, got {size[0]}:{size[1]}")
    if speed < 0:
        raise ConfigError(f"speed: expected at least 0, got {speed}")
