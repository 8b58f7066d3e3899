"""tools/earlier: the tracker of another commit, in a process of its own."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from mohart.errors import MissingDataError, MohartError

TOOLS = Path(__file__).parents[2] / "tools"
sys.path.insert(0, str(TOOLS))
checkout, tracker, time_commits = (
    importlib.import_module(name)
    for name in ("earlier.checkout", "earlier.tracker", "time_commits")
)

# Stays where it was drawn and moves by a pixel a frame; a commit that can not add objects.
PACKAGE = """
from types import SimpleNamespace
import numpy as np

class Tracker:
    def init(self, frame, boxes, ids):
        print("noise on the standard output")
        self.boxes, self.ids = boxes, ids
        return self.said()
    def update(self, frame):
        self.boxes = self.boxes + 1
        return self.said()
    def said(self):
        n = len(self.ids)
        return SimpleNamespace(tracker_id=self.ids, xyxy=self.boxes, confidence=np.full(n, 0.5),
                               state=np.full(n, "active"))

def load_tracker():
    return Tracker()
"""
FRAME = np.zeros((8, 8, 3), np.uint8)
pytestmark = pytest.mark.skipif(
    subprocess.run(["git", "--version"], capture_output=True, check=False).returncode != 0,
    reason="there is no git",
)


def git(folder: Path, *command: str) -> None:
    person = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "-C", str(folder), *person, *command], check=True, capture_output=True)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose first commit has the package above, and whose second one is broken."""
    folder = tmp_path_factory.mktemp("history")
    (folder / "mohart").mkdir()
    git(folder, "init", "-q")
    for text in (PACKAGE, "raise RuntimeError('not today')"):
        (folder / "mohart" / "__init__.py").write_text(text)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "one")
    return folder


def test_an_earlier_commit_follows_who_is_drawn_later_too(history: Path) -> None:
    with (
        checkout.checked_out("HEAD~1", history) as folder,
        closing(tracker.EarlierTracker(folder)) as one,
    ):
        first = one.init(FRAME, [[0, 0, 4, 4]], [7])
        assert first.tracker_id.tolist() == [7]
        one.update(FRAME)
        assert one.correct(FRAME, [[2, 2, 4, 4]], [9]).tracker_id.tolist() == [9]
        both = one.update(FRAME)
        assert both.xyxy.tolist() == [[2, 2, 6, 6], [3, 3, 5, 5]]
        assert (both.tracker_id.tolist(), both.state.tolist()) == ([7, 9], ["active", "active"])
        assert one.seconds > 0
        assert one.init(FRAME, [[0, 0, 1, 1]], [1]).tracker_id.tolist() == [1]
        assert one.update(FRAME).tracker_id.tolist() == [1]  # who was drawn before is over
    assert not folder.exists()


def test_what_can_not_be_compared_with(history: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(MissingDataError, match=r"commit 0123abc: not in the history of"),
        checkout.checked_out("0123abc", history),
    ):
        pass
    with (
        checkout.checked_out("HEAD", history) as folder,
        pytest.raises(MohartError, match="the earlier tracker ended with exit code 1"),
    ):
        tracker.EarlierTracker(folder)
    with pytest.raises(MohartError, match=r"expected its package, but .* was imported"):
        tracker.EarlierTracker(tmp_path)  # no package there: the installed one is found


def test_time_commits_prints_rounds_and_their_median(
    history: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sample = TOOLS.parent / "datasets" / "samples" / "synth-0080"
    shutil.copytree(sample / "gt", tmp_path / "synth" / "gt")
    shutil.copy(sample / "img1.mp4", tmp_path / "synth" / "video.mp4")
    samples = ["--real", str(tmp_path), "--set", "synth"]
    known = checkout.checked_out
    monkeypatch.setattr(time_commits, "checked_out", lambda commit: known(commit, history))
    with known("HEAD~1", history) as ours:
        monkeypatch.setattr(time_commits, "ROOT", ours)
        time_commits.main(["HEAD~1", *samples, "--window", "40", "--rounds", "2"])
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said[:2]] == ["round 1", "round 2"]
    ratios = [float(line.split()[-2]) for line in said[:2]]
    assert abs(float(said[2].split()[1]) - np.median(ratios)) < 0.02
    for wrong in (["--set", "none"], ["--window", "1"], ["--real", str(TOOLS / "missing")]):
        with pytest.raises(SystemExit) as stop:
            time_commits.main(["HEAD~1", *samples, *wrong])
        assert stop.value.code != 0
