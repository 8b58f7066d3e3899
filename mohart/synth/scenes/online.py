"""Generated sequences for tracking with detections: crowded, with births and deaths throughout.

Two disjoint groups, each with its own stream of seeds: `validation` to choose settings on, `test`
for numbers to be reported. Neither stream is that of training (small seeds), of its validation
(1,000,003) or of the strata (2,000,004 and on).
"""

from __future__ import annotations

import zlib
from typing import Literal, NamedTuple

import numpy as np

from mohart.data.sequence import Sequence
from mohart.structures import Detections
from mohart.synth.detections.noise import noisy_detections
from mohart.synth.scenes.generator import Generator

Group = Literal["validation", "test"]
SEEDS: dict[Group, int] = {"validation": 1_000_103, "test": 2_000_103}
FRAMES = 200
PRESETS_USED = ("strong", "fair", "weak")


class DetectedSequence(NamedTuple):
    """A video with labels and with what a detector says about it.

    Attributes:
        sequence: frames and truth.
        detections: of every frame, T.
        preset: which noise they have.
    """

    sequence: Sequence
    detections: list[Detections]
    preset: str


def crowded_generator(group: Group) -> Generator:
    """Where the sequences of a group come from."""
    return Generator(
        seed=SEEDS[group],
        objects=(20, 36),
        size=(0.1, 0.25),
        frame_rate=(8.0, 30.0),
        camera=0.3,
        alike=0.2,
        scenery=0.4,
        leaving=0.25,
        scaling=0.2,
        passing=0.75,
    )


def crowded_sequence(number: int, group: Group, frames: int = FRAMES) -> DetectedSequence:
    """Sequence `number` of a group, from 0; the same always.

    The noise goes round `PRESETS_USED`: sequence 0 has a strong detector, 1 a fair one, 2 a weak
    one, and so on.

    Args:
        number: >= 0.
        group: `validation` or `test`.
        frames: T.
    """
    sequence = crowded_generator(group).sequence(number, frames, f"{group}-{number:04d}")
    preset = PRESETS_USED[number % len(PRESETS_USED)]
    rng = np.random.default_rng([SEEDS[group], 5, number, zlib.crc32(preset.encode())])
    detections = noisy_detections(
        sequence.tracks, sequence.width, sequence.height, rng, preset, length=frames
    )
    return DetectedSequence(sequence, detections, preset)
