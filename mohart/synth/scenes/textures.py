"""Textures with the statistics of photographs: 1/f spectrum, low saturation, soft edges.

Every function draws from the generator it is given and returns float32 BGR in 0..255. Where it is
given photographs, some of what it draws is cut out of them.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Random
from mohart.synth.scenes.photographs import PLACES, SURFACES, Photographs

Image = NDArray[np.float32]


def random_colour(rng: Random, *, saturation: float = 1.0) -> NDArray[np.float32]:
    """[3] BGR in 0..255; mostly dull, as clothes, walls and car bodies are."""
    hue, value = rng.uniform(0, 180), rng.uniform(15, 245)
    strength = 255 * min(1.0, saturation * rng.beta(1.1, 3.2))
    pixel = np.array([[[hue, strength, value]]], np.uint8)
    result: NDArray[np.float32] = cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float32)
    return result


def fractal_noise(rng: Random, height: int, width: int, *, slope: float, channels: int) -> Image:
    """[H, W, channels] zero mean, unit variance noise whose amplitude falls as 1/f**slope.

    Source: amplitude spectra of natural images, Field 1987 (slope about 1).
    """
    total = np.zeros((height, width, channels), np.float32)
    cells = 2.0
    while cells < max(height, width):
        rows = max(2, round(cells * height / max(height, width)) + 1)
        columns = max(2, round(cells * width / max(height, width)) + 1)
        octave = rng.standard_normal((rows, columns, channels), np.float32)
        mode = cv2.INTER_CUBIC if cells < 128 else cv2.INTER_LINEAR
        octave = cv2.resize(octave, (width, height), interpolation=mode)
        octave *= np.float32(cells**-slope)
        total += octave.reshape(total.shape)
        cells *= 2
    total -= total.mean()
    total /= total.std() + np.float32(1e-6)
    return total


def natural(
    rng: Random,
    height: int,
    width: int,
    *,
    contrast: float = 1.0,
    saturation: float = 1.0,
    photographs: Photographs | None = None,
) -> Image:
    """A surface: one dull colour with correlated 1/f variation, or a piece of a photograph."""
    if photographs is not None and rng.random() < SURFACES:
        return photographs.surface(rng, height, width, contrast=contrast, saturation=saturation)
    slope = rng.uniform(0.2, 1.1)
    light = fractal_noise(rng, height, width, slope=slope, channels=1)
    colour = random_colour(rng, saturation=saturation)
    light *= np.float32(contrast * rng.uniform(4, 34))
    image: Image = colour + light
    if rng.random() < 0.6:
        tint = fractal_noise(rng, max(4, height // 4), max(4, width // 4), slope=1.2, channels=3)
        tint = cv2.resize(tint, (width, height), interpolation=cv2.INTER_LINEAR)
        tint *= np.float32(contrast * rng.uniform(1, 12))
        image += tint
    return np.clip(image, 0, 255, out=image)


def pattern(rng: Random, height: int, width: int) -> Image:
    """A surface with regular structure: stripes, checks, bricks, dots or patches."""
    image = natural(rng, height, width, contrast=0.5)
    mask = np.zeros((height, width), np.float32)
    period = max(3.0, float(np.exp(rng.uniform(np.log(0.06), np.log(0.4)))) * height)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle = rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)])
    u = x * np.cos(angle) + y * np.sin(angle)
    v = y * np.cos(angle) - x * np.sin(angle)
    kind = rng.integers(5)
    if kind == 0:
        mask = (np.mod(u, period) < period * rng.uniform(0.2, 0.8)).astype(np.float32)
    elif kind == 1:
        mask = ((np.mod(u, period) < period / 2) ^ (np.mod(v, period) < period / 2)).astype("f4")
    elif kind == 2:
        row = np.floor(v / period)
        joint = (np.mod(v, period) < 0.12 * period) | (
            np.mod(u + row * period, 2 * period) < 0.12 * period
        )
        mask = joint.astype(np.float32)
    elif kind == 3:
        mask = (
            np.hypot(np.mod(u, period) - period / 2, np.mod(v, period) - period / 2)
            < period * rng.uniform(0.15, 0.45)
        ).astype(np.float32)
    else:
        for _ in range(int(rng.integers(1, 4))):
            x0, y0 = int(rng.integers(width)), int(rng.integers(height))
            x1 = x0 + int(rng.integers(2, width // 2 + 3))
            y1 = y0 + int(rng.integers(2, height // 2 + 3))
            mask[y0:y1, x0:x1] = 1
    mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 1.2))[..., None]
    mask *= np.float32(rng.uniform(0.3, 1))
    result: Image = image * (1 - mask) + random_colour(rng) * mask
    return result


def surface(
    rng: Random,
    height: int,
    width: int,
    *,
    saturation: float = 1.0,
    photographs: Photographs | None = None,
) -> Image:
    """A natural surface or, in one case of five, a patterned one."""
    if rng.random() < 0.2:
        return pattern(rng, height, width)
    return natural(rng, height, width, saturation=saturation, photographs=photographs)


def _scatter(rng: Random, image: Image) -> None:
    """Many small things of related colours, in place: leaves, gravel, windows, a crowd far off."""
    height, width = image.shape[:2]
    x0, y0 = rng.uniform(-0.2, 0.8, 2) * (width, height)
    spread = rng.uniform(0.15, 0.9, 2) * (width, height)
    base, size = random_colour(rng, saturation=0.7), rng.uniform(1.5, 9)
    slim, thin = rng.uniform(0.2, 1), rng.random() < 0.3
    for x, y, tone, turn, scale in rng.uniform(0, 1, (int(rng.integers(30, 220)), 5)):
        centre = (int(x0 + x * spread[0]), int(y0 + y * spread[1]))
        colour = (base * (0.55 + 0.9 * tone)).tolist()
        long = size * (0.5 + scale)
        if thin:
            end = (
                int(centre[0] + long * 2 * np.cos(turn * 6)),
                int(centre[1] + long * 2 * np.sin(turn * 6)),
            )
            cv2.line(image, centre, end, colour, 1, cv2.LINE_AA)
        else:
            axes = (max(1, int(long)), max(1, int(long * slim)))
            cv2.ellipse(image, centre, axes, turn * 180, 0, 360, colour, -1, cv2.LINE_AA)


def _region(rng: Random, height: int, width: int) -> NDArray[np.uint8]:
    """A mask of a random polygon, box, ellipse or strip."""
    mask = np.zeros((height, width), np.uint8)
    x, y = int(rng.integers(width)), int(rng.integers(height))
    w, h = (int(rng.integers(6, side // 2)) for side in (width, height))
    kind = rng.integers(4)
    if kind == 0:
        cv2.rectangle(mask, (x, y), (x + w, y + h), 255, -1)
    elif kind == 1:
        cv2.ellipse(mask, (x, y), (w // 2, h // 2), float(rng.uniform(0, 180)), 0, 360, 255, -1)
    elif kind == 2:
        end = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.line(mask, (x, y), end, 255, int(rng.integers(1, 16)), cv2.LINE_AA)
    else:
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 9))))
        ring = np.stack([np.cos(angles) * w, np.sin(angles) * h], 1) / 1.6
        cv2.fillPoly(mask, [(ring + np.array([x, y])).astype(np.int32)], 255)
    return mask


def background(
    rng: Random, height: int, width: int, photographs: Photographs | None = None
) -> Image:
    """A place: a photograph, or ground (and perhaps sky) with things on it that do not move."""
    if photographs is not None and rng.random() < PLACES:
        return photographs.crop(rng, height, width)
    image = surface(rng, height, width, saturation=0.55, photographs=photographs)
    if rng.random() < 0.5:  # a horizon: another surface above it
        row = int(height * rng.uniform(0.1, 0.6))
        above = surface(rng, height, width, saturation=0.55, photographs=photographs)
        image[:row] = above[:row]
    for _ in range(int(rng.integers(0, 4))):
        _scatter(rng, image)
    for _ in range(int(rng.integers(0, 22))):
        mask = cv2.GaussianBlur(_region(rng, height, width), (0, 0), rng.uniform(0.5, 2.5))
        left, top, wide, tall = cv2.boundingRect(mask)
        box = slice(top, top + tall), slice(left, left + wide)  # the rest stays as it is
        alpha = mask[box].astype(np.float32)[..., None] * np.float32(rng.uniform(0.35, 1) / 255)
        under = image[box]
        if rng.random() < 0.5:
            colour = random_colour(rng, saturation=0.7)
            layer: Image = colour + (under - image.mean()) * np.float32(0.3)
        else:
            layer = surface(rng, height, width, saturation=0.7, photographs=photographs)[box]
        under += (layer - under) * alpha
    return np.clip(image, 0, 255).astype(np.float32)
