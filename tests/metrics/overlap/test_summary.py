"""mohart.metrics.overlap.summary against numbers worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.metrics.overlap.counts import count_window
from mohart.metrics.overlap.summary import OverlapSummary, summarise_counts
from mohart.metrics.overlap.window import WindowOverlap, window_overlap

NAN = np.nan


def window(iou: list[list[float]], moved: list[list[int]] | None = None) -> WindowOverlap:
    """Rows are objects here, to be easier to read; columns are t = 1, 2, ..."""
    overlap = np.array(iou, float).T
    overlap = np.concatenate([np.full((1, overlap.shape[1]), NAN), overlap])
    flags = np.zeros(overlap.shape, bool)
    if moved is not None:
        flags[1:] = np.array(moved, bool).T
    return WindowOverlap(overlap, flags)


def summarise(windows: list[WindowOverlap], **options: int) -> OverlapSummary:
    return summarise_counts([count_window(one) for one in windows], **options)


def test_iou_over_time_with_windows_of_different_length() -> None:
    summary = summarise(
        [window([[1.0, 0.5], [0.5, NAN]]), window([[0.0, 0.1, 0.2]])], resamples=500
    )
    # t=1: (1 + 0.5 + 0) / 3, t=2: (0.5 + 0.1) / 2, t=3: 0.2
    assert summary.iou_over_time[0] is None
    np.testing.assert_allclose(summary.iou_over_time[1:], [0.5, 0.3, 0.2])
    # draws are (1, 1), (1, 2), (2, 1), (2, 2): at t=1 the means 0.75, 0.5 and 0; at t=3 only 0.2
    assert summary.iou_over_time_low == (None, 0.0, pytest.approx(0.1), pytest.approx(0.2))
    assert summary.iou_over_time_high == (None, 0.75, 0.5, pytest.approx(0.2))


def test_summary_by_hand() -> None:
    one = window([[0.8, 0.6], [0.4, 0.0]], moved=[[0, 1], [0, 1]])
    two = window([[1.0, NAN]])
    summary = summarise([one, two])
    assert (summary.windows, summary.objects, summary.pairs, summary.pairs_moved) == (2, 3, 5, 2)
    assert summary.mean_iou.value == pytest.approx((0.8 + 0.6 + 0.4 + 0 + 1) / 5)
    assert summary.mean_iou_moved.value == pytest.approx((0.6 + 0) / 2)
    assert summary.success_50.value == pytest.approx(3 / 5)
    assert summary.success_75.value == pytest.approx(2 / 5)
    assert summary.survival.value == pytest.approx(4 / 5)
    # thresholds below: 0.8 -> 16 (0 ... 0.75), 0.6 -> 12, 0.4 -> 8, 0 -> 0, 1.0 -> 20 of 21
    assert summary.success_auc.value == pytest.approx((16 + 12 + 8 + 0 + 20) / 21 / 5, abs=0.011)
    np.testing.assert_allclose(summary.success_curve[0], 4 / 5)
    assert summary.success_curve[20] == 0
    assert summary.iou_over_time[0] is None
    np.testing.assert_allclose(summary.iou_over_time[1:], [2.2 / 3, 0.3])


def test_bootstrap_by_hand_and_seeded() -> None:
    # Two windows with means 0 and 1 and one pair each: a sample's mean is 0, 0.5 or 1 with
    # probabilities 1/4, 1/2, 1/4, so the 95 % interval is [0, 1].
    windows = [window([[0.0]]), window([[1.0]])]
    mean = summarise(windows, seed=3).mean_iou
    assert (mean.value, mean.low, mean.high) == (0.5, 0.0, 1.0)
    rng = np.random.default_rng(0)
    many = [window(rng.random((3, 5)).tolist()) for _ in range(20)]
    first, again = summarise(many, seed=1), summarise(many, seed=1)
    assert first == again
    assert first.mean_iou != summarise(many, seed=2).mean_iou
    low, value, high = first.mean_iou.low, first.mean_iou.value, first.mean_iou.high
    assert low is not None
    assert value is not None
    assert high is not None
    assert 0.4 < low < value < high < 0.6


def test_bootstrap_weighs_windows_by_their_pairs() -> None:
    # 9 pairs of 1 in one window, 1 pair of 0 in the other: 0.9, not the mean of means 0.5
    mean = summarise([window([[1.0] * 9]), window([[0.0]])]).mean_iou
    assert (mean.value, mean.low, mean.high) == (0.9, 0.0, 1.0)


def test_identical_boxes_score_one() -> None:
    truth = np.random.default_rng(0).random((6, 3, 4)) * 50
    truth[..., 2:] += truth[..., :2] + 1
    summary = summarise([window_overlap(truth, truth, np.ones((6, 3), bool))])
    assert summary.mean_iou.value == pytest.approx(1)
    assert summary.survival.value == summary.success_75.value == 1
    assert summary.success_auc.value == pytest.approx(20 / 21, abs=1 / 21)


def test_order_of_objects_does_not_matter() -> None:
    data = np.random.default_rng(0).random((4, 7))
    data[1, 2:] = NAN
    a, b = window(data.tolist()), window(data[[2, 0, 3, 1]].tolist())
    assert summarise([a]).mean_iou.value == pytest.approx(summarise([b]).mean_iou.value)
    assert summarise([a]).survival == summarise([b]).survival


def test_nothing_to_average() -> None:
    summary = summarise([window([[NAN, NAN]])])
    assert summary.mean_iou.value is None
    assert summary.pairs == 0
    summary = summarise([window([[0.5]])])
    assert summary.mean_iou_moved.value is None
    text = json.dumps(summary.to_dict(), allow_nan=False)
    assert json.loads(text)["mean_iou"] == {"value": 0.5, "low": 0.5, "high": 0.5}


def test_resamples() -> None:
    with pytest.raises(ConfigError, match="resamples"):
        summarise([], resamples=0)
