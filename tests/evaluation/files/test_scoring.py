from __future__ import annotations

from pathlib import Path

import pytest

from mohart.evaluation.files.input import load_mot
from mohart.evaluation.files.scoring import event_columns, score


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    truth, mine = tmp_path / "truth", tmp_path / "mine"
    for folder in (truth, mine):
        folder.mkdir()
    for name in ("A", "B"):
        rows = [f"{t},1,{9 * t},0,40,80,1,-1,-1,-1\n" for t in range(1, 9)]
        (truth / f"{name}.txt").write_text("".join(rows))
        (mine / f"{name}.txt").write_text("".join(rows[:3] + rows[4:]).replace("6,1,", "6,2,"))
    return truth, mine


def test_scores_events_and_summary(folders: tuple[Path, Path]) -> None:
    scored = score(load_mot(*folders), tracker="me", with_events=True, with_motmetrics=True)
    row = scored.scores.row("pedestrian")
    assert (row.tracker, row.scores["FN"], row.scores["IDSW"]) == ("me", 2, 4)
    assert [(e.sequence, e.class_name, e.length) for e in scored.events] == [
        ("A", "pedestrian", 8),
        ("B", "pedestrian", 8),
    ]
    assert scored.summaries["pedestrian"]["A"]["num_misses"] == 1
    assert any("no seqinfo.ini" in note for note in scored.scores.notes)


def test_only_what_is_asked_for(folders: tuple[Path, Path]) -> None:
    scored = score(load_mot(*folders))
    assert (scored.events, scored.summaries) == ((), {})
    assert scored.scores.row("pedestrian").tracker == "mine"


def test_event_columns_count_frames_as_the_files_do(folders: tuple[Path, Path]) -> None:
    scored = score(load_mot(*folders), with_events=True)
    columns = event_columns(scored.events, 1)
    rows = list(zip(*columns.values(), strict=True))
    assert len({len(values) for values in columns.values()}) == 1
    first = dict(zip(columns, rows[0], strict=True))
    assert first == {
        "sequence": "A",
        "class": "pedestrian",
        "frame": 4,
        "event": "miss",
        "truth_id": 1,
        "result_id": None,
        "previous_id": None,
        "previous_frame": None,
        "x1": 36.0,
        "y1": 0.0,
        "x2": 76.0,
        "y2": 80.0,
        "iou": 0.0,
    }
    switches = [row for row in rows if row[3] == "switch" and row[0] == "B"]
    assert [row[2:8] for row in switches] == [(6, "switch", 1, 2, 1, 5), (7, "switch", 1, 1, 2, 6)]
    assert event_columns((), 1)["frame"] == []
