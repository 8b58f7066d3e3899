"""Clips for training: short pieces of sequences, cut, mirrored and reversed, batched and padded.

Batch k is a function of the seed and k alone, however many worker processes there are and wherever
training was interrupted.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from mohart.boxes import area, clip_to_frame
from mohart.data.sequence import Sequence
from mohart.data.synthetic.generator import Generator, inside_frame
from mohart.data.synthetic.scene import Bank
from mohart.data.windows import ClipArrays, sample_window
from mohart.structures import Clip

Random = np.random.Generator
STARTS = 0.3  # visibility from which an object is started
CROSSING = (0.3, 0.9)  # share of a box inside the frame where its object crosses the edge


class ClipSource(Protocol):
    """Where clips come from."""

    def clip(self, rng: Random, number: int, length: int) -> ClipArrays:
        """A clip of `length` frames.

        Args:
            rng: decides what is cut out, differently each time.
            number: of the sequence; the same number may come again with another `rng`.
            length: T.
        """
        ...


class _Drawn(NamedTuple):
    frames: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    visibility: NDArray[np.float32]


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
    """

    generator: Generator
    span: int
    objects: int
    keep: int = 96
    edges: float = 0.0
    _bank: Bank = field(init=False)
    _drawn: OrderedDict[tuple[int, int], _Drawn] = field(init=False, default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._bank = self.generator.bank()

    def clip(self, rng: Random, number: int, length: int) -> ClipArrays:
        """See :class:`ClipSource`; mirrors and reverses at random."""
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
        if rng.random() < 0.5:
            frames = frames[:, :, ::-1]
            boxes = boxes[..., [2, 1, 0, 3]] * np.array([-1, 1, -1, 1], np.float32)
            boxes = boxes + np.array([width, 0, width, 0], np.float32)
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
        return ClipArrays(np.ascontiguousarray(frames), out_boxes, out_seen, present)

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
            )
            while len(self._drawn) > self.keep:
                self._drawn.popitem(last=False)
        return self._drawn[key]


@dataclass(frozen=True)
class RecordedClips:
    """Clips cut from sequences on disk, resized to one frame size.

    Attributes:
        sequences: at least one, with tracks.
        width: of the clips, pixels.
        height: of the clips, pixels.
        objects: N.
    """

    sequences: list[Sequence]
    width: int
    height: int
    objects: int

    def clip(self, rng: Random, number: int, length: int) -> ClipArrays:
        """See :class:`ClipSource`; `number` is not used: the sequence is drawn at random."""
        sequence = self.sequences[int(rng.integers(len(self.sequences)))]
        cut = sample_window(sequence, rng, length=length, objects=self.objects,
                            width=self.width, height=self.height)  # fmt: skip
        if rng.random() < 0.5:
            flipped = cut.boxes[..., [2, 1, 0, 3]] * np.array([-1, 1, -1, 1], np.float32)
            flipped = flipped + np.array([self.width, 0, self.width, 0], np.float32)
            boxes = np.where(cut.present[..., None], flipped, 0).astype(np.float32)
            frames = np.ascontiguousarray(cut.frames[:, :, ::-1])
            return ClipArrays(frames, boxes, cut.visibility, cut.present)
        return cut


class ClipStream(IterableDataset[Clip]):
    """Endless batches; batch k depends on the seed and k alone.

    Args:
        sources: pairs of a source and its weight (share of the clips).
        seed: of everything.
        batch: B.
        lengths: clip length by batch number, e.g. the curriculum's.
        first: number of the first batch.
        reuse: batches in a row that cut their clips from the same sequences. Sequences are paired
            up at random within `block` batches, so that equal ones do not follow each other.
        block: batches of a shuffled block.
    """

    def __init__(
        self, sources: list[tuple[ClipSource, float]], *, seed: int, batch: int,
        lengths: LengthRule, first: int = 0, reuse: int = 1, block: int = 12,
    ) -> None:  # fmt: skip
        self.sources = [source for source, _ in sources]
        share = np.array([weight for _, weight in sources], float)
        self.share = share / share.sum()
        self.seed, self.batch, self.lengths, self.first = seed, batch, lengths, first
        self.reuse, self.block = reuse, block

    def __iter__(self) -> Iterator[Clip]:
        worker = get_worker_info()
        step, offset = (worker.num_workers, worker.id) if worker else (1, 0)
        k = self.first + offset
        while True:
            yield self.make(k)
            k += step

    def make(self, k: int) -> Clip:
        """Batch number k."""
        rng = np.random.default_rng([self.seed, 7, k])
        block, place = divmod(k, self.block)
        slots = self.block * self.batch
        order = np.random.default_rng([self.seed, 8, block]).permutation(slots)
        length = self.lengths(k)
        clips = []
        for slot in order[place * self.batch : (place + 1) * self.batch]:
            number = (block * slots + int(slot)) // self.reuse
            source = self.sources[int(rng.choice(len(self.sources), p=self.share))]
            clips.append(source.clip(rng, number, length))
        frames, boxes, visibility, present = (
            torch.from_numpy(np.stack(parts)) for parts in zip(*clips, strict=True)
        )
        return Clip(frames, boxes, visibility, present)


class LengthRule(Protocol):
    """Clip length by batch number; a plain class, so that worker processes can receive it."""

    def __call__(self, k: int) -> int:
        """Frames of the clips of batch k."""
        ...


def batches(stream: ClipStream, *, workers: int, ahead: int = 3) -> Iterator[Clip]:
    """The stream's batches in order, made by `workers` processes (0: in this one)."""
    if workers == 0:
        return iter(stream)
    with warnings.catch_warnings():  # more workers than cores is the user's choice
        warnings.filterwarnings("ignore", message="This DataLoader will create")
        loader = DataLoader(
            stream,
            batch_size=None,
            num_workers=workers,
            prefetch_factor=ahead,
            multiprocessing_context=torch.multiprocessing.get_context("spawn"),
            worker_init_fn=_calm,
        )
        return iter(loader)


def _calm(_: int) -> None:
    """Worker processes use one thread each, leave Ctrl-C to the parent, and end at once.

    A worker that is dismissed may have a thread that still hands over a batch. Taking the
    interpreter down under that thread aborts the process now and then.
    """
    import atexit
    import os
    import signal

    import cv2

    atexit.register(os._exit, 0)  # what went wrong was told to the parent before

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
