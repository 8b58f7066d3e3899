from __future__ import annotations

import numpy as np
import pytest

from mohart.data.clips import ClipStream
from mohart.errors import ConfigError
from mohart.synth.worlds.clips import WorldClips, world_sequence
from mohart.synth.worlds.collide import Collide
from mohart.synth.worlds.forces import Forces
from mohart.synth.worlds.free import Free


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_clip_is_padded_and_starts_visible() -> None:
    clip = WorldClips(Free(objects=(3, 3)), 0, 5).clip(rng(), 0, 6)
    assert clip.frames.shape == (6, 96, 96, 3)
    assert clip.present.sum(1).tolist() == [3] * 6
    assert (clip.visibility[0, :3] > 0.3).all()
    assert not clip.boxes[:, 3:].any()


def test_the_same_number_is_the_same_world_with_its_objects_shuffled() -> None:
    source = WorldClips(Collide(), 0, 6)
    a, b = source.clip(rng(1), 4, 6), source.clip(rng(2), 4, 6)
    np.testing.assert_array_equal(a.frames, b.frames)
    assert not np.array_equal(a.boxes, b.boxes)
    for t in (0, 5):
        assert sorted(a.boxes[t].tolist()) == sorted(b.boxes[t].tolist())
    again = WorldClips(Collide(), 0, 6).clip(rng(1), 4, 6)
    for one, two in zip(a, again, strict=True):
        np.testing.assert_array_equal(one, two)
    other = WorldClips(Collide(), 1, 6).clip(rng(1), 4, 6)
    assert not np.array_equal(a.frames, other.frames)


def test_time_is_never_reversed_nor_space_mirrored() -> None:
    """Whatever the generator says, the frames are those of the simulation."""
    source = WorldClips(Forces(), 0, 4)
    first = source.clip(rng(0), 0, 6).frames
    for seed in range(8):
        np.testing.assert_array_equal(source.clip(rng(seed), 0, 6).frames, first)


def test_only_the_last_clips_are_kept_and_forgotten_ones_come_back_the_same() -> None:
    source = WorldClips(Free(), 0, 5, keep=2)
    first = source.clip(rng(), 0, 4)
    for number in (1, 2, 3):
        source.clip(rng(), number, 4)
    assert len(source._drawn) == 2
    np.testing.assert_array_equal(source.clip(rng(), 0, 4).frames, first.frames)


def test_objects_that_would_not_be_told_about_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"data\.objects: expected at least 5"):
        WorldClips(Collide(), 0, 4).clip(rng(), 0, 4)


def test_a_world_is_a_source_of_batches() -> None:
    stream = ClipStream(
        [(WorldClips(Free(), 0, 5), 1.0)], seed=0, batch=3, lengths=lambda k: 4, reuse=2
    )
    clip = stream.make(0)
    assert clip.frames.shape == (3, 4, 96, 96, 3)
    assert clip.boxes.shape == (3, 4, 5, 4)


def test_a_sequence_has_the_same_frames_and_tracks_as_the_clip() -> None:
    sequence = world_sequence(Free(objects=(3, 3)), 0, 2, 6, "free-0002")
    clip = WorldClips(Free(objects=(3, 3)), 0, 3).clip(rng(), 2, 6)
    np.testing.assert_array_equal(np.stack(list(sequence.frames())), clip.frames)
    boxes, _, present = sequence.tracks.dense(np.array([1, 2, 3]), 0, 6)
    assert present.all()
    assert sorted(boxes[3].tolist()) == sorted(clip.boxes[3].tolist())
