"""Files of the app that a disk has damaged: as if missing, or told in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="pip install 'mohart[app]'")

from mohart.app.jobs import JOB, OUTCOME, Jobs
from mohart.app.places import RefusalError
from mohart.app.project import Projects
from mohart.app.videos import Videos

VIDEO, NUMBER = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / f"videos/{VIDEO}/meta.json", {"name": "a", "path": "/a.mp4", "created": 1.0})
    ready = {"status": "ready", "frames": 9, "width": 64, "height": 48}
    write(tmp_path / f"videos/{VIDEO}/check.json", ready)
    job = {"video": VIDEO, "created": 1.0, "attempt": 1, "settings": {}}
    write(tmp_path / f"jobs/{NUMBER}/{JOB}", job)
    write(tmp_path / f"jobs/{NUMBER}/{OUTCOME}", {"status": "done", "message": None})
    return tmp_path


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def test_whole_files_are_used(folder: Path) -> None:
    assert Videos(folder, 1).ready(VIDEO)["frames"] == 9
    assert Jobs(folder, 0).about(NUMBER)["status"] == "done"


@pytest.mark.parametrize("damage", [[], 3, {"created": None}, {"created": 1.0, "name": 3}])
def test_a_damaged_video_is_no_video(folder: Path, damage: Any) -> None:
    write(folder / f"videos/{VIDEO}/meta.json", damage)
    assert Videos(folder, 1).all() == []


@pytest.mark.parametrize("damage", [[], {"status": "fine"}, {"status": "ready", "frames": "9"}])
def test_a_damaged_verdict_is_none(folder: Path, damage: Any) -> None:
    write(folder / f"videos/{VIDEO}/check.json", damage)
    assert Videos(folder, 1).about(VIDEO)["status"] == "checking"


@pytest.mark.parametrize("damage", [[], {"attempt": "x"}, {"video": VIDEO, "created": []}])
def test_a_damaged_job_is_no_job(folder: Path, damage: Any) -> None:
    write(folder / f"jobs/{NUMBER}/{JOB}", damage)
    jobs = Jobs(folder, 0)
    jobs.start()
    jobs.stop()
    assert jobs.of_video(VIDEO) == []


def test_a_job_with_a_damaged_outcome_is_taken_up_again(folder: Path) -> None:
    write(folder / f"jobs/{NUMBER}/{OUTCOME}", ["done"])
    jobs = Jobs(folder, 0)
    jobs.start()
    jobs.stop()
    assert jobs.about(NUMBER)["status"] == "queued"
    assert jobs.about(NUMBER)["attempt"] == 2


def test_damaged_keyframes_are_told(folder: Path) -> None:
    path = folder / f"videos/{VIDEO}/project.json"
    write(path, {"rows": 1})
    with pytest.raises(RefusalError, match=r"project\.json is damaged; put a copy"):
        Projects(Videos(folder, 1)).get(VIDEO)
    assert path.exists()
