"""Clips for training that are cut from collages."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from mohart.aliases import Random
from mohart.data.windows import ClipArrays, mirror
from mohart.synth.collage.scene import Collage, Labelled

STARTS = 0.4  # visibility from which an object is started
SMALLEST = 7.0  # pixels; of both sides of a box that is started


@dataclass
class CollageClips:
    """Clips of collages, drawn when needed; the last few stay in memory.

    Attributes:
        collage: draws the scenes.
        span: frames of a scene; a clip is a piece of it.
        objects: N, the largest number of objects of a clip.
        keep: scenes to keep.
    """

    collage: Collage
    span: int
    objects: int
    keep: int = 96
    _drawn: OrderedDict[tuple[int, int], Labelled] = field(init=False, default_factory=OrderedDict)

    def clip(self, rng: Random, number: int, length: int) -> ClipArrays:
        """See :class:`mohart.data.clips.ClipSource`; mirrors and reverses at random.

        Objects that are out of sight, or of which nothing lies in the frame, are absent.
        """
        drawn = self._scene(number, max(self.span, length))
        start = int(rng.integers(0, len(drawn.frames) - length + 1))
        cut = slice(start, start + length)
        frames, boxes, seen = drawn.frames[cut], drawn.boxes[cut], drawn.visibility[cut]
        if rng.random() < 0.5:
            frames, boxes, seen = frames[::-1], boxes[::-1], seen[::-1]
        width, height = self.collage.width, self.collage.height
        if rng.random() < 0.5:
            frames, boxes = mirror(frames, boxes)
        with np.errstate(invalid="ignore"):
            inside = (
                (boxes[..., 2] > 1)
                & (boxes[..., 0] < width - 1)
                & (boxes[..., 3] > 1)
                & (boxes[..., 1] < height - 1)
            )
            sides = (boxes[0, :, 2:] - boxes[0, :, :2]).min(-1)
        good = np.flatnonzero((seen[0] > STARTS) & inside[0] & (sides >= SMALLEST))
        chosen = rng.permutation(good)[: self.objects]
        count = len(chosen)
        present = np.zeros((length, self.objects), bool)
        out_boxes = np.zeros((length, self.objects, 4), np.float32)
        out_seen = np.zeros((length, self.objects), np.float32)
        present[:, :count] = inside[:, chosen]
        out_boxes[:, :count] = np.where(inside[:, chosen, None], boxes[:, chosen], 0)
        out_seen[:, :count] = np.where(inside[:, chosen], seen[:, chosen], 0)
        return ClipArrays(np.ascontiguousarray(frames), out_boxes, out_seen, present)

    def _scene(self, number: int, frames: int) -> Labelled:
        key = (number, frames)
        if key not in self._drawn:
            self._drawn[key] = self.collage.scene(number, frames)
            while len(self._drawn) > self.keep:
                self._drawn.popitem(last=False)
        return self._drawn[key]
