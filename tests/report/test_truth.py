"""Errors in rows, and quality over time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mohart.evaluation.files.scoring import SequenceEvents
from mohart.metrics.evaluate import ScoredSequence
from mohart.metrics.events import find_events
from mohart.metrics.rules import PlainRules
from mohart.report.truth import check_size, group_errors, load_truth, over_time
from mohart.structures import Tracks


def sequence() -> ScoredSequence:
    """One object; missed in 3, 4 and 6, with a ghost in 6 and 7, another id from 8 on."""
    frames = np.arange(10)
    boxes = np.stack([frames * 2.0, frames * 0 + 5.0, frames * 2.0 + 20, frames * 0 + 35.0], -1)
    seen = ~np.isin(frames, (3, 4, 6))
    ids = np.where(frames < 8, 1, 2)
    mine = Tracks.from_columns(
        [*frames[seen], 6, 7],
        [*ids[seen], 5, 5],
        [*(boxes[seen] + [4, 0, 4, 0]), *boxes[[6, 7]] + 90],
    )
    return ScoredSequence.from_tracks("a", Tracks.from_columns(frames, ids * 0 + 1, boxes), mine)


def test_errors_that_follow_each_other_are_one_row() -> None:
    one = sequence()
    kept = PlainRules().apply(one.truth, one.results, "object")
    events = find_events(kept)
    part = SequenceEvents(class_name="object", sequence="a", length=10, events=events)
    rows = group_errors([part], "a")
    assert [(r.kind, r.first, r.last, r.count, r.truth_id, r.result_id) for r in rows] == [
        ("miss", 3, 4, 2, 1, -1),
        ("false_positive", 6, 7, 2, -1, 5),
        ("miss", 6, 6, 1, 1, -1),
        ("switch", 8, 8, 1, 1, 2),
    ]
    assert rows[3].previous_id == 1
    assert rows[0].box_at(0).tolist() == rows[0].boxes[0].tolist()
    assert rows[0].box_at(99).tolist() == [8, 5, 28, 35]
    for kind in ("false_positive", "miss", "switch"):
        assert sum(r.count for r in rows if r.kind == kind) == events.count(kind)  # type: ignore[arg-type]
    assert group_errors([part], "another") == []


def test_iou_over_time() -> None:
    found = over_time(sequence(), PlainRules())
    assert found.truths.tolist() == [1] * 10
    assert found.matched.tolist() == [1, 1, 1, 0, 0, 1, 0, 1, 1, 1]
    assert np.isnan(found.iou[3])
    assert found.iou[0] == pytest.approx(16 / 24)


def test_a_few_boxes_may_leave_the_frame() -> None:
    truth = sequence().truth
    check_size(truth, Path("gt.txt"), "a", 64, 48)
    check_size(truth.select(slice(0, 0)), Path("gt.txt"), "a", 64, 48)


def test_truth_with_the_classes_of_mot_is_scored_as_such(tmp_path: Path) -> None:
    header = "frame,track_id,x1,y1,x2,y2,class_id,class_name\n"
    rows = "".join(f"{t},1,5,5,25,45,1,pedestrian\n{t},2,40,5,60,45,3,car\n" for t in range(4))
    (tmp_path / "gt.csv").write_text(header + rows)
    mine = "".join(f"{t},1,5,5,25,45,1,\n{t},2,40,5,60,45,3,\n" for t in range(4))
    (tmp_path / "mine.csv").write_text(header + mine)
    files = load_truth(tmp_path / "gt.csv", tmp_path / "mine.csv", name="v")
    assert files.rules.protocol().benchmark == "mot17"
    kept = files.rules.apply(files.sequences[0].truth, files.sequences[0].results, "pedestrian")
    assert len(kept.truth) == 4
    plain = (tmp_path / "gt.csv").read_text().replace("pedestrian", "dog").replace("car", "cat")
    (tmp_path / "gt.csv").write_text(plain)
    files = load_truth(tmp_path / "gt.csv", tmp_path / "mine.csv", name="v")
    assert files.rules.protocol().benchmark == "mot15"


def test_lost_rows_of_a_table_are_not_scored(tmp_path: Path) -> None:
    (tmp_path / "gt.csv").write_text("frame,track_id,x1,y1,x2,y2\n0,1,5,5,25,45\n1,1,5,5,25,45\n")
    (tmp_path / "mine.csv").write_text(
        "frame,track_id,x1,y1,x2,y2,state\n0,1,5,5,25,45,active\n1,1,5,5,25,45,lost\n"
    )
    files = load_truth(tmp_path / "gt.csv", tmp_path / "mine.csv", name="v")
    assert files.sequences[0].results.frame.tolist() == [0]


def test_folders_of_kitti_and_mot(tmp_path: Path) -> None:
    rows = "".join(f"{t} 3 Car 0 0 0 10 10 90 90 1 2 3 4 5 6 7\n" for t in range(6))
    for name in ("label_02/0000.txt", "0000.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(rows)
    files = load_truth(tmp_path / "label_02", tmp_path / "0000.txt", name="v")
    assert files.rules.protocol().benchmark == "kitti"
    assert files.errors == []
    truth = tmp_path / "SEQ" / "gt" / "gt.txt"
    truth.parent.mkdir(parents=True)
    truth.write_text("1,1,5,5,9,9,1,1,1\n")
    (tmp_path / "mine.txt").write_text("1,1,5,5,9,9,0.5,-1,-1,-1\n")
    files = load_truth(tmp_path / "SEQ", tmp_path / "mine.txt", name="v")
    assert (files.sequences[0].name, files.errors) == ("SEQ", [])
