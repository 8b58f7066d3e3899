"""A ground plane seen by a camera: streets, squares and roads in perspective.

Ground coordinates are (x, d) in pixels at the reference row: x to the right, d towards the camera,
so that flat motion on the ground and its forces need no perspective; the projection adds it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.synth.scenes.photographs import PLACES, Photographs
from mohart.synth.scenes.textures import Image, natural, random_colour, surface

NEAREST, FARTHEST = 0.12, 12.0  # relative depths that are told apart


@dataclass(frozen=True)
class Ground:
    """A pinhole camera over a plane; world coordinates as in mohart.synth.scenes.camera.

    Attributes:
        horizon: world y where the ground ends.
        reference: world y, below the horizon, where things have their own size.
        focal: focal length in pixels: how far one has to go, in pixels at the reference row, to be
            twice as far away.
        heading: radians between the road and the line of sight.
    """

    horizon: float
    reference: float
    focal: float
    heading: float

    def scale(self, ground: Floats) -> Floats:
        """[N, 2] ground -> [N] size relative to the reference row."""
        away = np.clip(-ground[:, 1] / self.focal, NEAREST, FARTHEST)
        result: Floats = 1 / away
        return result

    def to_image(self, ground: Floats) -> Floats:
        """[N, 2] ground -> [N, 2] world pixels of the place where they touch the ground."""
        scale = self.scale(ground)
        y = self.horizon + (self.reference - self.horizon) * scale
        return np.stack([ground[:, 0] * scale, y], 1)

    def to_ground(self, image: Floats) -> Floats:
        """[N, 2] world pixels below the horizon -> [N, 2] ground."""
        below = (image[:, 1] - self.horizon) / (self.reference - self.horizon)
        away = 1 / np.clip(below, 1 / FARTHEST, 1 / NEAREST)
        return np.stack([image[:, 0] * away, -self.focal * away], 1)

    def sight(self, foot: Floats, heading: float) -> tuple[float, float]:
        """How a thing on the ground is looked at.

        Args:
            foot: [2] world pixels where it stands.
            heading: radians, of its motion in ground coordinates.

        Returns:
            The angle from the right of the line of sight to its forward, counter-clockwise from
            above, and the slope of the line of sight.
        """
        x, deep = self.to_ground(foot[None])[0]
        forward = np.arctan2(-np.sin(heading), np.cos(heading))
        slope = (self.reference - self.horizon) / -deep
        return float(forward + np.arctan2(x, -deep)), float(slope)

    def strip(self, low: float, high: float, near: float = 0.2, far: float = FARTHEST) -> Floats:
        """[4, 2] world pixels: the outline of a strip along the road between two offsets."""
        lean = np.tan(self.heading) * self.focal
        corners = [(low, far), (high, far), (high, near), (low, near)]
        ground = np.array([(x + lean * (z - 1), -self.focal * z) for x, z in corners])
        return self.to_image(ground)


def draw_ground(rng: Random, width: int, height: int) -> Ground:
    """A random view: from nearly straight down a street to far above it."""
    horizon = -height * float(np.exp(rng.uniform(np.log(0.12), np.log(1.2))))
    reference = horizon + (height / 2 - horizon) * float(rng.uniform(0.45, 0.9))
    along = rng.random() < 0.7
    heading = rng.normal(0, 0.25) if along else rng.choice([-1, 1]) * rng.uniform(0.7, 1.3)
    focal = width * float(rng.uniform(0.8, 2.2))
    return Ground(horizon, reference, focal, float(heading))


def street(
    rng: Random, height: int, width: int, ground: Ground, photographs: Photographs | None = None
) -> Image:
    """A place on this ground: [H', W', 3] in 0..255, its middle is the world's origin.

    Sky or far-off houses above the horizon; pavement, a road with its markings, buildings and
    trees along it. Or a photograph, whatever its own perspective.
    """
    if photographs is not None and rng.random() < PLACES:
        return photographs.crop(rng, height, width)
    row = int(np.clip(height / 2 + ground.horizon, 0, height))
    image = _floor(rng, height, width, ground, photographs)
    middle = np.array([width / 2, height / 2])
    size = float(rng.uniform(0.5, 1.6)) * width / 2
    offset = float(rng.normal(0, 0.3)) * width
    asphalt = natural(rng, height, width, contrast=0.35, saturation=0.3)
    _fill(image, ground.strip(offset - size / 2, offset + size / 2) + middle, asphalt)
    paint = random_colour(rng, saturation=0.3) * 0 + rng.uniform(150, 245)
    lanes = int(rng.integers(1, 5))
    for k in range(lanes + 1):
        edge = offset - size / 2 + size * k / lanes
        thick = size * 0.012
        whole = k in (0, lanes) and rng.random() < 0.7
        marks = [(0.2, 12.0)] if whole else [(z, z * 1.12) for z in 1.3 ** np.arange(-6.0, 9.0)]
        for near, far in marks:
            line = ground.strip(edge - thick, edge + thick, near, far) + middle
            _fill(image, line, np.broadcast_to(paint, image.shape))
    if row > 4:
        image[:row] = _distance(rng, row, width, photographs)
    for _ in range(int(rng.integers(0, 7))):
        _house(rng, image, ground, offset, size, photographs)
    result: Image = np.clip(image, 0, 255).astype(np.float32)
    return result


def _floor(
    rng: Random, height: int, width: int, ground: Ground, photographs: Photographs | None
) -> Image:
    """A surface laid on the ground; far away it fades into its mean colour."""
    tile = surface(rng, 512, 512, saturation=0.5, photographs=photographs)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    world = np.stack([x.ravel() - width / 2, y.ravel() - height / 2], 1).astype(np.float64)
    flat = ground.to_ground(world).reshape(height, width, 2)
    grain = np.float32(rng.uniform(0.5, 1.5))
    u, v = ((flat[..., k] * grain).astype(np.float32) for k in (0, 1))
    laid = cv2.remap(tile, u % 512, v % 512, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    near = np.clip(ground.scale(flat.reshape(-1, 2)).reshape(height, width, 1) * 1.5, 0, 1)
    mean = tile.mean((0, 1))
    result: Image = (mean + (laid - mean) * near).astype(np.float32)
    return result


def _distance(rng: Random, rows: int, width: int, photographs: Photographs | None) -> Image:
    """What stands above the horizon: sky, or a row of trees or houses."""
    sky = random_colour(rng, saturation=0.4) * 0.3 + rng.uniform(120, 180)
    fade = np.linspace(1.1, 0.9, rows, dtype=np.float32)[:, None, None]
    image: Image = (np.broadcast_to(sky, (rows, width, 3)) * fade).astype(np.float32)
    if rng.random() < 0.7:
        top = int(rows * rng.uniform(0.0, 0.8))
        image[top:] = surface(rng, rows, width, saturation=0.5, photographs=photographs)[top:]
    return image


def _house(
    rng: Random,
    image: Image,
    ground: Ground,
    offset: float,
    size: float,
    photographs: Photographs | None,
) -> None:
    """A wall with windows, or a dark tree, beside the road."""
    height, width = image.shape[:2]
    away = float(np.exp(rng.uniform(np.log(0.6), np.log(6))))
    side = float(rng.choice([-1, 1]))
    lean = np.tan(ground.heading) * ground.focal * (away - 1)
    x = offset + lean + side * size * float(rng.uniform(0.75, 1.6))
    foot = ground.to_image(np.array([[x, -ground.focal * away]]))[0] + (width / 2, height / 2)
    half, tall = size / away * rng.uniform(0.1, 0.35), size / away * rng.uniform(0.3, 1.0)
    x0, x1 = (int(np.clip(v, 0, width)) for v in (foot[0] - half, foot[0] + half))
    y0, y1 = (int(np.clip(v, 0, height)) for v in (foot[1] - tall, foot[1]))
    if x1 - x0 < 6 or y1 - y0 < 6:
        return
    wall = natural(rng, y1 - y0, x1 - x0, contrast=0.5, saturation=0.6, photographs=photographs)
    if rng.random() < 0.6:
        step = max(5, int(half / rng.uniform(2, 6)))
        glass = random_colour(rng, saturation=0.4) * 0.4
        y, x_ = np.mgrid[: y1 - y0, : x1 - x0]
        panes = (y % step > step * 0.4) & (x_ % step > step * 0.45)
        wall[panes] = wall[panes] * 0.25 + glass * 0.75
        image[y0:y1, x0:x1] = wall
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for cx, cy, r in rng.uniform(0.15, 0.85, (14, 3)):
        centre = (int(cx * (x1 - x0)), int(cy * (y1 - y0) * 0.8))
        cv2.circle(mask, centre, max(2, int(r * 0.3 * (x1 - x0))), 255, -1, cv2.LINE_AA)
    alpha = mask.astype(np.float32)[..., None] / 255
    patch = image[y0:y1, x0:x1]
    patch += (wall * 0.6 - patch) * alpha


def _fill(image: Image, outline: Floats, texture: NDArray[np.floating]) -> None:
    """A polygon [K, 2] of a texture as large as the image, with soft edges, in place."""
    mask = np.zeros(image.shape[:2], np.uint8)
    limited = np.clip(outline, -8000, 8000)
    cv2.fillPoly(mask, [np.round(limited * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    inside = mask > 0
    alpha = mask[inside][:, None].astype(np.float32) / 255
    image[inside] += (texture[inside] - image[inside]) * alpha
