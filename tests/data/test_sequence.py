import pickle
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mohart.data.sequence import Sequence
from mohart.errors import ConfigError, FormatError, MissingDataError


def test_frames_have_the_size_of_the_sequence(moving_boxes: Sequence) -> None:
    frames = list(moving_boxes.frames())
    assert len(frames) == 8
    assert all(f.shape == (120, 160, 3) and f.dtype == np.uint8 for f in frames)


def test_range_and_single_frames_agree(moving_boxes: Sequence) -> None:
    some = list(moving_boxes.frames(2, 5))
    assert [int(f[0, 0, 0]) for f in some] == [40, 60, 80]
    np.testing.assert_array_equal(moving_boxes.frame(3), some[1])
    assert list(moving_boxes.frames(4, 4)) == []
    assert int(moving_boxes.frame(7)[0, 0, 0]) == 140


def test_part_counts_from_zero(moving_boxes: Sequence) -> None:
    part = moving_boxes.part(5, 8)
    assert (part.name, part.length) == ("moving-boxes-f5-7", 3)
    assert sorted(set(part.tracks.frame.tolist())) == [0, 1, 2]
    np.testing.assert_array_equal(part.frame(0), moving_boxes.frame(5))
    np.testing.assert_array_equal(part.tracks.at(1).boxes, moving_boxes.tracks.at(6).boxes)
    inner = part.part(1, 3, name="end")
    assert inner.name == "end"
    np.testing.assert_array_equal(inner.frame(1), moving_boxes.frame(7))


def test_it_can_be_sent_to_a_worker(moving_boxes: Sequence) -> None:
    part = replace(moving_boxes.part(5, 8), reader=_Black())
    again = pickle.loads(pickle.dumps(part.part(1, 3)))
    np.testing.assert_array_equal(again.frame(0), np.zeros((120, 160, 3)))


class _Black:
    """A reader that claims three frames and has what it is told."""

    def __init__(self, length: int = 8, shape: tuple[int, ...] = (120, 160, 3)) -> None:
        self.length, self.shape = length, shape

    def __call__(self, start: int, stop: int) -> Iterator[NDArray[np.uint8]]:
        return (np.zeros(self.shape, np.uint8) for _ in range(start, min(stop, self.length)))


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (0, 9), (5, 4)])
def test_range_outside(moving_boxes: Sequence, start: int, stop: int) -> None:
    with pytest.raises(ConfigError, match=r"'moving-boxes': frames .* not within its 8 frames"):
        moving_boxes.frames(start, stop)
    with pytest.raises(ConfigError, match="cannot cut"):
        moving_boxes.part(start, stop)


def test_frames_that_are_not_as_promised(moving_boxes: Sequence) -> None:
    short = replace(moving_boxes, reader=_Black(length=3))
    assert len(list(short.frames(0, 3))) == 3
    with pytest.raises(MissingDataError, match="the frames end after 3 of 8"):
        list(short.frames())
    with pytest.raises(MissingDataError, match="the frames end after 5 of 8"):
        short.frame(5)
    small = replace(moving_boxes, reader=_Black(shape=(12, 16, 3)))
    with pytest.raises(FormatError, match=r"frame 2 has shape \[12, 16, 3\], expected \[120, 160"):
        small.frame(2)
