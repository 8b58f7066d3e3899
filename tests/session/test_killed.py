"""Runs that were killed: what is left of them is gone on with, or goes."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mohart.errors import MissingDataError, MohartError
from mohart.keyframes import Keyframes
from mohart.session import snapshots
from mohart.session.resume import PastRun, find_run, take_over
from mohart.session.run import track_video
from mohart.structures import TrackedObjects
from mohart.tracking.baselines.static import StaticTracker
from mohart.video import open_source

LENGTH = 40
DRAWN = Keyframes.from_rows(0, np.array([7, 3]), np.array([[2.0, 3, 22, 33], [30.0, 10, 50, 30]]))


class Kept(StaticTracker):
    """Static, with a state that can be kept; counts what it had to do."""

    updates = 0

    def update(
        self, frame_bgr: np.ndarray, detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        self.updates += 1
        return super().update(frame_bgr)

    def snapshot(self) -> bytes:
        return pickle.dumps((self._guard.size, self._boxes, self._ids, self._age))

    def restore(self, snapshot: bytes) -> None:
        self._guard.size, self._boxes, self._ids, self._age = pickle.loads(snapshot)


@pytest.fixture
def clip(noise: Callable[[int], Path]) -> Path:
    return noise(LENGTH)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots.Snapshots.__init__, "__defaults__", (4,))


def run(clip: Path, out: Path, **options: Any) -> Any:
    tracker = options.pop("tracker", None) or Kept()
    keyframes = options.pop("keyframes", DRAWN)
    options = {"video": False, "details": {"options": {}, "model": None}, **options}
    with open_source(clip) as source:
        return track_video(source, tracker, keyframes, output=out, **options)


def killed(clip: Path, out: Path, frame: int, **options: Any) -> None:
    """A run in a process that dies behind a frame."""

    def die(number: int, tracks: TrackedObjects) -> None:
        if number == frame:
            os.kill(os.getpid(), signal.SIGKILL)

    with warnings.catch_warnings():  # Python 3.12 and later: threads of decoders are about
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        run(clip, out, watch=die, **options)
        os._exit(0)  # not reached
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


def go_on(clip: Path, out: Path, past: PastRun, **options: Any) -> Any:
    earlier = take_over(past, None)
    return run(clip, out, keyframes=past.keyframes, earlier=earlier, overwrite=True, **options)


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize("where", ["nothing", "empty", "results"])
@pytest.mark.parametrize("frame", [0, 2, 13, 39])
def test_a_killed_run_is_gone_on_with(clip: Path, tmp_path: Path, frame: int, where: str) -> None:
    out = tmp_path / "out"
    run(clip, tmp_path / "fresh")
    if where == "empty":
        out.mkdir()
    if where == "results":
        run(clip, out, frames=3)
    killed(clip, out, frame, overwrite=True)
    past = find_run(out, corrected=False)
    assert past.killed
    assert past.start == 0
    last = past.last
    assert last == frame // 4 * 4
    assert past.report["interrupted"]
    tracker = Kept()
    report = go_on(clip, out, past, tracker=tracker)
    assert tracker.updates == LENGTH - 1 - last
    assert report.resumed_from == (last + 2 if last else None)
    for name in ("tracks.txt", "tracks.csv", "keyframes.csv"):
        assert (out / name).read_bytes() == (tmp_path / "fresh" / name).read_bytes()
    states = [sorted(p.name for p in (f / "state").iterdir()) for f in (out, tmp_path / "fresh")]
    assert states[0] == states[1]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4", "fresh", "out"]
    assert not [p.name for p in out.iterdir() if p.name.startswith(".")]


@pytest.mark.slow
@needs_fork
def test_killed_again_and_again(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(clip, tmp_path / "fresh")
    killed(clip, out, 21)
    past = find_run(out, corrected=False)
    assert past.last == 20
    killed(clip, out, 10, keyframes=past.keyframes, earlier=take_over(past, None), overwrite=True)
    past = find_run(out, corrected=False)
    assert past.last == 20  # the one that had come further
    killed(clip, out, 30, keyframes=past.keyframes, earlier=take_over(past, None), overwrite=True)
    past = find_run(out, corrected=False)
    assert past.last == 28
    go_on(clip, out, past)
    for name in ("tracks.txt", "tracks.csv"):
        assert (out / name).read_bytes() == (tmp_path / "fresh" / name).read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4", "fresh", "out"]


@pytest.mark.slow
@needs_fork
def test_what_a_killed_run_left_goes_when_a_new_one_is_complete(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    killed(clip, out, 21)

    def stop(number: int, tracks: TrackedObjects) -> None:
        if number == 5:
            raise KeyboardInterrupt

    run(clip, out, watch=stop)
    past = find_run(out, corrected=False)  # the killed one has more
    assert (past.killed, past.last) == (True, 20)
    run(clip, out, overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4", "out"]
    assert not find_run(out, corrected=False).killed


@needs_fork
def test_corrections_of_complete_results_do_not_go_to_a_killed_run(
    clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(clip, out)
    killed(clip, out, 21, overwrite=True)
    assert not find_run(out, corrected=True).killed
    assert find_run(out, corrected=False).killed


def test_nothing_to_go_on_with(tmp_path: Path) -> None:
    (tmp_path / ".out.mohart-part").mkdir()
    (tmp_path / ".out.mohart-part" / "tracks.csv").write_text("frame")
    with pytest.raises(MissingDataError, match=r"no run\.json"):
        find_run(tmp_path / "out", corrected=False)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_that_is_interrupted_again_keeps_its_place(
    clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for at in (9, 25):

        def stop(number: int, tracks: TrackedObjects, at: int = at) -> None:
            if number == at:
                raise KeyboardInterrupt

        if at == 9:
            run(clip, out, watch=stop)
        else:
            go_on(clip, out, find_run(out, corrected=False), watch=stop)
        assert find_run(out, corrected=False).last == at
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4", "out"]


def test_no_place_for_states_is_told_and_no_end(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mohart.errors import OutputError

    def full(*_: Any) -> None:
        raise OutputError("state/000005.npz: cannot be written (No space left on device)")

    monkeypatch.setattr(snapshots, "write_bytes", full)
    report = run(clip, tmp_path / "out")
    assert (report.frames, report.interrupted) == (LENGTH, False)
    assert "no states to go on from are kept from frame 5" in report.warnings[-1]


SIGNALS = """
import os, sys, time
from mohart.cli.main import main
import mohart.session.run as session
sent = [getattr(__import__("signal"), name) for name in sys.argv[2].split(",")]
def slow(detector_frame):
    slow.calls += 1
    if slow.calls == 8:
        for number in sent:
            os.kill(os.getpid(), number)
    return [[5, 10, 30, 30, 0.9, 0]]
slow.calls = 0
import types
sys.modules["finder"] = types.ModuleType("finder")
sys.modules["finder"].find = slow
out = sys.argv[1]
sys.exit(main(["track", sys.argv[3], "--detector", "finder:find", "--tracker", "iou",
               "--no-video", "-o", out]))
"""


def _usual_signals() -> None:
    """Whoever started the tests may have turned some off, as nohup does."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.slow
@pytest.mark.parametrize("names", ["SIGTERM", "SIGHUP", "SIGINT", "SIGINT,SIGINT,SIGTERM"])
@pytest.mark.skipif(sys.platform == "win32", reason="other signals there")
def test_signals_end_a_run_with_its_results(clip: Path, tmp_path: Path, names: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIGNALS, str(tmp_path / "out"), names, str(clip)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=_usual_signals,
    )
    assert done.returncode == 130, done.stderr
    rows = (tmp_path / "out" / "tracks.txt").read_text().splitlines()
    assert rows[-1].split(",")[0] == "7"
    assert "interrupted after 7 frames" in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4", "out"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"first_frame": [1, 1]}, "not the report of a run"),
        ({"last_frame": float("nan")}, "not the report of a run"),
        ({"options": None}, "not the report of a run"),
        ({"interrupted": "x"}, "not the report of a run"),
        (None, "cannot be read as JSON"),
    ],
)
def test_a_damaged_report_is_refused(
    clip: Path, tmp_path: Path, change: dict[str, Any] | None, error: str
) -> None:
    out = tmp_path / "out"
    run(clip, out, frames=2)
    report = json.loads((out / "run.json").read_text())
    text = "[" * 20_000 if change is None else json.dumps({**report, **change})
    (out / "run.json").write_text(text)
    with pytest.raises(MohartError, match=error):
        find_run(out, corrected=False)
