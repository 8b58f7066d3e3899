"""Things that move: people, vehicles, animals and rigid shapes, drawn from simple parts.

A :class:`Sprite` holds a few phases of one movement cycle as BGRA pictures of the same size, so
that drawing a frame is one affine warp.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.data.synthetic.textures import Image, Random, natural, pattern, random_colour, surface

CANVAS = 128  # pixels of a sprite's longer side before it is scaled into the frame
PHASES = 8


@dataclass(frozen=True)
class Sprite:
    """One object's looks.

    Attributes:
        images: [PHASES, S, S, 4] uint8 BGRA, S = CANVAS + border.
        bounds: [PHASES, 4] float32, xyxy of the visible part on the canvas.
        hulls: PHASES arrays [K, 2] float32, convex outline on the canvas, for boxes after a turn.
        area: [PHASES] float32, pixels of the canvas that are covered.
        upright: drawn upright and mirrored by heading (people, cars from the side), otherwise
            turned with the heading (seen from above).
        kind: `walker`, `vehicle`, `animal` or `thing`.
    """

    images: NDArray[np.uint8]
    bounds: NDArray[np.float32]
    hulls: tuple[NDArray[np.float32], ...]
    area: NDArray[np.float32]
    upright: bool
    kind: str

    @property
    def size(self) -> tuple[float, float]:
        """Mean width and height on the canvas, pixels."""
        width, height = (self.bounds[:, 2:] - self.bounds[:, :2]).mean(0)
        return float(width), float(height)


class _Canvas:
    """Paints textured parts; coordinates are in -1..1, y down."""

    def __init__(self) -> None:
        self.colour = np.zeros((CANVAS, CANVAS, 3), np.float32)
        self.alpha = np.zeros((CANVAS, CANVAS), np.float32)

    def _pixels(self, points: object) -> NDArray[np.int32]:
        # 4 fractional bits for sub-pixel drawing
        return np.round((np.asarray(points, float) + 1) * (CANVAS / 2 - 3) * 16 + 48).astype("i4")

    def _paint(self, mask: NDArray[np.uint8], texture: Image) -> None:
        part = mask.astype(np.float32) / 255
        self.colour += (texture - self.colour) * part[..., None]
        self.alpha = np.maximum(self.alpha, part)

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

    def ellipse(self, centre: tuple[float, float], axes: tuple[float, float], texture: Image,
                turn: float = 0.0) -> None:  # fmt: skip
        """A filled ellipse; `turn` in radians."""
        angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
        x, y = np.cos(angle) * axes[0], np.sin(angle) * axes[1]
        ring = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)])
        self.polygon(ring.T + centre, texture)

    def bgra(self) -> NDArray[np.uint8]:
        return np.dstack([self.colour, self.alpha * 255]).clip(0, 255).astype(np.uint8)


def _shaded(rng: Random, texture: Image) -> Image:
    """Light from one side and from above, as on a round body."""
    y, x = np.mgrid[-1 : 1 : CANVAS * 1j, -1 : 1 : CANVAS * 1j].astype(np.float32)
    slope = rng.normal(0, 0.22, 2).astype(np.float32)
    result: Image = np.clip(texture * (1 + slope[0] * x + slope[1] * y)[..., None], 0, 255)
    return result


def _cloth(rng: Random) -> Image:
    if rng.random() < 0.3:
        return _shaded(rng, pattern(rng, CANVAS, CANVAS))
    return _shaded(rng, natural(rng, CANVAS, CANVAS, contrast=rng.uniform(0.2, 0.9)))


Painter = Callable[[_Canvas, float], None]


def _walker(rng: Random) -> Painter:
    """A person: legs and arms swing, trunk, head, perhaps a bag, a skirt or a hat."""
    skin = random_colour(rng) * 0 + np.array([[70, 100, 150], [120, 150, 200], [40, 60, 90]],
                                             np.float32)[rng.integers(3)]  # fmt: skip
    skin = np.broadcast_to(skin, (CANVAS, CANVAS, 3)) + natural(rng, CANVAS, CANVAS) * 0.1 - 12
    shirt, trousers, hair, bag = (_cloth(rng) for _ in range(4))
    shoe = trousers * rng.uniform(0.2, 0.9)
    sleeve = shirt if rng.random() < 0.7 else skin
    swing = rng.choice([rng.uniform(0.03, 0.15), rng.uniform(0.2, 0.5)])
    broad = rng.uniform(0.16, 0.3)
    hip, shoulder = rng.uniform(-0.02, 0.1), rng.uniform(-0.66, -0.56)
    head = rng.uniform(0.1, 0.14)
    skirt, has_bag, hat = rng.random() < 0.25, rng.random() < 0.3, rng.random() < 0.2
    leg, arm = rng.uniform(0.13, 0.2), rng.uniform(0.09, 0.13)

    def paint(canvas: _Canvas, phase: float) -> None:
        s = np.sin(phase) * swing
        for side in (-1, 1):
            step, lift = side * s, max(0.0, side * np.cos(phase)) * swing * 0.35
            foot = (step * 1.1 + side * broad * 0.25, 0.93 - lift)
            knee = (step * 0.75 + side * broad * 0.3, (hip + 0.93) / 2 - lift * 0.5)
            canvas.limb([(side * broad * 0.35, hip), knee, foot], leg, trousers)
            canvas.limb([foot, (foot[0] + 0.07, foot[1] + 0.01)], 0.1, shoe)
        canvas.limb([(-broad * 0.8, shoulder + 0.06), (s - broad, hip - 0.25),
                     (s * 1.3 - broad * 0.9, hip + 0.05)], arm, sleeve)  # fmt: skip
        trunk = [(-broad, shoulder), (broad, shoulder), (broad * 0.85, hip + 0.05),
                 (-broad * 0.85, hip + 0.05)]  # fmt: skip
        if skirt:
            canvas.polygon([(-broad * 0.8, hip - 0.1), (broad * 0.8, hip - 0.1),
                            (broad * 1.2 + abs(s) * 0.4, hip + 0.45),
                            (-broad * 1.2 - abs(s) * 0.4, hip + 0.45)], trousers)  # fmt: skip
        canvas.polygon(trunk, shirt)
        if has_bag:
            canvas.ellipse((-broad * 0.9, hip - 0.2), (broad * 0.6, 0.22), bag)
        canvas.limb([(broad * 0.8, shoulder + 0.06), (broad - s, hip - 0.25),
                     (broad * 0.9 - s * 1.3, hip + 0.05)], arm, sleeve)  # fmt: skip
        canvas.ellipse((0, shoulder - head * 1.3), (head * 0.85, head * 1.15), skin)
        canvas.ellipse((0, shoulder - head * 1.8), (head * 0.9, head * (0.8 + 0.5 * hat)), hair)

    return paint


def _vehicle(rng: Random) -> Painter:
    """A car, van or bus: from the side, from the front, or from above."""
    body = _shaded(rng, natural(rng, CANVAS, CANVAS, contrast=0.25))
    glass = np.full((CANVAS, CANVAS, 3), rng.uniform(15, 110), np.float32)
    glass += natural(rng, CANVAS, CANVAS) * 0.12
    tyre = np.full((CANVAS, CANVAS, 3), rng.uniform(10, 50), np.float32)
    lamp = random_colour(rng, saturation=2.5) * 0.5 + 120 + np.zeros_like(body)
    low = rng.uniform(0.25, 0.95)  # half height as a fraction of the half length
    view = rng.choice(["side", "front", "above"], p=[0.45, 0.3, 0.25])
    roof, nose, tail = rng.uniform(0.35, 0.6), rng.uniform(0.3, 0.75), rng.uniform(0.6, 0.95)
    box = rng.random() < 0.3  # van or bus

    def paint(canvas: _Canvas, phase: float) -> None:
        if view == "side":
            h = low * 0.75
            waist = -h * (1 if box else 0.1)
            canvas.polygon([(-0.98, waist), (0.9, waist), (0.98, h * 0.6), (-0.98, h * 0.6)], body)
            if not box:
                canvas.polygon([(-tail, waist), (-roof, -h), (roof * 0.7, -h), (nose, waist)], body)
                canvas.polygon([(-tail * 0.85, waist), (-roof * 0.9, -h * 0.85),
                                (roof * 0.6, -h * 0.85), (nose * 0.85, waist)], glass)  # fmt: skip
                canvas.limb([(0, -h), (0, waist)], 0.05, body)
            else:
                canvas.polygon([(-0.9, -h * 0.8), (0.85, -h * 0.8), (0.85, -h * 0.2),
                                (-0.9, -h * 0.2)], glass)  # fmt: skip
            for x in (-0.6, 0.6):
                canvas.ellipse((x, h * 0.6), (h * 0.33 + 0.03, h * 0.33 + 0.03), tyre)
                turn = phase + x
                spoke = (x + np.cos(turn) * h * 0.2, h * 0.6 + np.sin(turn) * h * 0.2)
                canvas.limb([(x, h * 0.6), spoke], 0.05, lamp)
        elif view == "front":
            canvas.polygon([(-0.75, -0.1), (0.75, -0.1), (0.8, 0.7), (-0.8, 0.7)], body)
            canvas.polygon([(-0.6, -0.8 if box else -0.7), (0.6, -0.8 if box else -0.7),
                            (0.75, 0.0), (-0.75, 0.0)], body)  # fmt: skip
            canvas.polygon([(-0.52, -0.6), (0.52, -0.6), (0.66, -0.08), (-0.66, -0.08)], glass)
            for x in (-0.58, 0.58):
                canvas.ellipse((x, 0.22), (0.16, 0.09), lamp)
                canvas.polygon([(x - 0.13, 0.6), (x + 0.13, 0.6), (x + 0.13, 0.88),
                                (x - 0.13, 0.88)], tyre)  # fmt: skip
            canvas.limb([(-0.3, 0.45), (0.3, 0.45)], 0.1, glass)
        else:
            half = 0.3 + 0.15 * low
            canvas.polygon([(-0.95, -half), (0.8, -half), (0.97, -half * 0.6), (0.97, half * 0.6),
                            (0.8, half), (-0.95, half)], body)  # fmt: skip
            if not box:
                canvas.polygon([(0.2, -half * 0.8), (0.45, -half * 0.9), (0.45, half * 0.9),
                                (0.2, half * 0.8)], glass)  # fmt: skip
                canvas.polygon([(-0.75, -half * 0.8), (-0.6, -half * 0.8), (-0.6, half * 0.8),
                                (-0.75, half * 0.8)], glass)  # fmt: skip

    paint.above = view == "above"  # type: ignore[attr-defined]
    return paint


def _animal(rng: Random) -> Painter:
    """A fish, bird, insect or quadruped from above: an undulating body, perhaps wings or legs."""
    skin, fin = _cloth(rng), _cloth(rng)
    fat, wave = rng.uniform(0.12, 0.4), rng.uniform(0.03, 0.25)
    limbs, flap = rng.integers(0, 4), rng.uniform(0.2, 0.9)

    def paint(canvas: _Canvas, phase: float) -> None:
        x = np.linspace(-0.9, 0.75, 9)
        y = wave * np.sin(phase + 2.2 * x) * (0.75 - x) / 1.6
        for k in range(limbs):
            root = x[4 + k]
            reach = fat + flap * 0.5 * (1 + 0.5 * np.sin(phase + k * 1.7))
            for side in (-1, 1):
                canvas.limb([(root, y[4]), (root - 0.2, side * min(reach, 0.9))], 0.12, fin)
        canvas.polygon([(-0.95, y[0] - 0.22), (-0.6, y[1]), (-0.95, y[0] + 0.22)], fin)
        for k in range(9):
            girth = fat * np.sqrt(max(0.05, 1 - (x[k] * 1.15 - 0.1) ** 2))
            canvas.ellipse((x[k], y[k]), (0.17, girth), skin)
        canvas.ellipse((0.62, y[8] - fat * 0.3), (0.05, 0.05), fin)

    return paint


def _thing(rng: Random) -> Painter:
    """A rigid or softly deforming shape: ball, parcel, polygon, blob."""
    texture = _shaded(rng, surface(rng, CANVAS, CANVAS))
    mark = surface(rng, CANVAS, CANVAS)
    aspect = float(np.exp(rng.uniform(np.log(0.35), np.log(2.8))))
    half = (min(1.0, aspect) * 0.95, min(1.0, 1 / aspect) * 0.95)
    corners = int(rng.choice([3, 4, 5, 6, 40], p=[0.1, 0.4, 0.1, 0.1, 0.3]))
    soft = rng.uniform(0, 0.18) * (rng.random() < 0.5)
    waves = rng.normal(0, 1, (3, 2))
    spots = rng.uniform(-0.5, 0.5, (int(rng.integers(0, 4)), 4))
    turn = np.pi / 4 if corners == 4 else rng.uniform(0, np.pi)

    def paint(canvas: _Canvas, phase: float) -> None:
        angle = np.linspace(0, 2 * np.pi, corners, endpoint=False) + turn
        fine = np.interp(np.linspace(0, corners, 60, endpoint=False), range(corners + 1),
                         [*angle, angle[0] + 2 * np.pi])  # fmt: skip
        radius = np.interp(fine - turn, angle - turn, np.ones(corners), period=2 * np.pi)
        for k, (a, b) in enumerate(waves, start=2):
            radius = radius + soft / k * (a * np.cos(k * fine + phase) + b * np.sin(k * fine))
        ring = np.stack([np.cos(fine), np.sin(fine)], 1) * radius[:, None]
        if corners < 40 and soft == 0:  # straight edges
            ring = np.stack([np.cos(angle), np.sin(angle)], 1)
        ring = ring / np.abs(ring).max(0) * half
        canvas.polygon(ring, texture)
        inside = canvas.alpha.copy()
        for x, y, w, h in spots:
            centre = (x * half[0], y * half[1])
            canvas.ellipse(centre, (abs(w) * half[0], abs(h) * half[1]), mark, turn)
        canvas.alpha = inside

    return paint


def draw_sprite(rng: Random, kind: str | None = None) -> Sprite:
    """A new object.

    Args:
        rng: the only source of randomness.
        kind: `walker`, `vehicle`, `animal` or `thing`; None draws one.

    Returns:
        A sprite whose phases cover one movement cycle.
    """
    kind = kind or str(rng.choice(["walker", "vehicle", "animal", "thing"],
                                  p=[0.4, 0.25, 0.12, 0.23]))  # fmt: skip
    makers = {"walker": _walker, "vehicle": _vehicle, "animal": _animal, "thing": _thing}
    painter = makers[kind](rng)
    squeeze = float(rng.uniform(0.8, 1.25))  # people and cars differ in build
    lean = float(rng.normal(0, 0.05))
    warp = np.array([[min(1, squeeze), lean, -lean * CANVAS / 2], [0, min(1, 1 / squeeze), 0]])
    warp[:, 2] += CANVAS / 2 * (1 - np.array([warp[0, 0], warp[1, 1]]))
    images = []
    for phase in np.arange(PHASES) * (2 * np.pi / PHASES):
        canvas = _Canvas()
        painter(canvas, float(phase))
        images.append(cv2.warpAffine(canvas.bgra(), warp, (CANVAS, CANVAS)))
    stack = np.stack(images)
    bounds = np.zeros((PHASES, 4), np.float32)
    hulls = []
    for k, image in enumerate(stack):
        solid = (image[..., 3] > 100).astype(np.uint8)
        outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        ring = np.vstack(outlines)[:, 0].astype(np.float32)  # pixel indices: add their far edges
        hulls.append(cv2.convexHull(np.vstack([ring, ring + 1]))[:, 0])
        bounds[k] = (*hulls[k].min(0), *hulls[k].max(0))
    # people label the body, not every swing of an arm: half way to the mean box
    bounds = (bounds + bounds.mean(0)) / 2
    area = (stack[..., 3] > 127).sum((1, 2)).astype(np.float32)
    above = getattr(painter, "above", kind in ("animal", "thing") and bool(rng.random() < 0.6))
    return Sprite(
        images=stack, bounds=bounds, hulls=tuple(hulls), area=area, upright=not above, kind=kind
    )
