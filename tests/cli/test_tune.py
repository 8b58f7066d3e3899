"""`mohart tune`: from labelled videos to knobs.yaml; the network is not run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mohart.assembly.knobs import read_knobs
from mohart.assembly.tuning import LabelledVideo, TrialRunner, ask
from mohart.cli.main import main
from mohart.data.mot import read_mot_folder
from mohart.tracking.detectors.protocol import SelectingDetector

VIDEOS = 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sequences of 4 frames with one object, and a detector that sees it."""
    for number in range(VIDEOS):
        place = tmp_path / "videos" / f"seq{number}"
        for part in ("img1", "gt", "det"):
            (place / part).mkdir(parents=True)
        for t in range(1, 5):
            cv2.imwrite(str(place / "img1" / f"{t:06d}.jpg"), np.full((48, 64, 3), 90, np.uint8))
        rows = [f"{t},1,{5 * t},4,20,30,1,1,1\n" for t in range(1, 5)]
        (place / "gt" / "gt.txt").write_text("".join(rows))
        found = [f"{t},-1,{5 * t},4,20,30,0.9,-1,-1,-1\n" for t in range(1, 5)]
        (place / "det" / "det.txt").write_text("".join(found))
        (place / "seqinfo.ini").write_text(
            f"[Sequence]\nname=seq{number}\nimDir=img1\nframeRate=25\nseqLength=4\nimWidth=64\n"
            "imHeight=48\nimExt=.jpg\n"
        )
    return tmp_path / "videos"


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What was tried; a recall of 0.603 is worth 2 points, everything else nothing."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def score(self: TrialRunner, video: LabelledVideo, changes: dict[str, Any]) -> float:
        assert [len(one or ()) for one in video.detections] == [1, 0, 1, 0]
        calls.append((video.sequence.name, dict(changes)))
        return 60.0 + 2.0 * (changes.get("recall") == 0.603) + 0.1 * int(video.sequence.name[-1])

    monkeypatch.setattr(TrialRunner, "score", score)
    return calls


def test_from_videos_to_knobs_and_again(
    folder: Path, tried: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder.parent / "tuned"
    command = ["tune", str(folder), "--every", "2", "--knobs", "recall,confirm", "-o", str(out)]
    assert main(command) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "without seq0: recall=0.603; HOTA +2.00 there, +2.00 on what was held out"
    assert said[3:5] == [
        "held out: HOTA +2.00 (+2.00 to +2.00)",
        "chosen on all 3 videos: recall=0.603 (+2.00 there)",
    ]
    assert read_knobs(out / "knobs.yaml") == {"recall": 0.603}
    report = json.loads((out / "report.json").read_text())
    assert (report["held_out_gain"], len(report["scores"])) == (2.0, 5)
    assert len(tried) == VIDEOS * 5  # the defaults, and two values of each of two knobs
    assert main(command) == 0  # everything is known
    assert len(tried) == VIDEOS * 5


def test_a_search_that_was_cut_off_goes_on(folder: Path, tried: list[Any]) -> None:
    out = folder.parent / "tuned"
    command = ["tune", str(folder), "--every", "2", "--knobs", "recall", "-o", str(out)]
    assert main(command) == 0
    lines = (out / "trials.jsonl").read_text().splitlines(keepends=True)
    (out / "trials.jsonl").write_text("".join(lines[:4]))
    tried.clear()
    assert main(command) == 0
    assert len(tried) == VIDEOS * 3 - 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--knobs", "recal"], "no knob 'recal'; did you mean 'recall'"),
        (["--every", "0"], "--every: expected at least 1"),
        (["--measure", "FOO"], "measure 'FOO': expected one of HOTA"),
        (["--folds", "9", "--every", "2"], "folds: expected 2 to 3"),
    ],
)
def test_wrong_use_is_one_line_and_2(
    folder: Path,
    tried: list[Any],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    assert main(["tune", str(folder), "-o", str(folder.parent / "tuned"), *options]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


def test_without_detections_it_is_said_where_they_belong(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "seq1" / "det" / "det.txt").unlink()
    assert main(["tune", str(folder), "-o", str(folder.parent / "tuned")]) == 2
    assert "seq1: no det/det.txt; put the detector's boxes there" in capsys.readouterr().err


@pytest.mark.slow
def test_a_trial_tracks_and_scores(folder: Path) -> None:
    sequence = read_mot_folder(folder)[0]
    box = [[5, 4, 25, 34, 0.9]]
    video = ask(sequence, SelectingDetector(lambda frame: box, name="still"), 1)
    runner = TrialRunner("HOTA")
    score = runner.score(video, {"confirm": 0.0})
    assert 10 < score <= 100
    assert runner.score(video, {"confirm": 0.0}) == score
