"""Decoding, drawing and encoding, timed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mohart.errors import MohartError
from mohart.evaluation.speed.around import time_around


def test_a_row_for_every_stage() -> None:
    rows = time_around(None, [1, 3], width=64, height=48, frames=4, clock=time.perf_counter)
    stages = [(row["stage"], row["objects"], row["frames"]) for row in rows]
    assert stages == [("decode", None, 4), ("draw", 1, 4), ("draw", 3, 4), ("encode", 3, 4)]
    assert all(0 < row["p50_ms"] <= row["p95_ms"] for row in rows)


def test_a_video_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "no.mp4"
    path.write_text("nothing")
    with pytest.raises(MohartError, match=r"no\.mp4"):
        time_around(path, [1], width=64, height=48, frames=4, clock=time.perf_counter)
