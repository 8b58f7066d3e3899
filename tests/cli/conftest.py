"""Fixtures for the verbs: a clip to work on, and trackers that need no weights."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from mohart.assembly.detector import build_detector
from mohart.tracking.baselines.static import StaticTracker
from mohart.tracking.baselines.velocity import VelocityTracker
from mohart.tracking.protocol import Tracker
from mohart.video import VideoWriter

CLIP_FRAMES = 10


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """10 frames of 64 x 48 at 25 fps, and `gt.txt` beside it."""
    rng = np.random.default_rng(0)
    with VideoWriter(tmp_path / "clip.mp4", 64, 48, 25) as writer:
        for _ in range(CLIP_FRAMES):
            writer.write(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8))
    rows = [f"{t},5,{2 * t},4,20,30,1,1,1\n" for t in range(1, CLIP_FRAMES + 1)]
    (tmp_path / "gt.txt").write_text("".join(rows))
    return tmp_path / "clip.mp4"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Puts a small `build_tracker` in the place of the real one; collects what it is asked for."""
    asked: list[dict[str, Any]] = []

    def build_tracker(name: str, **options: Any) -> Tracker:
        asked.append({"name": name, **options})
        return VelocityTracker() if name == "velocity" else StaticTracker()

    stand_in = ModuleType("mohart.assembly")
    stand_in.build_tracker = build_tracker  # type: ignore[attr-defined]
    stand_in.build_detector = build_detector  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mohart.assembly", stand_in)
    monkeypatch.setattr("mohart.assembly", stand_in, raising=False)
    return asked
