"""mohart.metrics.overlap.window against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError, ShapeError
from mohart.metrics.overlap.window import (
    survived,
    window_overlap,
)

NAN = np.nan


def box(x: float, size: float = 10) -> list[float]:
    return [x, 0, x + size, size]


def test_window_overlap_by_hand() -> None:
    # One object of 10 x 10 moves right by 0, 2, 5, 10. The tracker says 0, 0, 5, NaN.
    # t=1: overlap 8 x 10, union 12 x 10 -> 2/3, not moved (2/3 >= 0.5)
    # t=2: exact -> 1; true box against the start box: 5 / 15 = 1/3 -> moved
    # t=3: NaN box -> 0, moved
    truth = np.array([[box(0)], [box(2)], [box(5)], [box(10)]])
    answer = np.array([[box(0)], [box(0)], [box(5)], [[NAN] * 4]])
    result = window_overlap(answer, truth, np.ones((4, 1), bool))
    np.testing.assert_allclose(result.iou, [[NAN], [2 / 3], [1], [0]])
    assert result.moved.tolist() == [[False], [False], [True], [True]]


def test_frames_without_truth_are_left_out() -> None:
    truth = np.array([[box(0)], [[0, 0, 0, 0]], [box(0)]])
    present = np.array([[True], [False], [True]])
    result = window_overlap(truth, truth, present)
    np.testing.assert_allclose(result.iou, [[NAN], [NAN], [1]])
    assert not result.moved.any()


def test_window_overlap_errors() -> None:
    truth = np.zeros((3, 2, 4))
    with pytest.raises(ShapeError, match="truth"):
        window_overlap(truth[:2], truth, np.ones((3, 2), bool))
    with pytest.raises(ConfigError, match="first frame"):
        window_overlap(truth, truth, np.zeros((3, 2), bool))


def test_survival_by_hand() -> None:
    overlap = np.array([[NAN, 0.9, 0.1, 0.05, 0.9], [NAN, 0.5, NAN, 0.0, NAN]]).T
    result = survived(overlap)
    # first object: 0.1 is not below 0.1; gone at t=3 and for good
    assert result.T.tolist() == [[False, True, True, False, False], [False, True] + [False] * 3]
