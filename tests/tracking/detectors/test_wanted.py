from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.regions import Zone
from mohart.structures import Detections
from mohart.tracking.detectors.wanted import OTHERS, Wanted

NAMES = {0: "person", 2: "car"}
ZONE = Zone("screen", np.array([[0, 0], [50, 0], [50, 50], [0, 50]], float))


def found(*rows: tuple[float, float, float, int]) -> Detections:
    """Detections by place of the centre, score and class."""
    boxes = [[x - 5, y - 5, x + 5, y + 5] for x, y, _, _ in rows]
    return Detections(
        np.array(boxes, np.float32),
        np.array([row[2] for row in rows], np.float32),
        np.array([row[3] for row in rows], np.int64),
    )


def test_a_score_for_every_class() -> None:
    some = found((0, 0, 0.4, 0), (0, 0, 0.6, 0), (0, 0, 0.4, 2), (0, 0, 0.2, 2), (0, 0, 0.4, 7))
    rules = Wanted.from_names(NAMES, score={"person": 0.5, OTHERS: 0.3})
    assert rules.why(some).tolist() == ["score below 0.5", "", "", "score below 0.3", ""]
    only = Wanted.from_names(NAMES, score={"car": 0.3})
    assert only.why(some).tolist() == ["", "", "", "score below 0.3", ""]
    assert rules.to_dict(NAMES) == {
        "score": 0.3,
        "classes": None,
        "score_by_class": {"person": 0.5},
    }


def test_what_lies_in_an_ignored_region_by_its_centre_is_kept_back() -> None:
    rules = Wanted.from_names(NAMES, ignored=[ZONE])
    why = rules.why(found((20, 20, 1, 0), (52, 20, 1, 0), (49, 49, 1, 2)))
    assert why.tolist() == ["in ignored region screen", "", "in ignored region screen"]
    assert rules.to_dict(NAMES)["ignored"] == {"screen": ZONE.points.tolist()}


def test_nothing_wanted_in_particular_keeps_all() -> None:
    rules = Wanted.from_names({})
    assert rules.why(found((20, 20, 0.01, 5))).tolist() == [""]
    assert rules.to_dict({}) == {"score": None, "classes": None}
    assert rules.why(Detections.empty()).shape == (0,)


def test_unknown_classes_and_scores_out_of_range() -> None:
    with pytest.raises(ConfigError, match="no class 'persn'; did you mean 'person'"):
        Wanted.from_names(NAMES, score={"persn": 0.5})
    with pytest.raises(ConfigError, match=r"expected 0 to 1, got 1\.5"):
        Wanted.from_names(NAMES, score={"person": 1.5})
