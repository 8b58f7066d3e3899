"""Compositing: pictures on pictures with transparency and motion blur, things that stand still."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Frame, Random
from mohart.synth.scenes.canvas import CANVAS
from mohart.synth.scenes.ground import Ground
from mohart.synth.scenes.sprites import PHASES, Sprite

LONGEST_SMEAR = 31  # pixels


class Parked(NamedTuple):
    """A background with things that stand still in it.

    Attributes:
        place: [H', W', 3] uint8.
        boxes: [P, 4] xyxy world coordinates, the middle of the place is their origin.
    """

    place: Frame
    boxes: Floats


def smear(image: Frame, shift: NDArray[np.float64]) -> Frame:
    """Motion blur: the image [H, W, 3 or 4] while it moves by `shift` [2] pixels (x, y).

    Transparent pixels have no colour, so colours are weighted with the opacity.
    """
    length = float(np.hypot(*shift))
    if length < 1.5 or not image.size:
        return image
    shift = shift * min(1.0, LONGEST_SMEAR / length)
    side = int(np.ceil(np.abs(shift).max())) | 1
    kernel = np.zeros((side, side), np.float32)
    middle = np.array([side // 2, side // 2]) * 16
    ends = [np.round(middle + sign * shift * 8).astype(int).tolist() for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    kernel /= max(float(kernel.sum()), 1e-6)
    if image.shape[2] == 3:
        return np.asarray(cv2.filter2D(image, -1, kernel), np.uint8)
    opacity = image[..., 3:].astype(np.float32)
    light = cv2.filter2D(image[..., :3] * opacity, -1, kernel, borderType=cv2.BORDER_CONSTANT)
    spread = cv2.filter2D(opacity, -1, kernel, borderType=cv2.BORDER_CONSTANT)[..., None]
    colour = light / np.maximum(spread, 1)
    return np.concatenate([colour, spread], 2).clip(0, 255).astype(np.uint8)


def blend(below: Frame, layer: Frame) -> None:
    """Paint a BGRA layer over a BGR picture of the same size, in place."""
    alpha = cv2.merge([layer[..., 3]] * 3)
    if below.size:
        kept = cv2.multiply(below, 255 - alpha, scale=1 / 255)
        added = cv2.multiply(layer[..., :3], alpha, scale=1 / 255)
        below[:] = cv2.add(kept, added)


def paste_parked(
    rng: Random,
    place: Frame,
    sprites: list[Sprite],
    heights: NDArray[np.float64],
    ground: Ground | None = None,
) -> Parked:
    """The background with look-alikes of the objects that stand still and are not labelled.

    Args:
        rng: source of randomness.
        place: [H', W', 3].
        sprites: what stands there.
        heights: of each, in pixels; on a ground plane at its reference row.
        ground: where they stand, if the place has one.
    """
    place, boxes = place.copy(), np.zeros((len(sprites), 4))
    middle = np.array([place.shape[1], place.shape[0]] * 2) / 2
    for n, (sprite, height) in enumerate(zip(sprites, heights, strict=True)):
        x, y = (rng.uniform(0, size) for size in (place.shape[1], place.shape[0]))
        if ground is not None:
            deep = ground.reference - ground.horizon
            row = ground.horizon + deep * rng.uniform(0.1, 2.2)
            y = float(row) + place.shape[0] / 2
            height *= float(ground.scale(ground.to_ground(np.array([[0.0, row]])))[0])
        scale = height / sprite.size[1]
        side = max(4, int(CANVAS * scale))
        phase = int(rng.integers(PHASES))
        image, bounds = sprite.images[phase], sprite.bounds[phase]
        if sprite.solid is not None and ground is not None:  # along the road
            along = np.pi / 2 - ground.heading + np.pi * int(rng.integers(2))
            foot = np.array([x, y]) - (place.shape[1] / 2, place.shape[0] / 2)
            view = sprite.solid.view(*ground.sight(foot, along))
            image, bounds = view.image, np.concatenate([view.hull.min(0), view.hull.max(0)])
        layer = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        if rng.random() < 0.5:
            layer = layer[:, ::-1]
            bounds = np.array([CANVAS - bounds[2], bounds[1], CANVAS - bounds[0], bounds[3]])
        left = int(np.clip(x - side / 2, 0, max(0, place.shape[1] - side)))
        top = int(np.clip(y - side, 0, max(0, place.shape[0] - side)))
        target = place[top : top + side, left : left + side]
        blend(target, np.ascontiguousarray(layer[: target.shape[0], : target.shape[1]], np.uint8))
        boxes[n] = bounds * side / CANVAS + np.array([left, top] * 2) - middle
    return Parked(place, boxes)
