"""tools/time_engines.py: a row per number of objects, a column per tracker."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


def test_prints_times_and_ratios(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    tool = importlib.import_module("time_engines")
    monkeypatch.setattr("torch.set_num_threads", lambda _: None)
    monkeypatch.setattr("cv2.setNumThreads", lambda _: None)
    asked = ["--objects", "1,2", "--engines", "torch", "--rivals", "static", "--size", "160x120"]
    tool.main([*asked, "--rounds", "1"])
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["objects", "torch", "static"]
    assert [row.split()[0] for row in rows] == ["1", "2"]
    for row in rows:
        own, rival = (float(x) for x in re.findall(r"([\d.]+)x", row))
        assert own == 1
        assert rival > 1
