"""Events by hand, and as many of each kind as CLEAR counts."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.metrics.counting import count_sequence
from mohart.metrics.events import find_events
from mohart.metrics.filtering import Filtered, unfiltered
from mohart.metrics.labels import Labels


def labels(*rows: tuple[int, int, float]) -> Labels:
    """Rows of frame, id, left; boxes of 10 x 10."""
    frames, ids, lefts = np.array(rows, float).reshape(-1, 3).T
    corners = np.stack([lefts, 0 * lefts, lefts + 10, 0 * lefts + 10], 1)
    return Labels.from_columns(frames, ids, corners)


def random_sequence(seed: int) -> Filtered:
    generator = np.random.default_rng(seed)
    sides = []
    for ids in (6, 9):
        rows = [
            (t, n, 12 * (n % 6) + float(generator.normal(0, 3)))
            for t in range(60)
            for n in range(ids)
            if t % 17 and generator.random() < 0.7
        ]
        sides.append(labels(*rows))
    return unfiltered(*sides)


@pytest.mark.parametrize("seed", range(8))
def test_as_many_as_clear_counts(seed: int) -> None:
    kept = random_sequence(seed)
    events, fields = find_events(kept), count_sequence(kept, 60)
    names = {
        "false_positive": "CLR_FP",
        "miss": "CLR_FN",
        "switch": "IDSW",
        "fragmentation": "Frag",
    }
    counts = {kind: events.count(kind) for kind in names}  # type: ignore[arg-type]
    assert counts == {kind: fields[name] for kind, name in names.items()}
    assert min(counts.values()) > 5
    assert (np.diff(events.frame) >= 0).all()


def test_one_of_each_by_hand() -> None:
    truth = labels((0, 1, 0), (1, 1, 0), (2, 1, 0), (3, 1, 0), (2, 2, 50))
    results = labels((0, 8, 0), (1, 8, 7), (2, 9, 1), (3, 9, 0), (2, 5, 58))
    events = find_events(unfiltered(truth, results))
    rows = {
        (kind, frame, a, b, previous, before, round(iou, 3))
        for kind, frame, a, b, previous, before, iou in zip(
            events.kind.tolist(),
            events.frame.tolist(),
            events.truth_id.tolist(),
            events.result_id.tolist(),
            events.previous_id.tolist(),
            events.previous_frame.tolist(),
            events.iou.tolist(),
            strict=True,
        )
    }
    assert rows == {
        ("miss", 1, 1, -1, -1, -1, round(3 / 17, 3)),
        ("false_positive", 1, -1, 8, -1, -1, round(3 / 17, 3)),
        ("switch", 2, 1, 9, 8, 0, round(9 / 11, 3)),
        ("fragmentation", 2, 1, 9, -1, 0, round(9 / 11, 3)),
        ("miss", 2, 2, -1, -1, -1, round(2 / 18, 3)),
        ("false_positive", 2, -1, 5, -1, -1, round(2 / 18, 3)),
    }
    box = events.boxes[(events.kind == "miss") & (events.frame == 2)]
    assert box.tolist() == [[50, 0, 60, 10]]  # of the truth


def test_frames_without_results_do_not_break_a_track() -> None:
    truth = labels(*((t, 1, 0) for t in range(5)))
    results = labels((0, 8, 0), (4, 8, 0))
    kept = unfiltered(truth, results)
    assert find_events(kept).count("fragmentation") == count_sequence(kept, 5)["Frag"] == 0


@pytest.mark.parametrize("sides", [(0, 0), (0, 1), (1, 0)])
def test_empty_sides(sides: tuple[int, int]) -> None:
    made = [labels((3, 1, 0)) if side else Labels.empty() for side in sides]
    events = find_events(unfiltered(*made))
    assert [events.count("miss"), events.count("false_positive")] == list(sides)
    assert len(events) == sum(sides)
