"""Clips for training: short pieces of sequences, cut, mirrored and reversed, batched and padded.

Batch k is a function of the seed and k alone, however many worker processes there are and wherever
training was interrupted.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from mohart.aliases import Random
from mohart.data.sequence import Sequence
from mohart.data.windows import ClipArrays, mirror, sample_window
from mohart.errors import ConfigError
from mohart.facts import WIDTH
from mohart.stopping import NAMES
from mohart.structures import Clip


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
        cut = sample_window(
            sequence, rng, length=length, objects=self.objects, width=self.width, height=self.height
        )
        if rng.random() < 0.5:
            frames, flipped = mirror(cut.frames, cut.boxes)
            boxes = np.where(cut.present[..., None], flipped, 0).astype(np.float32)
            return ClipArrays(np.ascontiguousarray(frames), boxes, cut.visibility, cut.present)
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
        part: which part of every batch, and of how many, where several processes train together.
            They see the sequences that one process would see, and cut them differently.
        pieces: of which a batch (or a part of it) is put together. Each has sequences of its own,
            and no two workers draw the same where their number divides that of the pieces.

    Raises:
        ConfigError: a batch cannot be divided so.
    """

    def __init__(
        self,
        sources: list[tuple[ClipSource, float]],
        *,
        seed: int,
        batch: int,
        lengths: LengthRule,
        first: int = 0,
        reuse: int = 1,
        block: int = 12,
        part: tuple[int, int] = (0, 1),
        pieces: int = 1,
    ) -> None:
        if batch % part[1]:
            raise ConfigError(
                f"train.batch: {batch} clips cannot be divided among {part[1]} processes"
            )
        if batch // part[1] % pieces:
            raise ConfigError(
                f"data.pieces: {batch // part[1]} clips cannot be divided into {pieces} pieces"
            )
        self.sources = [source for source, _ in sources]
        share = np.array([weight for _, weight in sources], float)
        self.share = share / share.sum()
        self.seed, self.batch, self.lengths, self.first = seed, batch, lengths, first
        self.reuse, self.block = reuse, block
        self.pieces, self.size = pieces, batch // (part[1] * pieces)
        self._part, self._parts = part[0] * pieces, part[1] * pieces

    def __iter__(self) -> Iterator[Clip]:
        """All pieces of one batch after the other."""
        worker = get_worker_info()
        step, offset = (worker.num_workers, worker.id) if worker else (1, 0)
        number = self.first * self.pieces + offset
        while True:
            yield self.make(*divmod(number, self.pieces))
            number += step

    def make(self, k: int, piece: int = 0) -> Clip:
        """A piece of batch number k, or of this process's part of it."""
        part = self._part + piece
        own = [part] if self._parts > 1 else []  # a whole batch is drawn as it always was
        rng = np.random.default_rng([self.seed, 7, k, *own])
        block, place = divmod(k, self.block)
        slots, share = self.block * self.batch, self.block * self.size
        order = np.random.default_rng([self.seed, 8, block, *own]).permutation(share)
        length = self.lengths(k)
        clips = []
        for slot in part * share + order[place * self.size : (place + 1) * self.size]:
            number = (block * slots + int(slot)) // self.reuse
            source = self.sources[int(rng.choice(len(self.sources), p=self.share))]
            clips.append(source.clip(rng, number, length))
        return _batch(clips)


def _batch(clips: list[ClipArrays]) -> Clip:
    """Examples of equal shapes as a batch; sources that know no facts have NaN beside others."""
    frames, boxes, visibility, present = (
        torch.from_numpy(np.stack(parts)) for parts in zip(*(c[:4] for c in clips), strict=True)
    )
    asked = [clip.facts is not None for clip in clips]
    if not any(asked):
        return Clip(frames, boxes, visibility, present)
    blank = np.full((*present.shape[1:], WIDTH), np.nan, np.float32)
    facts = np.stack([blank if clip.facts is None else clip.facts for clip in clips])
    return Clip(frames, boxes, visibility, present, torch.from_numpy(facts))


def joined(pieces: Iterator[Clip], count: int, device: torch.device) -> Iterator[Clip]:
    """Batches on a device, each put together of `count` pieces that follow each other.

    Clips that know no facts have NaN beside others.
    """
    while batch := [piece.to(device) for piece in islice(pieces, count)]:
        if count == 1:
            yield batch[0]
            continue
        frames, boxes, visibility, present = (
            torch.cat(parts) for parts in zip(*(clip[:4] for clip in batch), strict=True)
        )
        if all(clip.facts is None for clip in batch):
            yield Clip(frames, boxes, visibility, present)
            continue
        facts = [
            clip.boxes.new_full((*clip.present.shape, WIDTH), torch.nan)
            if clip.facts is None
            else clip.facts
            for clip in batch
        ]
        yield Clip(frames, boxes, visibility, present, torch.cat(facts))


class LengthRule(Protocol):
    """Clip length by batch number; a plain class, so that worker processes can receive it."""

    def __call__(self, k: int) -> int:
        """Frames of the clips of batch k."""
        ...


def batches(stream: ClipStream, *, workers: int, ahead: int = 3) -> Iterator[Clip]:
    """The stream's batches in order, made by `workers` processes (0: in this one).

    Pieces of a batch come one after the other. No random number of the caller's is used up, for any
    number of processes.
    """
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
            # a loader draws a number when it starts: not from the global generator, which a resumed
            # training has put back to where it was
            generator=torch.Generator().manual_seed(stream.seed),
        )
        return iter(loader)


def _calm(_: int) -> None:
    """Worker processes use one thread each, leave signals to the parent, and end at once.

    A terminal and a service manager send signals to all processes; the parent ends the others.

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
    for name in NAMES:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
