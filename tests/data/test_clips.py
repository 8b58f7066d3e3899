from __future__ import annotations

import gc
from itertools import islice

import numpy as np
import pytest
import torch

from mohart.aliases import Random
from mohart.data.clips import ClipStream, RecordedClips, batches, joined
from mohart.data.windows import ClipArrays
from mohart.errors import ConfigError
from mohart.facts import WIDTH
from mohart.structures import Clip
from mohart.synth.scenes.clips import GeneratedClips
from mohart.synth.scenes.generator import Generator
from mohart.training.optim import Curriculum

GENERATOR = Generator(seed=1, width=96, height=72, objects=(2, 4))
CPU = torch.device("cpu")
LENGTHS = Curriculum(((0.0, 3), (0.5, 5)), 8)


def stream(first: int = 0, reuse: int = 2) -> ClipStream:
    source = GeneratedClips(GENERATOR, span=8, objects=3)
    return ClipStream([(source, 1.0)], seed=5, batch=2, lengths=LENGTHS, first=first, reuse=reuse)


def same(a: Clip, b: Clip) -> bool:
    assert a.facts is b.facts is None
    names = ("frames", "boxes", "visibility", "present")
    return all(torch.equal(getattr(a, name), getattr(b, name)) for name in names)


@pytest.mark.slow
def test_a_batch_has_the_documented_shapes_and_grows_with_the_curriculum() -> None:
    early, late = stream().make(0), stream().make(7)
    assert early.frames.shape == (2, 3, 72, 96, 3)
    assert early.frames.dtype == torch.uint8
    assert early.boxes.shape == (2, 3, 3, 4)
    assert early.visibility.shape == early.present.shape == (2, 3, 3)
    assert late.frames.shape[1] == 5


@pytest.mark.slow
def test_a_batch_depends_on_its_number_alone() -> None:
    in_order = list(islice(iter(stream()), 6))
    for k in (5, 2):
        assert same(in_order[k], stream().make(k))
    assert same(next(iter(stream(first=4))), in_order[4])
    assert not same(in_order[0], in_order[1])


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 1, 2])
def test_worker_processes_change_nothing(workers: int) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    alone = list(islice(iter(stream()), 4))
    shared = list(islice(batches(stream(), workers=workers), 4))
    assert all(same(a, b) for a, b in zip(alone, shared, strict=True))
    assert torch.equal(torch.get_rng_state(), before)  # a training's own numbers are not used up


@pytest.mark.slow
def test_workers_that_are_dismissed_with_batches_in_hand_end_well() -> None:
    shared = batches(stream(), workers=2)
    next(shared)
    workers = shared._workers  # type: ignore[attr-defined]
    del shared
    gc.collect()
    assert [worker.exitcode for worker in workers] == [0, 0]


@pytest.mark.slow
def test_what_goes_wrong_in_a_worker_is_told_to_the_parent() -> None:
    broken = stream()
    broken.sources = [None]  # type: ignore[list-item]
    with pytest.raises(AttributeError, match="Caught AttributeError in DataLoader worker"):
        next(batches(broken, workers=1))


@pytest.mark.slow
def test_reuse_cuts_several_clips_from_one_sequence() -> None:
    drawn: list[int] = []

    class Recording(GeneratedClips):
        def clip(self, rng, number, length):
            drawn.append(number)
            return super().clip(rng, number, length)

    source = Recording(GENERATOR, span=8, objects=3)
    counted = ClipStream([(source, 1.0)], seed=5, batch=2, lengths=LENGTHS, reuse=3, block=6)
    list(islice(iter(counted), 6))
    numbers, times = np.unique(drawn, return_counts=True)
    assert len(numbers) == 4
    assert (times == 3).all()


@pytest.mark.slow
def test_objects_start_visible_and_boxes_are_sound() -> None:
    for k in range(4):
        clip = stream().make(k)
        start = clip.present[:, 0]
        assert bool((clip.visibility[:, 0][start] > 0.3).all())
        size = clip.boxes[..., 2:] - clip.boxes[..., :2]
        assert bool((size[clip.present] > 0).all())


@pytest.mark.slow
def test_recorded_clips_come_from_sequences_and_may_be_mixed_in() -> None:
    recorded = RecordedClips([GENERATOR.sequence(0, 6)], width=96, height=72, objects=3)
    source = GeneratedClips(GENERATOR, span=8, objects=3)
    mixed = ClipStream([(source, 1.0), (recorded, 3.0)], seed=0, batch=4, lengths=LENGTHS)
    clip = mixed.make(0)
    assert clip.frames.shape == (4, 3, 72, 96, 3)
    assert bool(clip.present[:, 0].any(1).all())


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2, 3])
def test_pieces_are_put_together_alike_by_any_number_of_workers(workers: int) -> None:
    def in_pieces() -> ClipStream:
        source = GeneratedClips(GENERATOR, span=8, objects=3)
        return ClipStream(
            [(source, 1.0)], seed=5, batch=4, lengths=LENGTHS, reuse=2, block=2, pieces=2
        )

    wanted = [[in_pieces().make(k, piece) for piece in range(2)] for k in range(2)]
    given = list(islice(joined(batches(in_pieces(), workers=workers), 2, CPU), 2))
    for parts, clip in zip(wanted, given, strict=True):
        assert clip.frames.shape[0] == 4
        assert torch.equal(clip.frames, torch.cat([part.frames for part in parts]))
        assert torch.equal(clip.present, torch.cat([part.present for part in parts]))
        assert clip.facts is None


def test_pieces_have_sequences_of_their_own() -> None:
    class Numbers:
        def __init__(self) -> None:
            self.asked: set[int] = set()

        def clip(self, rng: Random, number: int, length: int) -> ClipArrays:
            self.asked.add(number)
            shapes = (length, 2, 2, 3), (length, 1, 4), (length, 1), (length, 1)
            frames, boxes, seen, there = (np.zeros(shape) for shape in shapes)
            return ClipArrays(frames.astype(np.uint8), boxes, seen, there > 0)

    asked = []
    for piece in range(3):
        source = Numbers()
        stream = ClipStream(
            [(source, 1.0)], seed=1, batch=12, lengths=LENGTHS, reuse=4, block=4, pieces=3
        )
        for k in range(8):
            assert len(stream.make(k, piece).boxes) == 4
        asked.append(source.asked)
    assert not asked[0] & asked[1] | asked[0] & asked[2] | asked[1] & asked[2]
    assert set.union(*asked) == set(range(24))  # 96 clips, each sequence cut four times


def test_a_batch_has_to_be_divisible_into_its_pieces() -> None:
    with pytest.raises(ConfigError, match=r"data\.pieces: 6 clips cannot be divided into 4 pieces"):
        ClipStream([], seed=1, batch=6, lengths=LENGTHS, pieces=4)


def test_facts_of_pieces_that_have_none_are_unknown() -> None:
    def piece(*, known: bool) -> Clip:
        facts = torch.ones(1, 2, 3, WIDTH) if known else None
        return Clip(
            torch.zeros(1, 2, 4, 4, 3),
            torch.zeros(1, 2, 3, 4),
            torch.zeros(1, 2, 3),
            torch.ones(1, 2, 3) > 0,
            facts,
        )

    clip = next(joined(iter([piece(known=True), piece(known=False)]), 2, CPU))
    assert clip.facts is not None
    assert bool((clip.facts[0] == 1).all() and clip.facts[1].isnan().all())
