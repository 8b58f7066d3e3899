"""mohart.metrics.calibration by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ShapeError
from mohart.metrics.calibration import (
    add_answers,
    count_answers,
    expected_calibration_error,
    reliability_table,
    state_shares,
)

NAN = np.nan


def example() -> dict[str, object]:
    """Two objects, three frames of which the first does not count."""
    confidence = np.array([[1, 1], [0.95, 0.05], [0.85, 0.25]], np.float32)
    state = np.array([["active"] * 2, ["active", "lost"], ["active", "predicted"]])
    overlap = np.array([[NAN, NAN], [0.8, 0.2], [0.3, NAN]])
    seen = np.array([[True, True], [True, True], [True, False]])
    return count_answers(confidence, state, overlap, seen)


def test_counts_by_hand() -> None:
    counts = example()
    # bins: 0.95 -> [0.9, 1], 0.05 -> [0, 0.1), 0.85 -> [0.8, 0.9), 0.25 -> [0.2, 0.3)
    assert counts["answers"] == [1, 0, 1, 0, 0, 0, 0, 0, 1, 1]
    assert counts["held"] == [0] * 9 + [1]  # an IoU of 0.3 is not above 0.3
    assert counts["confidence"] == pytest.approx([0.05, 0, 0.25, 0, 0, 0, 0, 0, 0.85, 0.95])
    assert counts["states"] == {
        "held": {"active": 1, "predicted": 0, "lost": 0},
        "astray": {"active": 1, "predicted": 0, "lost": 1},
        "hidden": {"active": 0, "predicted": 1, "lost": 0},
    }
    # gaps 0.05, 0.25, 0.85 and 0.05 with one answer each
    assert expected_calibration_error(counts) == pytest.approx((0.05 + 0.25 + 0.85 + 0.05) / 4)
    shares = state_shares(counts)
    assert shares["astray"] == {"answers": 2, "active": 0.5, "predicted": 0, "lost": 0.5}
    rows = reliability_table(counts)
    assert (rows[0]["low"], rows[9]["high"]) == (0, 1)
    assert rows[1] == {"low": 0.1, "high": 0.2, "answers": 0, "confidence": None, "held": None}
    assert (rows[9]["held"], rows[9]["confidence"]) == (1, pytest.approx(0.95))


def test_counts_add_up() -> None:
    both = add_answers([example(), example()])
    assert both["answers"] == [2 * n for n in example()["answers"]]
    assert both["states"]["astray"]["lost"] == 2
    assert expected_calibration_error(both) == pytest.approx(expected_calibration_error(example()))
    nothing = add_answers([])
    assert expected_calibration_error(nothing) is None
    assert state_shares(nothing)["held"] == {
        "answers": 0,
        "active": None,
        "predicted": None,
        "lost": None,
    }


def test_an_honest_tracker_has_a_small_error_and_a_boaster_a_large_one() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.random((2000, 10))
    overlap = np.where(rng.random(confidence.shape) < confidence, 0.9, 0.0)
    state, seen = np.full(confidence.shape, "active"), np.ones(confidence.shape, bool)
    honest = count_answers(confidence, state, overlap, seen)
    assert expected_calibration_error(honest) < 0.02
    boaster = count_answers(np.ones_like(confidence), state, overlap, seen)
    assert expected_calibration_error(boaster) == pytest.approx(0.5, abs=0.02)


def test_edges_of_the_bins() -> None:
    confidence = np.array([[1.0], [0.0], [1.0], [0.5], [0.49]])
    state, seen = np.full((5, 1), "active"), np.ones((5, 1), bool)
    counts = count_answers(confidence, state, np.ones((5, 1)), seen)
    assert counts["answers"] == [1, 0, 0, 0, 1, 1, 0, 0, 0, 1]


def test_shapes() -> None:
    with pytest.raises(ShapeError, match="overlap"):
        count_answers(
            np.ones((3, 2)), np.full((3, 2), "lost"), np.ones((3, 1)), np.ones((3, 2), bool)
        )
