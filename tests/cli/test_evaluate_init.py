"""`mohart eval init`, in process, with stand-in trackers."""

from __future__ import annotations

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
    rows = {row["tracker"]: row["scores"] for row in saved["rows"]}
    assert rows["static"]["IoU"] == pytest.approx(100 * expected)
    header, first, _ = (tmp_path / "s.csv").read_text().splitlines()
    assert header.startswith("tracker,class,sequence,IoU,")
    assert first.startswith(f"static,object,COMBINED,{100 * expected:.6f},")
    assert "velocity" in (tmp_path / "s.svg").read_text()
    assert evaluate(clip, "--window", "5", "--trackers", "static", *files) == 2
    assert "exists already" in capsys.readouterr().err
    assert evaluate(clip, "--window", "5", "--trackers", "static", *files, "--overwrite") == 0


def test_options_reach_the_tracker(clip: Path, built: list[Any]) -> None:
    options = ["--model", "w.st", "--relation", "none", "--device", "cpu", "--max-windows", "1"]
    trackers = "mohart,static,vit=v.onnx"
    assert evaluate(clip, "--window", "4", "--trackers", trackers, *options) == 0
    assert built == [
        {"name": "mohart", "model": "w.st", "device": "cpu", "relation": "none"},
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


def test_what_the_verb_needs_does_not_import_torch() -> None:
    program = (
        "import sys, mohart.cli.evaluate_init, mohart.tracking.initialised_scores, "
        "mohart.tracking.session, mohart.tracking.opencv, mohart.tracking.velocity\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
