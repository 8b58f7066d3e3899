"""Remarks on how it was tracked, and the lines of a summary."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from mohart.cli.terminal.summary import fates_line, remarks, summary
from mohart.session.report import Report
from mohart.tracking.baselines.presets import ByteTracker
from mohart.tracking.baselines.static import StaticTracker


def test_remarks() -> None:
    assert remarks(StaticTracker(), None, 3, None) == []
    assert remarks(StaticTracker(), None, 3, "frame 1 alone") == ["frame 1 alone"]
    (told,) = remarks(ByteTracker(), None, 1, None)
    assert "bytetrack moves boxes by detections alone" in told
    (told,) = remarks(StaticTracker(), None, 300, None)
    assert told.startswith("300 objects: time and memory grow")


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        (
            {"detections": 1, "frames": 1, "fates": {"born": 1}},
            "1 detection in 1 frame: 1 born",
        ),
        (
            {
                "detections": 143,
                "frames": 5,
                "fates": {"dropped": 143},
                "dropped_because": {"score below 0.1": 3, "class not wanted": 140},
            },
            "143 detections in 5 frames: 143 dropped (most: class not wanted)",
        ),
    ],
)
def test_the_commonest_reason_is_told(counts: dict[str, Any], line: str) -> None:
    assert fates_line(counts) == line


def test_a_video_that_could_not_be_written_is_not_named(tmp_path: Path) -> None:
    report = Report(
        output=tmp_path,
        source="clip",
        tracker="mohart",
        width=64,
        height=48,
        frame_rate=25.0,
        first_frame=1,
        last_frame=9,
        objects=1,
        rows=9,
        states={"active": 1},
        interrupted=False,
        frames_per_second=10.0,
        timings={},
    )
    args = Namespace(no_video=False, fates=False)
    assert f"tracks  {tmp_path}/tracks.txt\nreport  " in summary(report, args)
    (tmp_path / "video.mp4").touch()
    assert f"video   {tmp_path}/video.mp4\n" in summary(report, args)
    assert "video.mp4" not in summary(report, Namespace(no_video=True, fates=False))
