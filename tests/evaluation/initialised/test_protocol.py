"""mohart.evaluation.initialised.protocol: what is compared with what, by hand and on real video."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.evaluation.initialised.protocol import evaluate_initialised
from mohart.formats.mot.tracks import read_mot
from mohart.structures import TrackedObjects, Tracks
from mohart.tracking.baselines.static import StaticTracker
from mohart.video import FrameSource, open_source

FRAMES = 12


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[[], FrameSource]:
    """12 frames of 64 x 48; every pixel of frame t (from zero) is 10 t."""
    for t in range(FRAMES):
        cv2.imwrite(str(tmp_path / f"{t:02}.png"), np.full((48, 64, 3), 10 * t, np.uint8))
    return lambda: open_source(tmp_path)


def ground_truth(**changes: Any) -> Tracks:
    """Object 4 moves right by 2 pixels a frame, object 9 stands still; both are 10 x 10."""
    t = np.arange(FRAMES)
    zero, ten = np.zeros(FRAMES), np.full(FRAMES, 10)
    moving = np.stack([2 * t, zero, 2 * t + 10, ten], -1)
    still = np.stack([zero + 40, zero + 20, ten + 40, ten + 20], -1)
    return Tracks.from_columns(
        np.tile(t, 2), np.repeat([4, 9], FRAMES), np.concatenate([moving, still]), **changes
    )


class Recorder(StaticTracker):
    """A static tracker that notes which frames and boxes it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[tuple[str, int]] = []
        self.starts: list[list[list[float]]] = []

    def init(self, frame_bgr: np.ndarray, boxes_xyxy: Any, ids: Any = None) -> TrackedObjects:
        self.log.append(("init", int(frame_bgr[0, 0, 0]) // 10))
        self.starts.append(np.asarray(boxes_xyxy).tolist())
        return super().init(frame_bgr, boxes_xyxy, ids)

    def update(self, frame_bgr: np.ndarray) -> TrackedObjects:
        self.log.append(("update", int(frame_bgr[0, 0, 0]) // 10))
        return super().update(frame_bgr)


def test_static_by_hand(pictures: Callable[[], FrameSource]) -> None:
    result = evaluate_initialised(pictures, ground_truth(), {"static": StaticTracker}, window=4)
    overlap = result.trackers["static"].overlap
    # object 4 against its start box after 1, 2, 3 frames: 8/12, 6/14, 4/16; object 9: always 1
    moving = [8 / 12, 6 / 14, 4 / 16]
    assert (result.windows, result.objects, overlap.pairs) == (3, 6, 18)
    assert overlap.mean_iou.value == pytest.approx((sum(moving) + 3) / 6)
    assert overlap.mean_iou_moved.value == pytest.approx((6 / 14 + 4 / 16) / 2)
    assert overlap.iou_over_time[1:] == pytest.approx([(v + 1) / 2 for v in moving])
    assert overlap.success_50.value == pytest.approx(4 / 6)
    assert overlap.survival.value == 1
    assert result.window_names == tuple(f"{Path(result.source).name}@{n:04}" for n in (1, 5, 9))
    assert [window["pairs"] for window in result.trackers["static"].windows] == [6, 6, 6]
    assert result.trackers["static"].frames == 12
    assert result.trackers["static"].fps > result.trackers["static"].fps_with_decode > 0


def windows_seen(pictures: Callable[[], FrameSource], **options: Any) -> list[list[int]]:
    """Frames of every window; the warm-up (first window's first 3 frames) is checked and cut."""
    recorder = Recorder()
    evaluate_initialised(pictures, ground_truth(), {"r": lambda: recorder}, **options)
    assert [kind for kind, _ in recorder.log[:3]] == ["init", "update", "update"]
    windows: list[list[int]] = []
    for kind, frame in recorder.log[3:]:
        if kind == "init":
            windows.append([])
        windows[-1].append(frame)
    return windows


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"window": 5}, [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]),
        ({"window": 3, "stride": 5}, [[0, 1, 2], [5, 6, 7]]),
        ({"window": 4, "stride": 3}, [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]]),
        ({"window": 4, "max_windows": 2}, [[0, 1, 2, 3], [4, 5, 6, 7]]),
        ({"window": 3, "max_frames": 8}, [[0, 1, 2], [3, 4, 5]]),
    ],
)
def test_which_frames_are_used(
    pictures: Callable[[], FrameSource], options: dict[str, int], expected: list[list[int]]
) -> None:
    assert windows_seen(pictures, **options) == expected


def test_the_tracker_sees_only_the_first_truth(pictures: Callable[[], FrameSource]) -> None:
    recorder = Recorder()
    evaluate_initialised(pictures, ground_truth(), {"r": lambda: recorder}, window=6)
    assert recorder.starts[1:] == [
        [[0, 0, 10, 10], [40, 20, 50, 30]],
        [[12, 0, 22, 10], [40, 20, 50, 30]],
    ]


def test_which_objects_are_used(pictures: Callable[[], FrameSource]) -> None:
    truth = ground_truth(ignored=np.repeat([True, False], FRAMES))
    result = evaluate_initialised(pictures, truth, {"s": StaticTracker}, window=6)
    assert (result.objects, result.trackers["s"].overlap.pairs) == (2, 10)
    # an object without any pixel in the frame at the start, one without area, and a small one
    odd = Tracks.from_columns(
        [0, 1, 0, 1, 0, 1, 0, 1],
        [1, 1, 2, 2, 3, 3, 4, 4],
        [
            *[[-20, 0, 0, 9]] * 2,
            *[[5, 5, 5, 9]] * 2,
            *[[5, 5, 8, 8]] * 2,
            *[[-5, -5, 9, 9]] * 2,
        ],
    )
    counted = [
        evaluate_initialised(pictures, odd, {"s": StaticTracker}, window=2, min_area=area).objects
        for area in (0, 9, 10)
    ]
    assert counted == [2, 2, 1]


def test_windows_without_objects_are_passed_over(pictures: Callable[[], FrameSource]) -> None:
    truth = ground_truth()
    late = truth.select(truth.frame >= 5)
    result = evaluate_initialised(pictures, late, {"s": StaticTracker}, window=4)
    assert (result.windows, result.trackers["s"].overlap.pairs) == (1, 6)


def test_errors(pictures: Callable[[], FrameSource]) -> None:
    make = {"s": StaticTracker}
    with pytest.raises(ConfigError, match="window of at least 2"):
        evaluate_initialised(pictures, ground_truth(), make, window=1)
    with pytest.raises(ConfigError, match="at least one tracker"):
        evaluate_initialised(pictures, ground_truth(), {}, window=4)
    with pytest.raises(ConfigError, match=r"no window of 60 frames.*12 frames were read"):
        evaluate_initialised(pictures, ground_truth(), make, window=60)
    with pytest.raises(ConfigError, match="no rows that count"):
        evaluate_initialised(pictures, Tracks.empty(), make, window=4)


def test_truth_beyond_the_video_is_told(pictures: Callable[[], FrameSource]) -> None:
    truth = Tracks.from_columns([0, 1, 40], [1, 1, 1], [[0, 0, 9, 9]] * 3)
    result = evaluate_initialised(pictures, truth, {"s": StaticTracker}, window=4)
    assert "ground truth goes on to frame 41, the video ends at 12" in result.warnings[0]


def test_result_is_json(pictures: Callable[[], FrameSource]) -> None:
    result = evaluate_initialised(
        pictures, ground_truth(), {"a": StaticTracker, "b": StaticTracker}, window=4
    )
    saved = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert list(saved["trackers"]) == ["a", "b"]
    assert saved["protocol"].startswith("initialised:")
    assert saved["trackers"]["a"]["mean_iou"] == saved["trackers"]["b"]["mean_iou"]


@pytest.mark.slow
def test_pets_static_box(shared_data: Path) -> None:
    """DESIGN.md section 3: a static box has 0.115 over all windows of 60 frames."""
    folder = shared_data / "pets09-s2l1"
    result = evaluate_initialised(
        lambda: open_source(folder / "video.avi"),
        read_mot(folder / "gt" / "gt.txt"),
        {"static": StaticTracker},
        window=60,
    )
    assert result.windows == 13
    assert result.trackers["static"].overlap.mean_iou.value == pytest.approx(0.115, abs=5e-4)
