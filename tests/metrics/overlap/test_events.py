"""mohart.metrics.overlap.events by hand."""

from __future__ import annotations

import numpy as np

from mohart.metrics.overlap.events import find_overlap_events
from mohart.metrics.overlap.window import survived

NAN = np.nan


def events(*objects: list[float]) -> list[tuple[int, int, str, int]]:
    """(t, object, kind, last t with IoU > 0.5); the objects' IoU at t = 1, 2, ..."""
    overlap = np.array([[NAN, *values] for values in objects]).T
    found = find_overlap_events(overlap)
    np.testing.assert_array_equal(found.iou, overlap[found.frame, found.object])
    columns = (found.frame, found.object, found.kind, found.previous)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_a_held_object_has_no_events() -> None:
    assert events([0.9, 0.51, NAN, 0.6]) == []
    assert len(find_overlap_events(np.zeros((5, 0)))) == 0


def test_every_change_once() -> None:
    # 0.5 is low, 0.1 still low, 0.09 lost; 0.3 in passing is no event, 0.51 recovers
    course = [0.8, 0.5, 0.1, 0.09, 0.0, 0.3, 0.05, 0.51, 0.2]
    assert events(course) == [
        (2, 0, "low", 1),
        (4, 0, "lost", 1),
        (8, 0, "recovered", 1),
        (9, 0, "low", 8),
    ]


def test_lost_at_once_and_recovered_behind_a_gap() -> None:
    assert events([NAN, 0.0, NAN, NAN, 0.7]) == [(2, 0, "lost", 0), (5, 0, "recovered", 0)]


def test_sorted_by_frame_then_object() -> None:
    assert events([0.9, 0.0], [0.4, 0.0]) == [
        (1, 1, "low", 0),
        (2, 0, "lost", 1),
        (2, 1, "lost", 0),
    ]


def test_the_first_loss_is_where_survival_ends() -> None:
    rng = np.random.default_rng(0)
    overlap = rng.beta(1, 1, (30, 40))
    overlap[rng.random(overlap.shape) < 0.3] = NAN
    overlap[0] = NAN
    found = find_overlap_events(overlap)
    ends = survived(overlap)
    for n in range(overlap.shape[1]):
        lost = found.frame[(found.object == n) & (found.kind == "lost")]
        expected = np.flatnonzero(np.isfinite(overlap[:, n]) & ~ends[:, n])
        assert (lost[0] if len(lost) else None) == (expected[0] if len(expected) else None)
