"""`mohart track` with corrections, and `--resume`, with the shipped weights on the sample."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import mohart
from mohart.cli.main import main

SAMPLE = Path(mohart.__file__).parents[1] / "datasets" / "samples" / "synth-0080"
RUN = ("track", str(SAMPLE), "--no-video", "--frames", "60")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Boxes of the first frame, corrections, both, and a run of the first."""
    folder = tmp_path_factory.mktemp("resume")
    labels = [row.split(",")[:6] for row in (SAMPLE / "gt" / "gt.txt").read_text().splitlines()]
    first = [",".join(row) for row in labels if row[0] == "1"]
    ids = [row.split(",")[1] for row in first]
    later = [",".join(row) for row in labels if row[0] == "55" and row[1] in ids[:1]]
    later.append(f"57,{ids[1]},end")
    assert len(later) == 2
    (folder / "first.csv").write_text("\n".join(first) + "\n")
    (folder / "later.csv").write_text("\n".join(later) + "\n")
    (folder / "both.csv").write_text("\n".join([*first, *later]) + "\n")
    assert main([*RUN, "--init", str(folder / "first.csv"), "-o", str(folder / "run")]) == 0
    return folder


@pytest.mark.slow
def test_corrections_give_what_a_run_with_all_boxes_gives(files: Path, tmp_path: Path) -> None:
    shutil.copytree(files / "run", tmp_path / "out")
    assert main([*RUN, "--init", str(files / "both.csv"), "-o", str(tmp_path / "fresh")]) == 0
    assert (
        main(["track", "--resume", str(tmp_path / "out"), "--init", str(files / "later.csv")]) == 0
    )
    for name in ("tracks.txt", "tracks.csv", "keyframes.csv"):
        expected = (tmp_path / "fresh" / name).read_bytes()
        assert (tmp_path / "out" / name).read_bytes() == expected
        if name != "keyframes.csv":
            assert expected != (files / "run" / name).read_bytes()
    report = json.loads((tmp_path / "out" / "run.json").read_text())
    assert report["resumed_from"] == 52
    assert report["options"]["frames"] == 60


@pytest.mark.slow
def test_nothing_to_do(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (files / "run" / "run.json").stat().st_mtime_ns
    assert main(["track", "--resume", str(files / "run"), "--init", str(files / "first.csv")]) == 0
    assert "nothing to do, its keyframes already say this" in capsys.readouterr().out
    assert (files / "run" / "run.json").stat().st_mtime_ns == before


def test_mistakes(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, later = str(files / "run"), str(files / "later.csv")
    stray = tmp_path / "stray.csv"
    stray.write_text("30,99,end\n")
    shutil.copytree(files / "run", tmp_path / "moved")
    report: dict[str, Any] = json.loads((tmp_path / "moved" / "run.json").read_text())
    report["options"]["source"] = report["source_path"] = "gone.mp4"
    (tmp_path / "moved" / "run.json").write_text(json.dumps(report))
    for arguments, message in (
        (["--resume", run, "--tracker", "static"], "--tracker has no effect with --resume"),
        (["--resume", str(tmp_path)], "no run.json, so there is no run of 'mohart track'"),
        (["--resume", run, "--init", str(stray)], "id 99 ends in frame 30, but has no box"),
        (["--resume", str(tmp_path / "moved"), "--init", later], "its video gone.mp4 is not there"),
        (["--box", "1,2,3,4"], "what is to be tracked? Name a video"),
        ([str(SAMPLE), "--box", "1,2,9,9", "--init-frame", "x"], "expected a frame number or all"),
        ([str(SAMPLE), "--box", "1,2,9,9", "--init-frame", "all"], "give its number"),
    ):
        assert main(["track", *arguments]) == 2
        assert message in capsys.readouterr().err


def test_labels_of_every_frame_are_not_taken_for_corrections(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = str(SAMPLE / "gt" / "gt.txt")
    run = ("track", str(SAMPLE), "--tracker", "static", "--no-video", "--frames", "5")
    assert main([*run, "--init", labels, "-o", str(tmp_path / "a")]) == 0
    assert "gt.txt labels frame after frame: the boxes of frame 1 are taken" in (
        capsys.readouterr().err
    )
    assert main([*run, "--init", labels, "--init-frame", "1", "-o", str(tmp_path / "b")]) == 0
    assert capsys.readouterr().err == ""
    assert main([*run, "--init", labels, "--init-frame", "all", "-o", str(tmp_path / "c")]) == 0
    a, b, c = ((tmp_path / name / "tracks.txt").read_bytes() for name in "abc")
    assert a == b != c


@pytest.mark.slow
def test_both_ways(files: Path, tmp_path: Path) -> None:
    run = (*RUN, "--both-ways", "--init", str(files / "both.csv"))
    assert main([*run, "-o", str(tmp_path / "a")]) == 0
    report = json.loads((tmp_path / "a" / "run.json").read_text())
    assert report["both_ways"]["gaps"] == 1
    assert (report["resumed_from"], report["rows"]) == (None, len(rows(tmp_path / "a")))
    one = main([*run[:-2], "--init", str(files / "first.csv"), "-o", str(tmp_path / "b")])
    assert one == 0
    assert rows(tmp_path / "b") == rows(files / "run")  # no gaps: as without
    further = ("--init", str(files / "later.csv"))
    assert main(["track", "--resume", str(tmp_path / "b"), *further]) == 0
    assert rows(tmp_path / "b") == rows(tmp_path / "a") != rows(files / "run")


def rows(folder: Path) -> list[str]:
    return (folder / "tracks.txt").read_text().splitlines()


def test_both_ways_goes_by_drawn_boxes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = ("track", str(SAMPLE), "--detector", "motion", "--both-ways", "-o", str(tmp_path / "a"))
    assert main([*run]) == 2
    assert "--both-ways goes by boxes that were drawn" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_that_was_killed_is_completed(files: Path, tmp_path: Path) -> None:
    """As `kill -9` leaves it: a hidden folder, states, tables whose last lines are cut."""
    out, part = tmp_path / "out", tmp_path / ".out.mohart-part"
    shutil.copytree(files / "run", part)
    report: dict[str, Any] = json.loads((part / "run.json").read_text())
    report |= {"last_frame": 1, "interrupted": True, "unfinished": True}
    (part / "run.json").write_text(json.dumps(report))
    for name in ("tracks.txt", "tracks.csv"):
        whole = (part / name).read_bytes()
        (part / name).write_bytes(whole[: len(whole) * 58 // 60])
    assert main(["track", "--resume", str(out)]) == 0
    for name in ("tracks.txt", "tracks.csv", "keyframes.csv"):
        assert (out / name).read_bytes() == (files / "run" / name).read_bytes()
    saved = json.loads((out / "run.json").read_text())
    assert (saved["resumed_from"], saved["interrupted"]) == (52, False)
    assert "unfinished" not in saved
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
