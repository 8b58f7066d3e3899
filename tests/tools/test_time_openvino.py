"""tools/time_openvino.py: a row for every way to compute a step."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")
TOOLS = Path(__file__).parents[2] / "tools"


def test_a_row_each_and_what_is_missing_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    tool = importlib.import_module("time_openvino")
    real = tool.find_spec
    monkeypatch.setattr(tool, "find_spec", lambda name: None if name == "openvino" else real(name))
    tool.main(["--objects", "2", "--rounds", "2"])
    said = capsys.readouterr().out
    assert "pip install openvino" in said
    rows = re.findall(r"^(onnxruntime, \w+) +([\d.]+) +([\d.]+) ms +([\d.e-]+) px$", said, re.M)
    assert [row[0] for row in rows] == ["onnxruntime, float32", "onnxruntime, int8"]
    for _, least, middle, _ in rows:
        assert 0 < float(least) <= float(middle)
    assert [float(row[3]) > 0 for row in rows] == [False, True]


def test_numbers_that_make_no_sense_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    tool = importlib.import_module("time_openvino")
    for arguments, told in (
        (["--objects", "0"], "at least one object"),
        (["--model", "fsat"], "fast"),
    ):
        with pytest.raises(SystemExit):
            tool.main(arguments)
        assert told in capsys.readouterr().err
