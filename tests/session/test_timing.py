"""mohart.session.timing."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.session.timing import Stages, StageTimes


def test_percentiles_are_within_the_width_of_a_bin() -> None:
    times = StageTimes()
    seconds = np.random.default_rng(0).lognormal(-5, 1, 20_000)
    for value in seconds:
        times.add(float(value))
    for percent in (5, 50, 95):
        expected = 1e3 * np.percentile(seconds, percent)
        assert times.percentile_ms(percent) == pytest.approx(expected, rel=0.012)
    assert times.to_dict()["mean_ms"] == pytest.approx(1e3 * seconds.mean(), rel=1e-3)


@pytest.mark.parametrize("seconds", [0.0, 1e-12, 1e9])
def test_extreme_times(seconds: float) -> None:
    times = StageTimes()
    times.add(seconds)
    assert times.percentile_ms(50) is not None


def test_empty_and_raising() -> None:
    stages = Stages("work")

    def fail() -> None:
        with stages.measure("work"):
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert stages.to_dict() == {
        "work": {"seconds": 0, "count": 0, "mean_ms": None, "p50_ms": None, "p95_ms": None}
    }
