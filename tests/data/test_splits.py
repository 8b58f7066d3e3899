from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mohart.data.sequence import Sequence
from mohart.data.splits import split_sequences
from mohart.errors import ConfigError


def several(sequence: Sequence, count: int) -> list[Sequence]:
    return [replace(sequence, name=f"s{n:02d}") for n in range(count)]


def test_share_of_sequences(moving_boxes: Sequence) -> None:
    train, validation = split_sequences(several(moving_boxes, 10), validation=0.3, seed=1)
    assert (len(train), len(validation)) == (7, 3)
    everything = split_sequences(several(moving_boxes, 3), validation=0, seed=1)
    assert [len(side) for side in everything] == [3, 0]


@given(count=st.integers(2, 30), share=st.floats(0.01, 0.99), seed=st.integers(0, 2**32))
def test_a_partition_that_depends_on_the_seed_only(
    moving_boxes: Sequence, count: int, share: float, seed: int
) -> None:
    sequences = several(moving_boxes, count)
    train, validation = split_sequences(sequences, validation=share, seed=seed)
    names = [s.name for s in train], [s.name for s in validation]
    assert sorted(names[0] + names[1]) == [s.name for s in sequences]
    assert all(names)
    assert names[0] == sorted(names[0])
    again = split_sequences(sequences, validation=share, seed=seed)
    assert [s.name for s in again[1]] == names[1]


def test_other_seeds_choose_others(moving_boxes: Sequence) -> None:
    sequences = several(moving_boxes, 10)
    chosen = {
        split_sequences(sequences, validation=0.1, seed=seed)[1][0].name for seed in range(20)
    }
    assert len(chosen) > 3


def test_hart_cuts_in_time(moving_boxes: Sequence) -> None:
    train, validation = split_sequences(
        several(moving_boxes, 2), validation=0.2, seed=0, protocol="hart"
    )
    assert [s.length for s in train] == [6, 6]
    assert [s.length for s in validation] == [2, 2]
    np.testing.assert_array_equal(validation[0].frame(0), moving_boxes.frame(6))


def test_errors(moving_boxes: Sequence) -> None:
    with pytest.raises(ConfigError, match="validation: expected a share"):
        split_sequences([moving_boxes], validation=1, seed=0)
    with pytest.raises(ConfigError, match="cannot divide 1 sequence into"):
        split_sequences([moving_boxes], validation=0.2, seed=0)
    with pytest.raises(ConfigError, match="did you mean 'hart'"):
        split_sequences([moving_boxes], validation=0.2, seed=0, protocol="heart")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="1 frames cannot be divided"):
        split_sequences([moving_boxes.part(0, 1)], validation=0.2, seed=0, protocol="hart")
