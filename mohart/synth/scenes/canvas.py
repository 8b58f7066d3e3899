"""What sprites are painted with: textured limbs, polygons and ellipses on a small canvas."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Random
from mohart.synth.scenes.photographs import Photographs
from mohart.synth.scenes.textures import Image, natural, pattern

CANVAS = 128  # pixels of a sprite's longer side before it is scaled into the frame


class Canvas:
    """Paints textured parts; coordinates are in -1..1, y down."""

    def __init__(self) -> None:
        self.colour = np.zeros((CANVAS, CANVAS, 3), np.float32)
        self.alpha = np.zeros((CANVAS, CANVAS), np.float32)

    def _pixels(self, points: object) -> NDArray[np.int32]:
        # 4 fractional bits for sub-pixel drawing
        return np.round((np.asarray(points, float) + 1) * (CANVAS / 2 - 3) * 16 + 48).astype("i4")

    def _paint(self, mask: NDArray[np.uint8], texture: Image) -> None:
        x, y, width, height = cv2.boundingRect(mask)
        box = slice(y, y + height), slice(x, x + width)  # the rest stays as it is
        part = mask[box].astype(np.float32) / 255
        colour, alpha = self.colour[box], self.alpha[box]
        colour += (texture[box] - colour) * part[..., None]
        np.maximum(alpha, part, out=alpha)

    def limb(self, points: object, thickness: float, texture: Image) -> None:
        """A bent line of the given thickness (in -1..1 units)."""
        mask = np.zeros((CANVAS, CANVAS), np.uint8)
        width = max(1, round(thickness * CANVAS / 2))
        cv2.polylines(mask, [self._pixels(points)], False, 255, width, cv2.LINE_AA, 4)
        self._paint(mask, texture)

    def polygon(self, points: object, texture: Image) -> None:
        """A filled polygon."""
        mask = np.zeros((CANVAS, CANVAS), np.uint8)
        cv2.fillPoly(mask, [self._pixels(points)], 255, cv2.LINE_AA, 4)
        self._paint(mask, texture)

    def ellipse(
        self,
        centre: tuple[float, float],
        axes: tuple[float, float],
        texture: Image,
        turn: float = 0.0,
    ) -> None:
        """A filled ellipse; `turn` in radians."""
        angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
        x, y = np.cos(angle) * axes[0], np.sin(angle) * axes[1]
        ring = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)])
        self.polygon(ring.T + centre, texture)

    def bgra(self) -> NDArray[np.uint8]:
        """[S, S, 4] uint8: what was painted."""
        image = np.empty((CANVAS, CANVAS, 4), np.uint8)
        image[..., :3] = self.colour.clip(0, 255)
        image[..., 3] = (self.alpha * 255).clip(0, 255)
        return image


def shaded(rng: Random, texture: Image) -> Image:
    """Light from one side and from above, as on a round body."""
    y, x = np.mgrid[-1 : 1 : CANVAS * 1j, -1 : 1 : CANVAS * 1j].astype(np.float32)
    slope = rng.normal(0, 0.22, 2).astype(np.float32)
    result: Image = np.clip(texture * (1 + slope[0] * x + slope[1] * y)[..., None], 0, 255)
    return result


def cloth(rng: Random, photographs: Photographs | None = None) -> Image:
    """[S, S, 3] plain, patterned or printed."""
    if rng.random() < 0.3:
        return shaded(rng, pattern(rng, CANVAS, CANVAS))
    contrast = rng.uniform(0.2, 0.9)
    return shaded(rng, natural(rng, CANVAS, CANVAS, contrast=contrast, photographs=photographs))


Painter = Callable[[Canvas, float], None]  # canvas, phase in radians
