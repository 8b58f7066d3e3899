"""How cut-outs and cameras move: paths over time, smooth, jumpy, fast and slow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mohart.aliases import Floats, Random

Manner = Literal["glide", "bounce", "dart", "rest"]


@dataclass(frozen=True)
class Path:
    """Of one object over T frames.

    Attributes:
        centre: [T, 2] x, y in the world, pixels.
        turn: [T] rotation in the picture, radians.
        stretch: [T, 2] factors of width and height.
        wave: [T] phase of its deformation, radians.
    """

    centre: Floats
    turn: Floats
    stretch: Floats
    wave: Floats


@dataclass(frozen=True)
class Camera:
    """Of one clip over T frames: picture = zoom * rotation(roll) * (world - middle) + half.

    Attributes:
        middle: [T, 2] what the picture's middle shows, pixels of the world.
        zoom: [T] factor.
        roll: [T] radians.
    """

    middle: Floats
    zoom: Floats
    roll: Floats


def wander(rng: Random, frames: int, strength: float, memory: float) -> Floats:
    """[frames] a mean-reverting random walk.

    Args:
        rng: decides.
        frames: T.
        strength: standard deviation.
        memory: frames over which it forgets.

    Source: Uhlenbeck and Ornstein 1930, sampled exactly.
    """
    keep = float(np.exp(-1 / max(memory, 1e-3)))
    kicks = rng.normal(0, 1, frames) * strength * np.sqrt(1 - keep**2)
    result = np.empty(frames)
    value = rng.normal(0, strength)
    for t in range(frames):
        value = keep * value + kicks[t]
        result[t] = value
    return result


def draw_path(
    rng: Random,
    frames: int,
    size: float,
    width: int,
    height: int,
    *,
    pace: float,
    manner: Manner,
    heading: bool,
) -> Path:
    """A path through a picture.

    Args:
        rng: decides.
        frames: T.
        size: of the object, square root of its area, pixels.
        width: of the picture, pixels.
        height: of the picture, pixels.
        pace: usual speed in sizes per frame.
        manner: smooth, up and down, in bursts, or nearly still.
        heading: the object turns into the direction in which it moves.
    """
    memory = float(np.exp(rng.uniform(np.log(2), np.log(25))))
    speed = np.stack([wander(rng, frames, pace * size, memory) for _ in range(2)], 1)
    if manner == "dart":
        moving = wander(rng, frames, 1.0, 4.0) > rng.uniform(-0.3, 1.0)
        speed = speed * (2.0 * moving + 0.05)[:, None]
    if manner == "rest":
        speed = speed * 0.1
    place = rng.uniform(0.12, 0.88, 2) * (width, height)
    centre = place + np.cumsum(speed, 0)
    if manner == "bounce":
        period = rng.uniform(6, 26)
        lift = rng.uniform(0.2, 1.0) * size * min(1.5, pace * period)
        beat = np.abs(np.sin(np.pi * np.arange(frames) / period + rng.uniform(0, np.pi)))
        centre[:, 1] -= lift * beat
    if rng.random() < 0.85:
        centre = np.stack([_fold(centre[:, 0], width), _fold(centre[:, 1], height)], 1)
    turning = rng.choice([0.0, 0.01, 0.04, 0.12], p=[0.35, 0.3, 0.25, 0.1])
    turn = np.cumsum(wander(rng, frames, float(turning), 8.0))
    if heading:
        going = np.gradient(centre, axis=0) if frames > 1 else np.ones((frames, 2))
        going = going + rng.normal(0, 1e-3, 2) + 1e-6
        turn = np.unwrap(np.arctan2(going[:, 1], going[:, 0]))
        kernel = np.ones(5) / 5
        turn = np.convolve(np.pad(turn, 2, mode="edge"), kernel, mode="valid")
    growth = rng.choice([0.0, 0.005, 0.02, 0.05], p=[0.3, 0.35, 0.25, 0.1])
    both = np.cumsum(wander(rng, frames, float(growth), 10.0)).clip(-1.2, 1.2)
    squeeze = rng.choice([0.0, 0.1, 0.3], p=[0.4, 0.4, 0.2])
    shape = wander(rng, frames, float(squeeze), float(rng.uniform(5, 20)))
    shape = np.convolve(np.pad(shape, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    stretch = np.exp(np.stack([both + shape / 2, both - shape / 2], 1))
    wave = np.cumsum(np.abs(wander(rng, frames, 0.5, 12.0))) + rng.uniform(0, 2 * np.pi)
    return Path(centre, turn, stretch, wave)


def draw_camera(rng: Random, frames: int, width: int, height: int, follow: Floats | None) -> Camera:
    """A camera's path.

    Args:
        rng: decides.
        frames: T.
        width: of the picture, pixels.
        height: of the picture, pixels.
        follow: [T, 2] whom it keeps in the picture, or nobody.
    """
    kind = rng.choice(4, p=[0.3, 0.25, 0.3, 0.15])  # fixed, pan, by hand, rough
    pan, shake, zooming, rolling = [
        (0.0, 0.0, 0.0, 0.0),
        (2.0, 0.1, 0.002, 0.0),
        (1.0, 0.8, 0.004, 0.003),
        (4.0, 3.0, 0.012, 0.012),
    ][int(kind)]
    middle = np.stack(
        [
            np.cumsum(wander(rng, frames, pan * rng.uniform(0.3, 1.5), 15))
            + wander(rng, frames, shake, 1.5)
            for _ in range(2)
        ],
        1,
    )
    middle = middle - middle[0] + (width / 2, height / 2)
    if follow is not None and kind > 0:
        share = rng.uniform(0.5, 1.0)
        delay = np.exp(-1 / rng.uniform(1, 8))
        aim, held = follow[0].copy(), np.empty_like(follow)
        for t in range(frames):
            aim = delay * aim + (1 - delay) * follow[t]
            held[t] = aim
        middle = middle + share * (held - follow[0])
    zoom = np.exp(np.cumsum(wander(rng, frames, zooming, 12)).clip(-0.7, 0.7))
    roll = np.cumsum(wander(rng, frames, rolling, 10)).clip(-0.5, 0.5)
    return Camera(middle, zoom, roll)


def _fold(values: Floats, side: int) -> Floats:
    """Reflected at the ends of 4 % to 96 % of `side`."""
    low, span = 0.04 * side, 0.92 * side
    away = np.mod(values - low, 2 * span)
    return low + np.where(away > span, 2 * span - away, away)
