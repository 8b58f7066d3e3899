"""mohart.metrics.overlap.counts: sums that give the same scores as the boxes themselves."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mohart.metrics.overlap.counts import (
    count_window,
    draw_windows,
    overlap_scores,
    stack_counts,
    sum_counts,
    weigh_counts,
)
from mohart.metrics.overlap.window import WindowOverlap, survived

NAN = np.nan


def random_windows(count: int = 6) -> list[WindowOverlap]:
    """Windows of different length with gaps, objects that are never lost and objects that are."""
    rng = np.random.default_rng(0)
    made = []
    for n in range(count):
        iou = rng.beta(1.5, 1, (8 + n, 1 + n % 4))
        iou[rng.random(iou.shape) < 0.2] = NAN
        iou[0] = NAN
        made.append(WindowOverlap(iou, np.isfinite(iou) & (rng.random(iou.shape) < 0.5)))
    return made


def test_counts_by_hand() -> None:
    # two objects, t = 0 ... 3; the second has no truth at t = 2
    iou = np.array([[NAN, NAN], [0.8, 0.5], [0.05, NAN], [0.6, 1.0]])
    moved = np.array([[0, 0], [0, 1], [0, 0], [1, 0]], bool)
    counts = count_window(WindowOverlap(iou, moved))
    assert counts["iou"] == pytest.approx(2.95)
    assert counts["moved_iou"] == pytest.approx(1.1)
    whole = {name: counts[name] for name in ("objects", "pairs", "moved_pairs", "survived")}
    assert whole == {"objects": 2, "pairs": 5, "moved_pairs": 2, "survived": 3}
    assert (counts["success_50"], counts["success_75"]) == (3, 2)
    assert counts["success"][:2] == [5, 4]  # IoU 0.05 is above 0, not above 0.05
    assert counts["success"][-1] == 0
    assert counts["pairs_at"] == [0, 2, 1, 2]
    np.testing.assert_allclose(counts["iou_at"], [0, 1.3, 0.05, 1.6])
    assert json.loads(json.dumps(counts, allow_nan=False)) == counts


def test_ratios_of_sums_are_the_means_over_all_pairs() -> None:
    windows = random_windows()
    pairs = np.concatenate([w.iou[np.isfinite(w.iou)] for w in windows])
    moved = np.concatenate([w.iou[w.moved] for w in windows])
    alive = np.concatenate([survived(w.iou)[np.isfinite(w.iou)] for w in windows])
    expected = {
        "IoU": pairs.mean(),
        "moved": moved.mean(),
        "succ@.5": (pairs > 0.5).mean(),
        "succ@.75": (pairs > 0.75).mean(),
        "AUC": np.mean([(pairs > n / 20).mean() for n in range(21)]),
        "survival": alive.mean(),
    }
    together = sum_counts([count_window(window) for window in windows])
    found = overlap_scores({name: np.asarray(value) for name, value in together.items()})
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(value, abs=1e-9), name


def test_counts_add_up_in_any_grouping() -> None:
    counts = [count_window(window) for window in random_windows()]
    whole = sum_counts(counts)
    parts = sum_counts([sum_counts(counts[:2]), sum_counts(counts[2:])])
    assert whole["pairs"] == parts["pairs"]
    assert isinstance(whole["pairs"], int)
    assert whole["success"] == parts["success"]
    np.testing.assert_allclose(whole["iou_at"], parts["iou_at"])
    assert len(whole["iou_at"]) == 13


def test_drawn_windows_are_the_same_as_repeated_windows() -> None:
    counts = [count_window(window) for window in random_windows(3)]
    weights = np.array([[2.0, 0.0, 1.0]])
    drawn = weigh_counts(stack_counts(counts), weights)
    repeated = stack_counts([counts[0], counts[0], counts[2]])
    assert drawn["pairs"] == repeated["pairs"].sum()
    np.testing.assert_allclose(drawn["success"][0], repeated["success"].sum(0))
    np.testing.assert_allclose(drawn["iou_at"][0, :10], repeated["iou_at"].sum(0))


def test_draws() -> None:
    weights = draw_windows(7, seed=1, resamples=200)
    assert weights.shape == (200, 7)
    assert set(weights.sum(1)) == {7.0}
    np.testing.assert_array_equal(weights, draw_windows(7, seed=1, resamples=200))
    assert (weights != draw_windows(7, seed=2, resamples=200)).any()
    assert draw_windows(0, seed=0, resamples=3).shape == (3, 0)


def test_nothing_to_average_is_nan() -> None:
    empty = count_window(WindowOverlap(np.full((3, 1), NAN), np.zeros((3, 1), bool)))
    found = overlap_scores({name: np.asarray(value) for name, value in empty.items()})
    assert np.isnan([float(value) for value in found.values()]).all()


def test_damaged_counts() -> None:
    good = count_window(random_windows(1)[0])
    with pytest.raises(KeyError, match="survived"):
        stack_counts([{name: value for name, value in good.items() if name != "survived"}])
    with pytest.raises(ValueError, match="reshape"):
        stack_counts([{**good, "success": [1, 2]}])
