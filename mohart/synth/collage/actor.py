"""One cut-out object in motion: bent, turned, stretched, blurred, and where its boxes are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.synth.collage.material import SOLID, Picture
from mohart.synth.collage.motion import Camera, Path

LARGEST = 400  # pixels; what grows beyond is not drawn larger


class Drawn(NamedTuple):
    """An object as it lies in one frame.

    Attributes:
        left: of the pictures, pixels of the frame; may be negative.
        top: of the pictures, pixels of the frame; may be negative.
        colour: [h, w, 4] uint8 BGRA, colours times alpha.
        solid: [h, w] bool, what it hides, before any blur.
        masks: [P, h, w] bool, what belongs to each labelled part, before any blur.
    """

    left: int
    top: int
    colour: Picture
    solid: NDArray[np.bool_]
    masks: NDArray[np.bool_]


@dataclass(frozen=True)
class Bend:
    """A deformation that changes over time: waves through the object.

    Attributes:
        reach: [K] size of each wave, in halves of the object.
        along: [K, 2] its direction and number.
        moves: [K, 2] direction in which it moves what it meets.
        offset: [K] phase.
        beat: [K] how fast it runs.
    """

    reach: Floats
    along: Floats
    moves: Floats
    offset: Floats
    beat: Floats

    def field(self, u: Floats, v: Floats, phase: float) -> tuple[Floats, Floats]:
        """[h, w] places in -1..1 of the object -> how far, in halves of the object."""
        x, y = np.zeros_like(u), np.zeros_like(v)
        for k, reach in enumerate(self.reach):
            wave = np.sin(
                self.along[k, 0] * u
                + self.along[k, 1] * v
                + np.float32(self.offset[k] + self.beat[k] * phase)
            ) * np.float32(reach)
            x += np.float32(self.moves[k, 0]) * wave
            y += np.float32(self.moves[k, 1]) * wave
        return x, y


def draw_bend(rng: Random, *, swims: bool) -> Bend:
    """A random one; who swims bends to the sides of its long axis, which is x."""
    if swims:
        waves = rng.uniform(1.5, 3.5)
        return Bend(
            np.array([rng.uniform(0.1, 0.6)]),
            np.array([[waves, 0.0]]),
            np.array([[0.0, 1.0]]),
            rng.uniform(0, 6, 1),
            rng.uniform(0.5, 2, 1),
        )
    count = int(rng.integers(0, 4))
    strength = rng.choice([0.03, 0.08, 0.16], p=[0.4, 0.4, 0.2])
    return Bend(
        rng.uniform(0.3, 1, count) * strength,
        rng.normal(0, 2.2, (count, 2)),
        rng.normal(0, 0.8, (count, 2)),
        rng.uniform(0, 6, count),
        rng.uniform(0.2, 1.2, count),
    )


@dataclass(frozen=True)
class Actor:
    """A cut-out with a path.

    Attributes:
        images: [T or 1, h, w, 4] uint8 BGRA, colours times alpha.
        parts: [P, T or 1, h, w] uint8 0 or 255: what each of its labels means; none: not labelled.
        path: where it goes.
        bend: how it deforms.
    """

    images: Picture
    parts: Picture
    path: Path
    bend: Bend

    def draw(self, t: int, camera: Camera, width: int, height: int, shutter: float) -> Drawn | None:
        """As it lies in frame t of `width` by `height` pixels; None where it is out of sight.

        Args:
            t: frame.
            camera: moves everything.
            width: pixels.
            height: pixels.
            shutter: share of the time between two frames in which the camera is open.
        """
        matrix, place = self._pose(t, camera, width, height)
        image = self.images[min(t, len(self.images) - 1)]
        tall, wide = image.shape[:2]
        room = 1 + float(np.abs(self.bend.reach).sum())
        half = np.abs(matrix) @ (np.array([wide, tall]) / 2) * room + 2
        if (
            (half > LARGEST).any()
            or (place + half < -30).any()
            or (place - half > (width + 30, height + 30)).any()
        ):
            return None
        _, before = self._pose(max(t - 1, 0), camera, width, height)
        streak = (place - before) * shutter
        length = float(np.hypot(*streak))
        half = half + (np.abs(streak) / 2 + 1 if length > 1.5 else 0)
        left, top = np.floor(place - half).astype(int)
        right, bottom = np.ceil(place + half).astype(int)
        back = np.linalg.inv(matrix).astype(np.float32)
        x = np.arange(left, right, dtype=np.float32)[None, :] + np.float32(0.5 - place[0])
        y = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5 - place[1])
        u = (back[0, 0] * x + back[0, 1] * y) / np.float32(wide / 2)
        v = (back[1, 0] * x + back[1, 1] * y) / np.float32(tall / 2)
        if len(self.bend.reach):
            moved = self.bend.field(u, v, float(self.path.wave[t]))
            u, v = u + moved[0], v + moved[1]
        at = (u + 1) * np.float32(wide / 2) - 0.5, (v + 1) * np.float32(tall / 2) - 0.5
        colour = cv2.remap(image, *at, cv2.INTER_LINEAR)
        solid = colour[..., 3] >= solid_from(image)
        masks = [
            cv2.remap(part[min(t, len(part) - 1)], *at, cv2.INTER_LINEAR) >= SOLID
            for part in self.parts
        ]
        if length > 1.5:
            colour = cv2.filter2D(colour, -1, streak_kernel(streak))
        shape = colour.shape[:2]
        return Drawn(
            int(left),
            int(top),
            np.asarray(colour, np.uint8),
            solid,
            np.stack(masks) if masks else np.zeros((0, *shape), bool),
        )

    def _pose(self, t: int, camera: Camera, width: int, height: int) -> tuple[Floats, Floats]:
        """The matrix from the image to the frame, and where its middle lies."""
        zoom, roll = float(camera.zoom[t]), float(camera.roll[t])
        shift = self.path.centre[t] - camera.middle[t]
        place = (width / 2, height / 2) + zoom * rotation(roll) @ shift
        matrix = zoom * rotation(roll + float(self.path.turn[t])) @ np.diag(self.path.stretch[t])
        return matrix, place


def solid_from(image: Picture) -> int:
    """Alpha from which a pixel of a cut-out hides what is behind; less for what is see-through."""
    return min(SOLID, max(1, int(image[..., 3].max()) // 2))


def rotation(angle: float) -> Floats:
    """[2, 2], radians; x to the right, y downwards."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])


def streak_kernel(streak: Floats) -> NDArray[np.float32]:
    """A line of motion blur: [2] pixels -> an odd square that sums to 1."""
    size = int(np.ceil(np.abs(streak).max())) // 2 * 2 + 1
    kernel = np.zeros((size, size), np.float32)
    middle = size // 2
    end = np.round(streak / 2).astype(int)
    cv2.line(
        kernel,
        (middle - end[0], middle - end[1]),
        (middle + end[0], middle + end[1]),
        1.0,
        1,
        cv2.LINE_AA,
    )
    return kernel / max(float(kernel.sum()), 1e-6)


def prepare_cutout(rng: Random, cutout: Picture, size: float) -> Picture:
    """Scaled to a size (square root of the area), perhaps mirrored; colours times alpha."""
    tall, wide = cutout.shape[:2]
    scale = size / float(np.sqrt(tall * wide))
    side = max(4, round(wide * scale)), max(4, round(tall * scale))
    image = cutout[:, ::-1] if rng.random() < 0.5 else cutout
    alpha = image[..., 3:].astype(np.float32) / 255
    flat = np.concatenate([image[..., :3] * alpha, image[..., 3:]], 2)
    mode = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(flat, side, interpolation=mode)
    return np.asarray(np.clip(scaled, 0, 255), np.uint8)


def recolour(rng: Random, image: Picture, amount: float) -> Picture:
    """Another shade of the same: [h, w, 4] -> the same shape."""
    factor = np.exp(rng.normal(0, amount) + rng.normal(0, amount / 2, 3))
    colour = image[..., :3] * factor
    return np.dstack([np.minimum(colour, image[..., 3:]), image[..., 3]]).astype(np.uint8)


def draw_part(rng: Random, image: Picture) -> Picture | None:
    """A region of a cut-out that somebody might draw a box around, [h, w] uint8; None: too small.

    A rectangle of a quarter to three quarters of both sides; often at an end, as heads are.
    """
    solid = image[..., 3] >= SOLID
    tall, wide = solid.shape
    for _ in range(4):
        side = np.maximum(rng.uniform(0.25, 0.75, 2) * (wide, tall), 6).astype(int)
        if rng.random() < 0.5:  # about square
            side[:] = np.clip(int(np.sqrt(side.prod())), 6, min(wide, tall))
        free = np.maximum(np.array([wide, tall]) - side, 0)
        corner = rng.uniform(0, 1, 2)
        if rng.random() < 0.5:
            axis = 1 if tall >= wide else 0
            corner[axis] = rng.choice([0.0, 1.0])
            corner[1 - axis] = 0.5 + rng.normal(0, 0.1)
        left, top = (corner.clip(0, 1) * free).astype(int)
        mask = np.zeros((tall, wide), np.uint8)
        inside = solid[top : top + side[1], left : left + side[0]]
        mask[top : top + side[1], left : left + side[0]] = inside * np.uint8(255)
        if inside.mean() > 0.5 and inside.sum() >= 36:
            return mask
    return None


def draw_creature(rng: Random, size: float) -> Picture:
    """A small animal seen from above, its head to the right: [h, w, 4] BGRA, colours times alpha.

    Larvae, fish, flies and beetles: an outline of varying breadth, darker or lighter than what is
    around, with eyes, stripes, or wings.
    """
    slender = float(rng.uniform(1.3, 6))
    wide, tall = int(size * np.sqrt(slender)) + 4, int(size / np.sqrt(slender)) + 4
    big = 4  # drawn larger, then averaged
    canvas = np.zeros((tall * big, wide * big, 4), np.uint8)
    along = np.linspace(0, 1, 32)
    nose = rng.uniform(0.55, 0.9)
    breadth = np.where(along < nose, along / nose, np.sqrt(np.clip((1 - along) / (1 - nose), 0, 1)))
    breadth = breadth ** rng.uniform(0.3, 1.2) * (tall * big / 2 - big)
    x = along * (wide * big - 2 * big) + big
    outline = np.concatenate(
        [
            np.stack([x, tall * big / 2 - breadth], 1),
            np.stack([x, tall * big / 2 + breadth], 1)[::-1],
        ]
    )
    shade = rng.uniform(10, 110) if rng.random() < 0.7 else rng.uniform(150, 240)
    body = (shade * np.exp(rng.normal(0, 0.1, 3))).clip(0, 255)
    cv2.fillPoly(canvas, [outline.astype(np.int32)], (*body.tolist(), 255))
    for _ in range(int(rng.integers(0, 6))):  # stripes and spots
        where = int(rng.uniform(0.1, 0.9) * wide * big)
        tone = (body * np.exp(rng.normal(0, 0.5))).clip(0, 255)
        spot = canvas.copy()
        axes = int(rng.integers(2, 3 + wide // 2)), tall * big
        cv2.ellipse(spot, (where, tall * big // 2), axes, 0, 0, 360, (*tone.tolist(), 255), -1)
        canvas[..., :3] = np.where(canvas[..., 3:] > 0, spot[..., :3], 0)
    if rng.random() < 0.5:
        eye = int((nose + 0.05) * wide * big)
        for side in (-1, 1):
            at = (eye, int(tall * big / 2 + side * 0.22 * tall * big))
            cv2.circle(
                canvas, at, max(1, int(0.14 * tall * big)), (*(body * 0.3).tolist(), 255), -1
            )
    see_through = rng.uniform(0.55, 1.0)
    small = cv2.resize(canvas, (wide, tall), interpolation=cv2.INTER_AREA).astype(np.float32)
    small[..., :3] *= small[..., 3:] / 255
    small *= np.float32(see_through)
    return np.asarray(np.clip(small, 0, 255), np.uint8)
