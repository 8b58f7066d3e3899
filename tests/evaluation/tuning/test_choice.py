from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.evaluation.tuning.choice import Scores, choose, combinations, tune
from mohart.evaluation.tuning.settings import DEFAULTS, Setting, key_of

ALL = np.arange(6)


def scores(**gains: list[float]) -> Scores:
    """Gains of changes of one knob, named like a2: knob a, value 2."""
    found = {DEFAULTS: np.full(6, 50.0)}
    for name, values in gains.items():
        found[key_of({name[0]: float(name[1])})] = 50.0 + np.array(values)
    return found


def test_the_best_is_chosen_if_it_is_surely_better() -> None:
    known = scores(a1=[1, 1, 2, 1, 1, 2], b1=[9, -8, 9, -8, 9, -8], c1=[0.5] * 6)
    assert choose(known, ALL) == key_of({"a": 1.0})  # b is better on average, by chance
    assert choose(scores(a1=[-1.0] * 6), ALL) == DEFAULTS
    assert choose(scores(), ALL) == DEFAULTS
    assert choose(known, np.array([0, 2, 4])) == key_of({"b": 1.0})


def test_what_helps_by_itself_is_tried_together_in_the_order_of_its_gain() -> None:
    known = scores(a1=[1] * 6, a2=[3] * 6, b1=[2] * 6, c1=[-1] * 6, d1=[1.5] * 6)
    assert combinations(known, ALL) == [
        {"a": 2.0, "b": 1.0},
        {"a": 2.0, "b": 1.0, "d": 1.0},
    ]
    assert combinations(scores(a1=[1] * 6), ALL) == []


def test_the_gain_on_videos_held_out_is_that_of_a_choice_made_without_them() -> None:
    gains = {
        DEFAULTS: np.zeros(6),
        key_of({"a": 1}): np.array([4.0, 0, 4, 0, 4, 0]),  # good on the first fold alone
        key_of({"b": 1}): np.array([1.0, 1.5, 1, 1.5, 1, 1.5]),
    }
    asked = []

    def measure(settings: Sequence[Setting]) -> Scores:
        asked.append([key_of(setting) for setting in settings])
        both = {key: gains.get(key, np.full(6, -5.0)) for key in asked[-1]}
        return {key: 50 + value for key, value in both.items()}

    tuned = tune([{"a": 1}, {"b": 1}], measure, videos=6, folds=2)
    assert asked[0] == [DEFAULTS, key_of({"a": 1}), key_of({"b": 1})]
    first, second = tuned.folds  # held out: 0 2 4, then 1 3 5
    assert (first.setting, first.gain, first.held_out_gain) == ({"b": 1}, 1.5, 1.0)
    assert (second.setting, second.gain, second.held_out_gain) == ({"a": 1}, 4.0, 0.0)
    assert tuned.held_out_gain == 0.5
    assert tuned.interval[0] <= 0.5 <= tuned.interval[1]
    assert tuned.setting in ({"a": 1}, {"b": 1})
    assert tuned.gain == pytest.approx(2.0)


@pytest.mark.parametrize("folds", [1, 7])
def test_there_has_to_be_something_to_hold_out(folds: int) -> None:
    with pytest.raises(ConfigError, match=f"expected 2 to 6, the number of videos, got {folds}"):
        tune([], lambda settings: scores(), videos=6, folds=folds)
