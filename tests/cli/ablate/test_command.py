from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from mohart.ablation.cells import CellFolder
from mohart.ablation.pool import Progress
from mohart.cli.ablate.progress import AblationProgress
from mohart.cli.main import main
from mohart.cli.terminal.progress import open_display

SMOKE = str(Path(__file__).parents[3] / "configs" / "smoke.yaml")
GRID = [
    *("ablate", SMOKE, "--relation", "none,attention", "--seeds", "2", "--sequences", "4"),
    *("--set", "train.steps=12", "--set", "train.validate_every=6", "--set", "loss.forecast=1"),
]


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two variants, two seeds, never interrupted."""
    folder = tmp_path_factory.mktemp("grid") / "whole"
    assert main([*GRID, "--jobs", "0", "-o", str(folder)]) == 0
    return folder


@pytest.mark.slow
def test_a_grid_ends_with_a_report(grid: Path) -> None:
    report = grid / "report"
    assert {"index.html", "table.txt", "differences.csv", "means.png"} <= {
        path.name for path in report.iterdir()
    }
    text = (report / "table.txt").read_text()
    assert "attention - none" in text
    assert "the last 1 of 4 frames were blank" in text
    assert len(list((grid / "cells").iterdir())) == 4
    assert set(json.loads((grid / "timings.json").read_text())["cells"]) == {
        f"model.relation={variant},seed={seed}"
        for variant in ("none", "attention")
        for seed in (0, 1)
    }


@pytest.mark.slow
def test_done_cells_are_kept_and_the_report_stays_the_same(
    grid: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = read(grid / "report")
    monkeypatch.setattr("mohart.cli.ablate.cell.work", lambda *_: pytest.fail("trained again"))
    assert main([*GRID, "--jobs", "0", "-o", str(grid)]) == 0
    assert read(grid / "report") == before
    assert "index.html" in capsys.readouterr().out


@pytest.mark.slow
def test_more_seeds_can_be_added_but_settings_cannot_be_changed(
    grid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = shutil.copytree(grid, tmp_path / "copy")
    more = [*GRID, "--seeds", "3", "-o", str(grid), "--report-only"]
    assert main(more) == 0
    assert "2 cells are missing" in capsys.readouterr().out
    assert main([*GRID, "--set", "train.batch=3", "-o", str(grid)]) == 2
    assert "config.train.batch: 2, now 3" in capsys.readouterr().err
    assert main([*GRID, "--horizon", "0", "-o", str(grid)]) == 2
    assert "horizon: 1, now 0" in capsys.readouterr().err


def start(folder: Path) -> subprocess.Popen[bytes]:
    code = "import sys; from mohart.cli.main import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.Popen(
        [sys.executable, "-c", code, *GRID, "--jobs", "1", "-o", str(folder)],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def unfinished(folder: Path) -> list[str]:
    """Names of cells with a checkpoint and no result."""
    runs = folder.glob("cells/*/run/last.safetensors")
    return [p.parts[-3] for p in runs if not (p.parents[1] / "result.json").exists()]


@pytest.mark.slow
def test_a_grid_that_was_killed_goes_on_and_ends_with_the_same_report(
    grid: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "cut"
    process = start(folder)
    wait_for(lambda: unfinished(folder))
    process.kill()
    process.wait()
    (begun,) = unfinished(folder)
    with CellFolder(folder / "cells" / begun).locked(60):  # its child has left
        assert len(list(folder.glob("cells/*/run"))) == 1
    assert not (folder / "report").exists()
    assert main([*GRID, "--jobs", "0", "-o", str(folder)]) == 0
    assert read(folder / "report") == read(grid / "report")


@pytest.mark.slow
@pytest.mark.parametrize("where", ["here", "ray"])
def test_a_cell_that_is_killed_is_tried_again_by_somebody_else(
    grid: Path, tmp_path: Path, where: str
) -> None:
    if where == "ray":
        pytest.importorskip("ray", reason="pip install '.[ray]'")
    folder = tmp_path / "cut"
    options = ["--ray", "--jobs", "2"] if where == "ray" else ["--jobs", "2"]
    process = subprocess.Popen(  # Ray warns of much, and starts threads
        [sys.executable, "-m", "mohart", *GRID, *options, "-o", str(folder)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: unfinished(folder), 900)  # a cluster takes its time to begin
        killed = 0
        for _, place in processes_of("mohart.cli.ablate.cell", str(folder)):
            os.kill(place, signal.SIGKILL)
            killed += 1
        out, err = process.communicate(timeout=1500)
    finally:
        process.terminate()
        process.wait(120)
    assert process.returncode == 0, err
    assert killed
    assert "attention - none" in out
    assert read(folder / "report") == read(grid / "report")
    assert not processes_of("mohart.cli.ablate", str(folder))


def processes_of(module: str, folder: str) -> list[tuple[str, int]]:
    """Command line and number of those that have both words in them."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            line = place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if module in line and folder in line:
                found.append((line, int(place.parent.name)))
    return found


def test_a_stop_is_told_and_leaves_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mohart.cli.ablate.cell.work", lambda *_: False)  # as after a SIGTERM
    assert main([*GRID, "--jobs", "0", "-o", str(tmp_path / "out")]) == 130
    assert "stopped; the same command goes on" in capsys.readouterr().err
    assert not (tmp_path / "out" / "report").exists()


@pytest.mark.slow
def test_a_failed_cell_is_told_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["ablate", SMOKE, "--vary", "train.optim.rate=0.001,1.0e+18", "--seeds", "1"]
    folder = tmp_path / "out"
    arguments = [*command, "--sequences", "2", "--jobs", "0", "-o", str(folder)]
    assert main(arguments) == 2
    output = capsys.readouterr()
    log = folder / "cells/train.optim.rate=1.0e+18,seed=0/log.txt"
    assert f"see {log}" in output.err
    assert "is not finite" in output.err
    assert "is not finite" in log.read_text()
    assert "1 cells are missing: train.optim.rate=1.0e+18,seed=0" in output.out
    assert (folder / "cells/train.optim.rate=0.001,seed=0/result.json").is_file()


@pytest.mark.slow
def test_one_folder_is_for_one_command_at_a_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mohart.ablation.cells import locked

    with locked(tmp_path / ".lock", 1.0):
        # a lock belongs to an open file, so this process can play both
        assert main([*GRID, "--report-only", "-o", str(tmp_path)]) == 2
    assert "another process of mohart" in capsys.readouterr().err


@pytest.mark.slow
def test_dry_run_prints_cells_and_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["ablate", SMOKE, "--relation", "none,self_only,attention", "--seeds", "2"]
    assert main([*arguments, "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert lines[0].startswith("model.relation=none,seed=0  ")
    assert lines[1].split("  ")[1] == lines[2].split("  ")[1]  # self_only and attention


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to vary"),
        (["--relation", "none,attn"], "'attn' is none of none, mlp"),
        (["--relation", "none,none"], "'none' is there twice"),
        (["--relation", "none", "--jobs", "-1"], "--jobs: expected at least 0"),
        (["--relation", "none", "--metric", "iuo"], "did you mean 'iou'"),
        (["--relation", "none", "--against", "non"], "did you mean 'none'"),
        (["--vary", "model.hiden=8,16"], "did you mean 'hidden'"),
        (["--relation", "none", "--set", "train.stpes=1"], "did you mean 'steps'"),
        (["--relation", "none", "--world", "fre"], "'fre' is none of free"),
        (["--relation", "none", "--report-only"], "nothing to report"),
        (["--relation", "none", "--real-objects", "1"], "--real-objects 1: wants --real"),
    ],
)
def test_mistakes_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: Sequence[str], message: str
) -> None:
    assert main(["ablate", SMOKE, *arguments, "-o", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error


def test_progress_tells_cells_rate_and_time_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    for name in ("monotonic", "perf_counter"):
        monkeypatch.setattr(time, name, lambda: now[0])
    folders = {name: CellFolder(tmp_path / name) for name in "abc"}
    with open_display() as display:
        progress = AblationProgress(folders, dict.fromkeys("abc", 100), 1, display)
    (folders["b"].run).mkdir(parents=True)
    (folders["b"].run / "log.jsonl").write_text('{"step": 50}\n')
    now[0] += 3
    progress(Progress(["b", "c"], [], ["a"]))  # too early for another line
    assert capsys.readouterr().err == ""
    now[0] += 27
    progress(Progress(["c"], ["b"], ["a"]))
    # 150 of 300 steps in 30 s: 5 a second, so 30 s are left, and a cell takes 20 s
    assert capsys.readouterr().err == ("cells 2 of 4; running b 50/100; 180.0 cells/h, 0:30 left\n")
    progress(Progress([], ["c"], ["a"], ["b"]))
    assert f"failed: b; see {folders['b'].log}" in capsys.readouterr().err
