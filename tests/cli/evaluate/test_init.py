"""`mohart eval init`, in process, with stand-in trackers."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mohart.cli.main import main


def evaluate(clip: Path, *options: str) -> int:
    gt = clip.with_name("gt.txt")
    return main(["eval", "init", "--source", str(clip), "--gt", str(gt), *options])


@pytest.mark.slow
def test_table_json_and_plot(
    clip: Path, tmp_path: Path, built: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    names = {"--json": "s.json", "--csv": "s.csv", "--plot": "s.svg"}
    files = [word for option, n in names.items() for word in (option, str(tmp_path / n))]
    assert evaluate(clip, "--window", "5", "--trackers", "static,velocity", *files) == 0
    table = capsys.readouterr().out
    assert "clip: 2 windows of 5 frames, 2 objects, 8 boxes" in table
    assert "static" in table
    assert "velocity" in table
    saved = json.loads((tmp_path / "s.json").read_text())
    # 20 wide, moving 2 pixels a frame: overlaps 18/22, 16/24, 14/26, 12/28
    expected = (18 / 22 + 16 / 24 + 14 / 26 + 12 / 28) / 4
    assert saved["trackers"]["static"]["mean_iou"]["value"] == pytest.approx(expected)
    assert saved["trackers"]["velocity"]["mean_iou"]["value"] == pytest.approx(expected)
    assert (saved["window"], saved["stride"], saved["options"]["seed"]) == (5, 5, 0)
    assert f"{expected:.3f}" in table
    assert saved["protocol"]["name"] == "initialised"
    rows = {(row["tracker"], row["sequence"]): row for row in saved["rows"]}
    names = ["clip@0001", "clip@0006", "COMBINED"]
    assert list(rows) == [(tracker, name) for tracker in ("static", "velocity") for name in names]
    assert rows["static", "COMBINED"]["scores"]["IoU"] == pytest.approx(100 * expected, abs=1e-9)
    assert rows["static", "clip@0006"]["fields"]["pairs"] == 4
    assert saved["dataset"]["sequences"] == {"clip@0001": 5, "clip@0006": 5}
    assert saved["units"].startswith("scores: percent, frames per second")
    header, *lines = (tmp_path / "s.csv").read_text().splitlines()
    assert header.startswith("tracker,class,sequence,IoU,")
    assert lines[2].startswith(f"static,object,COMBINED,{100 * expected:.6f},")
    assert "velocity" in (tmp_path / "s.svg").read_text()
    assert evaluate(clip, "--window", "5", "--trackers", "static", *files) == 2
    assert "exists already" in capsys.readouterr().err
    truth = tmp_path / "gt.txt"
    before = truth.read_bytes()
    assert evaluate(clip, "--trackers", "static", "--json", str(truth), "--overwrite") == 2
    assert "gt.txt: is read by this command itself" in capsys.readouterr().err
    assert truth.read_bytes() == before
    assert evaluate(clip, "--window", "5", "--trackers", "static", *files, "--overwrite") == 0


@pytest.mark.slow
def test_events_and_report(clip: Path, tmp_path: Path, built: list[Any]) -> None:
    pytest.importorskip("matplotlib")
    paths = tmp_path / "e.csv", tmp_path / "r.png"
    options = [
        "--trackers",
        "static,velocity",
        "--events",
        str(paths[0]),
        "--report",
        str(paths[1]),
    ]
    assert evaluate(clip, "--window", "10", *options) == 0
    # static: IoU (20 - 2 t) / (20 + 2 t) is 0.43 at t = 4 (frame 5) and 0.053 at t = 9 (frame 10)
    events = list(csv.DictReader(paths[0].read_text().splitlines()))
    found = [(e["sequence"], e["frame"], e["event"], e["truth_id"]) for e in events]
    expected = [("clip@0001", "5", "low", "5"), ("clip@0001", "10", "lost", "5")]
    assert found[:2] == expected
    assert [e["tracker"] for e in events] == ["static", "static", "velocity", "velocity"]
    assert float(events[0]["truth_x1"]) - float(events[0]["x1"]) == 8
    assert paths[1].read_bytes().startswith(b"\x89PNG")


def test_two_trackers_of_one_run_are_compared(
    clip: Path, tmp_path: Path, built: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    saved = str(tmp_path / "s.json")
    assert evaluate(clip, "--window", "5", "--trackers", "static,velocity", "--json", saved) == 0
    capsys.readouterr()
    both = ["eval", "--compare", saved, saved]
    assert main([*both, "--compare-trackers", "static", "velocity"]) == 0
    out = capsys.readouterr().out
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line}
    assert lines["first:"][-1] == "static"
    iou = f"{100 * (18 / 22 + 16 / 24 + 14 / 26 + 12 / 28) / 4:.3f}"
    assert lines["IoU"][1:] == [iou, iou, "+0.000", "+0.000", "to", "+0.000"]
    assert "paired bootstrap over 2 windows; * does not contain 0" in out
    assert "with 2 windows the intervals say little" in out
    assert main(both) == 2
    error = capsys.readouterr().err
    assert "several trackers (static, velocity); choose with --compare-trackers" in error
    other = str(tmp_path / "o.json")
    assert evaluate(clip, "--window", "4", "--trackers", "static", "--json", other) == 0
    capsys.readouterr()
    assert main(["eval", "--compare", other, saved, "--compare-trackers", "static", "static"]) == 2
    assert "protocols differ in benchmark ('windows of 4" in capsys.readouterr().err


def test_options_reach_the_tracker(clip: Path, built: list[Any]) -> None:
    options = ["--model", "w.st", "--relation", "none", "--device", "cpu", "--max-windows", "1"]
    trackers = "mohart,static,vit=v.onnx"
    assert evaluate(clip, "--window", "4", "--trackers", trackers, *options) == 0
    assert built == [
        {
            "name": "mohart",
            "model": "w.st",
            "device": "cpu",
            "relation": "none",
            "threads": 1,
        },
        {"name": "static", "model": None},
        {"name": "vit", "model": "v.onnx"},
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--trackers", "csrtt"], "unknown tracker 'csrtt'; did you mean 'csrt'"),
        (["--trackers", "static", "--model", "x"], "--model has no effect without the tracker"),
        (["--trackers", "static", "--window", "1"], "--window: expected at least 2, got 1"),
        (["--trackers", "static", "--stride", "0"], "--stride: expected at least 1"),
        (["--trackers", "static", "--window", "60"], "no window of 60 frames"),
        (["--trackers", "static", "--plot", "x.gif"], "ending in .png"),
        (["--trackers", "static", "--report", "x.gif"], "ending in .png"),
        (["--trackers", "static", "--events", "x.txt"], "ending in .csv or .parquet"),
        (["--trackers", "static", "--json", "none/x.json"], "its folder does not exist"),
        (["--trackers", "static", "--csv", "none/x.csv"], "its folder does not exist"),
    ],
)
def test_bad_input(
    clip: Path,
    built: list[Any],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    assert evaluate(clip, *options) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_missing_ground_truth(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip.with_name("gt.txt").unlink()
    assert evaluate(clip, "--trackers", "static") == 2
    assert "gt.txt" in capsys.readouterr().err


@pytest.mark.slow
def test_what_the_verb_needs_does_not_import_torch() -> None:
    program = (
        "import sys, mohart.cli.evaluate.init, mohart.evaluation.initialised.scores, "
        "mohart.session.run, mohart.tracking.baselines.opencv, mohart.tracking.baselines.velocity\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
