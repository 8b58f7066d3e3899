"""`mohart track`, in process, with stand-in trackers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mohart.cli.main import main
from mohart.cores import shared_cores
from mohart.tracking.baselines.static import StaticTracker


def track(clip: Path, *options: str) -> int:
    return main(["track", str(clip), *options])


def test_boxes_on_the_command_line(
    clip: Path, tmp_path: Path, built: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert track(clip, "--box", "-2,3,20,30", "--box", "30,10,20,20", "-o", str(out)) == 0
    assert built == [
        {
            "name": "mohart",
            "model": None,
            "device": "auto",
            "relation": None,
            "whole_boxes": "auto",
            "threads": 1,
            "crowd_threads": shared_cores(),
            "engine": "auto",
            "precision": "float32",
            "returns": "normal",
            "end_after": None,
            "knobs": None,
        }
    ]
    rows = (out / "tracks.txt").read_text().splitlines()
    assert len(rows) == 20
    assert rows[:2] == [
        "1,1,-2.00,3.00,20.00,30.00,1.0000,-1,-1,-1",
        "1,2,30.00,10.00,20.00,20.00,1.0000,-1,-1,-1",
    ]
    captured = capsys.readouterr()
    assert captured.out.splitlines()[0].startswith("2 objects over frames 1 to 10 of clip with")
    assert captured.out.splitlines()[1:] == [
        "id  frames  active  predicted  lost  doubtful",
        " 1    1-10       1          9     0  2-10",
        " 2    1-10       1          9     0  2-10",
        f"tracks  {out}/tracks.txt",
        f"video   {out}/video.mp4",
        f"report  {out}/run.json",
    ]
    assert captured.err == ""


@pytest.mark.parametrize(
    ("cores", "more", "threads", "crowd"),
    [(1, [], 1, 1), (2, [], 1, 2), (16, [], 1, 4), (16, ["--threads", "1"], 1, 1)],
)
def test_a_crowd_has_the_cores_that_are_there_unless_threads_are_asked_for(
    clip: Path,
    tmp_path: Path,
    built: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    cores: int,
    more: list[str],
    threads: int,
    crowd: int,
) -> None:
    monkeypatch.setattr("mohart.cores.usable_cores", lambda: cores)
    assert track(clip, "--box", "2,3,20,30", *more, "-o", str(tmp_path / "out")) == 0
    assert (built[0]["threads"], built[0]["crowd_threads"]) == (threads, crowd)


def test_opencv_has_one_thread_or_as_many_as_asked(
    clip: Path, tmp_path: Path, built: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(cv2, "setNumThreads", asked.append)
    for n, more in enumerate(([], ["--threads", "3"])):
        assert track(clip, "--box", "2,3,20,30", *more, "-o", str(tmp_path / f"out{n}")) == 0
    assert asked == [1, 3]


def test_file_with_ids_and_all_options(
    clip: Path, tmp_path: Path, built: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "w.safetensors"
    weights.touch()
    code = track(
        clip,
        *("--init", str(tmp_path / "gt.txt"), "--init-frame", "3", "--frames", "4"),
        *("--model", str(weights), "--relation", "none", "--device", "cpu", "--whole-boxes"),
        *("-o", str(tmp_path / "out"), "--no-video", "--json"),
    )
    assert code == 0
    assert built == [
        {
            "name": "mohart",
            "model": str(weights),
            "device": "cpu",
            "relation": "none",
            "whole_boxes": "yes",
            "threads": 1,
            "crowd_threads": shared_cores(),
            "engine": "auto",
            "precision": "float32",
            "returns": "normal",
            "end_after": None,
            "knobs": None,
        }
    ]
    rows = (tmp_path / "out" / "tracks.txt").read_text().splitlines()
    assert [row.split(",")[:3] for row in rows] == [[str(t), "5", "6.00"] for t in (3, 4, 5, 6)]
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "out" / "run.json").read_text())
    assert printed["options"]["init_frame"] == 3
    assert printed["model_path"] == str(weights.resolve())
    assert not (tmp_path / "out" / "video.mp4").exists()


def test_default_folder(
    clip: Path, tmp_path: Path, built: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert track(clip, "--box", "2,3,20,30", "--no-video") == 0
    assert (tmp_path / "out" / "clip" / "tracks.txt").exists()


def test_existing_folder_and_overwrite(
    clip: Path, tmp_path: Path, built: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--box", "2,3,20,30", "--no-video", "-o", str(tmp_path / "out")]
    assert track(clip, *options) == 0
    assert track(clip, *options) == 2
    assert "exists already; choose another folder with -o, or give --overwrite" in (
        capsys.readouterr().err
    )
    assert len(built) == 1  # told before the tracker is loaded
    assert track(clip, *options, "--overwrite") == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--box", "1,2,3"], "expected x,y,width,height"),
        (["--box", "1,2,0,5"], "must be positive"),
        (["--box", "1,2,nan,5"], "finite"),
        (["--box", "100,2,10,10"], "outside the frame of 64x48"),
        (["--box", "1,2,9,9", "--init-frame", "0"], "--init-frame: frames count from 1, got 0"),
        (["--box", "1,2,9,9", "--frames", "0"], "--frames: expected at least 1"),
        (["--box", "1,2,9,9", "--init-frame", "11"], "init frame 11 is past the end"),
        (["--box", "1,2,9,9", "--tracker", "statik"], "did you mean 'static'"),
        (
            ["--box", "1,2,9,9", "--tracker", "csrt", "--relation", "none"],
            "--relation has no effect on tracker 'csrt'",
        ),
        (
            ["--box", "1,2,9,9", "--tracker", "csrt", "--whole-boxes"],
            "--whole-boxes has no effect on tracker 'csrt'",
        ),
        (["--init", "none.txt"], "none.txt"),
    ],
)
def test_bad_input_is_one_line_and_2(
    clip: Path,
    tmp_path: Path,
    built: list[Any],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    assert track(clip, *options, "-o", str(tmp_path / "out")) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,7,1,2,nan,5,1,1,1", "boxes.txt:2"),
        ("1,7,1,2,0,5,1,1,1", "boxes.txt:2"),
        ("1,7,900,2,5,5,1,1,1", "id 7"),
    ],
)
def test_bad_boxes_in_a_file_are_named(
    clip: Path,
    tmp_path: Path,
    built: list[Any],
    capsys: pytest.CaptureFixture[str],
    row: str,
    message: str,
) -> None:
    (tmp_path / "boxes.txt").write_text(f"1,3,1,2,9,9,1,1,1\n{row}\n")
    assert track(clip, "--init", str(tmp_path / "boxes.txt"), "-o", str(tmp_path / "out")) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"hello" * 50])
def test_bad_video(
    tmp_path: Path, built: list[Any], capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "v.mp4").write_bytes(content)
    assert track(tmp_path / "v.mp4", "--box", "1,2,3,4", "-o", str(tmp_path / "out")) == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'v.mp4'}: ")
    assert not (tmp_path / "out").exists()


def test_broken_off_video_is_a_warning_and_has_its_exit_code(
    tmp_path: Path, built: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "v.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 48))
    for _ in range(40):
        writer.write(np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert track(path, "--box", "1,2,9,9", "-o", str(tmp_path / "out")) == 3
    error = capsys.readouterr().err
    assert error.startswith("warning: the video breaks off after ")
    assert json.loads((tmp_path / "out" / "run.json").read_text())["warnings"]


def test_lost_frames_are_named_and_have_an_exit_code(
    tmp_path: Path, built: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    for n in (1, 2, 3, 6, 7):
        cv2.imwrite(str(folder / f"{n}.png"), np.zeros((48, 64, 3), np.uint8))
    assert track(folder, "--box", "1,2,9,9", "--fps", "10", "-o", str(tmp_path / "out")) == 3
    error = capsys.readouterr().err
    assert error == (
        "warning: frames 4, 5: missing among the numbered images; objects coast over it\n"
    )
    report = json.loads((tmp_path / "out" / "run.json").read_text())
    assert (report["frame_rate"], report["damaged"], report["last_frame"]) == (10, True, 7)


def test_a_failure_on_the_way_keeps_the_results_and_has_an_exit_code(
    clip: Path,
    tmp_path: Path,
    built: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(self: StaticTracker, *_: Any) -> None:
        raise RuntimeError("device\nlost")

    monkeypatch.setattr(StaticTracker, "update", fail)
    assert track(clip, "--box", "1,2,9,9", "-o", str(tmp_path / "out")) == 4
    said = capsys.readouterr()
    assert said.err.endswith("error: stopped in frame 2: RuntimeError: device lost\n")
    assert "Traceback" not in said.err
    assert (tmp_path / "out" / "tracks.txt").exists()


@pytest.mark.parametrize(
    ("options", "first", "last"),
    [
        (["--start", "3"], 3, 10),
        (["--start", "3", "--end", "4"], 3, 4),
        (["--start", "0.08s"], 3, 10),
        (["--start", "0:00.09"], 4, 10),
        (["--end", "0.12s"], 1, 3),
        (["--end", "99"], 1, 10),
        (["--start", "2", "--frames", "2"], 2, 3),
        (["--fps", "10", "--start", "0.3s", "--end", "0.5s"], 4, 5),
    ],
)
def test_a_part_of_a_video(
    clip: Path, tmp_path: Path, built: list[Any], options: list[str], first: int, last: int
) -> None:
    assert track(clip, "--box", "1,2,9,9", *options, "-o", str(tmp_path / "out")) == 0
    report = json.loads((tmp_path / "out" / "run.json").read_text())
    assert (report["first_frame"], report["last_frame"]) == (first, last)
    assert report["warnings"] == []
    rows = (tmp_path / "out" / "tracks.txt").read_text().splitlines()
    assert (rows[0].split(",")[0], rows[-1].split(",")[0]) == (str(first), str(last))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--start", "soon"], "--start: expected a frame, counted from 1, or a time such as"),
        (["--end", "0"], "--end: expected a frame, counted from 1"),
        (["--start", "99"], "frame 99 is past the end"),
        (["--start", "99s"], "is past the end"),
        (["--start", "2", "--init-frame", "2"], "both say where to begin"),
        (["--every", "0"], "--every: expected at least 1, got 0"),
        (["--every", "2", "--both-ways"], "leave out --every"),
        (["--fps", "0"], "frame rate: expected 0.01 to 1000 per second, got 0"),
    ],
)
def test_a_part_that_cannot_be_meant(
    clip: Path,
    tmp_path: Path,
    built: list[Any],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    assert track(clip, "--box", "1,2,9,9", *options, "-o", str(tmp_path / "out")) == 2
    assert message in capsys.readouterr().err


def test_ctrl_c_is_130_and_keeps_the_results(
    clip: Path, tmp_path: Path, built: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: StaticTracker, *_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(StaticTracker, "update", stop)
    assert track(clip, "--box", "1,2,9,9", "-o", str(tmp_path / "out")) == 130
    assert (tmp_path / "out" / "tracks.txt").read_text().count("\n") == 1


def test_what_becomes_of_lost_objects(clip: Path, tmp_path: Path, built: list[Any]) -> None:
    out = tmp_path / "out"
    options = (
        "--box",
        "30,10,20,20",
        "--returns",
        "strict",
        "--end-when-lost",
        "1.5",
        "--every",
        "2",
    )
    assert track(clip, *options, "-o", str(out)) == 0
    rate = json.loads((out / "run.json").read_text())["frame_rate"]
    assert built[0]["returns"] == "strict"
    assert built[0]["end_after"] == round(1.5 * rate / 2)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--end-when-lost", "-1"), "expected seconds, 0 or more, got -1"),
        (("--end-when-lost", "nan"), "expected seconds, 0 or more, got nan"),
        (("--end-when-lost", "2", "--returns", "never"), "no effect with --returns never"),
        (("--returns", "strict", "--tracker", "static"), "--returns has no effect on tracker"),
    ],
)
def test_odd_wishes_about_lost_objects(
    clip: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], error: str
) -> None:
    assert track(clip, "--box", "30,10,20,20", *options) == 2
    assert error in capsys.readouterr().err
