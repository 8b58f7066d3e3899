"""tools/time_side_by_side.py: a row for each way, and shares of them."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mohart.video import VideoWriter

pytest.importorskip("onnxruntime")
TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(TOOLS))
    found = importlib.import_module("time_side_by_side")
    monkeypatch.setattr(found, "FIRST", 2)
    return found


def test_frames_are_generated_where_no_video_is_given(
    tool: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "SIZE", (320, 240))
    tool.main(["--objects", "2", "--frames", "6", "--repeats", "1"])
    assert len(re.findall(r"^(?:no video|video.mp4) +tracking", capsys.readouterr().out, re.M)) == 2
    for words in ([], ["--init", "boxes.txt"], ["clip.mp4"], ["clip.mp4", "--objects", "2"]):
        with pytest.raises(SystemExit):
            tool.main(words)
        assert "expected a VIDEO with --init BOXES, or --objects N" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["clip.mp4", "--init", "boxes.txt"], "boxes.txt: no such file"),
        (["--objects", "-2"], "--objects: expected at least one"),
        (["--objects", "2", "--crowd-threads", "0"], "crowd_threads: expected at least 1, got 0"),
        (["--objects", "2", "--model", "nosuch"], "nosuch: no such weights"),
    ],
)
def test_what_is_wrong_is_told(
    tool: Any, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        tool.main(words)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_prints_what_two_cores_can_reach(
    tool: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, boxes = tmp_path / "clip.mp4", tmp_path / "boxes.txt"
    ground = np.random.default_rng(0).integers(80, 130, (96, 128, 3), np.uint8)
    with VideoWriter(clip, 128, 96, 25) as writer:
        for _ in range(8):
            writer.write(ground)
    boxes.write_text("1,1,20,30,20,30,1,1,1\n1,2,60,30,20,30,1,1,1\n2,1,20,30,20,30,1,1,1\n")
    tool.main([str(clip), "--init", str(boxes), "--frames", "8", "--repeats", "1"])
    said = capsys.readouterr().out
    rows = re.findall(
        r"tracking +([\d.]+) ms, all threads +([\d.]+) ms, .+ least +([\d.]+) ms, .+ ([\d.]+) ms$",
        said,
        re.MULTILINE,
    )
    assert len(rows) == 2
    for own, every, least, clock in (map(float, row) for row in rows):
        assert least == pytest.approx(max(own, every / 2), abs=0.02)
        assert clock > 0
    assert re.search(r"^decoding alone [\d.]+ ms, by the clock [\d.]+ ms$", said, re.MULTILINE)
    shares = re.search(
        r"^speed with video.mp4.+: ([\d.]+) at best, ([\d.]+) by", said, re.MULTILINE
    )
    assert shares
    assert all(float(share) > 0 for share in shares.groups())
