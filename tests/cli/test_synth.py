from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mohart.cli.main import main
from mohart.data.mot import read_mot_folder


def folder_bytes(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def synth(out: Path, *more: str) -> int:
    return main(
        [
            "synth",
            str(out),
            "--sequences",
            "1",
            "--frames",
            "3",
            "--objects",
            "2:3",
            "--size",
            "96x64",
            *more,
        ]
    )


@pytest.mark.parametrize("kind", [(), ("--video",)])
def test_it_writes_mot_folders_that_can_be_read(tmp_path: Path, kind: tuple[str, ...]) -> None:
    assert synth(tmp_path / "out", *kind) == 0
    (sequence,) = read_mot_folder(tmp_path / "out")
    assert (sequence.length, sequence.width, sequence.height) == (3, 96, 64)
    assert len(sequence.tracks) >= 4
    assert len(list(sequence.frames())) == 3
    assert main(["data", "check", str(tmp_path / "out")]) == 0


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert synth(tmp_path / name, "--seed", "4") == 0
    assert folder_bytes(tmp_path / "a") == folder_bytes(tmp_path / "b")
    assert synth(tmp_path / "c", "--seed", "5") == 0
    assert folder_bytes(tmp_path / "a") != folder_bytes(tmp_path / "c")


@pytest.mark.slow
def test_photographs_change_the_frames_and_not_the_seed(tmp_path: Path) -> None:
    y, x = np.mgrid[:90, :120]
    picture = np.dstack([x, y, (x // 4 + y // 4) % 2 * 200]).astype(np.uint8)
    (tmp_path / "pictures").mkdir()
    assert cv2.imwrite(str(tmp_path / "pictures" / "a.png"), picture)
    options = ["--sequences", "3", "--photographs", str(tmp_path / "pictures")]
    for name in ("a", "b"):
        assert synth(tmp_path / name, *options) == 0
    assert folder_bytes(tmp_path / "a") == folder_bytes(tmp_path / "b")
    assert synth(tmp_path / "c", "--sequences", "3") == 0
    assert folder_bytes(tmp_path / "a") != folder_bytes(tmp_path / "c")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--objects", "five"], "--objects five: expected two whole numbers"),
        (["--size", "96*64"], "expected two whole numbers, e.g. 4x8"),
        (["--objects", "9:2"], "1 <= low <= high"),
        (["--frames", "0"], "at least 1"),
        (["--photographs", "nowhere"], "photographs: nowhere is not a folder"),
        (["--photographs", ".", "--world", "free"], "a world is drawn without --photographs"),
    ],
)
def test_bad_options_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert synth(tmp_path / "out", *options) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error


@pytest.mark.slow
def test_existing_sequences_are_kept_unless_told_otherwise(tmp_path: Path) -> None:
    assert synth(tmp_path / "out") == 0
    assert synth(tmp_path / "out") == 2
    assert synth(tmp_path / "out", "--overwrite") == 0


def test_a_world_is_written_like_other_sequences(tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ["--world", "collide", "--sequences", "2", "--frames", "4"]
    assert main(["synth", str(out), *options]) == 0
    first, second = read_mot_folder(out)
    assert (first.name, second.name) == ("collide-0000", "collide-0001")
    assert (first.length, first.width, first.height) == (4, 96, 96)
    assert len(first.tracks) == 4 * 5
    assert main(["data", "check", str(out)]) == 0
    assert main(["synth", str(tmp_path / "b"), *options]) == 0
    assert folder_bytes(out) == folder_bytes(tmp_path / "b")


def test_the_settings_of_a_world_can_be_given(tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ["--world", "forces", "--sequences", "1", "--frames", "3", "--objects", "2:2"]
    assert main(["synth", str(out), *options, "--size", "128x64", "--set", "size=[0.2, 0.2]"]) == 0
    (sequence,) = read_mot_folder(out)
    assert (sequence.width, sequence.height) == (128, 64)
    assert len(sequence.tracks) == 6
    box = sequence.tracks.boxes[0]
    assert box[2] - box[0] == pytest.approx(0.2 * 64, abs=0.05)  # MOT files have two decimals


def test_bounds_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--world", "free", "--bounds", "3", "--sequences", "2", "--frames", "6"]
    assert main(["synth", *options]) == 0
    title, head, *rows = capsys.readouterr().out.splitlines()
    assert title == "free, horizon 3, 2 sequences of 6"
    assert head.split() == ["predictor", "iou", "iou_end", "ade", "fde", "ade_sizes", "fde_sizes"]
    assert [row.split()[0] for row in rows] == ["static", "alone", "best"]
    assert rows[2].split()[1:] == ["1.000", "1.000", "0.000", "0.000", "0.000", "0.000"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--world", "fre"], "'fre' is none of free, collide"),
        (["--world", "free", "--set", "shake=1"], "shake: unknown key"),
        (["--world", "free", "--set", "speed"], "expected key=value"),
        (["--world", "recorded"], "folder: missing"),
        (["--set", "speed=1"], "--set and --bounds need --world NAME, one of free"),
        (["--bounds", "3"], "--set and --bounds need --world NAME"),
        (["--world", "free", "--bounds", "60"], "bounds: expected a horizon"),
    ],
)
def test_bad_options_of_a_world_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main(["synth", str(tmp_path / "out"), *options]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error


def test_a_folder_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth"]) == 2
    assert "name a folder for the sequences" in capsys.readouterr().err
