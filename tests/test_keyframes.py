"""mohart.keyframes: rows of boxes and ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mohart.errors import ConfigError, ShapeError
from mohart.keyframes import Keyframes

A, B = [1.0, 2, 3, 4], [5.0, 6, 7, 9]


def rows(*said: tuple[int, int, list[float] | None]) -> Keyframes:
    return Keyframes.from_rows(
        [frame for frame, _, _ in said],
        [track for _, track, _ in said],
        [[0.0] * 4 if box is None else box for _, _, box in said],
        [box is None for _, _, box in said],
    )


def told(keyframes: Keyframes) -> list[tuple[int, int, list[float] | None]]:
    values = zip(
        keyframes.frame.tolist(),
        keyframes.track_id.tolist(),
        [None if keyframes.end[n] else keyframes.boxes[n].tolist() for n in range(len(keyframes))],
        strict=True,
    )
    return list(values)


def test_sorted_by_frame_and_otherwise_as_given() -> None:
    found = rows((4, 1, A), (0, 9, B), (0, 2, A), (3, 2, None))
    assert told(found) == [(0, 9, B), (0, 2, A), (3, 2, None), (4, 1, A)]
    assert found.first == 0
    assert told(found.at(0)) == [(0, 9, B), (0, 2, A)]
    assert len(found.at(2)) == 0
    assert (len(found.drawn), len(found.ended)) == (3, 1)
    assert np.isnan(found.ended.boxes).all()


def test_nothing() -> None:
    assert (len(Keyframes.empty()), Keyframes.empty().first) == (0, None)
    assert rows((3, 2, None)).first is None
    assert len(Keyframes.empty().reversed(9)) == 0


def test_one_number_for_all_frames() -> None:
    assert Keyframes.from_rows(5, [1, 2], [A, B]).frame.tolist() == [5, 5]


def test_mistakes() -> None:
    with pytest.raises(ConfigError, match="keyframes: id 2 stands twice in frame 4"):
        rows((3, 2, A), (3, 2, None))
    with pytest.raises(ShapeError, match=r"expected boxes \[2, 4\], got \[1, 4\]"):
        Keyframes.from_rows([0, 1], [1, 1], [A])


def test_the_later_word_wins() -> None:
    merged = rows((0, 1, A), (2, 1, A), (2, 2, B)).merge(rows((2, 1, None), (1, 3, B)))
    assert told(merged) == [(0, 1, A), (1, 3, B), (2, 2, B), (2, 1, None)]


def test_where_two_differ() -> None:
    one = rows((0, 1, A), (5, 1, A), (9, 1, None))
    assert one.since(one) is None
    assert one.since(rows((0, 1, A), (5, 1, A))) == 9
    assert one.since(rows((0, 1, A), (5, 1, B), (9, 1, None))) == 5
    assert one.since(Keyframes.empty()) == 0
    near = rows((0, 1, [1 + 1e-9, 2, 3, 4]), (5, 1, A), (9, 1, None))
    assert one.since(near) is None  # a way through a text file


def test_who_ends_without_a_beginning() -> None:
    assert rows((0, 1, A), (5, 1, None), (7, 1, A), (8, 1, None)).find_stray_end() is None
    assert rows((0, 1, A), (5, 2, None)).find_stray_end() == (5, 2)
    assert rows((0, 1, A), (5, 1, None), (6, 1, None)).find_stray_end() == (6, 1)


def test_backwards() -> None:
    forward = rows((2, 1, A), (6, 1, B), (8, 1, None), (0, 2, A))
    # frame t is 9 - t; 1 is born at its last box, corrected, and leaves behind its first
    assert told(forward.reversed(9)) == [(3, 1, B), (7, 1, A), (8, 1, None), (9, 2, A)]


def test_backwards_every_life_is_one() -> None:
    forward = rows((1, 1, A), (3, 1, None), (4, 1, B), (7, 1, A))
    assert told(forward.reversed(9)) == [
        (2, 1, A),
        (5, 1, B),
        (6, 1, None),
        (8, 1, A),
        (9, 1, None),
    ]
    touching = rows((1, 1, A), (2, 1, None), (2, 3, B), (3, 1, B))
    # the end behind the second life falls on no box of the first
    assert (7, 1, None) in told(touching.reversed(9))
    assert told(rows((5, 1, A), (12, 1, B)).reversed(9)) == [(4, 1, A), (5, 1, None)]


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 3), st.sampled_from([A, B, None])),
        unique_by=lambda row: row[:2],
    )
)
def test_backwards_has_the_same_boxes_and_no_stray_ends(
    said: list[tuple[int, int, list[float] | None]],
) -> None:
    forward = rows(*said)
    backward = forward.reversed(12)
    expected = sorted((12 - frame, track, box) for frame, track, box in told(forward.drawn) if box)
    assert sorted(row for row in told(backward.drawn)) == expected
    assert backward.find_stray_end() is None
