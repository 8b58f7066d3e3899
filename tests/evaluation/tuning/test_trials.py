from __future__ import annotations

from pathlib import Path

import pytest

from mohart.errors import ConfigError, FormatError
from mohart.evaluation.tuning.trials import Trials

FACTS: dict[str, object] = {"weights": "abc", "every": 1}


def test_what_was_tried_is_known_again_also_behind_a_line_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    trials = Trials(path, FACTS)
    assert trials.get("{}", "one") is None
    trials.put("{}", "one", 51.5)
    trials.put('{"recall": 0.7}', "one", 52.0)
    with path.open("a") as file:
        file.write('{"setting": "{}", "vid')
    again = Trials(path, FACTS)
    assert len(again) == 2
    assert again.get("{}", "one") == 51.5
    again.put("{}", "two", 40.0)
    assert Trials(path, FACTS).get("{}", "two") == 40.0


def test_trials_of_something_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    Trials(path, FACTS)
    with pytest.raises(ConfigError, match="of other videos, detections, weights or options"):
        Trials(path, {**FACTS, "every": 5})
    path.write_text(path.read_text() + '{"setting": "{}"}\n')
    with pytest.raises(FormatError, match=r"trials\.jsonl:2: no trial"):
        Trials(path, FACTS)
