"""Dividing sequences into training and validation."""

from __future__ import annotations

from collections.abc import Sequence as Items
from typing import Literal

import numpy as np

from mohart.data.sequence import Sequence
from mohart.errors import ConfigError, did_you_mean

Protocol = Literal["sequence", "hart"]
PROTOCOLS = ("sequence", "hart")


def split_sequences(
    sequences: Items[Sequence],
    *,
    validation: float,
    seed: int,
    protocol: Protocol = "sequence",
) -> tuple[list[Sequence], list[Sequence]]:
    """Training and validation sequences; nothing is lost and nothing is in both.

    Args:
        sequences: all of them.
        validation: share for validation, in [0, 1); 0 leaves the validation empty.
        seed: chooses which sequences go where (`sequence`); the order does not matter otherwise.
        protocol: `sequence` never divides a video, so the score is about videos not seen before;
            rounded to whole sequences, at least one on each side. `hart` cuts every video in
            time, the last `validation` of its frames being for validation (0.2 in HART): both
            sides show the same scenes and objects, so use it only to compare with that paper.

    Returns:
        (training, validation), each in the order of `sequences`.

    Raises:
        ConfigError: `validation` is out of range, the protocol is unknown, or there are too few
            sequences or frames to divide.

    Source: Kosiorek et al. 2017 (HART), as its published code divides KITTI.
    """
    if not 0 <= validation < 1:
        raise ConfigError(f"validation: expected a share in [0, 1), got {validation}")
    if protocol not in PROTOCOLS:
        raise ConfigError(f"protocol: '{protocol}' is unknown{did_you_mean(protocol, PROTOCOLS)}")
    if validation == 0:
        return list(sequences), []
    if protocol == "hart":
        halves = [_cut_in_time(sequence, validation) for sequence in sequences]
        return [first for first, _ in halves], [last for _, last in halves]

    count = len(sequences)
    if count < 2:
        raise ConfigError(
            f"validation: cannot divide {count} sequence{'s' if count != 1 else ''} into training "
            "and validation; give more sequences, or validation 0"
        )
    held_out = min(max(1, round(count * validation)), count - 1)
    chosen = set(np.random.default_rng(seed).permutation(count)[:held_out].tolist())
    return (
        [sequence for n, sequence in enumerate(sequences) if n not in chosen],
        [sequence for n, sequence in enumerate(sequences) if n in chosen],
    )


def _cut_in_time(sequence: Sequence, validation: float) -> tuple[Sequence, Sequence]:
    if sequence.length < 2:
        raise ConfigError(
            f"sequence '{sequence.name}': {sequence.length} frames cannot be divided in time"
        )
    cut = round(sequence.length * (1 - validation))
    cut = min(max(1, cut), sequence.length - 1)
    return sequence.part(0, cut), sequence.part(cut, sequence.length)
