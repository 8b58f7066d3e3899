from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mohart.ablation.statistics import Estimate, estimate, t_quantile
from mohart.errors import ConfigError, ShapeError

# from the tables of Student's t, two-sided 5 %
TABLE = {1: 12.706, 2: 4.303, 4: 2.776, 10: 2.228, 30: 2.042, 120: 1.980}


@pytest.mark.parametrize("freedom", TABLE)
def test_quantiles_are_those_of_the_tables(freedom: int) -> None:
    assert t_quantile(freedom) == pytest.approx(TABLE[freedom], abs=6e-4)


def test_mean_and_spread_by_hand() -> None:
    # sequence 0 has two objects, sequence 1 has one: every object weighs the same
    values = np.array([[0.2, 0.4, 0.9], [0.4, 0.6, 1.1]])
    found = estimate(values, np.array([0, 0, 1]))
    assert found.value == pytest.approx(0.6)  # seed means 0.5 and 0.7
    assert found.spread == pytest.approx(0.2 / np.sqrt(2))
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.6 < found.high


def test_where_only_the_seeds_differ_the_interval_is_the_t_interval() -> None:
    by_seed = np.array([0.50, 0.52, 0.55, 0.49, 0.54])
    found = estimate(np.repeat(by_seed[:, None], 40, 1), np.arange(40))
    half = TABLE[4] * by_seed.std(ddof=1) / np.sqrt(5)
    assert found.high == pytest.approx(by_seed.mean() + half, rel=0.01)
    assert found.low == pytest.approx(by_seed.mean() - half, rel=0.05)


def test_where_only_the_sequences_differ_seeds_do_not_widen_it() -> None:
    values = np.random.default_rng(0).normal(0, 1, 50)
    found = estimate(np.repeat(values[None], 2, 0), np.arange(50))
    half = 2.01 * values.std(ddof=1) / np.sqrt(50)
    assert found.high is not None
    assert found.high - found.value == pytest.approx(half, rel=0.06)


def test_objects_of_one_sequence_are_not_taken_as_independent() -> None:
    by_sequence = np.random.default_rng(0).normal(0, 1, 20)
    together = estimate(np.repeat(by_sequence, 10)[None], np.repeat(np.arange(20), 10))
    apart = estimate(np.repeat(by_sequence, 10)[None], np.arange(200))
    assert together.high is not None
    assert apart.high is not None
    assert together.high - together.value > 2.5 * (apart.high - apart.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seeds", "sigma_seed", "sigma_sequence", "sigma_rest"),
    [(5, 0.02, 0.0, 0.02), (3, 0.02, 0.05, 0.02), (5, 0.0, 0.1, 0.02), (5, 0.01, 0.01, 0.05)],
)
def test_95_of_100_intervals_hold_the_truth(
    seeds: int, sigma_seed: float, sigma_sequence: float, sigma_rest: float
) -> None:
    rng = np.random.default_rng(4)
    trials, count = 100, 16
    held = 0
    for _ in range(trials):
        values = 0.3 + rng.normal(0, sigma_rest, (seeds, count))
        values += rng.normal(0, sigma_seed, (seeds, 1)) + rng.normal(0, sigma_sequence, count)
        found = estimate(values, np.arange(count))
        assert found.low is not None
        assert found.high is not None
        held += found.low < 0.3 < found.high
    assert held / trials >= 0.88  # 3 sigma below 0.95; a little too wide is allowed


def test_the_same_numbers_give_the_same_interval() -> None:
    values = np.random.default_rng(1).normal(0, 1, (4, 30))
    where = np.repeat(np.arange(10), 3)
    assert estimate(values, where) == estimate(values.copy(), where.copy())


def test_one_training_on_one_sequence_has_no_interval() -> None:
    found = estimate(np.array([[0.5, 0.7]]), np.array([0, 0]))
    assert found == Estimate(pytest.approx(0.6), None, None, None)
    assert not found.excludes_zero
    assert not found.within(10)


def test_equal_numbers_have_an_interval_of_no_width() -> None:
    found = estimate(np.zeros((3, 4)), np.arange(4))
    assert (found.low, found.high) == (0, 0)
    assert not found.excludes_zero
    assert found.within(0.01)


@pytest.mark.parametrize(
    ("low", "high", "excludes", "within"),
    [
        (0.1, 0.2, True, False),
        (-0.2, -0.1, True, False),
        (-0.005, 0.004, False, True),
        (0.001, 0.002, True, True),
        (-0.02, 0.004, False, False),
    ],
)
def test_what_an_interval_says(low: float, high: float, excludes: bool, within: bool) -> None:
    shown = Estimate((low + high) / 2, 0.0, low, high)
    assert (shown.excludes_zero, shown.within(0.01)) == (excludes, within)


@pytest.mark.parametrize(
    ("values", "where", "error"),
    [
        (np.zeros((2, 3)), np.zeros(2, np.int64), ShapeError),
        (np.zeros((2, 0)), np.zeros(0, np.int64), ConfigError),
        (np.zeros((0, 2)), np.zeros(2, np.int64), ConfigError),
    ],
)
def test_errors(
    values: NDArray[np.float64], where: NDArray[np.int64], error: type[Exception]
) -> None:
    with pytest.raises(error):
        estimate(values, where)
