"""mohart.metrics.overlap.conditions: under which conditions boxes are lost."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.metrics.overlap.conditions import condition_scores, count_conditions
from mohart.metrics.overlap.counts import count_window
from mohart.metrics.overlap.window import window_overlap


def _counted(boxes: np.ndarray, truth: np.ndarray, present: np.ndarray) -> dict[str, object]:
    overlap = window_overlap(boxes, truth, present)
    return {
        **count_window(overlap),
        **count_conditions(boxes, truth, present, overlap.iou),
    }


def _moving(steps: list[float], side: float = 20.0) -> np.ndarray:
    """[T, 1, 4] a square that starts at (50, 50) and moves to the right by these many pixels."""
    left = 50 + np.cumsum([0.0, *steps])
    return np.stack([left, np.full_like(left, 50), left + side, np.full_like(left, 50 + side)], 1)[
        :, None
    ]


def test_speed_groups_and_sums() -> None:
    truth = _moving([0.2, 2.0, 10.0])  # 0.01, 0.1 and 0.5 sizes a frame
    present = np.ones((4, 1), bool)
    counts = _counted(truth, truth, present)
    assert counts["speed_pairs"] == [1, 1, 1]
    assert counts["speed_iou"] == pytest.approx([1, 1, 1])
    assert counts["centre_error"] == pytest.approx(0)
    assert counts["centre_near"] == 3


def test_speed_is_per_frame_across_a_gap() -> None:
    truth = _moving([0.0, 4.0])
    truth[1] = 0  # not labelled
    present = np.array([[True], [False], [True]])
    counts = _counted(truth, truth, present)
    assert counts["speed_pairs"] == [0, 1, 0]  # 4 pixels in 2 frames are 0.1 sizes a frame


def test_growth_either_way() -> None:
    sides = np.array([20.0, 21.0, 26.0, 60.0, 10.0])
    truth = np.stack([0 * sides, 0 * sides, sides, sides], 1)[:, None]
    counts = _counted(truth, truth, np.ones((5, 1), bool))
    assert counts["growth_pairs"] == [1, 1, 2]


def test_covered_by_another_object() -> None:
    truth = np.array([[[0, 0, 20, 20], [40, 0, 60, 20]], [[0, 0, 20, 20], [10, 0, 30, 20]]], float)
    counts = _counted(truth, truth, np.ones((2, 2), bool))
    assert counts["covered_pairs"] == [0, 2]
    gone = np.array([[True, True], [True, False]])
    assert _counted(truth, truth, gone)["covered_pairs"] == [1, 0]


def test_centre_error_is_in_sizes_and_limited() -> None:
    truth = _moving([0.0, 0.0, 0.0])
    boxes = truth.copy()
    boxes[1] += 10.0 * np.array([1, 0, 1, 0])  # half a size
    boxes[2] += 500.0
    boxes[3] = np.nan
    counts = _counted(boxes, truth, np.ones((4, 1), bool))
    assert counts["centre_error"] == pytest.approx(0.5 + 3 + 3)
    assert counts["centre_near"] == 1


def test_scores_are_ratios_of_summed_counts() -> None:
    truth = _moving([0.2, 2.0])
    shifted = truth + 5.0 * np.array([1, 0, 1, 0])
    windows = [_counted(box, truth, np.ones((3, 1), bool)) for box in (truth, shifted)]
    scores = condition_scores(windows)
    assert scores["centre_error"] == pytest.approx(0.125)
    assert scores["centre_near"] == 1
    assert [row["pairs"] for row in scores["speed"]] == [2, 2, 0]
    assert scores["speed"][0]["iou"] == pytest.approx((1 + 0.6) / 2)
    assert scores["speed"][2]["iou"] is None
