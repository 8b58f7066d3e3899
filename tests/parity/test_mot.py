"""`eval mot` equals TrackEval's own pipeline on the same files, to 1e-9 in every field."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mohart.boxes import pairwise_iou
from mohart.evaluation.files.input import load_mot
from mohart.evaluation.files.scoring import score
from mohart.formats.mot.tracks import read_mot

Crowds = tuple[dict[str, Path], dict[str, Path]]
Check = Callable[..., Any]


@pytest.mark.parametrize("benchmark", ["mot15", "mot16", "mot17", "mot20"])
def test_generated_crowds(
    tmp_path: Path, crowds: Crowds, trackeval_mot: Check, assert_equal: Check, benchmark: str
) -> None:
    truths, results = crowds
    files = load_mot(tmp_path / "truth", tmp_path / "results", benchmark=benchmark)
    assert files.errors == []
    scores = score(files).scores
    assert_equal(scores, trackeval_mot(benchmark, truths, results, dict.fromkeys(truths, 42)))
    if benchmark != "mot15":
        assert scores.row("pedestrian").ignored["result on a distractor"] > 50


def test_mot20_takes_out_one_class_more(tmp_path: Path, crowds: Crowds) -> None:
    folders = tmp_path / "truth", tmp_path / "results"
    ignored = {
        benchmark: score(load_mot(*folders, benchmark=benchmark)).scores.row("pedestrian").ignored
        for benchmark in ("mot17", "mot20")
    }
    rule = "result on a distractor"
    assert ignored["mot17"][rule] < ignored["mot20"][rule]


@pytest.mark.parametrize("empty", ["truth", "results"])
def test_a_sequence_without_rows_on_one_side(
    tmp_path: Path, crowds: Crowds, trackeval_mot: Check, assert_equal: Check, empty: str
) -> None:
    truths, results = crowds
    (truths if empty == "truth" else results)["MOT20-02"].write_text("")
    files = load_mot(tmp_path / "truth", tmp_path / "results")
    assert files.errors == []
    reference = trackeval_mot("mot20", truths, results, dict.fromkeys(truths, 42))
    assert_equal(score(files).scores, reference)


@pytest.mark.parametrize("name", ["TUD-Campus", "TUD-Stadtmitte"])
def test_tud(shared_data: Path, trackeval_mot: Check, assert_equal: Check, name: str) -> None:
    folder = shared_data / "mot15" / name
    truth, results = folder / "gt.txt", folder / "test.txt"
    files = load_mot(truth, results)
    assert (files.errors, files.sequences[0].name) == ([], name)
    length = files.sequences[0].length
    reference = trackeval_mot("mot15", {name: truth}, {name: results}, {name: length})
    assert_equal(score(files).scores, reference)


def track_greedily(detections: Path) -> str:
    """Result rows of a small tracker: every track takes the free detection it overlaps most."""
    found = read_mot(detections, kind="det")
    last: dict[int, tuple[int, np.ndarray]] = {}
    rows = []
    for t in range(int(found.frame.max()) + 1):
        boxes = found.at(t).boxes
        alive = [n for n, (seen, _) in last.items() if t - seen <= 8]
        previous = np.array([last[n][1] for n in alive]).reshape(-1, 4)
        overlap = pairwise_iou(previous, boxes)
        identity = np.full(len(boxes), -1)
        for place in np.argsort(-overlap, axis=None, kind="stable"):
            track, box = divmod(int(place), len(boxes))
            if overlap[track, box] < 0.4:
                break
            if identity[box] < 0 and alive[track] not in identity:
                identity[box] = alive[track]
        for box in np.flatnonzero(identity < 0):
            identity[box] = len(last) + 1
            last[len(last) + 1] = (t, boxes[box])
        for n, (x1, y1, x2, y2) in zip(identity.tolist(), boxes.tolist(), strict=True):
            last[n] = (t, np.array([x1, y1, x2, y2]))
            rows.append(f"{t + 1},{n},{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},1,-1,-1,-1\n")
    return "".join(rows)


@pytest.mark.slow
def test_mot17_with_a_tracker_on_its_public_detections(
    shared_data: Path, tmp_path: Path, trackeval_mot: Check, assert_equal: Check
) -> None:
    folders = sorted((shared_data / "mot17").iterdir())
    assert len(folders) == 7
    truths = {folder.name: folder / "gt" / "gt.txt" for folder in folders}
    results = {name: tmp_path / "mine" / f"{name}.txt" for name in truths}
    (tmp_path / "mine").mkdir()
    for folder in folders:
        results[folder.name].write_text(track_greedily(folder / "det" / "det.txt"))
    files = load_mot(shared_data / "mot17", tmp_path / "mine")
    assert files.errors == []
    assert files.rules.protocol().benchmark == "mot17"
    scores = score(files).scores
    combined = scores.row("pedestrian")
    assert combined.fields["GT_Dets"] == 112297  # as published
    assert combined.ignored["result on a distractor"] > 1000
    lengths = {sequence.name: sequence.length for sequence in files.sequences}
    assert_equal(scores, trackeval_mot("mot17", truths, results, lengths))
