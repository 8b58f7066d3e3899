"""Vehicles with three dimensions: what a camera over a road sees of them changes as they move.

A vehicle is a few prisms on the ground. Its own coordinates: x forward, y to the left, z up, half
its length is 1. A view is drawn once for every few degrees and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.synth.scenes.canvas import CANVAS, Canvas
from mohart.synth.scenes.textures import Image, natural, random_colour

_Flatten = Callable[[Floats], Floats]
STEP = np.pi / 60  # radians between two views that are told apart
STEEPEST = 0.95  # of the line of sight over the ground, as a tangent; above, it is drawn like this
SIZE = 0.66  # of the canvas's half that half a length takes
EDGES = ((0, 1), (1, 2), (2, 3), (3, 0))  # front, left, back, right: corners of the outline
GLASS = {  # of a car's faces, as shares of their breadth and height
    "front": ((0.08, 0.92, 0.1, 0.9),),
    "left": ((0.08, 0.48, 0.12, 0.88), (0.53, 0.92, 0.12, 0.88)),
    "back": ((0.1, 0.9, 0.2, 0.88),),
}


@dataclass(frozen=True)
class View:
    """A vehicle as it is seen from somewhere; S = CANVAS.

    Attributes:
        image: [S, S, 4] uint8 BGRA.
        hull: [K, 2] float32, convex outline on the canvas.
        area: pixels of the canvas that are covered.
        foot: [2] where its middle touches the ground, on the canvas.
    """

    image: NDArray[np.uint8]
    hull: NDArray[np.float32]
    area: float
    foot: Floats


@dataclass(frozen=True)
class _Prism:
    """A box that narrows towards the top.

    Attributes:
        low: back, front, half breadth and height over the ground of the bottom.
        high: the same of the top.
        paint: [S, S, 3] colour.
        glass: whether it has windows.
    """

    low: tuple[float, float, float, float]
    high: tuple[float, float, float, float]
    paint: Image
    glass: bool

    def faces(self) -> Iterator[tuple[str, Floats]]:
        """Name and corners [4, 3] of each: bottom from right to left as seen from outside, top."""
        rings = []
        for back, front, half, z in (self.low, self.high):
            rings.append([(front, -half, z), (front, half, z), (back, half, z), (back, -half, z)])
        for name, (a, b) in zip(("front", "left", "back", "right"), EDGES, strict=True):
            yield name, np.array([rings[0][a], rings[0][b], rings[1][b], rings[1][a]])
        yield "top", np.array(rings[1])


@dataclass(frozen=True)
class Solid:
    """A vehicle's looks from all sides.

    Attributes:
        prisms: its body, and what stands on it.
        glass: [S, S, 3] colour of the windows.
        lamps: [S, S, 3] in front.
        tyre: [S, S, 3].
        wheels: x of the axles, and their radius.
        light: [3] direction from which it is lit, of unit length, in camera coordinates (right,
            away, up).
    """

    prisms: tuple[_Prism, ...]
    glass: Image
    lamps: Image
    tyre: Image
    wheels: tuple[float, float, float]
    light: Floats
    _views: dict[tuple[int, int], View] = field(default_factory=dict, repr=False, compare=False)

    def view(self, yaw: float, slope: float) -> View:
        """What is seen of it.

        Args:
            yaw: radians from the camera's right to the vehicle's forward, counter-clockwise from
                above; pi / 2 drives away from the camera.
            slope: tangent of the angle under which the camera looks down on it.
        """
        key = (round(yaw / STEP) % round(2 * np.pi / STEP), round(min(slope, STEEPEST) / STEP))
        if key not in self._views:
            self._views[key] = self._draw(key[0] * STEP, key[1] * STEP)
        return self._views[key]

    def _draw(self, yaw: float, slope: float) -> View:
        c, s = np.cos(yaw), np.sin(yaw)
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])  # to right, away, up
        sight = np.array([0, -1, slope]) / np.hypot(1, slope)  # towards the camera
        canvas = Canvas()
        tall = max(prism.high[3] for prism in self.prisms)

        def flat(points: Floats) -> Floats:
            """Own coordinates [K, 3] -> canvas [K, 2], the middle of its extent at 0."""
            seen = points @ turn.T
            up = seen[:, 2] + slope * seen[:, 1] - tall / 2
            return SIZE * np.stack([seen[:, 0], -up], 1)

        rest = sorted(self.prisms[1:], key=lambda p: -(turn @ _middle(p))[1])
        for prism in (self.prisms[0], *rest):
            for name, corners in prism.faces():
                normal = turn @ _normal(corners)
                if normal @ sight <= 0:
                    continue
                shade = np.float32(0.72 + 0.38 * max(0.0, float(normal @ self.light)))
                canvas.polygon(flat(corners), prism.paint * shade)
                if prism.glass:
                    for part in GLASS.get("left" if name == "right" else name, ()):
                        canvas.polygon(flat(_part(corners, *part)), self.glass * shade)
                if prism is self.prisms[0]:
                    self._details(canvas, name, corners, flat)
        image = canvas.bgra()
        solid = (image[..., 3] > 100).astype(np.uint8)
        outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        ring = np.vstack(outlines)[:, 0].astype(np.float32)
        hull = cv2.convexHull(np.vstack([ring, ring + 1]))[:, 0]
        foot = (flat(np.zeros((1, 3)))[0] + 1) * (CANVAS / 2 - 3) + 3
        return View(image, np.asarray(hull, np.float32), float(solid.sum()), foot)

    def _details(self, canvas: Canvas, name: str, corners: Floats, flat: _Flatten) -> None:
        """Wheels on the sides of the body, lamps and a number plate at its ends."""
        if name in ("left", "right"):
            back, front, radius = self.wheels
            angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
            side = corners[0, 1] * 1.01
            for x in (back, front):
                rim = np.stack(
                    [
                        x + radius * np.cos(angle),
                        np.full(16, side),
                        radius + radius * np.sin(angle),
                    ],
                    1,
                )
                canvas.polygon(flat(rim), self.tyre)
                hub = (rim - [x, 0, radius]) * [0.5, 1, 0.5] + [x, 0, radius]
                canvas.polygon(flat(hub), self.lamps * np.float32(0.6))
        elif name in ("front", "back"):
            lamps = self.lamps
            if name == "back":
                lamps = lamps * np.array([0.25, 0.25, 0.9], np.float32)
            for low, high in ((0.04, 0.24), (0.76, 0.96)):
                canvas.polygon(flat(_part(corners, low, high, 0.45, 0.8)), lamps)
            canvas.polygon(flat(_part(corners, 0.38, 0.62, 0.12, 0.34)), self.lamps)
            if name == "front":
                canvas.polygon(flat(_part(corners, 0.28, 0.72, 0.45, 0.75)), self.tyre)


def draw_solid(rng: Random) -> Solid:
    """A car, van, bus or lorry."""
    kind = str(rng.choice(["car", "van", "bus", "lorry"], p=[0.6, 0.18, 0.1, 0.12]))
    body = natural(rng, CANVAS, CANVAS, contrast=0.2)
    other = natural(rng, CANVAS, CANVAS, contrast=0.2)
    glass = np.full((CANVAS, CANVAS, 3), rng.uniform(15, 110), np.float32)
    glass += natural(rng, CANVAS, CANVAS) * np.float32(0.12)
    tyre = np.full((CANVAS, CANVAS, 3), rng.uniform(10, 55), np.float32)
    lamps = np.zeros_like(body) + random_colour(rng, saturation=0.6) * np.float32(0.3)
    lamps += np.float32(rng.uniform(110, 180))
    half = {"car": 0.4, "van": 0.41, "bus": 0.22, "lorry": 0.27}[kind] * rng.uniform(0.92, 1.1)
    tall = {"car": 0.66, "van": 0.92, "bus": 0.54, "lorry": 0.74}[kind] * rng.uniform(0.9, 1.12)
    gap = tall * rng.uniform(0.1, 0.22)
    waist = tall * {"car": 0.6, "van": 0.55, "bus": 0.5, "lorry": 0.35}[kind]
    trunk = _Prism((-1, 1, half, gap), (-0.98, 0.96, half * 0.97, waist), body, glass=False)
    inner, top = half * 0.95, half * rng.uniform(0.72, 0.92)
    if kind == "car":
        rear, nose = rng.uniform(-0.98, -0.6), rng.uniform(0.3, 0.55)
        cabin = _Prism(
            (rear, nose, inner, waist),
            (rear + rng.uniform(0.08, 0.35), nose - rng.uniform(0.3, 0.5), top, tall),
            body,
            True,
        )
        rest = [cabin]
    elif kind == "lorry":
        cab = rng.uniform(0.45, 0.6)
        box = _Prism((-1, cab - 0.06, inner, waist), (-1, cab - 0.06, inner, tall), other, False)
        front = _Prism((cab, 0.98, inner, waist), (cab, 0.85, top, tall * 0.85), body, True)
        rest = [box, front]
    else:
        nose = 0.97 if kind == "bus" else rng.uniform(0.6, 0.9)
        cabin = _Prism(
            (-0.99, nose, inner, waist), (-0.97, nose - 0.2 * (1 - half), top, tall), body, True
        )
        rest = [cabin]
    radius = max(gap * 1.1, 0.12) if kind in ("car", "van") else max(gap, 0.07)
    light = rng.normal(0, 1, 3) * (1, 1, 0.4) + (0, -0.3, 1.2)
    light /= np.linalg.norm(light)
    return Solid((trunk, *rest), glass, lamps, tyre, (-0.62, 0.62, radius), light)


def _middle(prism: _Prism) -> Floats:
    return np.array([(prism.low[0] + prism.low[1]) / 2, 0.0, 0.0])


def _normal(corners: Floats) -> Floats:
    """Outwards, of unit length."""
    across = np.cross(corners[1] - corners[0], corners[3] - corners[0])
    result: Floats = across / max(float(np.linalg.norm(across)), 1e-9)
    return result


def _part(corners: Floats, left: float, right: float, low: float, high: float) -> Floats:
    """[4, 3] a part of a face, by shares of its breadth and height."""
    a, b, c, d = corners
    return np.array(
        [
            (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * d + u * c)
            for u, v in ((left, low), (right, low), (right, high), (left, high))
        ]
    )
