"""tools/time_encoding.py: a row per setting, and what ships is among them."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from mohart.video.writer import ENCODING

TOOLS = Path(__file__).parents[2] / "tools"


def test_every_setting_is_timed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    tool = importlib.import_module("time_encoding")
    monkeypatch.setattr(tool, "SIZE", (160, 120))
    tool.main(["--frames", "3", "--repeats", "1", "--objects", "2"])
    said = capsys.readouterr().out
    rows = re.findall(r"^(.+?) +([\d.]+) ms +([\d.]+) kB +([\d.]+) dB$", said, re.MULTILINE)
    assert [name for name, *_ in rows] == list(tool.SETTINGS)
    assert all(float(size) > 0 and float(close) > 20 for _, _, size, close in rows)


def test_the_shipped_setting_is_that_of_the_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    tool = importlib.import_module("time_encoding")
    [name] = [name for name in tool.SETTINGS if name.endswith("(shipped)")]
    told = tool.SETTINGS[name].options()
    parts = [set(options.pop("x264-params").split(":")) for options in (told, dict(ENCODING))]
    assert parts[0] == parts[1]
    assert told == {key: ENCODING[key] for key in ("preset", "qp")}
