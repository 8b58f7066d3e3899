"""`mohart track` for many videos, with worker processes: the results of single runs."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mohart.cli.main import main

STATIC = ("--tracker", "static", "--no-video")
SORT = ("--tracker", "sort", "--no-video")


def serial(folder: Path, *options: str, boxes: bool = True) -> None:
    for name in "abcd":
        init = ["--init", f"boxes/{name}.csv"] if boxes else []
        assert main(["track", f"videos/{name}.mp4", *init, *options, "-o", str(folder / name)]) == 0


def same(a: Path, b: Path) -> None:
    for name in "abcd":
        files = sorted(p.name for p in (a / name).iterdir() if p.is_file())
        assert files == sorted(p.name for p in (b / name).iterdir() if p.is_file())
        for file in files:
            if file != "run.json":
                assert (a / name / file).read_bytes() == (b / name / file).read_bytes(), name


def table(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "summary.csv").open(newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


@pytest.mark.slow
def test_results_are_those_of_single_runs(videos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    serial(Path("single"), "--tracker", "static")
    capsys.readouterr()
    assert (
        main(
            ["track", "videos", "--init", "boxes", "--tracker", "static", "--jobs", "2", "-o", "o"]
        )
        == 0
    )
    same(Path("single"), Path("o"))
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == [*("video", "state", "frames", "objects"), *said[0].split()[4:]]
    assert [line.split()[:4] for line in said[1:5]] == [
        [name, "complete", str(8 + n), "1"] for n, name in enumerate("abcd")
    ]
    assert said[5].startswith("4 videos: 4 complete, ")
    assert said[6] == "summary  o/summary.csv"
    assert {name: row["attempts"] for name, row in table(Path("o")).items()} == dict.fromkeys(
        "abcd", "1"
    )
    reports = [json.loads(Path(f"{f}/b/run.json").read_text()) for f in ("single", "o")]
    for report in reports:
        for name in ("output", "started", "timings", "frames_per_second"):
            del report[name]
        del report["options"]["output"]
    assert reports[0] == reports[1]


@pytest.mark.slow
def test_a_worker_that_dies_costs_nothing_but_time(
    videos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (videos / "killed").touch()
    serial(Path("single"), "--detector", "killer:look", *SORT, boxes=False)
    (videos / "killed").unlink()
    args = ["track", "videos", "--detector", "killer:look", *SORT, "--jobs", "2", "-o", "out"]
    assert main(args) == 0
    same(Path("single"), Path("out"))
    attempts = [row["attempts"] for row in table(Path("out")).values()]
    assert sorted(attempts) == ["1", "1", "1", "2"]
    told = [row["message"] for row in table(Path("out")).values() if row["message"]]
    assert told == ["killed by SIGKILL"]


@pytest.mark.slow
def test_one_bad_video_ends_nothing(videos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("videos/b.mp4").write_bytes(b"no video")
    Path("boxes/c.csv").write_text("1,1,500,500,20,20\n")
    assert main(["track", "videos", "--init", "boxes", *STATIC, "-o", "out"]) == 3
    rows = table(Path("out"))
    assert {name: row["state"] for name, row in rows.items()} == {
        "a": "complete",
        "b": "failed",
        "c": "failed",
        "d": "complete",
    }
    assert "videos/b.mp4" in rows["b"]["message"]
    assert "outside the frame of 64x48" in rows["c"]["message"]
    assert (rows["b"]["attempts"], rows["c"]["attempts"]) == ("1", "1")
    # what can be put right is, and the rest is not done again
    before = Path("out/a/run.json").stat().st_mtime_ns
    Path("boxes/c.csv").write_text("1,1,5,5,20,20\n")
    capsys.readouterr()
    assert main(["track", "--resume", "out", "--jobs", "2", "--json"]) == 3
    told = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert {name: row["state"] for name, row in told.items()} == {
        "a": "complete",
        "b": "failed",
        "c": "complete",
        "d": "complete",
    }
    assert Path("out/a/run.json").stat().st_mtime_ns == before
    assert (told["a"]["attempts"], told["c"]["attempts"]) == (0, 1)


@pytest.mark.slow
def test_what_fails_on_the_way_is_tried_again_and_kept(videos: Path) -> None:
    args = ["track", "videos/a.mp4", "videos/b.mp4", "--detector", "killer:fail", *SORT]
    assert main([*args, "-o", "out", "--attempts", "2"]) == 4
    rows = table(Path("out"))
    assert [row["attempts"] for row in rows.values()] == ["2", "2"]
    assert rows["a"]["message"] == (
        "stopped in frame 2: detector 'killer:fail', call 2: ValueError: no more"
    )
    assert (rows["a"]["state"], rows["a"]["frames"]) == ("failed", "1")


def test_no_detector_or_boxes_is_told_before_anything_begins(
    videos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for args, message in [
        ([], "nothing to follow"),
        (["--box", "1,2,9,9"], "--box: a box of one video, but there are 4"),
        (["--init", "boxes/a.csv"], "boxes of one video; give a folder"),
        (["--init", "nowhere/{name}.csv"], "nothing for 4 videos"),
        (["--init", "boxes", "--jobs", "0"], "--jobs: expected at least 1, got 0"),
        (["--init", "boxes", "--attempts", "0"], "--attempts: expected at least 1"),
        (["--init", "boxes", "--chunk", "0"], "--chunk: expected seconds above 0"),
        (["--init", "boxes", "--chunk", "5", "--both-ways"], "leave out --chunk"),
        (["--init", "boxes", "--tracker", "statik"], "did you mean 'static'"),
    ]:
        assert main(["track", "videos", *args, "-o", "out"]) == 2
        assert message in capsys.readouterr().err
        assert not Path("out").exists() or not list(Path("out").iterdir())


@pytest.mark.slow
def test_results_that_are_there(videos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["track", "videos/a.mp4", "--init", "boxes", *STATIC, "--jobs", "1", "-o", "out"]
    assert main(args) == 0
    assert main(args) == 2
    assert "holds results already, of 1 of these 1 videos; mohart track --resume out goes on" in (
        capsys.readouterr().err
    )
    assert main(["track", "--resume", "out"]) == 0
    assert main(["track", "--resume", "out", "--tracker", "sort"]) == 2
    assert "--tracker has no effect with --resume" in capsys.readouterr().err
    assert main(["track", "--resume", "nowhere", "--jobs", "2"]) == 2
    assert "no many.json" in capsys.readouterr().err
    assert main([*args, "--overwrite"]) == 0
    Path("out/a/mine.txt").touch()
    assert main([*args, "--overwrite"]) == 2
    assert "holds something else" in capsys.readouterr().err
    one = ["track", "videos/a.mp4", "--init", "boxes/a.csv", *STATIC, "-o", "single"]
    assert main(one) == 0
    assert main([*one, "--jobs", "1", "--overwrite"]) == 2
    assert "holds the results of one video" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "chunk"), [(signal.SIGTERM, ()), (signal.SIGKILL, ("--chunk", "0.4"))]
)
def test_the_real_tracker_killed_and_gone_on_with(
    tmp_path: Path, how: signal.Signals, chunk: tuple[str, ...]
) -> None:
    sample = Path(__file__).parents[3] / "datasets/samples/synth-0080"
    options = ["--init", str(sample / "gt/gt.txt"), "--init-frame", "1", "--frames", "56"]
    single = tmp_path / "single"
    assert main(["track", str(sample), *options, "-o", str(single)]) == 0
    command = [sys.executable, "-m", "mohart", "track", str(sample), *options, *chunk, "--jobs=1"]
    out = tmp_path / "out"
    child = subprocess.Popen([*command, "-o", str(out)], start_new_session=True, **quiet())
    wait_for_frames(out, child)
    child.send_signal(how)
    assert child.wait(120) == (130 if how == signal.SIGTERM else -how)
    assert main(["track", "--resume", str(out)]) == 0
    (result,) = [path.parent for path in out.glob("*/run.json")]
    for file in ("tracks.txt", "tracks.csv", "keyframes.csv", "video.mp4"):
        assert (result / file).read_bytes() == (single / file).read_bytes(), file
    assert [p.name for p in result.parent.iterdir() if p.name.startswith(".")] == []


def quiet() -> dict[str, Any]:
    return {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": dict(os.environ)}


def wait_for_frames(out: Path, child: subprocess.Popen[bytes]) -> None:
    """Until rows of some frames are on disk."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert child.poll() is None, "it ended before it could be killed"
        for path in [*out.glob(".*/tracks.csv"), *out.glob(".*/.part/tracks.csv")]:
            if path.stat().st_size > 300:
                return
        time.sleep(0.05)
    raise AssertionError("no frame was ever tracked")
