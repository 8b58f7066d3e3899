"""How things move: cameras, and objects that walk, drive, swarm, follow and avoid each other.

World coordinates are pixels of the frame at time 0 with the origin in the middle of the frame;
the camera maps world to frame at every time step. Everything is simulated before it is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mohart.synth.scenes.ground import Ground
from mohart.synth.scenes.textures import Random

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CameraPath:
    """Where the camera looks.

    Attributes:
        centre: [T, 2] world point in the middle of the frame.
        zoom: [T] pixels per world unit.
        roll: [T] radians.
    """

    centre: Floats
    zoom: Floats
    roll: Floats

    def matrix(self, t: int, width: int, height: int) -> Floats:
        """[2, 3] affine map from world to frame pixels at time t."""
        c, s = np.cos(self.roll[t]) * self.zoom[t], np.sin(self.roll[t]) * self.zoom[t]
        turn = np.array([[c, -s], [s, c]])
        shift = np.array([width / 2, height / 2]) - turn @ self.centre[t]
        return np.hstack([turn, shift[:, None]])


TINY = 14.0  # pixels of height below which nothing starts on a ground plane
SHORT = 64  # frames; over longer times a camera swings back instead of panning for ever


def _swing(path: Floats, limit: float) -> Floats:
    """Fold a path [T, 2] into -limit..limit: at the limit it turns round."""
    folded: Floats = np.abs(np.mod(path - limit, 4 * limit) - 2 * limit) - limit
    return folded


def camera_path(rng: Random, frames: int, height: int, *, moving: float = 0.6) -> CameraPath:
    """A fixed, panning, zooming or hand-held camera.

    Args:
        rng: source of randomness.
        frames: T.
        height: of the frame in pixels; speeds are relative to it.
        moving: probability that the camera moves at all.
    """
    centre, zoom = np.zeros((frames, 2)), np.ones(frames)
    roll = np.zeros(frames)
    if rng.random() < moving:
        steps = np.arange(frames)
        if rng.random() < 0.7:  # pan: a slowly changing velocity
            speed = rng.normal(0, 0.01, 2) * (height, height * 0.4)
            drift = np.cumsum(rng.normal(0, 0.0012, (frames, 2)) * height, 0)
            pan = np.cumsum(speed + drift, 0)
            centre += pan if frames <= SHORT else _swing(pan, 0.8 * height)
        if rng.random() < 0.4:
            zoom = np.exp(np.clip(np.cumsum(rng.normal(0, 0.006) + rng.normal(0, 0.002, frames)),
                                  -0.7, 0.7))  # fmt: skip
        if rng.random() < 0.5:  # shake: smooth noise of a hand, or hard knocks
            amount = height * float(np.exp(rng.uniform(np.log(0.001), np.log(0.02))))
            noise = rng.normal(0, amount, (frames, 2))
            if rng.random() < 0.6:
                noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 2, 0)) / 1.7
            centre += noise
            roll += rng.normal(0, 0.004) * np.sin(steps * rng.uniform(0.1, 0.8))
        centre -= centre[0]
    return CameraPath(centre=centre, zoom=zoom, roll=roll)


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


def simulate_crowd(
    rng: Random, camera: CameraPath, heights: Floats, frame: tuple[int, int], *,
    frame_rate: float, lanes: bool, ground: bool, leaving: float, interaction: float = 1.0,
    plane: Ground | None = None, scaling: float = 0.4, turning: float = 0.0,
    passing: float = 0.0,
) -> Crowd:  # fmt: skip
    """Move N objects for as long as the camera path lasts.

    Args:
        rng: source of randomness.
        camera: the view; goals are drawn inside it so that the objects stay in the picture.
        heights: [N] object heights in pixels where they start.
        frame: width and height in pixels.
        frame_rate: frames per second; speeds are in body heights per second.
        lanes: straight lines at steady speed (traffic) instead of wandering.
        ground: size grows with the vertical position, as on a ground plane.
        leaving: probability that an object's goals lie outside the picture.
        interaction: strength of the social forces (avoid, follow, group); 0 turns them off.
        plane: a ground plane in perspective; everything moves on it, and `ground` is not used.
        scaling: probability for each object to grow or shrink by itself.
        turning: strength of changes in breadth; 0 turns them off.
        passing: probability that an object passes through: it comes from outside at some time,
            crosses the picture and is gone for good.

    Source of the forces: social force model, Helbing and Molnar 1995, with one repulsion term.
    """
    frames, count = len(camera.zoom), len(heights)
    size = np.array(frame, float)
    dt = 1.0 / frame_rate
    horizon = -size[1] * rng.uniform(0.55, 1.2)  # world y where things shrink to nothing

    position = (rng.uniform(0.08, 0.92, (count, 2)) - 0.5) * size
    if rng.random() < 0.3:  # everybody in one bunch
        position = position * rng.uniform(0.25, 0.6) + (rng.uniform(0.3, 0.7, 2) - 0.5) * size
    if plane is not None:
        position = plane.to_ground(_below(plane, position, heights, size[1]))
    start = position[:, 1] - horizon
    relative = np.ones(count)
    pace = 3.0 if lanes and plane is not None else 0.75  # traffic on a road, in heights
    speed = heights * np.exp(rng.normal(np.log(pace), 0.65, count)).clip(0, 9 if pace > 1 else 5)
    speed[rng.random(count) < 0.1] = 0
    jitter = rng.uniform(0.02, 0.5) * heights
    erratic = rng.random() < 0.15
    angle = rng.uniform(0, 2 * np.pi) if plane is None else np.pi / 2 - plane.heading
    direction = np.where(rng.random(count) < 0.5, angle, angle + np.pi) + rng.normal(0, 0.06, count)
    growth = rng.normal(0, 0.12, count) * (rng.random(count) < scaling)  # 1/s
    leaves = rng.random(count) < leaving
    leader = np.where(rng.random(count) < 0.25 * interaction, rng.permutation(count), -1)
    passes, course = np.zeros(count, bool), np.zeros((count, 2))
    if passing > 0:
        passes = rng.random(count) < passing
        if not lanes:  # all ways on a square, mostly across a street
            side = rng.uniform(0, 2 * np.pi, count)
            across = np.where(rng.random(count) < 0.5, 0, np.pi) + rng.normal(0, 0.25, count)
            direction = np.where(passes, side if plane is None else across, direction)
        course = np.stack([np.cos(direction), np.sin(direction)], 1)
        span = size[0] / (1 if plane is None else plane.scale(position))
        crossing = rng.uniform(0.3, 0.8, count) * frames * dt  # s for the picture's width
        speed = np.where(passes, np.maximum(speed, span / crossing), speed)
        late = rng.uniform(-0.2, 1, count) * passes * frames * dt  # s until it is where it was
        position = position - course * (speed * late)[:, None]
        leader = np.where(passes, -1, leader)
    layer = rng.uniform(0, 1, count)
    phase = rng.uniform(0, 2 * np.pi, count)
    cadence = rng.uniform(2.5, 6.5, count)  # radians per body height travelled

    def new_goals(t: int) -> Floats:
        inside = (rng.uniform(0.05, 0.95, (count, 2)) - 0.5) * size
        outside = np.sign(rng.normal(size=(count, 2))) * size * rng.uniform(0.5, 1.2, (count, 2))
        result: Floats = (
            np.where(leaves[:, None], outside, inside) / camera.zoom[t] + camera.centre[t]
        )
        if plane is not None:
            result = plane.to_ground(_below(plane, result, heights, size[1]))
        return np.where(passes[:, None], position + course * 1e4, result)

    goal = new_goals(0)
    heading = direction.copy() if lanes else np.arctan2(*(goal - position).T[::-1])
    velocity = np.stack([np.cos(heading), np.sin(heading)], 1) * speed[:, None]
    out = {k: np.zeros((frames, count)) for k in ("height", "heading", "phase", "depth")}
    places = np.zeros((frames, count, 2))
    for t in range(frames):
        if plane is not None:
            perspective: Floats = plane.scale(position)
        elif ground:
            perspective = ((position[:, 1] - horizon) / start).clip(0.25, 4)
        else:
            perspective = np.ones(count)
        relative = relative * np.exp(growth * dt)
        scale = perspective * relative
        places[t] = position
        if plane is not None:
            places[t] = plane.to_image(position)
            places[t, :, 1] -= heights * scale / 2
        out["height"][t], out["heading"][t], out["phase"][t] = heights * scale, heading, phase
        near = position[:, 1] + (heights * scale / 2 if plane is None else 0)
        out["depth"][t] = near if ground or plane is not None else layer

        if not lanes:
            swap = (np.linalg.norm(goal - position, axis=1) < heights) | (rng.random(count) < 0.01)
            goal = np.where(swap[:, None], new_goals(t), goal)
            follow = (leader >= 0) & (leader != np.arange(count))
            goal = np.where(follow[:, None], position[leader], goal)
            way = goal - position
            wanted = way / np.linalg.norm(way, axis=1, keepdims=True).clip(1e-3) * speed[:, None]
            pause = rng.random(count) < 0.15 * dt
            speed = np.where(pause, speed * rng.uniform(0, 2, count), speed).clip(0, 6 * heights)
            velocity += (wanted - velocity) * min(1, dt * (8.0 if erratic else 1.5))
        if interaction > 0:
            apart = position[:, None] - position[None]
            distance = np.linalg.norm(apart, axis=-1) + 1e-3
            reach = 0.35 * (heights * scale)[:, None]
            push = np.exp(-distance / reach) * (1 - np.eye(count))
            force = (apart / distance[..., None] * push[..., None]).sum(1)
            velocity += interaction * 2.5 * dt * force * heights[:, None] * (0.2 if lanes else 1)
        kick = 0.05 if lanes else (1.0 if erratic else 0.35)
        velocity += rng.normal(0, 1, (count, 2)) * jitter[:, None] * kick * np.sqrt(dt)
        moved = velocity * dt * (scale if plane is None else relative)[:, None]
        position = position + moved
        gone = np.linalg.norm(moved, axis=1)
        phase = phase + cadence * gone / heights + 0.3 * dt
        fast = np.linalg.norm(velocity, axis=1) > 0.05 * heights
        turn = np.arctan2(velocity[:, 1], velocity[:, 0]) - heading
        turn = np.arctan2(np.sin(turn), np.cos(turn))
        heading = heading + np.where(fast, turn, 0) * min(1, dt * 6)
    breadth = np.ones((frames, count))
    if turning > 0:
        steps = np.arange(frames)[:, None] * dt
        tempo, start_at = rng.uniform(0.3, 2.0, count), rng.uniform(0, 2 * np.pi, count)
        breadth = (
            1 - turning * rng.uniform(0, 1, count) * (1 + np.sin(tempo * steps + start_at)) / 2
        )
    return Crowd(position=places, breadth=breadth, **out)


def _below(plane: Ground, image: Floats, heights: Floats, bottom: float) -> Floats:
    """World points [N, 2] moved down to where objects of these heights are not tiny."""
    deep = plane.reference - plane.horizon
    lowest = plane.horizon + deep * np.clip(TINY / heights, 0.05, 1)
    share = np.clip(image[:, 1] / bottom + 0.5, 0, 1)
    row = lowest + share * np.maximum(bottom / 2 - lowest, 1)
    return np.stack([image[:, 0], np.where(image[:, 1] > bottom / 2, image[:, 1], row)], 1)
