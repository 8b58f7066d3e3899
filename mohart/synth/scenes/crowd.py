"""How objects move: they walk, drive, swarm, follow and avoid each other.

World coordinates are those of mohart.synth.scenes.camera. A `View` says how the place is seen, a
`Gait` how the crowd moves; everything is simulated before it is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.synth.scenes.camera import CameraPath
from mohart.synth.scenes.view import Plane, View


@dataclass(frozen=True)
class Crowd:
    """The simulated objects.

    Attributes:
        position: [T, N, 2] world coordinates of the box centre.
        height: [T, N] world units, before the sprite's own phase changes.
        heading: [T, N] radians of the direction of motion.
        phase: [T, N] radians of the movement cycle.
        depth: [T, N] the larger, the nearer to the camera (drawn later).
        breadth: [T, N] width relative to the sprite's own: people and cars that turn.
    """

    position: Floats
    height: Floats
    heading: Floats
    phase: Floats
    depth: Floats
    breadth: Floats


@dataclass(frozen=True, kw_only=True)
class Gait:
    """How a crowd moves.

    Attributes:
        lanes: straight lines at steady speed (traffic) instead of wandering.
        leaving: probability that an object's goals lie outside the picture.
        interaction: strength of the social forces (avoid, follow, group); 0 turns them off.
        scaling: probability for each object to grow or shrink by itself.
        turning: strength of changes in breadth; 0 turns them off.
        passing: probability that an object passes through: it comes from outside at some time,
            crosses the picture and is gone for good.
    """

    lanes: bool = False
    leaving: float = 0.0
    interaction: float = 1.0
    scaling: float = 0.4
    turning: float = 0.0
    passing: float = 0.0


@dataclass
class _Movers:
    """N objects on their way, in the coordinates of a view; [N] or [N, 2]."""

    heights: Floats
    position: Floats
    direction: Floats
    speed: Floats
    jitter: Floats
    erratic: bool
    growth: Floats  # 1/s
    leaves: NDArray[np.bool_]
    leader: NDArray[np.int64]
    passes: NDArray[np.bool_]
    course: Floats
    layer: Floats
    phase: Floats
    cadence: Floats  # radians per body height travelled


def simulate_crowd(
    rng: Random,
    camera: CameraPath,
    heights: Floats,
    frame: tuple[int, int],
    *,
    frame_rate: float,
    view: View,
    gait: Gait,
) -> Crowd:
    """Move N objects for as long as the camera path lasts.

    Args:
        rng: source of randomness.
        camera: goals are drawn inside its picture so that the objects stay in it.
        heights: [N] object heights in pixels where they start.
        frame: width and height in pixels.
        frame_rate: frames per second; speeds are in body heights per second.
        view: where and how large things appear.
        gait: how they move.

    Source of the forces: social force model, Helbing and Molnar 1995, with one repulsion term.
    """
    frames, count, size, dt = len(camera.zoom), len(heights), np.array(frame, float), 1 / frame_rate
    horizon = -size[1] * rng.uniform(0.55, 1.2)  # world y where things shrink to nothing
    position = view.enter(_places(rng, count, size), heights)
    view = view.begin(position, horizon)
    movers = _movers(rng, view, gait, heights, position, size[0], (frames, dt))
    goals = _Goals(rng, view, camera, size, movers)
    goal = goals.draw(0)
    heading = movers.direction.copy()
    if not gait.lanes:
        heading = np.arctan2(*(goal - movers.position).T[::-1])
    velocity = np.stack([np.cos(heading), np.sin(heading)], 1) * movers.speed[:, None]
    relative, phase = np.ones(count), movers.phase
    out = {k: np.zeros((frames, count)) for k in ("height", "heading", "phase", "depth")}
    places = np.zeros((frames, count, 2))
    for t in range(frames):
        perspective = view.scale(movers.position)
        relative = relative * np.exp(movers.growth * dt)
        scale = perspective * relative
        tall = heights * scale
        places[t] = view.show(movers.position, tall)
        out["height"][t], out["heading"][t], out["phase"][t] = tall, heading, phase
        out["depth"][t] = view.depth(movers.position, tall, movers.layer)
        if not gait.lanes:
            goal = goals.next(goal, t)
            velocity += _wander(rng, movers, goal, velocity, dt)
        if gait.interaction > 0:
            force = gait.interaction * 2.5 * dt * _repulsion(movers.position, tall)
            velocity += force * heights[:, None] * (0.2 if gait.lanes else 1)
        kick = 0.05 if gait.lanes else (1.0 if movers.erratic else 0.35)
        velocity += rng.normal(0, 1, (count, 2)) * movers.jitter[:, None] * kick * np.sqrt(dt)
        moved = velocity * dt * view.pace(scale, relative)[:, None]
        movers.position = movers.position + moved
        gone = np.linalg.norm(moved, axis=1)
        phase = phase + movers.cadence * gone / heights + 0.3 * dt
        heading = _turned(heading, velocity, heights, dt)
    return Crowd(position=places, breadth=_breadth(rng, gait, frames, count, dt), **out)


def _places(rng: Random, count: int, size: Floats) -> Floats:
    """[N, 2] world points in the picture where objects start, now and then all in one bunch."""
    position: Floats = (rng.uniform(0.08, 0.92, (count, 2)) - 0.5) * size
    if rng.random() < 0.3:
        position = position * rng.uniform(0.25, 0.6) + (rng.uniform(0.3, 0.7, 2) - 0.5) * size
    return position


def _movers(
    rng: Random,
    view: View,
    gait: Gait,
    heights: Floats,
    position: Floats,
    width: float,
    time: tuple[int, float],
) -> _Movers:
    """Everybody's own ways, and where they are at time 0; `time` is frames, seconds per frame."""
    count, (frames, dt) = len(heights), time
    pace = 3.0 if gait.lanes and isinstance(view, Plane) else 0.75  # traffic on a road, in heights
    speed = heights * np.exp(rng.normal(np.log(pace), 0.65, count)).clip(0, 9 if pace > 1 else 5)
    speed[rng.random(count) < 0.1] = 0
    jitter = rng.uniform(0.02, 0.5) * heights
    erratic = rng.random() < 0.15
    angle = view.course(rng)
    direction = np.where(rng.random(count) < 0.5, angle, angle + np.pi) + rng.normal(0, 0.06, count)
    growth = rng.normal(0, 0.12, count) * (rng.random(count) < gait.scaling)
    leaves = rng.random(count) < gait.leaving
    leader = np.where(rng.random(count) < 0.25 * gait.interaction, rng.permutation(count), -1)
    passes, course = np.zeros(count, bool), np.zeros((count, 2))
    if gait.passing > 0:
        passes = rng.random(count) < gait.passing
        if not gait.lanes:  # all ways on a square, mostly across a street
            side = rng.uniform(0, 2 * np.pi, count)
            across = np.where(rng.random(count) < 0.5, 0, np.pi) + rng.normal(0, 0.25, count)
            direction = np.where(passes, across if isinstance(view, Plane) else side, direction)
        course = np.stack([np.cos(direction), np.sin(direction)], 1)
        crossing = rng.uniform(0.3, 0.8, count) * frames * dt  # s for the picture's width
        least = view.span(width, position) / crossing
        speed = np.where(passes, np.maximum(speed, least), speed)
        late = rng.uniform(-0.2, 1, count) * passes * frames * dt  # s until it is where it was
        position = position - course * (speed * late)[:, None]
        leader = np.where(passes, -1, leader)
    return _Movers(
        heights=heights,
        position=position,
        direction=direction,
        speed=speed,
        jitter=jitter,
        erratic=erratic,
        growth=growth,
        leaves=leaves,
        leader=leader,
        passes=passes,
        course=course,
        layer=rng.uniform(0, 1, count),
        phase=rng.uniform(0, 2 * np.pi, count),
        cadence=rng.uniform(2.5, 6.5, count),
    )


@dataclass(frozen=True)
class _Goals:
    """Where everybody wants to go."""

    rng: Random
    view: View
    camera: CameraPath
    size: Floats
    movers: _Movers

    def draw(self, t: int) -> Floats:
        """[N, 2] new goals at time t, for those who pass straight ahead."""
        rng, movers, count = self.rng, self.movers, len(self.movers.heights)
        inside = (rng.uniform(0.05, 0.95, (count, 2)) - 0.5) * self.size
        sign = np.sign(rng.normal(size=(count, 2)))
        outside = sign * self.size * rng.uniform(0.5, 1.2, (count, 2))
        aim = np.where(movers.leaves[:, None], outside, inside) / self.camera.zoom[t]
        aim = self.view.enter(aim + self.camera.centre[t], movers.heights)
        return np.where(movers.passes[:, None], movers.position + movers.course * 1e4, aim)

    def next(self, goal: Floats, t: int) -> Floats:
        """[N, 2] goals: new ones where they were reached, and now and then; or the leader."""
        movers, count = self.movers, len(goal)
        swap = np.linalg.norm(goal - movers.position, axis=1) < movers.heights
        swap = swap | (self.rng.random(count) < 0.01)
        goal = np.where(swap[:, None], self.draw(t), goal)
        follow = (movers.leader >= 0) & (movers.leader != np.arange(count))
        return np.where(follow[:, None], movers.position[movers.leader], goal)


def _wander(rng: Random, movers: _Movers, goal: Floats, velocity: Floats, dt: float) -> Floats:
    """[N, 2] change of velocity towards the goals; now and then the speed changes."""
    count = len(goal)
    way = goal - movers.position
    wanted = way / np.linalg.norm(way, axis=1, keepdims=True).clip(1e-3) * movers.speed[:, None]
    pause = rng.random(count) < 0.15 * dt
    speed = np.where(pause, movers.speed * rng.uniform(0, 2, count), movers.speed)
    movers.speed = speed.clip(0, 6 * movers.heights)
    change: Floats = (wanted - velocity) * min(1, dt * (8.0 if movers.erratic else 1.5))
    return change


def _repulsion(position: Floats, tall: Floats) -> Floats:
    """[N, 2] how everybody is pushed away from the others."""
    apart = position[:, None] - position[None]
    distance = np.linalg.norm(apart, axis=-1) + 1e-3
    push = np.exp(-distance / (0.35 * tall[:, None])) * (1 - np.eye(len(position)))
    force: Floats = (apart / distance[..., None] * push[..., None]).sum(1)
    return force


def _turned(heading: Floats, velocity: Floats, heights: Floats, dt: float) -> Floats:
    """[N] headings turned towards the direction of motion, where there is any."""
    fast = np.linalg.norm(velocity, axis=1) > 0.05 * heights
    turn = np.arctan2(velocity[:, 1], velocity[:, 0]) - heading
    turn = np.arctan2(np.sin(turn), np.cos(turn))
    return heading + np.where(fast, turn, 0) * min(1, dt * 6)


def _breadth(rng: Random, gait: Gait, frames: int, count: int, dt: float) -> Floats:
    """[T, N] breadth of things that turn; 1 without."""
    if gait.turning <= 0:
        return np.ones((frames, count))
    steps = np.arange(frames)[:, None] * dt
    tempo, start_at = rng.uniform(0.3, 2.0, count), rng.uniform(0, 2 * np.pi, count)
    swing = (1 + np.sin(tempo * steps + start_at)) / 2
    breadth: Floats = 1 - gait.turning * rng.uniform(0, 1, count) * swing
    return breadth
