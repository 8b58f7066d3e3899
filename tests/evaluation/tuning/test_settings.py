from __future__ import annotations

from dataclasses import fields

import pytest

from mohart.assembly.knobs import knob_ranges
from mohart.errors import ConfigError
from mohart.evaluation.tuning.settings import (
    Range,
    key_of,
    setting_of,
    single_changes,
    values_to_try,
)
from mohart.tracking.learned.knobs import Knobs


@pytest.mark.parametrize(
    ("knob", "values"),
    [
        (Range(0.85, 0.0, 1.0, False), [0.637, 0.887]),
        (Range(0.002, 0.0, 1.0, False), [0.001, 0.004]),  # tiny against its end
        (Range(3, 1, 10_000, True), [2, 6]),
        (Range(1, 1, 10_000, True), [2]),  # nothing below
        (Range(1.0, 0.0, 4.0, False), [0.75, 1.75]),
        (Range(0.0, 0.0, 4.0, False), [1.0]),
        (Range(-1.0, -100.0, 0.0, False), [-25.8, -0.75]),
    ],
)
def test_values_lie_on_both_sides_inside_the_range(knob: Range, values: list[float]) -> None:
    assert values_to_try(knob) == pytest.approx(values)


def test_every_value_that_is_tried_is_one_that_a_knob_may_have() -> None:
    ranges = {name: Range(*numbers) for name, numbers in knob_ranges().items()}
    assert set(ranges) == {one.name for one in fields(Knobs)}
    settings = single_changes(ranges, [])
    for setting in settings:
        Knobs(**setting)  # type: ignore[arg-type]
    assert {name for setting in settings for name in setting} == set(ranges)
    assert single_changes(ranges, ["recall"]) == [{"recall": 0.603}, {"recall": 0.848}]
    with pytest.raises(ConfigError, match="no knob 'recal'; did you mean 'recall'"):
        single_changes(ranges, ["recal"])


def test_a_setting_is_text_and_back() -> None:
    assert setting_of(key_of({"b": 1, "a": 0.5})) == {"a": 0.5, "b": 1}
    assert key_of({"b": 1, "a": 0.5}) == key_of({"a": 0.5, "b": 1})
