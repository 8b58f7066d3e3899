"""Logistic regression: from evidence to calibrated log odds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.errors import TrainingError, check_shape


def fit_odds(evidence: Floats, held: NDArray[np.bool_], *, ridge: float = 1e-3) -> Floats:
    """Weights w and offset b, such that sigmoid(evidence @ w + b) is the chance of `held`.

    Args:
        evidence: [K, F].
        held: [K].
        ridge: of the squared weights, so that separable data give finite ones.

    Returns:
        [F + 1], the offset last.

    Raises:
        TrainingError: all answers are alike, or the evidence is not finite.

    Source: Newton's method on the likelihood (Bishop 2006, sec. 4.3.3); as a calibration: Platt
    1999.
    """
    check_shape(evidence=(evidence, "K F"), held=(held, "K"))
    if held.all() or not held.any() or not np.isfinite(evidence).all():
        raise TrainingError(
            "calibration: expected finite evidence, with some answers held and some not"
        )
    columns = np.column_stack([evidence, np.ones(len(evidence))])
    scale = np.abs(columns).max(0).clip(min=1e-9)
    inputs, weights = columns / scale, np.zeros(columns.shape[1])
    for _ in range(100):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (held - chance) - ridge * weights
        curve = (inputs * (chance * (1 - chance))[:, None]).T @ inputs
        step = np.linalg.solve(curve + ridge * np.eye(len(weights)), slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    fitted: Floats = weights / scale
    return fitted
