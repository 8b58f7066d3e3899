"""mohart.tracking.joining: one track of two."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mohart.structures import ACTIVE, LOST, PREDICTED
from mohart.tracking.joining import Way, join_ways

TEN = np.array([[0.0, 0, 10, 10]] * 2)


def way(left: list[float], confidence: list[float], state: str = ACTIVE) -> Way:
    x = np.array(left, float)
    boxes = np.stack([x, x * 0, x + 10, x * 0 + 10], 1)
    return Way(boxes, np.array(confidence), np.full(len(x), state, "<U9"))


def test_where_both_agree_the_box_lies_between_them_nearer_to_the_nearer_keyframe() -> None:
    joined = join_ways(way([0] * 5, [0.9] * 5), way([2] * 5, [0.9] * 5, PREDICTED), TEN)
    left = joined.boxes[:, 0]
    assert ((left > 0) & (left < 2)).all()
    assert (np.diff(left) > 0).all()
    np.testing.assert_allclose(left[2], 1)
    np.testing.assert_allclose(joined.boxes[:, 2] - left, 10)


def test_a_way_that_is_not_sure_has_less_weight() -> None:
    joined = join_ways(way([0] * 3, [0.9] * 3), way([2] * 3, [0.1] * 3, LOST), TEN)
    assert joined.boxes[1, 0] < 0.4
    assert joined.state.tolist() == [ACTIVE] * 3
    assert joined.confidence.tolist() == [0.9] * 3


def test_where_they_do_not_agree_one_turn_is_chosen() -> None:
    forwards = way([0, 0, 0, 50, 50, 50], [0.9, 0.9, 0.9, 0.2, 0.1, 0.3])
    backwards = way([90, 90, 90, 0, 0, 0], [0.3, 0.1, 0.2, 0.9, 0.9, 0.9])
    assert join_ways(forwards, backwards, TEN).boxes[:, 0] == pytest.approx(np.zeros(6))


def test_who_loses_the_object_is_not_followed_again_for_one_sure_frame() -> None:
    forwards = way([0, 0, 50, 50, 50, 50], [0.9, 0.9, 0.2, 0.2, 0.95, 0.2])
    backwards = way([90, 90, 0, 0, 0, 0], [0.2, 0.2, 0.9, 0.9, 0.9, 0.9])
    assert join_ways(forwards, backwards, TEN).boxes[:, 0] == pytest.approx(np.zeros(6))


def test_a_way_without_a_box_counts_for_nothing() -> None:
    missing = Way(np.zeros((3, 4)), np.zeros(3), np.full(3, LOST, "<U9"))
    found = way([5, 6, 7], [0.1, 0.1, 0.1])
    for joined in (join_ways(found, missing, TEN), join_ways(missing, found, TEN)):
        np.testing.assert_allclose(joined.boxes, found.boxes, atol=1e-9)
        assert joined.state.tolist() == [ACTIVE] * 3


def test_sizes_lie_between_what_was_seen_and_what_was_drawn() -> None:
    one = way([0] * 3, [0.9] * 3)  # 10 x 10
    joined = join_ways(one, one, np.array([[0.0, 0, 10, 20], [0, 0, 10, 20]]))
    width, height = (joined.boxes[:, 2:] - joined.boxes[:, :2]).T
    np.testing.assert_allclose(width, 10)
    np.testing.assert_allclose(height, 10 * 2**0.3)
    np.testing.assert_allclose(joined.boxes[:, 1] + joined.boxes[:, 3], 10)  # same centre
    growing = join_ways(one, one, np.array([[0.0, 0, 10, 10], [0, 0, 40, 40]])).boxes
    assert (np.diff(growing[:, 2] - growing[:, 0]) > 0).all()


def test_no_frames_between() -> None:
    assert len(join_ways(way([], []), way([], []), TEN).boxes) == 0


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1)), min_size=1, max_size=12))
def test_two_ways_that_say_the_same_say_it(rows: list[tuple[float, float]]) -> None:
    one = way([left for left, _ in rows], [sure for _, sure in rows])
    joined = join_ways(one, one, TEN)
    np.testing.assert_allclose(joined.boxes, one.boxes, atol=1e-9)
    assert joined.confidence.tolist() == one.confidence.tolist()
