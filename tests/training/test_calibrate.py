"""Logistic regression."""

import numpy as np
import pytest

from mohart.errors import TrainingError
from mohart.training.calibrate import fit_odds


def test_the_true_weights_are_found() -> None:
    rng = np.random.default_rng(0)
    evidence = rng.normal(0, 1, (200_000, 2)) * [1, 10]
    odds = evidence @ [1.5, -0.1] - 0.7
    held = rng.random(len(odds)) < 1 / (1 + np.exp(-odds))
    np.testing.assert_allclose(fit_odds(evidence, held), [1.5, -0.1, -0.7], atol=0.03)


def test_the_mean_chance_is_the_share_that_held() -> None:
    """The likelihood's slope in the offset is zero there, whatever the evidence is worth."""
    rng = np.random.default_rng(1)
    evidence, held = rng.random((1000, 3)) ** 3, rng.random(1000) < 0.8
    *weights, offset = fit_odds(evidence, held)
    chance = 1 / (1 + np.exp(-(evidence @ weights + offset)))
    assert chance.mean() == pytest.approx(held.mean(), abs=1e-4)


def test_separable_data_give_finite_weights() -> None:
    weights = fit_odds(np.array([[-1.0], [1.0]]), np.array([False, True]))
    assert np.isfinite(weights).all()
    assert weights[0] > 1


@pytest.mark.parametrize(
    ("evidence", "held"),
    [([[1.0], [2.0]], [True, True]), ([[np.nan], [1.0]], [True, False])],
)
def test_nothing_to_learn_from(evidence: list[list[float]], held: list[bool]) -> None:
    with pytest.raises(TrainingError, match="calibration: expected finite evidence"):
        fit_odds(np.array(evidence), np.array(held))
