"""How a place is seen: flat from above, tilted, or a ground plane in perspective.

A view says where things that move in world coordinates appear, how large, and who is in front.
World coordinates are those of mohart.synth.scenes.camera; on a `Plane` things move on the ground.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from mohart.aliases import Floats, Random
from mohart.synth.scenes.ground import Ground

TINY = 14.0  # pixels of height below which nothing starts on a ground plane


class View(Protocol):
    """Contract of the three views; N objects."""

    def enter(self, image: Floats, heights: Floats) -> Floats:
        """World points [N, 2] of a picture at time 0 -> where objects [N] of these heights move."""
        ...

    def begin(self, position: Floats, horizon: float) -> View:
        """The view when all are at [N, 2] at their own size, over a horizon at this world y."""
        ...

    def course(self, rng: Random) -> float:
        """Radians of the direction that most things share; drawn, or that of the road."""
        ...

    def scale(self, position: Floats) -> Floats:
        """[N] size of things at [N, 2], relative to their own."""
        ...

    def span(self, width: float, position: Floats) -> Floats | float:
        """How far things at [N, 2] have to go to cross a picture of this width."""
        ...

    def pace(self, scale: Floats, relative: Floats) -> Floats:
        """[N] how far things come, of size `scale` as seen and `relative` by themselves."""
        ...

    def show(self, position: Floats, tall: Floats) -> Floats:
        """World pixels [N, 2] of the middles of things at [N, 2] that are seen [N] tall."""
        ...

    def depth(self, position: Floats, tall: Floats, layer: Floats) -> Floats:
        """[N] the larger, the nearer; `layer` [N] is drawn at random."""
        ...


@dataclass(frozen=True)
class Flat:
    """Seen from straight above: no size depends on the place."""

    def enter(self, image: Floats, heights: Floats) -> Floats:
        """The same points."""
        return image

    def begin(self, position: Floats, horizon: float) -> View:
        """Nothing depends on it."""
        return self

    def course(self, rng: Random) -> float:
        """Any."""
        return float(rng.uniform(0, 2 * np.pi))

    def scale(self, position: Floats) -> Floats:
        """1 everywhere."""
        return np.ones(len(position))

    def span(self, width: float, position: Floats) -> Floats | float:
        """The picture's width."""
        return width

    def pace(self, scale: Floats, relative: Floats) -> Floats:
        """Small things are slow."""
        return scale

    def show(self, position: Floats, tall: Floats) -> Floats:
        """The same points."""
        return position

    def depth(self, position: Floats, tall: Floats, layer: Floats) -> Floats:
        """Any order."""
        return layer


@dataclass(frozen=True)
class Tilted(Flat):
    """Things grow as they come down the picture, and shrink to nothing at a horizon.

    Attributes:
        horizon: world y.
        start: [N] how far below it things have their own size.
    """

    horizon: float = 0.0
    start: Floats = field(default_factory=lambda: np.ones(1))

    def begin(self, position: Floats, horizon: float) -> View:
        """Everybody has its own size where it is."""
        return replace(self, horizon=horizon, start=position[:, 1] - horizon)

    def scale(self, position: Floats) -> Floats:
        """A quarter to four times the own size."""
        scale: Floats = ((position[:, 1] - self.horizon) / self.start).clip(0.25, 4)
        return scale

    def depth(self, position: Floats, tall: Floats, layer: Floats) -> Floats:
        """Who stands lower is nearer."""
        nearer: Floats = position[:, 1] + tall / 2
        return nearer


@dataclass(frozen=True)
class Plane:
    """A ground plane in perspective; things move in its coordinates.

    Attributes:
        ground: the camera over it.
        bottom: height of the picture in pixels.
    """

    ground: Ground
    bottom: float

    def enter(self, image: Floats, heights: Floats) -> Floats:
        """On the ground, moved down to where nothing is tiny."""
        ground = self.ground
        deep = ground.reference - ground.horizon
        lowest = ground.horizon + deep * np.clip(TINY / heights, 0.05, 1)
        share = np.clip(image[:, 1] / self.bottom + 0.5, 0, 1)
        row = lowest + share * np.maximum(self.bottom / 2 - lowest, 1)
        y = np.where(image[:, 1] > self.bottom / 2, image[:, 1], row)
        return ground.to_ground(np.stack([image[:, 0], y], 1))

    def begin(self, position: Floats, horizon: float) -> View:
        """It has its own horizon."""
        return self

    def course(self, rng: Random) -> float:
        """That of the road; nothing is drawn."""
        return np.pi / 2 - self.ground.heading

    def scale(self, position: Floats) -> Floats:
        """By the distance."""
        return self.ground.scale(position)

    def span(self, width: float, position: Floats) -> Floats | float:
        """The farther away, the longer."""
        return width / self.ground.scale(position)

    def pace(self, scale: Floats, relative: Floats) -> Floats:
        """On the ground the distance does not matter."""
        return relative

    def show(self, position: Floats, tall: Floats) -> Floats:
        """They stand on the ground."""
        places = self.ground.to_image(position)
        places[:, 1] -= tall / 2
        return places

    def depth(self, position: Floats, tall: Floats, layer: Floats) -> Floats:
        """Who is nearer to the camera."""
        nearer: Floats = position[:, 1] + 0
        return nearer
