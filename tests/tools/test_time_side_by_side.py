"""tools/time_side_by_side.py: a row for each way, and shares of them."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

from mohart.video import VideoWriter

pytest.importorskip("onnxruntime")
TOOLS = Path(__file__).parents[2] / "tools"


def test_prints_what_two_cores_can_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, boxes = tmp_path / "clip.mp4", tmp_path / "boxes.txt"
    ground = np.random.default_rng(0).integers(80, 130, (96, 128, 3), np.uint8)
    with VideoWriter(clip, 128, 96, 25) as writer:
        for _ in range(8):
            writer.write(ground)
    boxes.write_text("1,1,20,30,20,30,1,1,1\n1,2,60,30,20,30,1,1,1\n2,1,20,30,20,30,1,1,1\n")
    monkeypatch.syspath_prepend(str(TOOLS))
    tool = importlib.import_module("time_side_by_side")
    monkeypatch.setattr(tool, "FIRST", 2)
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
