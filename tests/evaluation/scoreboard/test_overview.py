"""mohart.evaluation.scoreboard.overview: many videos, each weighing the same."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from mohart.evaluation.scoreboard.overview import build_overview, format_overview
from mohart.metrics.overlap.conditions import count_conditions
from mohart.metrics.overlap.counts import count_window
from mohart.metrics.overlap.window import window_overlap


def _content(shift: float, frames: int = 5) -> dict[str, Any]:
    """A result file: one object that stands still, a tracker that is `shift` sizes beside it."""
    truth = np.tile(np.array([10.0, 10, 30, 30]), (frames, 1, 1))
    boxes = truth + 20 * shift * np.array([1, 0, 1, 0])
    present = np.ones((frames, 1), bool)
    overlap = window_overlap(boxes, truth, present)
    fields = {
        **count_window(overlap),
        **count_conditions(boxes, truth, present, overlap.iou),
    }
    row = {"tracker": "t", "class": "object", "sequence": "w", "fields": fields}
    return {"rows": [row, {**row, "sequence": "COMBINED"}]}


def _results(shifts: dict[str, tuple[float, ...]], frames: tuple[int, ...]) -> dict[str, Any]:
    return {
        f"v{k}": {name: _content(values[k], frames[k]) for name, values in shifts.items()}
        for k in range(len(frames))
    }


def test_videos_weigh_the_same_however_long_they_are() -> None:
    results = _results({"mohart": (0.0, 1.0, 1.0), "csrt": (1.0, 0.0, 1.0)}, (100, 3, 3))
    overview = build_overview(results)
    assert overview is not None
    assert overview["trackers"]["mohart"]["mean"] == pytest.approx(1 / 3)
    assert overview["trackers"]["csrt"]["mean"] == pytest.approx(1 / 3)
    assert overview["against"]["csrt"]["difference"] == pytest.approx(0)


def test_wins_losses_and_interval() -> None:
    results = _results({"mohart": (0.0,) * 4, "csrt": (0.1, 0.1, 0.1, 0.0)}, (5, 5, 5, 5))
    overview = build_overview(results)
    assert overview is not None
    found = overview["against"]["csrt"]
    assert (found["ahead"], found["level"], found["behind"]) == (3, 1, 0)
    assert 0 < found["low"] < found["difference"] < found["high"]
    assert list(overview["trackers"]) == ["mohart", "csrt"]


def test_text_has_every_video_and_tracker() -> None:
    results = _results({"mohart": (0.0, 0.2, 0.4), "static": (0.5, 0.1, 0.3)}, (5, 5, 5))
    overview = build_overview(results)
    assert overview is not None
    json.dumps(overview, allow_nan=False)
    text = format_overview(overview)
    for word in ("v0", "v1", "v2", "mohart", "static", "mean", "centre error", "ahead"):
        assert word in text
    line = next(line for line in text.splitlines() if line.startswith("v0"))
    assert line.split() == ["v0", "1.000*", "0.333"]


def test_a_video_in_which_nobody_is_followed_weighs_nothing_and_is_named() -> None:
    results = _results({"mohart": (0.0, 0.2, 0.4), "static": (0.5, 0.1, 0.3)}, (5, 5, 5))
    with_empty = {**results, "empty": {name: _content(0.0, 1) for name in ("mohart", "static")}}
    overview = build_overview(with_empty)
    assert overview is not None
    expected = build_overview(results)
    assert expected is not None
    assert overview == {**expected, "left_out": ["empty"]}
    assert "left out, nobody is followed in them: empty" in format_overview(overview)
    assert "left out" not in format_overview(expected)


def test_no_overview_of_two_videos_and_none_against_a_missing_subject() -> None:
    assert build_overview(_results({"mohart": (0.0, 0.1)}, (5, 5))) is None
    overview = build_overview(_results({"csrt": (0.0,) * 3}, (5, 5, 5)))
    assert overview is not None
    assert overview["against"] == {}
    assert "against" not in format_overview(overview)
