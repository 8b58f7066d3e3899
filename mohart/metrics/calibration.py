"""Calibration (reliability diagram, expected calibration error): confidences against what happened.

Conventions: an *answer* is one object in one frame after the first. It is *held* where the object
can be seen and the tracker's box overlaps it, *astray* where it can be seen and the box is
elsewhere, *hidden* where it cannot be seen. A calibrated confidence of 0.8 is held in 80 % of the
answers. Counts are dicts of numbers and lists, so that sets of answers add up.

Source: expected calibration error: Naeini et al. 2015; bins of equal width as in Guo et al. 2017.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.errors import check_shape
from mohart.structures import ACTIVE, LOST, PREDICTED

BINS = 10
HELD_ABOVE = 0.3  # IoU
SITUATIONS = ("held", "astray", "hidden")
STATES = (ACTIVE, PREDICTED, LOST)


def count_answers(
    confidence: NDArray[Any],
    state: NDArray[np.str_],
    overlap: NDArray[np.float64],
    seen: NDArray[np.bool_],
) -> dict[str, Any]:
    """Counts of one window; every argument is [T, N], answers begin at t = 1.

    Args:
        confidence: in [0, 1].
        state: `active`, `predicted` or `lost`.
        overlap: IoU of the tracker's box with the true one; not read where the object is not seen.
        seen: whether the object can be seen.

    Returns:
        `answers`, `confidence` and `held`, each [10]: number of answers, sum of confidences and
        number of held answers by confidence, in bins [0, 0.1), [0.1, 0.2), ... with 1 in the
        last; `states`: situation -> state -> number of answers.

    Raises:
        ShapeError: the shapes differ.
    """
    check_shape(
        confidence=(confidence, "T N"),
        state=(state, "T N"),
        overlap=(overlap, "T N"),
        seen=(seen, "T N"),
    )
    sure, said, visible = confidence[1:].astype(np.float64), state[1:], seen[1:].astype(bool)
    held = visible & (np.where(visible, overlap[1:], 0) > HELD_ABOVE)
    bins = np.clip((sure * BINS).astype(np.int64), 0, BINS - 1).ravel()
    situations = zip(SITUATIONS, (held, visible & ~held, ~visible), strict=True)
    return {
        "answers": np.bincount(bins, minlength=BINS).tolist(),
        "confidence": np.bincount(bins, sure.ravel(), minlength=BINS).tolist(),
        "held": np.bincount(bins[held.ravel()], minlength=BINS).tolist(),
        "states": {
            name: {word: int((said[rows] == word).sum()) for word in STATES}
            for name, rows in situations
        },
    }


def add_answers(counts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts of several windows together; zeros for none."""
    total: dict[str, Any] = {
        name: np.sum([c[name] for c in counts], axis=0).tolist() if counts else [0] * BINS
        for name in ("answers", "confidence", "held")
    }
    total["states"] = {
        name: {word: sum(c["states"][name][word] for c in counts) for word in STATES}
        for name in SITUATIONS
    }
    return total


def expected_calibration_error(counts: Mapping[str, Any]) -> float | None:
    """Mean |share of held answers - mean confidence| over the bins, weighted by their answers.

    Returns:
        In [0, 1]; None without answers.
    """
    total = sum(counts["answers"])
    gaps = np.abs(np.array(counts["held"], float) - np.array(counts["confidence"], float))
    return float(gaps.sum() / total) if total else None


def reliability_table(counts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per bin: `low`, `high`, `answers`, mean `confidence`, share `held` (or None)."""
    rows = []
    for n in range(BINS):
        answers = counts["answers"][n]
        means = {
            name: counts[name][n] / answers if answers else None for name in ("confidence", "held")
        }
        rows.append({"low": n / BINS, "high": (n + 1) / BINS, "answers": answers, **means})
    return rows


def state_shares(counts: Mapping[str, Any]) -> dict[str, dict[str, float | int | None]]:
    """Situation -> number of `answers`, and the share of each state among them (or None)."""
    found: dict[str, dict[str, float | int | None]] = {}
    for name, states in counts["states"].items():
        answers = sum(states.values())
        shares = {word: n / answers if answers else None for word, n in states.items()}
        found[name] = {"answers": answers, **shares}
    return found
