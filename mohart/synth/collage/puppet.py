"""Objects with limbs: cut-outs that hang on a cut-out and swing, so that the outline changes.

A wave through a picture bends it, and its box hardly changes. People and animals reach out with
arms and legs, and the box that is drawn round them does change, from step to step.
"""

from __future__ import annotations

import cv2
import numpy as np

from mohart.aliases import Random
from mohart.synth.collage.actor import prepare_cutout, recolour
from mohart.synth.collage.material import Material, Picture
from mohart.synth.collage.motion import wander

LIMBS = (2, 5)  # smallest and largest number


def draw_puppet(rng: Random, material: Material, size: float, frames: int) -> Picture:
    """A body with limbs in motion.

    Args:
        rng: decides.
        material: body and limbs are cut-outs of it.
        size: of the body, square root of its area, pixels.
        frames: T.

    Returns:
        [T, h, w, 4] uint8 BGRA, colours times alpha; the body is in the middle.

    Raises:
        FormatError: a picture is damaged.
    """
    body = prepare_cutout(rng, material.cutout(rng), size)
    tall, wide = body.shape[:2]
    cutout = material.cutout(rng)
    limbs = [
        _limb(rng, cutout if rng.random() < 0.7 else material.cutout(rng), size)
        for _ in range(int(rng.integers(*LIMBS)))
    ]
    joints = (0.5 + rng.uniform(-0.38, 0.38, (len(limbs), 2))) * (wide, tall)
    away = joints - (wide / 2, tall / 2)
    rest = np.arctan2(away[:, 1], away[:, 0]) + rng.normal(0, 0.5, len(limbs))
    pace, reach = float(rng.uniform(0.05, 0.7)), float(rng.uniform(0.15, 0.9))
    room = max(max(limb.shape[:2]) for limb in limbs)
    front = rng.random(len(limbs)) < 0.5
    swings = [
        turn
        + reach * np.sin(pace * np.arange(frames) + rng.uniform(0, 2 * np.pi))
        + wander(rng, frames, 0.3 * reach, 8.0)
        for turn in rest
    ]
    images = np.empty((frames, tall + 2 * room, wide + 2 * room, 4), np.uint8)
    for t in range(frames):
        canvas = np.zeros(images.shape[1:], np.uint8)
        for limb, joint, turns, before in zip(limbs, joints, swings, ~front, strict=True):
            if before:
                _lay(canvas, _swung(limb, joint + room, float(turns[t]), canvas.shape))
        inner = canvas[room : room + tall, room : room + wide]
        _lay(inner, body)
        for limb, joint, turns, before in zip(limbs, joints, swings, ~front, strict=True):
            if not before:
                _lay(canvas, _swung(limb, joint + room, float(turns[t]), canvas.shape))
        images[t] = canvas
    return images


def _limb(rng: Random, cutout: Picture, size: float) -> Picture:
    """A slender cut-out that lies along x, its joint on the left."""
    image = recolour(rng, prepare_cutout(rng, cutout, size), 0.15)
    if image.shape[0] > image.shape[1]:
        image = np.ascontiguousarray(np.rot90(image))
    length, breadth = size * rng.uniform(0.5, 1.1), size * rng.uniform(0.15, 0.4)
    side = max(4, int(length)), max(3, int(breadth))
    return np.asarray(cv2.resize(image, side, interpolation=cv2.INTER_AREA), np.uint8)


def _swung(
    limb: Picture,
    joint: np.ndarray[tuple[int], np.dtype[np.float64]],
    turn: float,
    shape: tuple[int, ...],
) -> Picture:
    """The limb turned about its joint, on a canvas of this shape."""
    c, s = np.cos(turn), np.sin(turn)
    own = np.array([0.1 * limb.shape[1], limb.shape[0] / 2])
    matrix = np.array([[c, -s, 0.0], [s, c, 0.0]])
    matrix[:, 2] = joint - matrix[:, :2] @ own
    return np.asarray(cv2.warpAffine(limb, matrix, (shape[1], shape[0])), np.uint8)


def _lay(canvas: Picture, image: Picture) -> None:
    """Over what is there; colours times alpha on both sides."""
    left = (255 - image[..., 3:]).astype(np.uint16)
    canvas[:] = np.minimum(image + (canvas * left + 127) // 255, 255)
