"""The table per object, and objects in one place."""

from __future__ import annotations

import numpy as np

from mohart.session.tally import KEPT, Tally, format_rows
from mohart.structures import TrackedObjects


def said(*rows: tuple[int, str, float, float]) -> TrackedObjects:
    """(id, state, confidence, left) -> a box of 10 x 20 there."""
    return TrackedObjects(
        np.array([[x, 0, x + 10, 20] for *_, x in rows], np.float32).reshape(-1, 4),
        np.array([row[0] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float32),
        np.array([row[1] for row in rows], "<U9"),
    )


def test_frames_are_counted_by_state_and_doubt() -> None:
    tally = Tally()
    story = [
        *[("active", 0.9)] * 5,  # frames 1 to 5
        *[("active", 0.4)] * 2,
        *[("predicted", 0.3)] * 3,
        *[("lost", 0.1)] * 4,
        *[("active", 0.8)] * 6,  # from frame 15
    ]
    for number, (state, sure) in enumerate(story):
        tally.add(number, said((7, state, sure, 0)))
    tally.add(20, said((3, "active", 1.0, 50)))
    assert tally.rows() == [
        {
            "id": 3,
            "first": 21,
            "last": 21,
            "active": 1,
            "predicted": 0,
            "lost": 0,
            "returns": 0,
            "doubtful": [],
        },
        {
            "id": 7,
            "first": 1,
            "last": 20,
            "active": 13,
            "predicted": 3,
            "lost": 4,
            "returns": 1,
            "doubtful": [[6, 10], [15, 15]],
        },
    ]
    assert len(tally) == 2
    assert format_rows(tally.rows()) == [
        "id  frames  active  predicted  lost  doubtful",
        " 3   21-21       1          0     0",
        " 7    1-20      13          3     4  6-10, 15",
    ]
    assert format_rows([]) == []


def test_the_longest_doubts_are_kept() -> None:
    tally, frame = Tally(), 0
    for length in range(1, KEPT + 6):
        for state in ["predicted"] * length + ["active"]:
            tally.add(frame, said((1, state, 0.9, 0)))
            frame += 1
    (row,) = tally.rows()
    assert len(row["doubtful"]) == KEPT
    assert min(b - a + 1 for a, b in row["doubtful"]) == 6


def test_objects_in_one_place_are_told() -> None:
    tally = Tally(every=2)
    for number in range(0, 80, 2):
        near = 1.0 if 20 <= number < 40 else 30.0
        brief = 1.0 if number == 60 else 60.0
        tally.add(
            number,
            said(
                (1, "active", 0.9, 0),
                (2, "active", 0.9, near),
                (3, "active", 0.9, brief),
                (4, "lost", 0.9, 0),
            ),
        )
    (told,) = tally.shared()
    assert told.startswith("objects 1 and 2 share a place in frames 21 to 39: ")


def test_a_copy_stays_as_it_was() -> None:
    tally = Tally()
    tally.add(0, said((1, "predicted", 0.9, 0)))
    kept = tally.copy()
    tally.add(1, said((1, "predicted", 0.9, 0)))
    assert kept.rows()[0]["doubtful"] == [[1, 1]]
    assert tally.rows()[0]["doubtful"] == [[1, 2]]
