"""tools/more_looks.py: what is counted of false boxes, and how rates are compared."""

from __future__ import annotations

import importlib.util
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mohart.structures import Detections, Tracks
from mohart.tracking.baselines.presets import IouTracker

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("more_looks", ROOT / "tools" / "more_looks.py")
assert SPEC is not None
assert SPEC.loader is not None
more_looks = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(more_looks)


def one_frame(*boxes: list[float]) -> Tracks:
    count = len(boxes)
    return Tracks.from_columns(np.zeros(count, int), np.arange(count) + 1, np.array(boxes))


def test_kinds_of_false_boxes() -> None:
    truth = one_frame([0, 0, 20, 40], [100, 0, 120, 40])
    said = one_frame(
        [0, 0, 20, 40],  # right
        [1, 0, 21, 40],  # the same object again
        [100, 0, 120, 100],  # IoU 0.4 with an object without box
        [200, 0, 220, 40],  # nothing, just reported
        [300, 0, 320, 40],  # nothing, and nobody says it
    )
    silent = np.array([0, 0, 0, 1, more_looks.LATELY])
    found = more_looks.false_boxes(more_looks.Followed(said, silent, 0.0), truth, 1)
    assert found == {"double": 1, "near": 1, "alarm": 1, "ghost": 1}


def scene(name: str) -> Any:
    frames = np.zeros((12, 60, 80, 3), np.uint8)
    boxes = [[2.0 * t, 10, 2.0 * t + 20, 50] for t in range(12)]
    truth = Tracks.from_columns(np.arange(12), np.ones(12, int), np.array(boxes))
    found = [
        Detections(np.array([b], np.float32), np.ones(1, np.float32), np.full(1, -1)) for b in boxes
    ]
    return more_looks.Scene(name, frames, truth, found)


def test_looks_without_a_detection_are_counted_when_the_detector_is_asked() -> None:
    quiet = scene("quiet")._replace(
        detections=[
            d if t < 4 else d.select(np.zeros(0, int)) for t, d in enumerate(scene("a").detections)
        ]
    )
    followed = more_looks.follow(IouTracker(), quiet, 1)
    assert followed.silent[followed.tracks.frame < 4].max() == 0
    assert len(followed.tracks)


@pytest.mark.slow
def test_the_table_the_law_and_an_earlier_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(more_looks, "scenes", lambda *_: iter([scene("a"), scene("b")]))
    args = Namespace(validation=True, sequences=2, frames=12, work=Path("unused"))
    measured = [more_looks.measure(IouTracker(), every, args) for every in (1, 5)]
    lines = more_looks.table(measured).splitlines()
    assert lines[0].split()[:2] == ["every", "HOTA"]
    assert lines[1].split()[0] == "1"
    (told,) = more_looks.law(measured)
    assert told.startswith("HOTA every 1 minus every 5: +")  # it says nothing between
    again = more_looks.against(measured, measured)
    assert "HOTA +0.00 (+0.00 to +0.00)" in again[0]
