from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from mohart.boxes import pairwise_iou
from mohart.metrics import association
from mohart.metrics.association import assign, best_pairs, overlaps
from mohart.metrics.labels import Labels


def random_labels(seed: int, rows: int, frames: int = 9) -> Labels:
    generator = np.random.default_rng(seed)
    low = generator.integers(0, 40, (rows, 2)).astype(float)
    boxes = np.concatenate([low, low + generator.integers(0, 30, (rows, 2))], 1)
    return Labels.from_columns(generator.integers(0, frames, rows), np.arange(rows), boxes)


def test_iou_of_every_pair_of_a_frame() -> None:
    truth, results = random_labels(0, 40), random_labels(1, 50)
    found = overlaps(truth, results)
    for f, frame in enumerate(found.frame):
        a, b = truth.boxes[truth.frame == frame], results.boxes[results.frame == frame]
        np.testing.assert_allclose(found.matrix(f), pairwise_iou(a, b), atol=1e-15)
    assert sum(found.matrix(f).size for f in range(len(found.frame))) == len(found.iou)


def test_frames_with_one_side_only() -> None:
    truth = Labels.from_columns([0, 2], [1, 1], [[0, 0, 9, 9]] * 2)
    results = Labels.from_columns([2, 5], [1, 1], [[0, 0, 9, 9]] * 2)
    found = overlaps(truth, results)
    assert found.frame.tolist() == [0, 2, 5]
    assert [found.matrix(f).shape for f in range(3)] == [(1, 0), (1, 1), (0, 1)]
    assert found.iou.tolist() == [1]


def test_boxes_without_area_overlap_nothing() -> None:
    truth = Labels.from_columns([0, 0], [1, 2], [[5, 5, 5, 9], [0, 0, 10, 10]])
    results = Labels.from_columns([0, 0, 0], [1, 2, 3], [[5, 5, 5, 9], [9, 9, 0, 0], [8, 5, 3, 7]])
    assert overlaps(truth, results).iou.tolist() == [0] * 6


def test_nothing_at_all() -> None:
    found = overlaps(Labels.empty(), Labels.empty())
    assert len(found.iou) == len(found.frame) == 0
    assert [len(rows) for rows in assign(found, 0.5)] == [0, 0]


def test_kept_rows() -> None:
    truth, results = random_labels(2, 30), random_labels(3, 30)
    generator = np.random.default_rng(0)
    masks = generator.random(30) < 0.6, generator.random(30) < 0.6
    kept = overlaps(truth, results).keep(*masks)
    again = overlaps(truth.select(masks[0]), results.select(masks[1]))
    np.testing.assert_array_equal(kept.iou, again.iou)
    for f, frame in enumerate(again.frame):
        place = int(np.searchsorted(kept.frame, frame))
        np.testing.assert_array_equal(kept.matrix(place), again.matrix(f))


@pytest.mark.parametrize("seed", range(5))
def test_best_pairs_are_those_of_the_hungarian_algorithm(seed: int) -> None:
    truth, results = random_labels(seed, 60), random_labels(seed + 9, 60)
    found = overlaps(truth, results)
    expected = []
    for f in range(len(found.frame)):
        rows, columns = linear_sum_assignment(-found.matrix(f))
        real = found.matrix(f)[rows, columns] > 0
        expected += zip(
            (rows[real] + found.truth_start[f]).tolist(),
            (columns[real] + found.result_start[f]).tolist(),
            strict=True,
        )
    pairs = best_pairs(found, found.iou)
    assert list(zip(*(rows.tolist() for rows in pairs), strict=True)) == expected


def test_assignment_counts_pairs_below_the_threshold_as_nothing() -> None:
    truth = Labels.from_columns([0, 0], [1, 2], [[0, 0, 10, 10], [4, 0, 14, 10]])
    results = Labels.from_columns([0, 0], [1, 2], [[1, 0, 11, 10], [30, 0, 40, 10]])
    # IoU 9/11 and 7/13: the first wins, the second has nobody else
    assert [rows.tolist() for rows in assign(overlaps(truth, results), 0.5)] == [[0], [0]]
    assert [rows.tolist() for rows in assign(overlaps(truth, results), 0.9)] == [[], []]


def test_work_in_chunks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, results = random_labels(5, 80), random_labels(6, 80)
    masks = np.arange(80) % 3 > 0, np.arange(80) % 4 > 0
    whole = overlaps(truth, results)
    monkeypatch.setattr(association, "CHUNK_PAIRS", 70)
    parts = overlaps(truth, results)
    assert len(list(parts.chunks())) > 3
    np.testing.assert_array_equal(parts.iou, whole.iou)
    np.testing.assert_array_equal(parts.keep(*masks).iou, whole.keep(*masks).iou)
    for a, b in zip(assign(parts, 0.3), assign(whole, 0.3), strict=True):
        np.testing.assert_array_equal(a, b)
