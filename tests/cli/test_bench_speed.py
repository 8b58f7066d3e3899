"""`mohart bench speed`, in process, with stand-in trackers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mohart.cli.main import main


def speed(*options: str) -> int:
    return main(["bench", "speed", "--size", "64x48", "--rounds", "1", *options])


@pytest.mark.slow
def test_tables_and_files(
    built: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    asked = ["--objects", "1,2", "--trackers", "mohart,static", "--engines", "torch,onnx:int8"]
    assert speed(*asked, "--json", "s.json", "--report", "s.png") == 0
    out = capsys.readouterr().out
    assert "cores usable, 1 thread each" in out
    assert "processor time per frame of 64x48" in out
    assert [row.split()[0] for row in out.splitlines() if "mohart torch" in row] == ["1", "2"]
    assert all(word in out for word in ("decode", "draw", "encode"))
    assert [(b.get("engine"), b.get("precision")) for b in built if b["name"] == "mohart"] == [
        ("torch", "float32"),
        ("onnx", "int8"),
    ]
    record = json.loads(Path("s.json").read_text())
    assert [row["tracker"] for row in record["trackers"][:3]] == [
        "mohart torch",
        "mohart onnx:int8",
        "static",
    ]
    assert record["trackers"][0]["compared"] == 1
    assert record["options"]["objects"] == "1,2"
    assert Path("s.png").read_bytes().startswith(b"\x89PNG")
    assert speed(*asked, "--json", "s.json") == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--objects", "1,x"], "--objects: expected numbers from 1 to 10000, such as 1,10"),
        (["--objects", "0"], "--objects: expected numbers from 1"),
        (["--size", "640"], "--size: expected WIDTHxHEIGHT"),
        (["--size", "8x8"], "--size: expected sides of 16 to"),
        (["--rounds", "0"], "--rounds: expected at least 1, got 0"),
        (["--trackers", "static", "--engines", "onnx"], "no effect without the tracker"),
        (["--engines", "onnx,onnx"], "--engines: 'onnx' is there twice"),
        (["--trackers", "csrtt"], "did you mean 'csrt'"),
        (["--report", "x.gif"], "ending in .png"),
    ],
)
def test_wrong_use(
    options: list[str], message: str, built: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert speed(*options) == 2
    assert message in capsys.readouterr().err
    assert built == []
