"""Clips for training, cut out of generated sequences that are drawn when they are needed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Random
from mohart.boxes import area, clip_to_frame
from mohart.data.windows import ClipArrays, mirror
from mohart.facts import WIDTH, Scenery, facts_of
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.record import inside_frame
from mohart.synth.scenes.scene import Bank, Scene

STARTS = 0.3  # visibility from which an object is started
KINDS = ("walker", "vehicle", "animal", "thing")  # numbers of the fact `kind`
CROSSING = (0.3, 0.9)  # share of a box inside the frame where its object crosses the edge


class _Drawn(NamedTuple):
    frames: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    visibility: NDArray[np.float32]
    scenery: Scenery


@dataclass
class GeneratedClips:
    """Clips of generated sequences, drawn when needed; the last few stay in memory.

    Attributes:
        generator: draws the sequences.
        span: frames of a sequence; a clip is a piece of it.
        objects: N, the largest number of objects of a clip.
        keep: sequences to keep.
        edges: share of the clips that begin where an object crosses the frame's edge, if there is
            such a moment in the sequence.
        facts: whether clips tell the facts that stethoscopes may ask for.
    """

    generator: Generator
    span: int
    objects: int
    keep: int = 96
    edges: float = 0.0
    facts: bool = False
    _bank: Bank = field(init=False)
    _drawn: OrderedDict[tuple[int, int], _Drawn] = field(init=False, default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._bank = self.generator.bank()

    def clip(self, rng: Random, number: int, length: int) -> ClipArrays:
        """See :class:`mohart.data.clips.ClipSource`; mirrors and reverses at random."""
        drawn = self._sequence(number, max(self.span, length))
        start = int(rng.integers(0, len(drawn.frames) - length + 1))
        backwards = bool(rng.random() < 0.5)
        if self.edges > 0 and rng.random() < self.edges:
            start = self._start_at_an_edge(rng, drawn, start, length, backwards)
        cut = slice(start, start + length)
        frames, boxes, seen = drawn.frames[cut], drawn.boxes[cut], drawn.visibility[cut]
        if backwards:
            frames, boxes, seen = frames[::-1], boxes[::-1], seen[::-1]
        width, height = self.generator.width, self.generator.height
        mirrored = bool(rng.random() < 0.5)
        if mirrored:
            frames, boxes = mirror(frames, boxes)
        start_ok = np.flatnonzero(
            (seen[0] > STARTS) & inside_frame(boxes[0].astype(np.float64), width, height)
        )
        chosen = rng.permutation(start_ok)[: self.objects]
        present = np.zeros((length, self.objects), bool)
        out_boxes = np.zeros((length, self.objects, 4), np.float32)
        out_seen = np.zeros((length, self.objects), np.float32)
        count = len(chosen)
        out_boxes[:, :count], out_seen[:, :count] = boxes[:, chosen], seen[:, chosen]
        inside = inside_frame(boxes[:, chosen].reshape(-1, 4).astype(np.float64), width, height)
        present[:, :count] = inside.reshape(length, count)
        told = None
        if self.facts:
            told = np.full((length, self.objects, WIDTH), np.nan, np.float32)
            scenery = _as_cut(drawn.scenery, start, length, backwards, mirrored)
            all_boxes, all_seen = boxes.astype(np.float64), seen.astype(np.float64)
            there = inside_frame(all_boxes.reshape(-1, 4), width, height).reshape(seen.shape)
            told[:, :count] = facts_of(all_boxes, all_seen, there, height, scenery)[:, chosen]
        return ClipArrays(np.ascontiguousarray(frames), out_boxes, out_seen, present, told)

    def _start_at_an_edge(
        self, rng: Random, drawn: _Drawn, start: int, length: int, backwards: bool
    ) -> int:
        """Where to cut so that somebody crosses the edge in the first frame shown, or `start`."""
        size = self.generator.width, self.generator.height
        inside = area(clip_to_frame(drawn.boxes, *size)) / area(drawn.boxes).clip(min=1)
        crossing = (inside > CROSSING[0]) & (inside < CROSSING[1]) & (drawn.visibility > STARTS)
        shift = length - 1 if backwards else 0
        starts = np.flatnonzero(crossing.any(1)) - shift
        starts = starts[(starts >= 0) & (starts <= len(drawn.frames) - length)]
        return int(rng.choice(starts)) if len(starts) else start

    def _sequence(self, number: int, frames: int) -> _Drawn:
        key = (number, frames)
        if key not in self._drawn:
            scene = self.generator.scene(number, frames, self._bank)
            steps = list(scene.frames())
            self._drawn[key] = _Drawn(
                np.stack([s.frame for s in steps]),
                np.stack([s.boxes for s in steps]).astype(np.float32),
                np.stack([s.visibility for s in steps]).astype(np.float32),
                scenery_of(scene),
            )
            while len(self._drawn) > self.keep:
                self._drawn.popitem(last=False)
        return self._drawn[key]


def scenery_of(scene: Scene) -> Scenery:
    """What a scene knows beside the boxes, for `mohart.facts`."""
    length = len(scene)
    # drawings in another shade share their outlines with the first
    shapes = [id(sprite.hulls) for sprite in scene.sprites]
    kinds = [KINDS.index(sprite.kind) for sprite in scene.sprites]
    camera = np.zeros((length, 2))
    for t in range(1, length):
        before = scene.camera.matrix(t - 1, scene.width, scene.height)
        now = scene.camera.matrix(t, scene.width, scene.height)
        point = scene.camera.centre[t - 1]
        camera[t] = (now - before) @ np.array([*point, 1.0])
    return Scenery(
        depth=scene.crowd.depth,
        camera=camera,
        looks=np.tile([shapes.index(shape) for shape in shapes], (length, 1)),
        kinds=np.tile(kinds, (length, 1)),
        rate=scene.frame_rate,
    )


def _as_cut(scenery: Scenery, start: int, length: int, backwards: bool, mirrored: bool) -> Scenery:
    """The scenery of a piece of a sequence as it is shown."""
    turned = slice(None, None, -1 if backwards else 1)
    cut = scenery._replace(
        **{
            name: getattr(scenery, name)[start : start + length][turned]
            for name in ("depth", "looks", "kinds")
        }
    )
    motion = scenery.camera[start : start + length]  # type: ignore[index]
    if backwards:  # what led to frame t + 1 leads back to frame t
        motion = -np.concatenate([motion[:1] * 0, motion[:0:-1]])
    return cut._replace(camera=motion * np.array([-1.0 if mirrored else 1.0, 1.0]))
