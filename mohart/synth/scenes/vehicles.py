"""Vehicles: cars, vans and buses from the side, the front, a raised camera or straight above."""

from __future__ import annotations

import numpy as np

from mohart.aliases import Random
from mohart.synth.scenes.canvas import CANVAS, Canvas, Painter, shaded
from mohart.synth.scenes.photographs import Photographs
from mohart.synth.scenes.textures import Image, natural, random_colour


def vehicle(rng: Random, photographs: Photographs | None = None) -> Painter:
    """A car, van or bus; `paint.view` says from where: `side`, `front`, `raised` or `above`."""
    paintwork = natural(rng, CANVAS, CANVAS, contrast=0.25, photographs=photographs)
    body = shaded(rng, paintwork)
    glass = np.full((CANVAS, CANVAS, 3), rng.uniform(15, 110), np.float32)
    glass += natural(rng, CANVAS, CANVAS) * 0.12
    tyre = np.full((CANVAS, CANVAS, 3), rng.uniform(10, 50), np.float32)
    lamp = random_colour(rng, saturation=2.5) * 0.5 + 120 + np.zeros_like(body)
    low = rng.uniform(0.25, 0.95)  # half height as a fraction of the half length
    view = str(rng.choice(["side", "front", "raised", "above"], p=[0.35, 0.2, 0.2, 0.25]))
    roof, nose, tail = rng.uniform(0.35, 0.6), rng.uniform(0.3, 0.75), rng.uniform(0.6, 0.95)
    box = rng.random() < 0.3  # van or bus

    def paint(canvas: Canvas, phase: float) -> None:
        if view == "side":
            h = low * 0.75
            waist = -h * (1 if box else 0.1)
            canvas.polygon([(-0.98, waist), (0.9, waist), (0.98, h * 0.6), (-0.98, h * 0.6)], body)
            if not box:
                canvas.polygon([(-tail, waist), (-roof, -h), (roof * 0.7, -h), (nose, waist)], body)
                canvas.polygon(
                    [
                        (-tail * 0.85, waist),
                        (-roof * 0.9, -h * 0.85),
                        (roof * 0.6, -h * 0.85),
                        (nose * 0.85, waist),
                    ],
                    glass,
                )
                canvas.limb([(0, -h), (0, waist)], 0.05, body)
            else:
                canvas.polygon(
                    [(-0.9, -h * 0.8), (0.85, -h * 0.8), (0.85, -h * 0.2), (-0.9, -h * 0.2)], glass
                )
            for x in (-0.6, 0.6):
                canvas.ellipse((x, h * 0.6), (h * 0.33 + 0.03, h * 0.33 + 0.03), tyre)
                turn = phase + x
                spoke = (x + np.cos(turn) * h * 0.2, h * 0.6 + np.sin(turn) * h * 0.2)
                canvas.limb([(x, h * 0.6), spoke], 0.05, lamp)
        elif view == "front":
            canvas.polygon([(-0.75, -0.1), (0.75, -0.1), (0.8, 0.7), (-0.8, 0.7)], body)
            canvas.polygon(
                [
                    (-0.6, -0.8 if box else -0.7),
                    (0.6, -0.8 if box else -0.7),
                    (0.75, 0.0),
                    (-0.75, 0.0),
                ],
                body,
            )
            canvas.polygon([(-0.52, -0.6), (0.52, -0.6), (0.66, -0.08), (-0.66, -0.08)], glass)
            for x in (-0.58, 0.58):
                canvas.ellipse((x, 0.22), (0.16, 0.09), lamp)
                canvas.polygon(
                    [(x - 0.13, 0.6), (x + 0.13, 0.6), (x + 0.13, 0.88), (x - 0.13, 0.88)], tyre
                )
            canvas.limb([(-0.3, 0.45), (0.3, 0.45)], 0.1, glass)
        elif view == "raised":
            _raised(canvas, body, glass, lamp, tyre, roof, box)
        else:
            half = 0.3 + 0.15 * low
            canvas.polygon(
                [
                    (-0.95, -half),
                    (0.8, -half),
                    (0.97, -half * 0.6),
                    (0.97, half * 0.6),
                    (0.8, half),
                    (-0.95, half),
                ],
                body,
            )
            if not box:
                canvas.polygon(
                    [
                        (0.2, -half * 0.8),
                        (0.45, -half * 0.9),
                        (0.45, half * 0.9),
                        (0.2, half * 0.8),
                    ],
                    glass,
                )
                canvas.polygon(
                    [
                        (-0.75, -half * 0.8),
                        (-0.6, -half * 0.8),
                        (-0.6, half * 0.8),
                        (-0.75, half * 0.8),
                    ],
                    glass,
                )

    paint.view = view  # type: ignore[attr-defined]
    return paint


def _raised(
    canvas: Canvas, body: Image, glass: Image, lamp: Image, tyre: Image, roof: float, box: bool
) -> None:
    """As a camera on a pole sees a vehicle that comes or goes: bumper, bonnet, screen, roof."""
    top = -0.95 if box else -0.55 - 0.5 * roof
    sill = 0.05 if box else 0.25
    screen = sill - 0.38
    for x in (-0.6, 0.6):
        canvas.polygon([(x - 0.12, 0.7), (x + 0.12, 0.7), (x + 0.12, 0.97), (x - 0.12, 0.97)], tyre)
    canvas.polygon([(-0.72, 0.45), (0.72, 0.45), (0.74, 0.88), (-0.74, 0.88)], body * 0.85)
    canvas.polygon([(-0.66, sill), (0.66, sill), (0.73, 0.5), (-0.73, 0.5)], body)
    canvas.polygon([(-0.52, screen), (0.52, screen), (0.66, sill), (-0.66, sill)], body * 0.7)
    canvas.polygon(
        [(-0.48, screen + 0.03), (0.48, screen + 0.03), (0.6, sill - 0.03), (-0.6, sill - 0.03)],
        glass,
    )
    canvas.polygon([(-0.47, top), (0.47, top), (0.53, screen), (-0.53, screen)], body * 1.08)
    for x in (-0.57, 0.57):
        canvas.ellipse((x, 0.58), (0.14, 0.07), lamp)
