"""A clip for the tests of runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mohart.video import VideoWriter


@pytest.fixture
def noise(tmp_path: Path) -> Callable[[int], Path]:
    """Writes a clip of so many frames of noise, 64 x 48 at 25 fps."""

    def write(frames: int) -> Path:
        rng = np.random.default_rng(0)
        with VideoWriter(tmp_path / "clip.mp4", 64, 48, 25) as writer:
            for _ in range(frames):
                writer.write(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8))
        return tmp_path / "clip.mp4"

    return write
