"""Who belongs to whom."""

import numpy as np
import pytest

from mohart.structures import Detections
from mohart.tracking.learned.association import (
    Tracked,
    affinity,
    assign,
    blame,
    cover,
    explained,
    find_duplicates,
    sift,
)

SETTINGS = {"min_overlap": 0.3, "sure": 0.5, "alike": 0.85}


def tracks(boxes: list[list[float]], **columns: object) -> Tracked:
    count = len(boxes)
    usual = {
        "visibility": np.ones(count),
        "hidden_frames": np.zeros(count, int),
        "looks": np.eye(4, dtype=np.float32)[:count],
        "class_id": np.full(count, -1),
    }
    return Tracked(np.array(boxes, float).reshape(-1, 4), **{**usual, **columns})  # type: ignore[arg-type]


def found(boxes: list[list[float]], scores: list[float] | None = None) -> Detections:
    count = len(boxes)
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(scores or [0.9] * count, np.float32),
        np.full(count, -1),
    )


LOOKS = np.eye(4, dtype=np.float32)
A, B, FAR = [0.0, 0, 10, 20], [4.0, 0, 14, 20], [100.0, 0, 110, 20]


def test_the_larger_overlap_wins_for_all_together() -> None:
    fits = affinity(tracks([A, B]), found([B, A]), LOOKS[[1, 0]], **SETTINGS)
    rows, columns = assign(fits)
    assert dict(zip(rows, columns, strict=True)) == {0: 1, 1: 0}


def test_without_overlap_there_is_no_pair() -> None:
    fits = affinity(tracks([A]), found([FAR]), LOOKS[:1], **SETTINGS)
    assert fits.tolist() == [[0.0]]
    assert len(assign(fits)[0]) == 0


@pytest.mark.parametrize(("score", "fit"), [(0.9, True), (0.3, False)])
def test_a_weak_detection_needs_half_an_overlap(score: float, fit: bool) -> None:
    near = [4.0, 0, 14, 20]  # IoU with A: 6 / 14 = 0.43
    fits = affinity(tracks([A]), found([near], [score]), LOOKS[:1], **SETTINGS)
    assert bool(fits[0, 0] > 0) is fit


@pytest.mark.parametrize(
    ("hidden", "look", "fit"),
    [(0, 0, False), (20, 0, True), (1, 0, False), (20, 1, False)],
    ids=["seen elsewhere", "hidden", "hidden just now", "looks different"],
)
def test_a_hidden_track_is_found_nearby_by_its_looks(hidden: int, look: int, fit: bool) -> None:
    beside = [20.0, 0, 30, 20]  # 20 px away, 1.41 sizes of sqrt(200)
    who = tracks([A], visibility=np.array([0.1]), hidden_frames=np.array([hidden]))
    fits = affinity(who, found([beside]), LOOKS[look : look + 1], **SETTINGS)
    assert bool(fits[0, 0] > 0) is fit


def test_a_hidden_track_does_not_take_what_a_seen_one_explains() -> None:
    who = tracks(
        [A, [14.0, 0, 24, 20]],
        visibility=np.array([1.0, 0.1]),
        hidden_frames=np.array([0, 20]),
        looks=LOOKS[[0, 0]],
    )
    rows, columns = assign(affinity(who, found([A]), LOOKS[:1], **SETTINGS))
    assert (rows.tolist(), columns.tolist()) == ([0], [0])


def test_another_class_is_a_reason_against_but_no_bar() -> None:
    seen = Detections(np.array([A, A], np.float32), np.ones(2, np.float32), np.array([1, 2]))
    fits = affinity(tracks([A], class_id=np.array([1])), seen, LOOKS[[0, 0]], **SETTINGS)
    assert fits[0, 0] > fits[0, 1] > 0


def test_a_hidden_track_of_another_class_is_not_found_again() -> None:
    beside = np.array([[20.0, 0, 30, 20]], np.float32)
    who = tracks(
        [A], visibility=np.array([0.1]), hidden_frames=np.array([20]), class_id=np.array([1])
    )
    for class_id, fit in ((1, True), (-1, True), (2, False)):
        seen = Detections(beside, np.ones(1, np.float32), np.array([class_id]))
        assert bool(affinity(who, seen, LOOKS[:1], **SETTINGS)[0, 0] > 0) is fit


@pytest.mark.parametrize(("n", "m"), [(0, 0), (0, 2), (2, 0)])
def test_nobody_and_nothing(n: int, m: int) -> None:
    fits = affinity(tracks([A, B][:n]), found([A, B][:m]), LOOKS[:m], **SETTINGS)
    assert fits.shape == (n, m)
    assert len(assign(fits)[0]) == 0


def test_the_best_of_the_same_stays() -> None:
    seen = found([A, [0.0, 0, 10, 19], FAR, [0.0, 0, 10, 18]], [0.5, 0.9, 0.8, 0.6])
    assert find_duplicates(seen, 0.8).tolist() == [1, -1, -1, 1]


def test_cover_is_the_share_of_the_first() -> None:
    np.testing.assert_allclose(cover(np.array([A]), np.array([B, FAR])), [[0.6, 0]])


def test_a_missing_detection_says_less_of_who_is_hidden_and_more_of_a_twin() -> None:
    boxes = np.array([A, [0.0, 8, 10, 20], [0.0, 1, 10, 20], FAR, FAR])
    fed = np.array([True, False, False, False, False])
    seen = np.array([True, True, True, True, False])
    # under the fed one (IoU 0.6 at most), its twin, in full view, not seen
    assert blame(boxes, fed, seen)[1:].tolist() == [0.3, 2.0, 1.0, 0.3]
    assert blame(boxes, ~fed & False, seen).tolist() == [1, 1, 1, 1, 0.3]


def test_a_box_on_a_track_or_around_it_is_explained() -> None:
    tracks = np.array([FAR, A])
    boxes = np.array([[2.0, 2, 8, 18], [-1.0, -2, 11, 22], [5.0, 0, 15, 20]])
    assert explained(boxes, tracks).tolist() == [1, 1, -1]
    assert explained(boxes, tracks[:0]).tolist() == [-1, -1, -1]


def test_what_is_not_used_has_a_reason() -> None:
    seen = found([A, [0.0, 0, 10, 19], FAR, [5.0, 5, 5, 9]], [0.5, 0.9, 0.05, 0.9])
    kept, why = sift(seen, 0.1, 0.8)
    assert kept.tolist() == [1]
    assert why.tolist() == ["the same as detection 1", "", "score below 0.1", "has no area"]
