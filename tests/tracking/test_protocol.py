"""mohart.tracking.protocol: the checks that every tracker shares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mohart.errors import ConfigError, ShapeError
from mohart.tracking.baselines.opencv import OpenCVTracker
from mohart.tracking.baselines.static import StaticTracker
from mohart.tracking.baselines.velocity import VelocityTracker
from mohart.tracking.protocol import FrameGuard, Tracker, check_frame, check_init

FRAME = np.zeros((48, 64, 3), np.uint8)
BOX = [10.0, 10.0, 20.0, 30.0]


def test_good_input_is_brought_to_our_types() -> None:
    boxes, ids = check_init(FRAME, [BOX, [-5, -5, 1, 1]])
    assert (boxes.dtype, boxes.shape, ids.dtype) == (np.float32, (2, 4), np.int64)
    assert ids.tolist() == [1, 2]
    boxes, ids = check_init(FRAME, [BOX], np.array([7], np.int32))
    assert ids.tolist() == [7]


def test_no_objects_are_allowed() -> None:
    boxes, ids = check_init(FRAME, [], [])
    assert boxes.shape == (0, 4)
    assert ids.shape == (0,)


def test_input_is_copied() -> None:
    given = np.array([BOX], np.float32)
    boxes, _ = check_init(FRAME, given)
    boxes[:] = 0
    assert given[0].tolist() == BOX


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([np.nan, 0, 10, 10], r"box 2 \(id 8\).*finite"),
        ([0, 0, np.inf, 10], "finite"),
        ([10, 10, 10, 20], "x1 < x2"),
        ([10, 10, 5, 20], "not width and height"),
        ([64, 0, 80, 10], "wholly outside the 64x48 frame"),
        ([-20, 0, 0, 10], "wholly outside"),
    ],
)
def test_bad_boxes_are_named(box: list[float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_init(FRAME, [BOX, box], [3, 8])


@pytest.mark.parametrize(
    ("boxes", "ids", "error", "message"),
    [
        (BOX, None, ShapeError, r"boxes: expected \[N, 4\], got \[4\]"),
        ([BOX], [1, 2], ShapeError, "ids: expected"),
        ([BOX, BOX], [4, 4], ConfigError, "4 is given more than once"),
        ([BOX], [1.5], ConfigError, "expected integers"),
    ],
)
def test_bad_shapes_and_ids(boxes: Any, ids: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        check_init(FRAME, boxes, ids)


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        (None, ShapeError, "got NoneType"),
        (np.zeros((4, 4), np.uint8), ShapeError, r"\[H, W, 3\], got \[4, 4\]"),
        (np.zeros((4, 4, 4), np.uint8), ShapeError, r"got \[4, 4, 4\]"),
        (np.zeros((4, 4, 3)), ConfigError, "expected uint8 .* got float64"),
        (np.zeros((0, 4, 3), np.uint8), ShapeError, "at least one pixel"),
    ],
)
def test_bad_frames(frame: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        check_frame(frame)


def test_frame_guard() -> None:
    guard = FrameGuard()
    with pytest.raises(ConfigError, match="call init"):
        guard.check(FRAME)
    guard.start(FRAME, [BOX], None)
    assert guard.check(FRAME) == (64, 48)
    with pytest.raises(ConfigError, match=r"the frame is 32x24, but .* 64x48"):
        guard.check(FRAME[::2, ::2])
    guard.clear()
    with pytest.raises(ConfigError, match="call init"):
        guard.check(FRAME)


@pytest.mark.parametrize("make", [StaticTracker, VelocityTracker, lambda: OpenCVTracker("mil")])
def test_baselines_keep_the_promises_of_the_protocol(make: Any) -> None:
    tracker: Tracker = make()
    assert isinstance(tracker, Tracker)
    with pytest.raises(ConfigError, match="call init"):
        tracker.update(FRAME)
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    before = noise.copy()
    first = tracker.init(noise, [[20, 10, 36, 30], BOX], [9, 4])
    assert first.tracker_id.tolist() == [9, 4]
    np.testing.assert_array_equal(first.xyxy, np.float32([[20, 10, 36, 30], BOX]))
    assert first.state.tolist() == ["active", "active"]
    first.xyxy[:] = 0  # the caller may do as it likes with an answer
    later = tracker.update(noise)
    assert (later.xyxy.dtype, later.xyxy.shape) == (np.float32, (2, 4))
    assert (later.tracker_id.dtype, later.confidence.dtype) == (np.int64, np.float32)
    assert later.tracker_id.tolist() == [9, 4]
    assert later.xyxy.max() > 0
    np.testing.assert_array_equal(noise, before)
    with pytest.raises(ConfigError, match="the frame is"):
        tracker.update(noise[:24])
    assert len(tracker.init(noise, np.zeros((0, 4)))) == 0
    assert len(tracker.update(noise)) == 0
    tracker.reset()
    with pytest.raises(ConfigError, match="call init"):
        tracker.update(noise)
