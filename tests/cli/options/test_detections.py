"""`mohart track` with detections, in process, with a stand-in tracker."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mohart.cli.main import main
from mohart.structures import Fates, TrackedObjects


class Nearest:
    """Every detection of a class it has not seen is an object, the others feed it."""

    name, takes_detections, details = "nearest", True, dict[str, object]()

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.ids: dict[int, int] = {}
        self.boxes = np.zeros((0, 4), np.float32)
        self.asked: list[int | None] = []

    def init(self, *_: Any) -> TrackedObjects:
        return self.answer(None)

    def update(
        self, frame: np.ndarray, detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        self.asked.append(None if detections is None else len(detections))
        if detections is None:
            return self.answer(None)
        kinds, numbers = [], []
        for kind in detections.class_id.tolist():
            kinds.append("matched" if kind in self.ids else "born")
            numbers.append(self.ids.setdefault(kind, len(self.ids) + 1))
        if len(detections):
            self.boxes = np.resize(detections.xyxy, (len(self.ids), 4))
        why = np.full(len(kinds), "", "<U9")
        return self.answer(Fates(np.array(kinds, str), np.array(numbers, np.int64), why))

    def answer(self, fates: Fates | None) -> TrackedObjects:
        count = len(self.ids)
        return TrackedObjects(
            self.boxes,
            np.arange(1, count + 1),
            np.ones(count, np.float32),
            np.full(count, "active" if fates else "predicted"),
            np.array([*self.ids], np.int64),
            None,
            fates,
        )


@pytest.fixture
def tracker(built: list[Any], monkeypatch: pytest.MonkeyPatch) -> Nearest:
    """The tracker that the command gets, whatever it asks for."""
    one = Nearest()
    monkeypatch.setattr(sys.modules["mohart.assembly"], "build_tracker", lambda *_, **__: one)
    return one


@pytest.fixture
def det(tmp_path: Path) -> Path:
    rows = [f"{t},-1,{t},4,20,30,0.9,{kind}\n" for t in range(1, 11) for kind in (2, 5)]
    (tmp_path / "det.txt").write_text("".join(rows))
    return tmp_path / "det.txt"


def track(clip: Path, *options: str) -> int:
    return main(["track", str(clip), "-o", str(clip.parent / "out"), *options])


def test_detections_of_a_file(
    clip: Path, det: Path, tracker: Nearest, capsys: pytest.CaptureFixture[str]
) -> None:
    code = track(clip, "--detections", str(det), "--detect-every", "4", "--classes", "5", "--fates")
    assert code == 0
    assert tracker.asked == [1, None, None, None, 1, None, None, None, 1, None]
    captured = capsys.readouterr()
    assert captured.err == ""
    out = clip.parent / "out"
    lines = captured.out.splitlines()
    assert [lines[1], *lines[-4:]] == [
        "6 detections in 3 frames: 3 dropped, 1 born, 2 matched (most: class not wanted)",
        f"tracks  {out}/tracks.txt",
        f"video   {out}/video.mp4",
        f"fates   {out}/fates.csv",
        f"report  {out}/run.json",
    ]
    assert captured.out.startswith("1 object over frames 1 to 10 of clip with nearest")
    rows = (out / "tracks.txt").read_text().splitlines()
    assert len(rows) == 10
    assert rows[4] == "5,1,5.00,4.00,20.00,30.00,1.0000,-1,-1,-1"
    fates = (out / "fates.csv").read_text().splitlines()
    assert fates[:3] == ["frame,row,fate,id,why", "1,0,dropped,-1,class not wanted", "1,1,born,1,"]
    saved = json.loads((out / "run.json").read_text())
    assert saved["detections"]["detector"]["path"] == str(det)
    assert saved["detections"]["dropped_because"] == {"class not wanted": 3}
    assert saved["options"]["detect_every"] == 4


def test_tracks_with_their_class(clip: Path, det: Path, tracker: Nearest) -> None:
    assert track(clip, "--detections", str(det), "--with-classes", "--no-video") == 0
    rows = (clip.parent / "out" / "tracks.txt").read_text().splitlines()
    assert [row.split(",")[7] for row in rows[:2]] == ["2", "5"]


def test_regions_that_are_ignored_scores_by_class_and_events(
    clip: Path, det: Path, tracker: Nearest, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{t},-1,{10 * t},4,20,20,0.{s},{s}\n" for t in range(1, 6) for s in (4, 6)]
    det.write_text("".join(rows))
    zone = [[55, 0], [200, 0], [200, 90], [55, 90]]
    line = {"lines": {"door": [[35, 0], [35, 99]]}, "anchor": "centre"}
    for name, content in (("ignored", [zone]), ("regions", line)):
        (clip.parent / f"{name}.json").write_text(json.dumps(content))
    regions = (str(clip.parent / f"{name}.json") for name in ("ignored", "regions"))
    scores = "--detector-score", "0.1,6=0.7"
    found = ("--detections", str(det), "--no-video", "--fates", *scores)
    assert track(clip, *found, "--ignore", next(regions), "--events", next(regions)) == 0
    out = clip.parent / "out"
    fates = [row.split(",", 4) for row in (out / "fates.csv").read_text().splitlines()[1:]]
    assert [row[4] for row in fates if row[1] == "1"][:4] == ["score below 0.7"] * 4
    assert [row[4] for row in fates if row[1] == "0"] == ["", "", "", "", "in ignored region 1"]
    assert (out / "events.csv").read_text().splitlines() == [
        "frame,track_id,class_id,event,where,direction,x,y",
        "2,1,4,crossed,door,to_left,40.0,14.0",
    ]
    said = json.loads((out / "run.json").read_text())
    assert said["events"] == {"door": {"to_right": 0, "to_left": 1}}
    assert said["detections"]["detector"]["score_by_class"] == {"6": 0.7}


def test_motion_with_options(clip: Path, tracker: Nearest) -> None:
    code = track(
        clip,
        "--detector",
        "motion",
        "--detector-set",
        "warm-up=3",
        "--detector-set",
        "history=50",
        "--no-video",
    )
    assert code == 0
    details = json.loads((clip.parent / "out" / "run.json").read_text())["detections"]["detector"]
    assert (details["name"], details["warm_up"], details["history"]) == ("motion", 3, 50)


def test_a_function_of_ones_own(
    clip: Path, tracker: Nearest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_detector.py").write_text("def f(frame):\n    return [[1, 2, 9, 8, 0.5, 3]]\n")
    monkeypatch.chdir(tmp_path)
    assert track(clip, "--detector", "own_detector:f", "--detect-every", "5", "--no-video") == 0
    assert tracker.asked == [1, None, None, None, None] * 2


def test_boxes_and_detections(clip: Path, det: Path, tracker: Nearest) -> None:
    code = track(clip, "--detections", str(det), "--box", "2,3,20,30", "--no-video")
    assert code == 0
    assert tracker.asked == [2] * 9  # frame 1 has the box


def test_warnings_are_printed(
    clip: Path, det: Path, tracker: Nearest, capsys: pytest.CaptureFixture[str]
) -> None:
    det.write_text(det.read_text().replace("0.9", "95") + "11,-1,1,4,20,30,12,2\n")
    assert track(clip, "--detections", str(det), "--no-video") == 0
    first, second, *_ = capsys.readouterr().err.splitlines()
    assert first.startswith("warning: det.txt: scores reach from 12 to 95")
    assert second == "warning: 1 detection is of frames behind the end of the source"


def test_official_scores_take_the_tracks(
    clip: Path, det: Path, tracker: Nearest, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("trackeval")
    assert track(clip, "--detections", str(det), "--classes", "2", "--no-video") == 0
    truth = clip.parent / "gt.txt"
    truth.write_text("".join(f"{t},1,{t},4,20,30,1,1,1\n" for t in range(1, 11)))
    results = clip.parent / "out" / "tracks.txt"
    capsys.readouterr()
    assert main(["eval", "mot", "--gt", str(truth), "--results", str(results)]) == 0
    scores = capsys.readouterr().out.strip().splitlines()[-1].split()
    assert (scores[0], set(scores[1:10])) == ("COMBINED", {"100.000"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "nothing to follow; draw boxes with --box or --init, or give --detections"),
        (["--box", "1,2,9,9", "--detect-every", "5"], "--detect-every has no effect without"),
        (["--box", "1,2,9,9", "--classes", "5"], "--classes has no effect without"),
        (["--box", "1,2,9,9", "--fates"], "--fates has no effect without --detections or"),
        (["--box", "1,2,9,9", "--with-classes"], "--with-classes has no effect without"),
        (["--box", "1,2,9,9", "--detector-set", "a=1"], "--detector-set has no effect without"),
        (["--detector", "motion", "--detect-every", "0"], "--detect-every: expected at least 1"),
        (["--detector", "motion", "--detector-set", "warm"], "expected KEY=VALUE, got 'warm'"),
        (["--detector", "motion", "--detector-set", "score=1"], "give 'score' as --detector-score"),
        (
            ["--detector", "motion", *(["--detector-set", "join=1"] * 2)],
            "--detector-set: 'join' is there twice",
        ),
        (["--detector", "motion", "--detector-score", "7"], "score: expected 0 to 1, got 7"),
        (["--detector", "motion", "--detector-score", "a=b"], "or scores by class such as 0.3,p"),
        (["--detector", "motion", "--detector-score", "0.3,0.4"], "got '0.3,0.4'"),
        (["--detector", "motion", "--ignore", "no.json"], "no.json: no such file"),
        (["--box", "1,2,9,9", "--ignore", "no.json"], "--ignore has no effect without"),
        (["--box", "1,2,9,9", "--events", "no.json"], "no.json: no such file"),
        (["--detector", "motion", "--classes", "car"], "give their numbers"),
        (["--detector", "motoin"], "unknown detector 'motoin'; did you mean 'motion'"),
        (["--detections", "none.txt"], "none.txt: no such file with detections"),
        (["--detections", "a", "--detector", "motion"], "not allowed with"),
    ],
)
def test_bad_input_is_one_line_and_2(
    clip: Path,
    tracker: Nearest,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    assert track(clip, *options) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert not (clip.parent / "out").exists()


def test_a_tracker_without_detections(
    clip: Path, det: Path, built: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert track(clip, "--detections", str(det), "--tracker", "static") == 2
    assert "tracker 'static' follows the boxes of init and can not use" in capsys.readouterr().err
