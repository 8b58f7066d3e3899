"""tools/keyframe_curve.py: IoU over boxes drawn, with a tracker that stays where it is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from mohart.formats.mot.tracks import read_mot
from mohart.tracking.baselines.static import StaticTracker

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "datasets" / "samples" / "synth-0080"
SPEC = importlib.util.spec_from_file_location(
    "keyframe_curve", ROOT / "tools" / "keyframe_curve.py"
)
assert SPEC is not None
assert SPEC.loader is not None
curve = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(curve)


def test_between_keyframes_a_line_and_behind_the_last_one_its_box() -> None:
    boxes, drawn = np.zeros((5, 1, 4)), np.zeros((5, 1), bool)
    boxes[0, 0], boxes[2, 0] = [0, 0, 10, 10], [4, 2, 14, 20]
    boxes[3:, 0] = 99  # what is not drawn is not looked at
    drawn[[0, 2]] = True
    found = curve.interpolate(boxes, drawn)[:, 0].tolist()
    assert found == [[0, 0, 10, 10], [2, 1, 12, 15], *[[4.0, 2, 14, 20]] * 3]


@pytest.mark.slow
def test_more_boxes_more_overlap(tmp_path: Path) -> None:
    truth = read_mot(SAMPLE / "gt" / "gt.txt")
    scores = {
        plan: curve.measure(SAMPLE, truth, curve.PLANS[plan], 21, StaticTracker())
        for plan in ("1", "2", "3")
    }
    assert [scores[plan]["boxes"] for plan in scores] == [1, 2, 3]
    for way in curve.WAYS:
        assert scores["1"][way] < scores["3"][way]
    # a box that stays is a box that stays, drawn once
    assert scores["1"]["interpolated"] == pytest.approx(scores["1"]["forwards"], abs=1e-6)
    assert scores["1"]["forwards"] == scores["1"]["both ways"]
    assert scores["2"]["both ways"] > scores["2"]["forwards"]
    lines = curve.table({"sample": {**scores, "every 50": scores["1"]}}).splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["1", "2", "3"]
    assert lines[2].split()[1] == "2.0"
    curve.draw({"sample": {**scores, "every 50": scores["1"]}}, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
