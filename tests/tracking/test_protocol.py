"""mohart.tracking.protocol: the checks that every tracker shares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mohart.errors import ConfigError, ShapeError
from mohart.tracking.baselines.opencv import OpenCVTracker
from mohart.tracking.baselines.static import StaticTracker
from mohart.tracking.baselines.velocity import VelocityTracker
from mohart.tracking.checks import FrameGuard, as_bgr, check_frame, check_init, next_identity
from mohart.tracking.protocol import Tracker

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
        (np.zeros((4, 4, 4), np.uint8), ShapeError, r"got \[4, 4, 4\].*BGRA from RGBA: convert"),
        (np.zeros((4, 4, 2), np.uint8), ShapeError, r"\[H, W, 3\], got \[4, 4, 2\]"),
        (np.zeros((1, 4, 4, 3), np.uint8), ShapeError, r"\[H, W, 3\], got \[1, 4, 4, 3\]"),
        (np.zeros(4, np.uint8), ShapeError, r"\[H, W, 3\], got \[4\]"),
        ([[1, 2], [3, 4]], ShapeError, "expected a numpy array .* got list"),
        (np.zeros((4, 4, 3)), ConfigError, "expected uint8 .* got float64"),
        (np.zeros((0, 4, 3), np.uint8), ShapeError, "at least one pixel"),
    ],
)
def test_bad_frames(frame: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        check_frame(frame)


@pytest.mark.parametrize("shape", [(48, 64), (48, 64, 1)])
def test_gray_frames_are_bgr_of_equal_channels(shape: tuple[int, ...]) -> None:
    gray = np.arange(48 * 64, dtype=np.uint16).astype(np.uint8).reshape(shape)
    gray.setflags(write=False)
    bgr = as_bgr(gray)
    assert bgr.shape == (48, 64, 3)
    assert (bgr == gray.reshape(48, 64, 1)).all()


def test_a_frame_is_not_copied_but_a_view_is_made_whole() -> None:
    assert as_bgr(FRAME) is FRAME
    rgb = np.arange(48 * 64 * 3, dtype=np.uint32).astype(np.uint8).reshape(48, 64, 3)
    turned = as_bgr(rgb[:, :, ::-1])
    assert turned.flags.c_contiguous
    assert (turned == rgb[:, :, ::-1]).all()


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([-1], ConfigError, r"expected 0 to 2\^63 - 1, got -1"),
        ([2**63], ConfigError, r"expected 0 to 2\^63 - 1, got 9223372036854775808"),
        ([10**400], ConfigError, r"expected 0 to 2\^63 - 1"),
        ([True], ConfigError, "expected integers, got bool"),
        (["a"], ConfigError, "expected integers"),
        ([[1], [1, 2]], ShapeError, "ids: "),
        (3, ShapeError, "ids: expected"),
    ],
)
def test_ids_that_are_none(ids: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        check_init(FRAME, [BOX], ids)


def test_large_ids_are_kept_and_leave_room_for_births() -> None:
    _, ids = check_init(FRAME, [BOX, BOX], [2**63 - 1, 1234567890123456789])
    assert ids.tolist() == [2**63 - 1, 1234567890123456789]
    assert next_identity(1, ids) == 1234567890123456790
    assert next_identity(4, ids[:1]) == 4


@pytest.mark.parametrize("boxes", ["box", [["a"] * 4], [[1, 2, 3, 4], [1]], [[1, 2, 3, 1j]], None])
def test_what_is_no_table_of_boxes_is_named(boxes: Any) -> None:
    with pytest.raises(ShapeError, match="boxes: "):
        check_init(FRAME, boxes)


def test_boxes_that_no_picture_holds_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"no coordinate can be beyond 1e\+07"):
        check_init(FRAME, [[0, 0, 1e39, 10]])
    with pytest.raises(ConfigError, match=r"shares of the frame.*multiply by 64 and 48"):
        check_init(FRAME, [[0.1, 0.2, 0.5, 0.6], [0.5, 0.5, 1.0, 1.0]])
    check_init(FRAME, [[0, 0, 1, 1], BOX])  # a pixel among others
    check_init(FRAME[:8, :8], [[0, 0, 1, 1]])


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
