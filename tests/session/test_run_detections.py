"""mohart.session.run with a detector; `test_run` has the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.keyframes import Keyframes
from mohart.session.feed import DetectionFeed
from mohart.session.run import track_video
from mohart.structures import Fates, TrackedObjects
from mohart.tracking.baselines.presets import IouTracker
from mohart.tracking.baselines.static import StaticTracker
from mohart.tracking.detectors.file import FileDetector
from mohart.tracking.detectors.protocol import SelectingDetector
from mohart.video import VideoWriter, open_source

NONE = Keyframes.empty()
ROWS = [[2, 3, 22, 33, 0.9, 7], [30, 10, 50, 30, 0.4, 2], [1, 1, 5, 5, 0.05, 2]]


class Echo:
    """Detection k is object k + 1; the last one is tentative, and a lost and an ended one stay."""

    name = "echo"
    takes_detections = True

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.known: Any = None

    def init(self, frame: np.ndarray, boxes: np.ndarray, ids: np.ndarray) -> TrackedObjects:
        self.calls.append(("init", ids.tolist()))
        count = len(ids)
        return TrackedObjects(
            boxes.astype(np.float32), ids, np.ones(count, np.float32), np.full(count, "active")
        )

    def update(
        self, frame: np.ndarray, detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        self.calls.append((None if detections is None else len(detections), timestamp))
        fates = None
        if detections is not None:
            count = len(detections)
            fates = Fates(
                np.array(["born" if self.known is None else "matched"] * (count - 1) + ["dropped"]),
                np.array([*range(1, count), -1]),
                np.array([""] * (count - 1) + ["too small"]),
            )
            self.known = detections
        seen = "active" if detections is not None else "predicted"
        states = [seen] * (len(self.known) - 1) + ["tentative", "lost", "ended"]
        boxes = np.concatenate([self.known.xyxy, [[0, 0, 9, 9], [1, 1, 8, 8]]]).astype(np.float32)
        ids = [*range(1, len(self.known)), -1, 8, 9]
        return TrackedObjects(
            boxes,
            np.array(ids),
            np.full(len(ids), 0.5, np.float32),
            np.array(states),
            np.array([*self.known.class_id, -1, -1]),
            None,
            fates,
        )

    def reset(self) -> None:
        self.known = None


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """6 frames of 64 x 48 at 25 fps."""
    with VideoWriter(tmp_path / "clip.mp4", 64, 48, 25) as writer:
        for t in range(6):
            writer.write(np.full((48, 64, 3), 20 * t, np.uint8))
    return tmp_path / "clip.mp4"


def run(clip: Path, every: int = 1, start: Any = NONE, **options: Any) -> tuple[Echo, Any]:
    tracker = options.pop("tracker", None) or Echo()
    feed = DetectionFeed(SelectingDetector(lambda frame: ROWS, name="fixed"), every)
    with open_source(clip) as source:
        report = track_video(
            source, tracker, start, feed=feed, output=clip.parent / "out", **options
        )
    return tracker, report


def test_detections_now_and_then(clip: Path) -> None:
    tracker, report = run(clip, every=3, fates=True)
    times = [call[1] for call in tracker.calls]
    assert times == pytest.approx([t / 25 for t in range(6)])
    assert [call[0] for call in tracker.calls] == [3, None, None, 3, None, None]
    out = clip.parent / "out"
    rows = [row.split(",") for row in (out / "tracks.txt").read_text().splitlines()]
    # tentative, lost and ended ones are not written; those predicted are
    assert [row[:2] for row in rows] == [[str(t), n] for t in range(1, 7) for n in ("1", "2")]
    assert {row[7] for row in rows} == {"-1"}
    assert (out / "fates.csv").read_text().splitlines() == [
        "frame,row,fate,id,why",
        "1,0,born,1,",
        "1,1,born,2,",
        "1,2,dropped,-1,too small",
        "4,0,matched,1,",
        "4,1,matched,2,",
        "4,2,dropped,-1,too small",
    ]
    saved = json.loads((out / "run.json").read_text())
    assert saved["detections"] == {
        "detector": {"name": "fixed", "score": None, "classes": None},
        "every": 3,
        "frames": 2,
        "detections": 6,
        "fates": {"born": 2, "dropped": 2, "matched": 2},
        "dropped_because": {"too small": 2},
    }
    assert saved["timings"]["detect"]["count"] == 6
    assert report.objects == 3  # 1, 2 and the lost 8
    assert (report.first_frame, report.last_frame) == (1, 6)


def test_classes_and_lost_objects_on_request(clip: Path) -> None:
    run(clip, with_classes=True, include_lost=True, frames=1)
    rows = (clip.parent / "out" / "tracks.txt").read_text().splitlines()
    assert [(row.split(",")[1], row.split(",")[7]) for row in rows] == [
        ("1", "7"),
        ("2", "2"),
        ("8", "-1"),
    ]
    assert not (clip.parent / "out" / "fates.csv").exists()


def test_boxes_and_detections_together(clip: Path) -> None:
    start = Keyframes.from_rows(1, [5], [[1.0, 2, 30, 40]])
    tracker, report = run(clip, every=2, start=start, init_frame=1, video=False)
    assert tracker.calls[0] == ("init", [5])
    assert [call[0] for call in tracker.calls[1:]] == [3, None, 3, None]
    assert tracker.calls[1][1] == pytest.approx(2 / 25)
    assert report.detections["frames"] == 2
    assert report.first_frame == 2


def test_a_tracker_that_follows_given_boxes_only_is_refused(clip: Path) -> None:
    with pytest.raises(ConfigError, match="tracker 'static' follows the boxes of init"):
        run(clip, tracker=StaticTracker())
    assert not (clip.parent / "out").exists()


def test_detections_of_a_file_keep_to_their_frames(clip: Path, tmp_path: Path) -> None:
    """Where frames are left out, and where the source has lost one."""
    table = tmp_path / "det.txt"
    table.write_text("".join(f"{t},-1,{t},5,10,10,0.9,-1,-1,-1\n" for t in range(1, 7)))
    seen: list[list[float]] = []

    class Seen(IouTracker):
        def update(
            self, frame_bgr: np.ndarray, detections: Any = None, timestamp: float | None = None
        ) -> TrackedObjects:
            seen.append([] if detections is None else detections.xyxy[:, 0].tolist())
            return super().update(frame_bgr, detections, timestamp)

    def track(source: Path, **options: Any) -> Any:
        seen.clear()
        feed = DetectionFeed(SelectingDetector(FileDetector(table)), options.pop("asked", 1))
        with open_source(source) as frames:
            return track_video(
                frames, Seen(), NONE, feed=feed, output=tmp_path / "out", overwrite=True, **options
            )

    track(clip, init_frame=1, every=2)
    assert seen == [[2.0], [4.0], [6.0]]
    folder = tmp_path / "p"
    folder.mkdir()
    for t in (1, 2, 4, 5, 6):
        (folder / f"{t}.png").write_bytes(cv2.imencode(".png", np.zeros((48, 64, 3)))[1].tobytes())
    report = track(folder)
    assert seen == [[1.0], [2.0], [], [4.0], [5.0], [6.0]]
    assert report.damaged
    track(folder, asked=2)  # whose turn is in the lost frame waits for the next one
    assert seen == [[1.0], [], [], [4.0], [], [6.0]]
