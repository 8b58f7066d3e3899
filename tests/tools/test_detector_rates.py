"""tools/detector_rates.py: rates of detections whose errors are known."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from mohart.structures import Tracks

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("detector_rates")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # no drift without jitter
def test_rates_by_hand(tool: ModuleType) -> None:
    box = [10.0, 10, 30, 50]
    truth = Tracks.from_columns(
        range(8), [1] * 8, [box] * 8, visibility=[1, 1, 1, 1, 1, 1, 0.6, 0.1]
    )
    # missed in frames 2, 3 and 7, a false box in frames 4 and 5, there at the same place
    seen = [0, 1, 4, 5, 6]
    false = [[100.0, 10, 120, 50]] * 2
    found = Tracks.from_columns([*seen, 4, 5], [-1] * 7, [*[box] * 5, *false])
    rates = tool.rates(tool.put_together(truth, found))
    assert rates["recall"] == 5 / 8
    assert rates["precision"] == 5 / 7
    assert (rates["seen"], rates["half"], rates["hidden"]) == (4 / 6, 1, 0)
    # after a hit: 1 -> hit, 1 -> miss, 4 -> hit, 5 -> hit, 6 -> miss; after a miss: 3 miss, 4 hit
    assert rates["miss next"] == 2 / 5
    assert rates["miss again"] == 1 / 2
    assert rates["stays"] == 1 / 2
    assert rates["jitter x"] == 0


def test_jitter_is_relative(tool: ModuleType) -> None:
    boxes = np.tile([10.0, 10, 30, 50], (200, 1))
    truth = Tracks.from_columns(range(200), [1] * 200, boxes)
    shift = np.random.default_rng(0).normal(0, 1, (200, 1)) * [1, 0, 1, 0]  # of 20 pixels of width
    found = Tracks.from_columns(range(200), [-1] * 200, boxes + shift)
    with np.errstate(invalid="ignore"):
        rates = tool.rates(tool.put_together(truth, found))
    assert rates["jitter x"] == pytest.approx(0.05, rel=0.1)
    assert rates["y"] == pytest.approx(0)
