"""Clips and sequences of toy worlds.

A clip is a whole simulation of its length: it is neither cut, mirrored nor reversed, because a
reversed world with friction, goals or colours that rest at the end would follow other laws.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Random
from mohart.data.sequence import Sequence
from mohart.data.windows import ClipArrays
from mohart.errors import ConfigError
from mohart.facts import WIDTH, Scenery, facts_of
from mohart.structures import Tracks
from mohart.synth.worlds.render import render
from mohart.synth.worlds.world import Simulated, World

VISIBLE = 0.3  # an object is followed if more of it than this can be seen in the first frame


@dataclass
class WorldClips:
    """Clips of a world, simulated when needed; the last few stay in memory.

    Attributes:
        world: is simulated.
        seed: every number below it is another, unrelated stream.
        objects: N, at least as many as the world has.
        keep: clips to keep.
        facts: whether clips tell the facts that stethoscopes may ask for.
    """

    world: World
    seed: int
    objects: int
    keep: int = 96
    facts: bool = False
    _drawn: OrderedDict[tuple[int, int], ClipArrays] = field(
        init=False, default_factory=OrderedDict
    )

    def clip(self, rng: Random, number: int, length: int) -> ClipArrays:
        """See :class:`mohart.data.clips.ClipSource`; `rng` only shuffles the objects."""
        drawn = self._sequence(number, length)
        chosen = rng.permutation(np.flatnonzero(drawn.visibility[0] > VISIBLE))
        if len(chosen) > self.objects:
            raise ConfigError(
                f"data.objects: expected at least {len(chosen)}, as many as the world has, got "
                f"{self.objects}; objects that nobody is told about would act on the others"
            )
        count = len(chosen)
        boxes = np.zeros((length, self.objects, 4), np.float32)
        seen = np.zeros((length, self.objects), np.float32)
        present = np.zeros((length, self.objects), bool)
        boxes[:, :count], seen[:, :count] = drawn.boxes[:, chosen], drawn.visibility[:, chosen]
        present[:, :count] = drawn.present[:, chosen]
        if drawn.facts is None:
            return ClipArrays(drawn.frames, boxes, seen, present)
        facts = np.full((length, self.objects, WIDTH), np.nan, np.float32)
        facts[:, :count] = drawn.facts[:, chosen]
        return ClipArrays(drawn.frames, boxes, seen, present, facts)

    def _sequence(self, number: int, length: int) -> ClipArrays:
        key = (number, length)
        if key not in self._drawn:
            drawn, ground = simulate(self.world, self.seed, number, length)
            shown = render(drawn, ground, self.world.width, self.world.height)
            if self.facts:
                shown = shown._replace(facts=world_facts(drawn, shown, self.world.height))
            self._drawn[key] = shown
            while len(self._drawn) > self.keep:
                self._drawn.popitem(last=False)
        return self._drawn[key]


def simulate(world: World, seed: int, number: int, frames: int) -> tuple[Simulated, Random]:
    """Simulation `number` of a seed, and the generator that its ground is drawn with."""
    drawn = world.simulate(np.random.default_rng([seed, 20, number]), frames)
    return drawn, np.random.default_rng([seed, 21, number])


def world_facts(drawn: Simulated, shown: ClipArrays, height: int) -> NDArray[np.float32]:
    """[T, N, F] what is known about the discs of a simulation, see `mohart.facts`."""
    length, count = shown.present.shape
    colours = drawn.colours.astype(np.int64) @ np.array([1, 1 << 8, 1 << 16])  # [T, N]
    scenery = Scenery(
        depth=np.broadcast_to(drawn.order, (length, count)),
        camera=np.diff(drawn.camera, axis=0, prepend=drawn.camera[:1]),
        looks=colours,
        kinds=None if (drawn.kinds < 0).any() else drawn.kinds,
    )
    boxes, seen = shown.boxes.astype(np.float64), shown.visibility.astype(np.float64)
    return facts_of(boxes, seen, shown.present, height, scenery)


def world_sequence(
    world: World, seed: int, number: int, frames: int, name: str, frame_rate: float = 10.0
) -> Sequence:
    """Simulation `number` as the one data set interface; it is kept in memory."""
    drawn = render(*simulate(world, seed, number, frames), world.width, world.height)
    t, n = np.nonzero(drawn.present)
    tracks = Tracks.from_columns(t, n + 1, drawn.boxes[t, n], visibility=drawn.visibility[t, n])

    def read(start: int, stop: int) -> Iterator[NDArray[np.uint8]]:
        yield from drawn.frames[start:stop]

    return Sequence(
        name=name,
        length=frames,
        width=world.width,
        height=world.height,
        frame_rate=frame_rate,
        tracks=tracks,
        reader=read,
    )
