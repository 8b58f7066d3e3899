"""`mohart track --ray`: a local Ray cluster, two workers, deaths; in processes of their own.

Ray warns of much and leaves threads, which a test that turns warnings into errors cannot have.
"""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="pip install '.[ray]'")
pytestmark = pytest.mark.slow

TRACK = (sys.executable, "-m", "mohart", "track")
SORT = ("--tracker", "sort", "--no-video")


def run(*options: str, code: int = 0) -> str:
    done = subprocess.run([*TRACK, *options], capture_output=True, text=True, timeout=1500)
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


def same(a: Path, b: Path, names: str) -> None:
    for name in names:
        for file in ("tracks.txt", "tracks.csv", "keyframes.csv"):
            assert (a / name / file).read_bytes() == (b / name / file).read_bytes(), name


def left_over() -> list[str]:
    """Processes of Ray and workers that this one has started."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            mine = str(Path.cwd()).encode() in (place / "environ").read_bytes()
        except OSError:
            continue
        if mine and any(word in line for word in ("raylet", "gcs_server", "track_worker")):
            found.append(line[:200])
    return found


def test_a_cluster_of_its_own_and_a_worker_that_dies(
    videos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOHART_TEST_PLACE", str(videos))  # marks all processes of this test
    (videos / "killed").touch()
    for name in "abcd":
        run(f"videos/{name}.mp4", "--detector", "killer:look", *SORT, "-o", f"single/{name}")
    (videos / "killed").unlink()
    said = run("videos", "--detector", "killer:look", *SORT, "--ray", "--jobs", "2", "-o", "out")
    assert "4 videos: 4 complete" in said
    same(Path("single"), Path("out"), "abcd")
    with Path("out/summary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["attempts"] for row in rows) == ["1", "1", "1", "2"]
    assert "killed by SIGKILL" in {row["message"] for row in rows}
    assert all(row["where"] for row in rows)
    assert left_over() == []


def test_an_actor_that_dies_and_its_worker_that_lives_on(
    videos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a machine is lost in the middle of a video, which goes on from its chunks."""
    monkeypatch.setenv("MOHART_TEST_PLACE", str(videos))
    sample = Path(__file__).parents[3] / "datasets/samples/synth-0080"
    options = ["--init", str(sample / "gt/gt.txt"), "--init-frame", "1", "--no-video"]
    run(str(sample), *options, "-o", "single/x")
    command = [*TRACK, str(sample), *options, "--chunk", "0.5", "--ray", "--jobs", "1", "-o", "out"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 900
    while not list(Path("out").glob(".*.mohart-chunks/000001")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        if (
            b"ray::Host" in place.read_bytes()
            and str(videos).encode() in (place.parent / "environ").read_bytes()
        ):
            os.kill(int(place.parent.name), signal.SIGKILL)
    out, err = process.communicate(timeout=1500)
    assert process.returncode == 0, err
    assert "lost on the cluster" in out
    (result,) = Path("out").glob("*/run.json")
    result.parent.rename("single/y")
    for file in ("tracks.txt", "tracks.csv", "keyframes.csv"):
        assert Path("single/x", file).read_bytes() == Path("single/y", file).read_bytes()
    assert left_over() == []


def test_no_cluster_there(videos: Path) -> None:
    options = ["--init", "boxes", "--tracker", "static", "--ray", "127.0.0.1:1", "-o", "out"]
    assert "--ray 127.0.0.1:1: no cluster there" in run("videos", *options, code=2)
