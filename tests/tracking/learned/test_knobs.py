"""Every knob has a range that holds its default."""

from dataclasses import fields

import pytest

from mohart.errors import ConfigError
from mohart.tracking.learned.knobs import RULES, STRICT, STRICT_ALIKE, STRICT_FRAMES, Knobs, leaving


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


def test_leaving_tightens_knobs_of_ones_own_and_keeps_the_others() -> None:
    own = Knobs(recall=0.6, alike=0.95, remember_frames=40)
    assert leaving(knobs=own) == (RULES, own)
    strict = leaving("strict", knobs=own)
    assert strict == (STRICT, own)  # is stricter already
    loose = leaving("strict", knobs=Knobs(recall=0.6)).knobs
    assert loose == Knobs(recall=0.6, alike=STRICT_ALIKE, remember_frames=STRICT_FRAMES)
    assert leaving("never", knobs=own).knobs == Knobs(recall=0.6, alike=0.95, remember_frames=0)
    assert leaving(end_after=7, knobs=own).knobs.remember_frames == 7
