"""Calibrated sight."""

import numpy as np
import pytest

from mohart.errors import CheckpointError
from mohart.tracking.learned.sight import Calibration, running_mean


def test_without_a_calibration_the_network_is_believed() -> None:
    logit = np.array([-2.0, 0.0, 3.0])
    sure = Calibration().probability(logit, np.zeros(3), np.ones(3))
    np.testing.assert_allclose(sure, 1 / (1 + np.exp(-logit)))


def test_the_evidence_is_weighed() -> None:
    """1 * 2 + 0.5 * 4 + 10 * 0.8 - 12 = 0: even odds."""
    weighed = Calibration(logit=1, mean=0.5, looks=10, offset=-12)
    assert weighed.probability(np.array([2.0]), np.array([4.0]), np.array([0.8])) == 0.5


def test_one_frame_does_not_outweigh_all_others() -> None:
    extreme = Calibration().probability(np.array([1e9, -1e9]), np.zeros(2), np.zeros(2))
    np.testing.assert_allclose(extreme, [1 / (1 + np.exp(-8)), 1 / (1 + np.exp(6))])
    mean = running_mean(np.array([5.0]), np.array([-1e9]))
    np.testing.assert_allclose(mean, 5 + 0.2 * (-6 - 5))


def test_from_a_header() -> None:
    assert Calibration.from_header(None, "w") == Calibration()
    said = {"logit": 1, "mean": 2, "looks": 3, "offset": -4}
    assert Calibration.from_header(said, "w") == Calibration(logit=1, mean=2, looks=3, offset=-4)


@pytest.mark.parametrize("said", [{"slope": 1}, {"logit": "much"}, [1, 2], {"logit": None}])
def test_a_damaged_header_is_named(said: object) -> None:
    with pytest.raises(CheckpointError, match=r"w\.safetensors: its calibration is damaged"):
        Calibration.from_header(said, "w.safetensors")
