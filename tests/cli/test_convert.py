from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mohart.cli.main import main

GT = "1,1,10,20,30,40,1,1,0.5\n2,1,11,20,30,40,1,1,1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("A", "B"):
        (tmp_path / "mot" / name / "gt").mkdir(parents=True)
        (tmp_path / "mot" / name / "gt" / "gt.txt").write_text(GT)
    return tmp_path / "mot"


def convert(*words: str | Path) -> int:
    return main(["convert", *map(str, words)])


def test_outputs_and_losses_are_printed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(folder, tmp_path / "out", "--to", "csv", "--size", "64x48", "--fps", "25") == 0
    printed = capsys.readouterr()
    loss = "  lost: video: CSV has no place for size 64x48, frame rate 25 per second\n"
    lines = [f"{tmp_path / 'out' / name}.csv: 2 boxes, 1 track, 2 frames\n{loss}" for name in "AB"]
    assert printed.out == "".join(lines)
    note = "read as mot (gt): a MOT sequence folder with gt/gt.txt"
    assert printed.err == f"note: {folder / 'A' / 'gt' / 'gt.txt'}: {note}\n"  # once


def test_json(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "B" / "gt" / "gt.txt").write_text("1,1,x,1,1,1\n")
    assert convert(folder, tmp_path / "out", "--to", "cvat", "--json", "--length", 7) == 2
    fine, refused = json.loads(capsys.readouterr().out)["files"]
    assert fine["target"] == str(tmp_path / "out" / "A.xml")
    assert (fine["boxes"], fine["tracks"], fine["frames"], fine["lost"]) == (2, 1, 7, [])
    assert refused["target"] is None
    assert refused["problems"][0].startswith(
        f"{folder / 'B' / 'gt' / 'gt.txt'}:1: expected numbers"
    )


def test_all_problems_of_damaged_files_and_exit_code(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = folder / "A" / "gt" / "gt.txt"
    bad.write_text("1,1,x,1,1,1\n0,1,1,1,1,1,1,1,1\n")
    assert convert(folder, tmp_path / "out", "--to", "cvat") == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert errors[0].startswith(f"error: {bad}:1: expected numbers")
    assert errors[1].startswith(f"error: {bad}:2: frame 0, but MOT frames count from 1")
    assert errors[2:] == ["error: 1 of 2 files converted"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["out"], "a folder may hold any format; say --to with one of mot, mot-det, kitti"),
        (["a.xml"], "cvat and detrac end in .xml; say --to with one"),
        (["a.csv"], "2 sequences, but a csv file holds one; give a folder as the target"),
        (["out", "--to", "cvta"], "--to: unknown format 'cvta'; did you mean 'cvat'?"),
        (["out", "--to", "csv", "--from", "dtrac"], "--from: unknown format 'dtrac'; did you mean"),
        (["out", "--to", "csv", "--size", "64"], "--size 64: expected width x height, e.g."),
        (["out", "--to", "csv", "--size", "0x4"], "--size 0x4: expected width x height"),
        (["out", "--to", "csv", "--length", "0"], "--length 0: expected 1 to 1000000 frames"),
        (["out", "--to", "csv", "--fps", "nan"], "--fps nan: expected a number above 0"),
        (["out", "--to", "csv", "--kind", "gtt"], "--kind: unknown 'gtt'; did you mean 'gt'?"),
        (["out", "--to", "csv", "--from", "kitti"], "no annotation files; expected .txt"),
    ],
)
def test_wrong_use_is_one_line(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder.parent)
    assert convert(folder, *words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert [path.name for path in folder.parent.iterdir()] == ["mot"]


def test_existing_outputs(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "all.json"
    assert convert(folder, target) == 0
    assert convert(folder, target) == 2
    assert f"error: {target}: exists already; choose another file, or give --overwrite" in (
        capsys.readouterr().err
    )
    assert convert(folder, target, "--overwrite") == 0
    assert convert(target, tmp_path / "strict", "--to", "kitti", "--strict") == 2
    assert "--strict refuses losses" in capsys.readouterr().err


@pytest.mark.slow
def test_neither_torch_nor_pyarrow_is_needed(folder: Path, tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['torch'] = sys.modules['pyarrow'] = None\n"
        "from mohart.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    words = [sys.executable, "-c", program, "convert", str(folder)]
    done = subprocess.run([*words, str(tmp_path / "a.json")], capture_output=True, text=True)
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    done = subprocess.run(
        [*words, str(tmp_path / "out"), "--to", "parquet"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "error: Parquet needs the package pyarrow; run: pip install 'mohart[parquet]'" in (
        done.stderr
    )
