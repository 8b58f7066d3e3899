"""Every knob has a range that holds its default."""

from dataclasses import fields

import pytest

from mohart.errors import ConfigError
from mohart.tracking.learned.knobs import Knobs


def test_every_knob_is_documented_and_has_a_range_around_its_default() -> None:
    for one in fields(Knobs):
        low, high = one.metadata["range"]
        assert low <= one.default <= high, one.name
        assert low < high
        assert f"        {one.name}: " in str(Knobs.__doc__)
        for end in (low, high):
            Knobs(**{one.name: type(one.default)(end)})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"recall": 1.0}, r"recall: expected a number from 0\.01 to 0\.99, got 1\.0"),
        ({"alike": -0.1}, "alike: expected a number from 0 to 1"),
        ({"search_frames": 2.5}, "search_frames: expected a whole number from 1 to 10000"),
        ({"min_score": "much"}, "min_score: expected a number from 0 to 1, got 'much'"),
        ({"drift": float("nan")}, "drift: expected a number"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(changed: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Knobs(**changed)
