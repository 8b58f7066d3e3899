import argparse
import json
from pathlib import Path

import pytest

from mohart.cli.data import add_parser
from mohart.data.sequence import Sequence
from mohart.data.write import write_mot_sequence
from mohart.errors import MissingDataError


def call(*words: str | Path) -> int:
    parser = argparse.ArgumentParser(prog="mohart")
    add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args([str(word) for word in words])
    code: int = args.run(args)
    return code


@pytest.fixture
def folder(tmp_path: Path, moving_boxes: Sequence) -> Path:
    """A data set of one faultless sequence."""
    write_mot_sequence(tmp_path / "set" / "moving-boxes", moving_boxes)
    return tmp_path / "set"


def test_a_faultless_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("data", "check", folder) == 0
    out = capsys.readouterr().out
    assert "moving-boxes" in out
    assert "160x120" in out
    assert "1 sequence, 0 errors, 0 warnings" in out


def test_problems_with_their_fix(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gt = folder / "moving-boxes" / "gt" / "gt.txt"
    gt.write_text("0,1,1,2,3,4,1,1,1\n")
    assert call("data", "check", folder) == 1
    out = capsys.readouterr().out
    assert f"error: {gt}:1: frame 0, but MOT frames count from 1\n" in out
    assert "  fix: add 1 to every frame number\n" in out
    assert "unreadable" in out
    assert "1 error, 0 warnings" in out


def test_warnings_alone_are_fine(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "moving-boxes" / "seqinfo.ini").unlink()
    assert call("data", "check", folder) == 0
    assert "warning: " in capsys.readouterr().out


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "moving-boxes" / "img1" / "000008.jpg").unlink()
    assert call("data", "check", folder, "--json") == 1
    content = json.loads(capsys.readouterr().out)
    assert content["problems"][0]["severity"] == "error"
    assert content["problems"][0]["path"].endswith("img1")
    assert content["sequences"][0]["frames"] == 7


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no such folder"):
        call("data", "check", tmp_path / "none")
    with pytest.raises(SystemExit):
        call("data")
