"""mohart.synth.detections.boxes: single boxes, pairs, and boxes where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.synth.detections.boxes import (
    Clutter,
    best_of_overlapping,
    cut_to_seen,
    jittered,
    merged,
    part_of,
)


def test_jitter_is_relative_to_the_box() -> None:
    # centre (20, 30), size 20 x 40: moved by half a width and a quarter height, twice as wide
    box = jittered(np.array([[10.0, 10, 30, 50]]), np.array([[0.5, 0.25, np.log(2), 0]]))
    np.testing.assert_allclose(box, [[10, 20, 50, 60]])


def test_a_box_is_cut_on_the_side_of_the_object_in_front() -> None:
    behind, right, below = [0.0, 0, 20, 40], [10.0, 5, 30, 45], [1.0, 20, 21, 60]
    side = np.array([0.0, 0.0])
    seen = np.array([0.5, 1.0])
    cut = cut_to_seen(np.array([behind, right]), seen, side)
    np.testing.assert_allclose(cut, [[0, 0, 10, 40], right])
    cut = cut_to_seen(np.array([behind, below]), seen, side)
    np.testing.assert_allclose(cut, [[0, 0, 20, 20], below])


def test_scenery_in_front_cuts_on_the_objects_own_side() -> None:
    box = np.array([[0.0, 0, 20, 40]])
    seen = np.array([0.5])
    np.testing.assert_allclose(cut_to_seen(box, seen, np.array([1.0])), [[0, 0, 10, 40]])
    np.testing.assert_allclose(cut_to_seen(box, seen, np.array([-1.0])), [[10, 0, 20, 40]])
    np.testing.assert_allclose(cut_to_seen(box, seen, np.array([0.0])), [[0, 0, 20, 20]])
    # what can hardly be seen is not cut to nothing
    np.testing.assert_allclose(cut_to_seen(box, np.zeros(1), np.array([1.0])), [[0, 0, 7, 40]])


def test_part_of_a_box() -> None:
    boxes = np.array([[0.0, 0, 10, 100], [0.0, 0, 10, 100]])
    np.testing.assert_allclose(
        part_of(boxes, np.array([1, -1])), [[0, 0, 10, 55], [0, 40, 10, 100]]
    )


def test_merged_boxes_cover_both() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [2.0, 0, 12, 10], [50.0, 0, 60, 10]])  # IoU 8 / 12
    strength = np.array([1.0, 2.0, 1.0])
    joint, rows = merged(boxes, strength, np.array([True, False, True]), 0.5)
    assert rows.tolist() == [1, 2]
    np.testing.assert_allclose(joint[rows], [[0, 0, 12, 10], [50, 0, 60, 10]])
    assert merged(boxes, strength, np.zeros(3, bool), 0.5)[1].tolist() == [0, 1, 2]
    assert merged(boxes, strength, np.ones(3, bool), 0.7)[1].tolist() == [0, 1, 2]


def test_of_two_overlapping_boxes_the_better_stays() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [1.0, 0, 11, 10], [50.0, 0, 60, 10], [5.0, 5, 5, 9]])
    scores = np.array([0.5, 0.9, 0.1, 1.0])
    assert best_of_overlapping(boxes, scores, 0.7).tolist() == [1, 2]
    assert best_of_overlapping(boxes, scores, 0.9).tolist() == [0, 1, 2]
    assert best_of_overlapping(np.zeros((0, 4)), np.zeros(0), 0.7).tolist() == []


@pytest.mark.slow
def test_clutter_has_its_rate_and_stays_at_its_place() -> None:
    rng = np.random.default_rng(0)
    labelled = np.array([[0.0, 0, 20, 40]])
    passing = Clutter(rng, labelled, 640, 480, 2.0, 0.0)
    assert np.mean([len(passing.advance(rng, (0, 0, 0, 0))[0]) for _ in range(2000)]) > 1.8
    staying = Clutter(rng, labelled, 640, 480, 2.0, 0.72)
    counts, seen_again = [], []
    before = np.zeros((0, 4))
    for _ in range(2000):
        boxes, logits = staying.advance(rng, (0, 0, 0, 0))
        assert len(boxes) == len(logits)
        counts.append(len(boxes))
        seen_again += [bool((before == box).all(1).any()) for box in boxes]
        before = boxes
    assert 1.6 < np.mean(counts) < 2.4
    # there with 0.72 / 0.8 and shown with 0.8
    assert 0.65 < np.mean(seen_again) < 0.79


def test_no_labels_no_clutter() -> None:
    rng = np.random.default_rng(0)
    nothing = Clutter(rng, np.zeros((0, 4)), 640, 480, 2.0, 0.5)
    assert nothing.advance(rng, (0.1, 0.1, 0.1, 0.1))[0].shape == (0, 4)
