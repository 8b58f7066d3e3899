"""`sort` and `bytetrack` on real detections against the numbers of the library `trackers`.

trackers_2.6.1.json was measured by tools/validate_baselines.py, which also measures it anew.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mohart.assembly import build_tracker
from mohart.formats.mot.tracks import read_mot
from mohart.metrics.evaluate import ScoredSequence, evaluate
from mohart.metrics.rules import MotRules
from mohart.structures import Tracks

REFERENCE = json.loads(Path(__file__).with_name("trackers_2.6.1.json").read_text())
FRAME = np.zeros((8, 8, 3), np.uint8)  # these trackers read no pixels


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sort", "bytetrack"])
@pytest.mark.parametrize(
    ("sequence", "folder", "benchmark", "length"),
    [
        ("PETS09-S2L1", "pets09-s2l1", "mot15", 795),
        ("MOT17-09-FRCNN", "mot17/MOT17-09-FRCNN", "mot17", 525),
    ],
)
def test_within_a_point_of_the_library(
    shared_data: Path, name: str, sequence: str, folder: str, benchmark: str, length: int
) -> None:
    detections = read_mot(shared_data / folder / "det" / "det.txt", kind="det")
    tracker = build_tracker(name)
    frames, ids, boxes = [], [], []
    for t in range(length):
        now = detections.at(t)
        rows = np.concatenate([now.boxes, now.confidence.clip(0, 1)[:, None]], 1)
        answer = tracker.update(FRAME, rows)
        seen = answer.select(answer.state == "active")
        frames.append(np.full(len(seen), t))
        ids.append(seen.tracker_id)
        boxes.append(seen.xyxy)
    results = Tracks.from_columns(
        np.concatenate(frames), np.concatenate(ids), np.concatenate(boxes)
    )
    truth = read_mot(shared_data / folder / "gt" / "gt.txt", benchmark=benchmark)  # type: ignore[arg-type]
    scored = ScoredSequence.from_tracks(sequence, truth, results, length=length)
    row = evaluate([scored], MotRules(benchmark)).rows[0]  # type: ignore[arg-type]
    expected = REFERENCE[name][sequence]
    for column in ("HOTA", "MOTA", "IDF1"):
        value = row.scores[column]
        assert value is not None
        assert abs(value - expected[column]) < 1, column
