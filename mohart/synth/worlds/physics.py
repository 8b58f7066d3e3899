"""Event-driven physics of discs in a box: exact collisions, walls; small steps for forces.

Conventions: positions and velocities [N, 2], pixels and pixels per frame; `room` is (width, height)
of the box, and a disc stays inside with its whole radius. All discs have the same mass per area;
only discs of equal size ever collide, so masses cancel.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.errors import ConfigError

Force = Callable[[Floats, Floats], Floats]  # positions, velocities [N, 2] -> accelerations [N, 2]
TRIES = 200


def fold(position: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Where a point that moves freely ends up between two mirrors.

    Args:
        position: without mirrors, any shape.
        low: of the first mirror.
        high: of the second, above `low`.

    Returns:
        The position in low..high, and the sign (1 or -1) that its velocity has then.
    """
    span = high - low
    phase = np.mod(position - low, 2 * span)
    back = phase > span
    return low + np.where(back, 2 * span - phase, phase), np.where(back, -1.0, 1.0)


def reflect(
    positions: Floats, velocities: Floats, radii: Floats, room: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Discs that have left the box, back inside with reversed velocity."""
    low = radii[:, None]
    inside, sign = fold(positions, low, np.array(room, float) - low)
    return inside, velocities * sign


def advance_discs(
    positions: Floats,
    velocities: Floats,
    radii: Floats,
    room: tuple[int, int],
    collide: NDArray[np.bool_],
    time: float = 1.0,
) -> tuple[Floats, Floats]:
    """Free motion with elastic walls and elastic collisions of equal discs, event by event.

    Args:
        positions: [N, 2] inside the box; colliding discs do not overlap.
        velocities: [N, 2].
        radii: [N].
        room: width and height of the box.
        collide: [N, N] bool, symmetric: which pairs collide; their masses are taken as equal.
        time: frames.

    Returns:
        Positions and velocities after `time`. Momentum and energy of a collision are conserved.
    """
    x, v = positions.copy(), velocities.copy()
    low = radii[:, None]
    high = np.array(room, float) - low
    first, second = np.nonzero(np.triu(collide, 1))
    reach = (radii[first] + radii[second]) ** 2
    left = time
    while True:
        wall = _time_to_wall(x, v, low, high)
        pair = _time_to_touch(x[second] - x[first], v[second] - v[first], reach)
        step = min(left, wall.min(initial=np.inf), pair.min(initial=np.inf))
        x = x + v * step
        left -= step
        if left <= 0:
            return x, v
        if pair.min(initial=np.inf) <= wall.min(initial=np.inf):
            k = int(np.argmin(pair))
            exchange(x, v, int(first[k]), int(second[k]))
        else:
            n, axis = np.unravel_index(int(np.argmin(wall)), wall.shape)
            v[n, axis] = -v[n, axis]


def exchange(positions: Floats, velocities: Floats, i: int, j: int) -> None:
    """Equal masses swap the parts of their velocities along the line between them, in place."""
    normal = positions[j] - positions[i]
    normal = normal / np.linalg.norm(normal)
    part = ((velocities[j] - velocities[i]) @ normal) * normal
    velocities[i] += part
    velocities[j] -= part


def integrate(
    positions: Floats,
    velocities: Floats,
    radii: Floats,
    room: tuple[int, int],
    force: Force,
    *,
    friction: float = 0.0,
    steps: int = 8,
) -> tuple[Floats, Floats]:
    """One frame under forces, in `steps` kick-drift-kick steps with elastic walls.

    Args:
        positions: [N, 2].
        velocities: [N, 2].
        radii: [N].
        room: width and height of the box.
        force: gives accelerations, pixels per frame^2.
        friction: share of the velocity that is lost per frame, as a rate.
        steps: per frame.

    Source: leapfrog in kick-drift-kick form, Verlet 1967; with friction 0 the energy error stays
    bounded.
    """
    x, v, h = positions, velocities, 1.0 / steps
    keep = float(np.exp(-friction * h))
    for _ in range(steps):
        v = v + 0.5 * h * force(x, v)
        x, v = reflect(x + h * v, v, radii, room)
        v = (v + 0.5 * h * force(x, v)) * keep
    return x, v


def place_apart(rng: Random, radii: Floats, room: tuple[int, int], gap: float = 1.0) -> Floats:
    """[N, 2] random places inside the box where no two discs touch.

    Raises:
        ConfigError: they do not fit.
    """
    low = radii[:, None]
    high = np.array(room, float) - low
    if (high <= low).any():
        raise ConfigError("size: the objects are larger than the frame; make them smaller")
    for _ in range(TRIES):
        places = np.zeros((0, 2))
        for n in range(len(radii)):
            tries = rng.uniform(low[n], high[n], (TRIES, 2))
            away = np.linalg.norm(tries[:, None] - places, axis=-1)
            free = np.flatnonzero((away > radii[n] + radii[:n] + gap).all(1))
            if len(free) == 0:
                break
            places = np.concatenate([places, tries[free[:1]]])
        else:
            return places
    raise ConfigError(
        f"objects: {len(radii)} of this size do not fit into {room[0]}x{room[1]}; take fewer or "
        "smaller ones"
    )


def _time_to_wall(x: Floats, v: Floats, low: Floats, high: Floats) -> Floats:
    """[N, 2] until each coordinate meets its wall; never for those that stand still."""
    distance = np.where(v > 0, high - x, x - low)
    with np.errstate(divide="ignore", invalid="ignore"):
        time = np.maximum(distance, 0) / np.abs(v)
    return np.where(v == 0, np.inf, time)


def _time_to_touch(apart: Floats, relative: Floats, reach: Floats) -> Floats:
    """[P] until pairs touch that are `apart` [P, 2] and move with `relative` [P, 2] velocity."""
    closing = (apart * relative).sum(-1)
    speed = (relative**2).sum(-1)
    gap = (apart**2).sum(-1) - reach
    root = closing**2 - speed * gap
    meets = (closing < 0) & (root >= 0) & (speed > 0)
    time = (-closing - np.sqrt(np.where(meets, root, 0))) / np.where(meets, speed, 1)
    return np.where(meets, np.maximum(time, 0), np.inf)
