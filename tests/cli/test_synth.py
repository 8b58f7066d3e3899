from __future__ import annotations

from pathlib import Path

import pytest

from mohart.cli.main import main
from mohart.data.mot import read_mot_folder


def folder_bytes(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def synth(out: Path, *more: str) -> int:
    return main(["synth", str(out), "--sequences", "1", "--frames", "3", "--objects", "2:3",
                 "--size", "96x64", *more])  # fmt: skip


@pytest.mark.parametrize("kind", [(), ("--video",)])
def test_it_writes_mot_folders_that_can_be_read(tmp_path: Path, kind: tuple[str, ...]) -> None:
    assert synth(tmp_path / "out", *kind) == 0
    (sequence,) = read_mot_folder(tmp_path / "out")
    assert (sequence.length, sequence.width, sequence.height) == (3, 96, 64)
    assert len(sequence.tracks) >= 4
    assert len(list(sequence.frames())) == 3
    assert main(["data", "check", str(tmp_path / "out")]) == 0


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert synth(tmp_path / name, "--seed", "4") == 0
    assert folder_bytes(tmp_path / "a") == folder_bytes(tmp_path / "b")
    assert synth(tmp_path / "c", "--seed", "5") == 0
    assert folder_bytes(tmp_path / "a") != folder_bytes(tmp_path / "c")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--objects", "five"], "--objects five: expected two whole numbers"),
        (["--size", "96*64"], "expected two whole numbers, e.g. 4x8"),
        (["--objects", "9:2"], "1 <= low <= high"),
        (["--frames", "0"], "at least 1"),
    ],
)
def test_bad_options_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert synth(tmp_path / "out", *options) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error


def test_existing_sequences_are_kept_unless_told_otherwise(tmp_path: Path) -> None:
    assert synth(tmp_path / "out") == 0
    assert synth(tmp_path / "out") == 2
    assert synth(tmp_path / "out", "--overwrite") == 0
