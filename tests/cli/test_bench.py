"""`mohart bench`, in process, with stand-in trackers and tiny strata."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mohart.cli.main import main
from mohart.errors import MissingDataError
from mohart.synth.scenes import strata


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two strata of four small frames, and a current folder to write to."""
    small = replace(strata.BASE, width=64, height=64, objects=(1, 2), leaving=0.0)
    table = tuple(
        strata.Stratum(name, "for tests", replace(small, seed=7 + n), 4)
        for n, name in enumerate(("camera", "long"))
    )
    monkeypatch.setattr(strata, "STRATA", table)
    monkeypatch.chdir(tmp_path)


def bench(*options: str) -> int:
    return main(["bench", "--sequences", "2", *options])


@pytest.mark.slow
def test_scoreboard(
    tiny: None, built: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    files = ["--json", "b.json", "--report", "b.png"]
    assert bench("--trackers", "mohart,velocity", "--model", "w.st", *files) == 0
    out = capsys.readouterr().out
    assert "camera (for tests): 2 windows" in out
    assert "mohart against the best rival of each set" in out
    assert "calibration of mohart over the generated sets" in out
    asked = {"name": "mohart", "model": "w.st", "device": "auto", "relation": None}
    assert built[0] == {**asked, "threads": 1}
    board = json.loads(Path("b.json").read_text())
    assert [entry["name"] for entry in board["sets"]] == ["camera", "long"]
    assert board["options"]["trackers"] == "mohart,velocity"
    assert Path("b.png").read_bytes().startswith(b"\x89PNG")
    kept = {path.parent.name: path.name for path in Path("bench").rglob("mohart-*.json")}
    assert set(kept) == {"camera", "long"}
    # nothing is measured again: the result on disk is what is shown
    path = Path("bench") / "camera" / kept["camera"]
    path.write_text(path.read_text().replace('"host": "', '"host": "elsewhere-'))
    assert bench("--trackers", "mohart,velocity", "--model", "w.st") == 0
    assert "on elsewhere-" in capsys.readouterr().out
    assert bench("--trackers", "mohart,velocity", "--again", "mohart", "--strata", "camera") == 0
    assert "on elsewhere-" not in capsys.readouterr().out
    assert bench(*files) == 2
    assert "b.json: exists already" in capsys.readouterr().err


@pytest.mark.slow
def test_two_results_of_a_set_can_be_compared(
    tiny: None, built: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench("--trackers", "static,velocity", "--strata", "camera", "-o", "out") == 0
    pair = sorted(str(path) for path in Path("out/camera").iterdir())
    assert main(["eval", "--compare", *pair]) == 0
    assert "paired bootstrap over 2 windows" in capsys.readouterr().out


def test_validation_is_measured_on_other_sequences(
    tiny: None, built: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--trackers", "static", "--strata", "camera"]
    assert bench(*options) == 0
    assert "validation" not in capsys.readouterr().out
    assert bench(*options, "--validation") == 0
    assert "camera (for tests; validation): 2 windows" in capsys.readouterr().out
    assert len(list(Path("bench/camera").iterdir())) == 2


def test_real_sets(
    tiny: None, clip: Path, built: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bench.yaml").write_text("- {name: mine, source: clip.mp4, gt: gt.txt, window: 5}\n")
    assert bench("--trackers", "static", "--real", ".", "--strata", "none") == 0
    out = capsys.readouterr().out
    assert "mine (real video, windows of 5 frames): 2 windows, 2 objects, 8 boxes" in out
    # 20 wide, moving 2 pixels a frame: overlaps 18/22, 16/24, 14/26, 12/28
    assert f"{(18 / 22 + 16 / 24 + 14 / 26 + 12 / 28) / 4:.3f}" in out
    Path("bench.yaml").write_text("- {name: camera, source: clip.mp4, gt: gt.txt}\n")
    assert bench("--trackers", "static", "--real", ".") == 2
    assert "a real set and a stratum are both named 'camera'" in capsys.readouterr().err


def test_all_trackers_that_cannot_be_built_are_named(
    tiny: None,
    built: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def build(name: str, **options: Any) -> None:
        raise MissingDataError(f"OpenCV has no {name}")

    monkeypatch.setattr(sys.modules["mohart.assembly"], "build_tracker", build)
    assert bench("--trackers", "csrt,kcf") == 2
    error = capsys.readouterr().err
    assert "cannot build csrt, kcf; leave them out of --trackers" in error
    assert "OpenCV has no kcf" in error
    assert not Path("bench").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--strata", "camra"], "unknown stratum 'camra'; did you mean 'camera'"),
        (["--strata", "none"], "nothing to measure on"),
        (["--strata", "none", "--validation"], "--validation has no effect without strata"),
        (["--sequences", "0"], "--sequences: expected at least 1, got 0"),
        (["--max-windows", "0"], "--max-windows: expected at least 1, got 0"),
        (["--stride", "5"], "--stride is about real videos"),
        (["--real", "nowhere", "--stride", "0"], "--stride: expected at least 1, got 0"),
        (["--trackers", "csrtt"], "unknown tracker 'csrtt'; did you mean 'csrt'"),
        (["--trackers", "static", "--model", "x"], "--model has no effect without the tracker"),
        (["--again", "csrt"], "--again: 'csrt' is not measured"),
        (["--real", "nowhere"], "nowhere: no such folder"),
        (["--report", "x.gif"], "ending in .png"),
        (["--json", "none/x.json"], "its folder does not exist"),
        (["-o", "file"], "file: is not a folder"),
    ],
)
def test_bad_input(
    tiny: None,
    built: list[Any],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    Path("file").write_text("")
    assert bench(*options) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.slow
def test_what_the_verb_needs_does_not_import_torch() -> None:
    program = (
        "import sys, mohart.cli.bench, mohart.evaluation.scoreboard.measure, "
        "mohart.evaluation.scoreboard.text, mohart.config.bench\nprint('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
