"""tools/demo_movie.py: both trackers on the same frames, written as one endless picture."""

from __future__ import annotations

import importlib
from pathlib import Path

import cv2
import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.mark.slow
def test_writes_both_halves_of_every_frame(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    tool = importlib.import_module("demo_movie")
    target = tmp_path / "movie.webp"
    tool.main(["--frames", "4", "--every", "2", "-o", str(target)])
    said = capsys.readouterr().out
    assert "mohart: on " in said
    assert "sort: on " in said
    read, animation = cv2.imreadanimation(str(target))
    assert read
    assert len(animation.frames) == 4
    height, width = animation.frames[0].shape[:2]
    assert (width, height) == (2 * tool.WIDTH + tool.BETWEEN, tool.HEIGHT + tool.BAR)
    lit = [frame[3, 3, :3].astype(int).sum() for frame in animation.frames]
    assert min(lit[0], lit[2]) > max(lit[1], lit[3])  # bright: asked
