from __future__ import annotations

import hashlib
from itertools import pairwise

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.record import inside_frame
from mohart.synth.scenes.scene import Bank


def digest(generator: Generator, number: int, frames: int = 6) -> str:
    drawn = hashlib.sha256()
    for labelled in generator.scene(number, frames).frames():
        drawn.update(labelled.frame.tobytes() + labelled.boxes.tobytes())
    return drawn.hexdigest()


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(seed=3, width=160, height=120, objects=(3, 5))


def test_frames_boxes_and_visibility_have_the_documented_shapes(generator: Generator) -> None:
    drawn = list(generator.scene(0, 4).frames())
    count = len(drawn[0].boxes)
    assert len(drawn) == 4
    assert 3 <= count <= 5
    for labelled in drawn:
        assert labelled.frame.shape == (120, 160, 3)
        assert labelled.frame.dtype == np.uint8
        assert labelled.boxes.shape == (count, 4)
        assert (labelled.boxes[:, 2:] > labelled.boxes[:, :2]).all()
        assert ((labelled.visibility >= 0) & (labelled.visibility <= 1)).all()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(generator: Generator) -> None:
    again = Generator(seed=3, width=160, height=120, objects=(3, 5))
    assert digest(generator, 1) == digest(again, 1)


@pytest.mark.slow
def test_number_and_seed_change_the_sequence(generator: Generator) -> None:
    other = Generator(seed=4, width=160, height=120, objects=(3, 5))
    assert len({digest(generator, 1), digest(generator, 2), digest(other, 1)}) == 3


@pytest.mark.slow
def test_a_used_bank_gives_the_same_scene_as_a_fresh_one(generator: Generator) -> None:
    bank = Bank(generator.seed, keep=2)
    for number in range(2):
        list(generator.scene(number, 2, bank).frames())
    kept = [labelled.frame for labelled in generator.scene(1, 3, bank).frames()]
    fresh = [labelled.frame for labelled in generator.scene(1, 3).frames()]
    assert all((a == b).all() for a, b in zip(kept, fresh, strict=True))


def test_a_sequence_reads_any_part_of_itself(generator: Generator) -> None:
    sequence = generator.sequence(2, 5)
    assert (sequence.length, sequence.width, sequence.height) == (5, 160, 120)
    every = list(sequence.frames())
    assert (every[3] == sequence.frame(3)).all()
    assert len(sequence.tracks) > 0
    assert sequence.tracks.frame.max() < 5


@pytest.mark.slow
def test_boxes_lie_on_the_objects() -> None:
    """Where an object is drawn, the picture differs from the one without it."""
    generator = Generator(
        seed=1, width=160, height=120, objects=(1, 1), camera=0, scenery=0, size=(0.3, 0.4)
    )
    hits = []
    bank = Bank(1)
    for number in range(12):
        drawn = list(generator.scene(number, 12, bank).frames())
        for a, b in pairwise(drawn):
            change = np.abs(a.frame.astype(int) - b.frame.astype(int)).sum(-1)
            low = np.minimum(a.boxes[0, :2], b.boxes[0, :2])
            box = np.concatenate([low, np.maximum(a.boxes[0, 2:], b.boxes[0, 2:])])
            x0, y0, x1, y1 = np.clip(box, 0, [160, 120, 160, 120]).astype(int)
            moved = np.abs(a.boxes - b.boxes).max() > 2
            if moved and (x1 - x0) * (y1 - y0) > 100:
                hits.append(change[y0:y1, x0:x1].mean() > 1.5 * change.mean())
    assert len(hits) > 10
    assert np.mean(hits) > 0.8


@pytest.mark.slow
def test_visibility_falls_when_objects_cover_each_other() -> None:
    crowded = Generator(seed=2, width=160, height=120, objects=(10, 10), size=(0.2, 0.3))
    lonely = Generator(seed=2, width=160, height=120, objects=(1, 1), size=(0.2, 0.3), scenery=0)
    seen = {
        name: np.concatenate(
            [
                labelled.visibility[inside_frame(labelled.boxes, 160, 120)]
                for number in range(3)
                for labelled in generator.scene(number, 3).frames()
            ]
        ).mean()
        for name, generator in (("crowded", crowded), ("lonely", lonely))
    }
    assert seen["crowded"] < seen["lonely"] - 0.05


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"objects": (5, 2)}, "1 <= low <= high"),
        ({"objects": (0, 2)}, "1 <= low <= high"),
        ({"width": 20}, "at least 64x64"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Generator(**settings)  # type: ignore[arg-type]


def test_a_bank_knows_what_a_sprite_is_without_drawing_it() -> None:
    bank = Bank(4)
    told = [bank.kind(number) for number in range(8)]
    assert not bank._sprites
    assert told == [bank.sprite(number).kind for number in range(8)]
    assert len(set(told)) > 1
