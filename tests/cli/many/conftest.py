"""Four short videos and a detector that kills its worker once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mohart.video import VideoWriter

KILLER = """
import os, signal
from pathlib import Path
import numpy as np

HERE = Path(__file__).parent
calls = 0

def look(frame):
    global calls
    calls += 1
    if calls == 5 and not (HERE / "killed").exists():
        (HERE / "killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return np.array([[5.0, 5, 25, 35], [30, 10, 50, 40]])

def fail(frame):
    global calls
    calls += 1
    if calls > 2:
        raise ValueError("no more")
    return look(frame)
"""


@pytest.fixture
def videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: `videos/a.mp4` to `d.mp4` of 8 to 11 frames, `boxes/`, `killer.py`."""
    rng = np.random.default_rng(0)
    for n, name in enumerate("abcd"):
        with VideoWriter(tmp_path / f"videos/{name}.mp4", 64, 48, 25) as writer:
            for _ in range(8 + n):
                writer.write(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8))
        (tmp_path / "boxes").mkdir(exist_ok=True)
        (tmp_path / f"boxes/{name}.csv").write_text(
            f"frame,id,x,y,w,h\n1,{n + 1},5,5,20,{20 + n}\n"
        )
    (tmp_path / "killer.py").write_text(KILLER)
    monkeypatch.chdir(tmp_path)
    return tmp_path
