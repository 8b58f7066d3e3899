"""mohart.tracking.baselines.static."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.tracking.baselines.static import StaticTracker

FRAME = np.zeros((48, 64, 3), np.uint8)


def test_box_stays_and_confidence_halves() -> None:
    tracker = StaticTracker(half_life_frames=2)
    tracker.init(FRAME, [[1, 2, 30, 40]])
    answers = [tracker.update(FRAME) for _ in range(7)]
    assert all(a.xyxy.tolist() == [[1, 2, 30, 40]] for a in answers)
    np.testing.assert_allclose(
        [a.confidence[0] for a in answers], 0.5 ** (np.arange(1, 8) / 2), rtol=1e-6
    )
    # 0.5^(6/2) = 0.125 is above 0.1, 0.5^(7/2) = 0.088 is not
    assert [str(a.state[0]) for a in answers] == ["predicted"] * 6 + ["lost"]


def test_bad_half_life() -> None:
    with pytest.raises(ConfigError, match="half_life"):
        StaticTracker(0)


def test_somebody_is_added() -> None:
    tracker, frame = StaticTracker(), np.zeros((48, 64, 3), np.uint8)
    tracker.init(frame, [[1, 1, 20, 20]], [2**63 - 1])
    assert tracker.add(frame, [[5, 5, 20, 20]]).tracker_id.tolist() == [2**63 - 1, 1]
    with pytest.raises(ConfigError, match="1 is followed already"):
        tracker.add(frame, [[5, 5, 20, 20]], [1])
