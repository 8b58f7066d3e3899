"""Things that move: people, vehicles, animals and rigid shapes, drawn from simple parts.

A :class:`Sprite` holds a few phases of one movement cycle as BGRA pictures of the same size, so
that drawing a frame is one affine warp.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Random
from mohart.synth.scenes.canvas import CANVAS, Canvas, Painter, cloth, shaded
from mohart.synth.scenes.photographs import Photographs
from mohart.synth.scenes.solids import Solid
from mohart.synth.scenes.textures import natural, random_colour, surface
from mohart.synth.scenes.vehicles import vehicle

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
        view: of a flat vehicle: `side`, `front`, `raised` or `above`; empty for everything else.
        solid: of a vehicle with three dimensions, which is drawn from the side it is seen from;
            the rest is one of its views.
    """

    images: NDArray[np.uint8]
    bounds: NDArray[np.float32]
    hulls: tuple[NDArray[np.float32], ...]
    area: NDArray[np.float32]
    upright: bool
    kind: str
    view: str = ""
    solid: Solid | None = None

    @property
    def size(self) -> tuple[float, float]:
        """Mean width and height on the canvas, pixels."""
        width, height = (self.bounds[:, 2:] - self.bounds[:, :2]).mean(0)
        return float(width), float(height)


def _walker(rng: Random, photographs: Photographs | None) -> Painter:
    """A person: legs and arms swing, trunk, head, perhaps a bag, a skirt or a hat."""
    skin = (
        random_colour(rng) * 0
        + np.array([[70, 100, 150], [120, 150, 200], [40, 60, 90]], np.float32)[rng.integers(3)]
    )
    skin = np.broadcast_to(skin, (CANVAS, CANVAS, 3)) + natural(rng, CANVAS, CANVAS) * 0.1 - 12
    shirt, trousers, hair, bag = (cloth(rng, photographs) for _ in range(4))
    shoe = trousers * rng.uniform(0.2, 0.9)
    sleeve = shirt if rng.random() < 0.7 else skin
    swing = rng.choice([rng.uniform(0.03, 0.15), rng.uniform(0.2, 0.5)])
    broad = rng.uniform(0.16, 0.3)
    hip, shoulder = rng.uniform(-0.02, 0.1), rng.uniform(-0.66, -0.56)
    head = rng.uniform(0.1, 0.14)
    skirt, has_bag, hat = rng.random() < 0.25, rng.random() < 0.3, rng.random() < 0.2
    leg, arm = rng.uniform(0.13, 0.2), rng.uniform(0.09, 0.13)

    def paint(canvas: Canvas, phase: float) -> None:
        s = np.sin(phase) * swing
        for side in (-1, 1):
            step, lift = side * s, max(0.0, side * np.cos(phase)) * swing * 0.35
            foot = (step * 1.1 + side * broad * 0.25, 0.93 - lift)
            knee = (step * 0.75 + side * broad * 0.3, (hip + 0.93) / 2 - lift * 0.5)
            canvas.limb([(side * broad * 0.35, hip), knee, foot], leg, trousers)
            canvas.limb([foot, (foot[0] + 0.07, foot[1] + 0.01)], 0.1, shoe)
        canvas.limb(
            [
                (-broad * 0.8, shoulder + 0.06),
                (s - broad, hip - 0.25),
                (s * 1.3 - broad * 0.9, hip + 0.05),
            ],
            arm,
            sleeve,
        )
        trunk = [
            (-broad, shoulder),
            (broad, shoulder),
            (broad * 0.85, hip + 0.05),
            (-broad * 0.85, hip + 0.05),
        ]
        if skirt:
            canvas.polygon(
                [
                    (-broad * 0.8, hip - 0.1),
                    (broad * 0.8, hip - 0.1),
                    (broad * 1.2 + abs(s) * 0.4, hip + 0.45),
                    (-broad * 1.2 - abs(s) * 0.4, hip + 0.45),
                ],
                trousers,
            )
        canvas.polygon(trunk, shirt)
        if has_bag:
            canvas.ellipse((-broad * 0.9, hip - 0.2), (broad * 0.6, 0.22), bag)
        canvas.limb(
            [
                (broad * 0.8, shoulder + 0.06),
                (broad - s, hip - 0.25),
                (broad * 0.9 - s * 1.3, hip + 0.05),
            ],
            arm,
            sleeve,
        )
        canvas.ellipse((0, shoulder - head * 1.3), (head * 0.85, head * 1.15), skin)
        canvas.ellipse((0, shoulder - head * 1.8), (head * 0.9, head * (0.8 + 0.5 * hat)), hair)

    return paint


def _animal(rng: Random, photographs: Photographs | None) -> Painter:
    """A fish, bird, insect or quadruped from above: an undulating body, perhaps wings or legs."""
    skin, fin = cloth(rng, photographs), cloth(rng, photographs)
    fat, wave = rng.uniform(0.12, 0.4), rng.uniform(0.03, 0.25)
    limbs, flap = rng.integers(0, 4), rng.uniform(0.2, 0.9)

    def paint(canvas: Canvas, phase: float) -> None:
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


def _thing(rng: Random, photographs: Photographs | None) -> Painter:
    """A rigid or softly deforming shape: ball, parcel, polygon, blob."""
    texture = shaded(rng, surface(rng, CANVAS, CANVAS, photographs=photographs))
    mark = surface(rng, CANVAS, CANVAS, photographs=photographs)
    aspect = float(np.exp(rng.uniform(np.log(0.35), np.log(2.8))))
    half = (min(1.0, aspect) * 0.95, min(1.0, 1 / aspect) * 0.95)
    corners = int(rng.choice([3, 4, 5, 6, 40], p=[0.1, 0.4, 0.1, 0.1, 0.3]))
    soft = rng.uniform(0, 0.18) * (rng.random() < 0.5)
    waves = rng.normal(0, 1, (3, 2))
    spots = rng.uniform(-0.5, 0.5, (int(rng.integers(0, 4)), 4))
    turn = np.pi / 4 if corners == 4 else rng.uniform(0, np.pi)

    def paint(canvas: Canvas, phase: float) -> None:
        angle = np.linspace(0, 2 * np.pi, corners, endpoint=False) + turn
        fine = np.interp(
            np.linspace(0, corners, 60, endpoint=False),
            range(corners + 1),
            [*angle, angle[0] + 2 * np.pi],
        )
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


def draw_kind(rng: Random) -> str:
    """What the next sprite is: `walker`, `vehicle`, `animal` or `thing`."""
    kinds = ["walker", "vehicle", "animal", "thing"]
    return str(rng.choice(kinds, p=[0.4, 0.25, 0.12, 0.23]))


def draw_sprite(
    rng: Random, kind: str | None = None, photographs: Photographs | None = None
) -> Sprite:
    """A new object.

    Args:
        rng: the only source of randomness.
        kind: `walker`, `vehicle`, `animal` or `thing`; None draws one.
        photographs: some surfaces are cut out of them.

    Returns:
        A sprite whose phases cover one movement cycle.
    """
    kind = kind or draw_kind(rng)
    makers = {"walker": _walker, "vehicle": vehicle, "animal": _animal, "thing": _thing}
    painter = makers[kind](rng, photographs)
    squeeze = float(rng.uniform(0.8, 1.25))  # people and cars differ in build
    lean = float(rng.normal(0, 0.05))
    warp = np.array([[min(1, squeeze), lean, -lean * CANVAS / 2], [0, min(1, 1 / squeeze), 0]])
    warp[:, 2] += CANVAS / 2 * (1 - np.array([warp[0, 0], warp[1, 1]]))
    images = []
    for phase in np.arange(PHASES) * (2 * np.pi / PHASES):
        canvas = Canvas()
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
    view = str(getattr(painter, "view", ""))
    above = view == "above" or (kind in ("animal", "thing") and bool(rng.random() < 0.6))
    return Sprite(
        images=stack,
        bounds=bounds,
        hulls=tuple(hulls),
        area=area,
        upright=not above,
        kind=kind,
        view=view,
    )


def solid_sprite(solid: Solid) -> Sprite:
    """A vehicle with three dimensions; its size is that of a view from the front, turned a bit."""
    seen = solid.view(-np.pi / 3, 0.3)
    box = np.concatenate([seen.hull.min(0), seen.hull.max(0)])
    return Sprite(
        images=np.broadcast_to(seen.image, (PHASES, *seen.image.shape)),
        bounds=np.broadcast_to(box, (PHASES, 4)),
        hulls=(seen.hull,) * PHASES,
        area=np.full(PHASES, seen.area, np.float32),
        upright=True,
        kind="vehicle",
        solid=solid,
    )
