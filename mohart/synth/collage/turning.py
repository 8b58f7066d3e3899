"""Objects that turn in space: animated 3-D models, and cut-outs that are blown up.

A cut-out that is warped in the picture never shows another side. Here surfaces are strewn with
points, turned, seen by a camera with perspective, and drawn from back to front.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.synth.collage.actor import prepare_cutout, recolour, rotation
from mohart.synth.collage.gltf import Model
from mohart.synth.collage.material import SOLID, Material, Picture
from mohart.synth.collage.motion import wander

DENSE = 1.5  # pixels drawn per pixel of the picture, before it is averaged
MOST = 60_000  # points of an object


class Turned(NamedTuple):
    """An object over time.

    Attributes:
        images: [T, h, w, 4] uint8 BGRA, colours times alpha.
        whole: [T, h, w] uint8 0 or 255, all of it.
        part: [T, h, w] uint8 0 or 255, one end of it, as if nothing of it were in front.
    """

    images: Picture
    whole: Picture
    part: Picture


@dataclass(frozen=True)
class Cloud:
    """Points of a surface over time.

    Attributes:
        places: [T or 1, P, 3] float32 x to the right, y upwards, z towards the camera.
        facing: [T or 1, P, 3] float32 unit vectors away from the surface, either way.
        colours: [P, 3] float32 BGR 0 to 255.
    """

    places: NDArray[np.float32]
    facing: NDArray[np.float32]
    colours: NDArray[np.float32]


def draw_turning(rng: Random, material: Material, size: float, frames: int) -> Turned:
    """A blown-up cut-out, or a model where the material has some.

    Args:
        rng: decides.
        material: where it is taken from.
        size: square root of its area in the first frame, pixels.
        frames: T.

    Raises:
        FormatError: a file of the material is damaged.
    """
    if material.models and rng.random() < 0.5:
        cloud = _strewn(rng, material, material.model(rng), size, frames)
    else:
        cutout = recolour(rng, prepare_cutout(rng, material.cutout(rng), DENSE * size), 0.25)
        cloud = blow_up(cutout, float(rng.uniform(0.2, 0.9)), float(rng.uniform(0, 0.5)))
    views = _views(rng, frames)
    return film_cloud(rng, cloud, views, size)


def blow_up(cutout: Picture, thick: float, edge: float) -> Cloud:
    """A cut-out with a belly and a back, which shows the same picture.

    Args:
        cutout: [h, w, 4] uint8 BGRA, colours times alpha.
        thick: of the belly, in largest distances to the outline.
        edge: how far the back is darkened, 0 to 1.
    """
    solid = (cutout[..., 3] >= SOLID).astype(np.uint8)
    away = cv2.distanceTransform(np.pad(solid, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    inner = 1 - np.clip(away / max(float(away.max()), 1.0), 0, 1)
    depth = thick * float(away.max()) * np.sqrt(np.clip(1 - inner**2, 0, 1))
    depth = cv2.GaussianBlur(depth, (0, 0), 1.0)
    slope_y, slope_x = np.gradient(depth)
    rows, columns = np.nonzero(solid)
    tall, wide = solid.shape
    x, y = columns + 0.5 - wide / 2, tall / 2 - rows - 0.5
    z = depth[rows, columns]
    facing = np.stack([-slope_x[rows, columns], slope_y[rows, columns], np.ones_like(z)], 1)
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    places = np.concatenate([np.stack([x, y, z], 1), np.stack([x, y, -z], 1)])
    colours = cutout[rows, columns, :3].astype(np.float32)
    colours *= 255 / np.maximum(cutout[rows, columns, 3:].astype(np.float32), 1)
    both = np.concatenate([colours, colours * np.float32(1 - edge)])
    around = np.concatenate([facing, facing * (1, 1, -1)])
    return Cloud(places[None].astype(np.float32), around[None].astype(np.float32), both)


def _strewn(rng: Random, material: Material, model: Model, size: float, frames: int) -> Cloud:
    """A model in motion, in its own colours or those of a photograph."""
    triangles, rest = model.triangles, model.pose(None, 0.0)
    corners = rest[triangles]
    areas = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    count = int(np.clip(14 * (DENSE * size) ** 2, 2000, MOST))
    chosen = rng.choice(len(triangles), count, p=areas / areas.sum())
    share = rng.random((count, 2))
    share = np.where(share.sum(1, keepdims=True) > 1, 1 - share, share)
    weights = np.concatenate([1 - share.sum(1, keepdims=True), share], 1)
    colours = 255 * model.colours[chosen][:, ::-1]
    if rng.random() < 0.7:
        at = np.einsum("pk,pkd->pd", weights, corners[chosen])
        skin = _skin(rng, material.photo(rng), at)
        mix = rng.uniform(0.4, 1.0)
        colours = (1 - mix) * colours + mix * skin
    colours = (colours * np.exp(rng.normal(0, 0.25) + rng.normal(0, 0.12, 3))).clip(0, 255)
    animation = int(rng.integers(len(model.animations))) if model.animations else None
    pace = float(np.exp(rng.normal(np.log(1 / 25), 0.5)))
    start = float(rng.uniform(0, 10))
    places, facing = np.empty((2, frames, count, 3), np.float32)
    for t in range(frames):
        length = model.length(animation) if animation is not None else 0.0
        moment = (start + pace * t) % length if length > 0 else 0.0
        posed = model.pose(animation, moment)[triangles]
        normal = np.cross(posed[:, 1] - posed[:, 0], posed[:, 2] - posed[:, 0])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        places[t] = np.einsum("pk,pkd->pd", weights, posed[chosen])
        facing[t] = normal[chosen]
    return Cloud(places, facing, colours.astype(np.float32))


def _skin(rng: Random, photo: Picture, places: Floats) -> Floats:
    """[P, 3] colours of a photograph that is thrown on a surface at rest, from a random side."""
    across = _turn(*rng.uniform(-np.pi, np.pi, 2))[:2]
    at = places @ across.T
    at = (at - at.min(0)) / max(float(np.ptp(at, axis=0).max()), 1e-9)
    tall, wide = photo.shape[:2]
    span = min(tall, wide) * rng.uniform(0.2, 0.9)
    corner = rng.uniform(0, 1, 2) * (wide - span, tall - span)
    x, y = (corner + at * span).astype(int).T
    return np.asarray(photo[y.clip(0, tall - 1), x.clip(0, wide - 1)], np.float64)


def _views(rng: Random, frames: int) -> Floats:
    """[T, 3, 3] rotations into the camera's view: from the side mostly, from above at times."""
    strength = float(rng.choice([0.005, 0.02, 0.06, 0.15], p=[0.2, 0.35, 0.3, 0.15]))
    yaw = rng.uniform(0, 2 * np.pi) + np.cumsum(wander(rng, frames, strength, 15.0))
    tilt = float(rng.uniform(-0.1, 0.7) if rng.random() < 0.7 else rng.uniform(0.7, 1.57))
    pitch = tilt + np.cumsum(wander(rng, frames, 0.3 * strength, 10.0))
    return np.stack([_turn(a, b) for a, b in zip(yaw, pitch, strict=True)])


def _turn(yaw: float, pitch: float) -> Floats:
    """[3, 3] about the upright axis, then about the horizontal one."""
    upright, level = np.eye(3), np.eye(3)
    upright[::2, ::2] = rotation(yaw)
    level[1:, 1:] = rotation(pitch)
    return level @ upright


def film_cloud(rng: Random, cloud: Cloud, views: Floats, size: float) -> Turned:
    """The cloud as a camera sees it, over time.

    Args:
        rng: decides about light, perspective and the part.
        cloud: of T frames or one.
        views: [T, 3, 3] rotations into the view.
        size: square root of the area of its box in the first frame, pixels.
    """
    frames = len(views)
    middle = (cloud.places[0].min(0) + cloud.places[0].max(0)) / 2
    reach = float(np.linalg.norm(cloud.places[0] - middle, axis=1).max())
    distance = reach * rng.uniform(2.5, 10)
    light = rng.normal(0, 1, 3) + np.array([0.0, 1.0, 1.0])
    light /= np.linalg.norm(light)
    dark = rng.uniform(0.3, 0.9)
    outward = (cloud.places[0] - middle) @ rng.normal(0, 1, 3)
    end = cloud.places[0][int(outward.argmax())]
    near = np.linalg.norm(cloud.places[0] - end, axis=1) < reach * rng.uniform(0.35, 0.75)
    seen, deep, shade = [], [], []
    for t in range(frames):
        at = (cloud.places[min(t, len(cloud.places) - 1)] - middle) @ views[t].T
        facing = cloud.facing[min(t, len(cloud.facing) - 1)] @ views[t].T
        facing = facing * np.sign(facing[:, 2:] + 1e-9)
        seen.append(at[:, :2] * (distance / np.maximum(distance - at[:, 2:], 0.1 * distance)))
        deep.append(at[:, 2])
        shade.append(dark + (1 - dark) * np.maximum(facing @ light, 0))
    scale = DENSE * size / float(np.sqrt(max(np.prod(np.ptp(seen[0], axis=0)), 1e-12)))
    extent = scale * max(float(np.abs(one).max()) for one in seen)
    side = int(np.clip(np.ceil(extent / DENSE), 4, 4 * size)) + 2
    images = np.empty((frames, 2 * side, 2 * side, 4), np.uint8)
    whole, part = np.empty((2, frames, 2 * side, 2 * side), np.uint8)
    for t in range(frames):
        spots = np.floor(seen[t] * (scale, -scale) + DENSE * side).astype(int)
        colours = np.minimum(cloud.colours * shade[t][:, None].astype(np.float32), 255)
        images[t] = _splat(spots, deep[t], colours.astype(np.uint8), side)
        whole[t] = np.where(images[t, ..., 3] >= SOLID, 255, 0)
        alone = _splat(spots[near], deep[t][near], colours[near].astype(np.uint8), side)
        part[t] = np.where(alone[..., 3] >= SOLID, 255, 0)
    return Turned(images, whole, part)


def _splat(spots: NDArray[np.int64], deep: Floats, colours: Picture, side: int) -> Picture:
    """Points drawn from back to front, two by two pixels each, then averaged.

    Of several values for one place numpy keeps the last.
    """
    big = int(DENSE * 2 * side)
    order = np.argsort(deep)
    x, y = spots[order].T
    inside = (x >= 0) & (y >= 0) & (x < big - 1) & (y < big - 1)
    x, y, colour = x[inside], y[inside], colours[order][inside]
    canvas = np.zeros((big * big, 4), np.uint8)
    solid = np.concatenate([colour, np.full((len(colour), 1), 255, np.uint8)], 1)
    places = (y * big + x)[:, None] + (0, 1, big, big + 1)
    canvas.view(np.uint32)[places.ravel(), 0] = np.repeat(solid.view(np.uint32)[:, 0], 4)
    square = canvas.reshape(big, big, 4)
    small = cv2.resize(square, (2 * side, 2 * side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
