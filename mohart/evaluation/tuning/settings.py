"""Settings to be tried: changes of knobs, one at a time, then those together that helped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mohart.errors import ConfigError, did_you_mean

Setting = Mapping[str, float]
DEFAULTS = "{}"  # key of the setting that changes nothing
SMALL = 50  # a default below the upper end divided by this is changed by factors


class Range(NamedTuple):
    """A knob.

    Attributes:
        default: its value where nobody says anything.
        low: smallest value.
        high: largest value.
        whole: whether it is a whole number.
    """

    default: float
    low: float
    high: float
    whole: bool


def key_of(setting: Setting) -> str:
    """A setting as text, the same for the same changes.

    >>> key_of({"recall": 0.7, "confirm": 2.0})
    '{"confirm": 2.0, "recall": 0.7}'
    """
    return json.dumps(dict(setting), sort_keys=True)


def setting_of(key: str) -> dict[str, float]:
    """The other way round."""
    found: dict[str, float] = json.loads(key)
    return found


def values_to_try(knob: Range) -> list[float]:
    """Values on both sides of the default, inside the range.

    A quarter of the way to either end; where the default is tiny against the upper end (frames, a
    drift), half of it and twice as much.

    >>> values_to_try(Range(0.4, 0.0, 1.0, False)), values_to_try(Range(15, 1, 10_000, True))
    ([0.3, 0.55], [8, 30])
    """
    if 0 < knob.default < knob.high / SMALL and knob.low >= 0:
        tried = [knob.default / 2, knob.default * 2]
    else:
        low = max(knob.low, knob.default - (knob.high - knob.low))  # of ranges without an end
        tried = [knob.default + 0.25 * (end - knob.default) for end in (low, knob.high)]
    inside = [min(max(value, knob.low), knob.high) for value in tried]
    rounded = [float(f"{value:.3g}") for value in inside]
    found = [int(value + 0.5) if knob.whole else value for value in rounded]
    return [value for value in dict.fromkeys(found) if value != knob.default]


def single_changes(knobs: Mapping[str, Range], wanted: Sequence[str]) -> list[Setting]:
    """One knob changed at a time.

    Args:
        knobs: all there are.
        wanted: names of those that may change; empty: all.

    Raises:
        ConfigError: one is not known.
    """
    for name in wanted:
        if name not in knobs:
            raise ConfigError(f"no knob '{name}'{did_you_mean(name, knobs)}")
    return [{name: value} for name in (wanted or knobs) for value in values_to_try(knobs[name])]
