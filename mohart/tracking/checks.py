"""The checks of frames, boxes and identities that all trackers share.

Gray frames [H, W] and [H, W, 1] are taken as BGR of equal channels. Four channels are refused, as
nobody can tell BGRA from RGBA by looking.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mohart.boxes import are_shares, area, clip_to_frame
from mohart.errors import ConfigError, ShapeError, check_shape
from mohart.formats.rows import MAX_PIXEL

FOREIGN = 2**62  # identities from here on are never given to births


def as_bgr(frame: Any) -> NDArray[np.uint8]:
    """A frame as all trackers take it.

    Args:
        frame: uint8 [H, W, 3] BGR, or gray [H, W] or [H, W, 1]; may be read-only, or a view.

    Returns:
        [H, W, 3] BGR in one piece; the frame itself where it is that already.

    Raises:
        ShapeError, ConfigError: see `check_frame`.
    """
    check_frame(frame)
    if frame.ndim == 2 or frame.shape[2] == 1:
        return np.repeat(frame.reshape(*frame.shape[:2], 1), 3, 2)
    return np.ascontiguousarray(frame)


def check_frame(frame_bgr: Any) -> tuple[int, int]:
    """Make sure that something is a frame, BGR or gray.

    Returns:
        width, height in pixels.

    Raises:
        ShapeError: it is not an array [H, W, 3], [H, W, 1] or [H, W] with at least one pixel.
        ConfigError: it is not uint8.
    """
    if not isinstance(frame_bgr, np.ndarray):
        raise ShapeError(
            f"frame: expected a numpy array uint8 [H, W, 3], got {type(frame_bgr).__name__}"
        )
    shape = frame_bgr.shape
    if len(shape) == 3 and shape[2] == 4:
        raise ShapeError(
            f"frame: expected BGR [H, W, 3], got {list(shape)}; of four channels nobody can tell "
            "BGRA from RGBA: convert with cv2.cvtColor(frame, cv2.COLOR_BGRA2BGR) or COLOR_RGBA2BGR"
        )
    gray = len(shape) == 2 or (len(shape) == 3 and shape[2] == 1)
    if not gray:
        check_shape(frame=(frame_bgr, "H W 3"))
    if frame_bgr.dtype != np.uint8:
        raise ConfigError(
            f"frame: expected uint8 values 0..255 (BGR, as OpenCV reads them), "
            f"got {frame_bgr.dtype}"
        )
    if not shape[0] or not shape[1]:
        raise ShapeError(f"frame: expected at least one pixel, got {list(shape)}")
    return shape[1], shape[0]


def as_ids(ids: ArrayLike) -> NDArray[np.int64]:
    """Identities [N] as int64; a copy.

    Raises:
        ShapeError: not one list of numbers.
        ConfigError: not whole numbers from 0 to 2^63 - 1, or one is there twice.
    """
    try:
        numbers = np.array(ids)
    except (ValueError, TypeError, OverflowError) as error:
        raise ShapeError(f"ids: expected [N] integers, got {_kind(ids)}") from error
    if numbers.size == 0:
        numbers = numbers.astype(np.int64).reshape(-1)
    check_shape(ids=(numbers, "N"))
    whole = np.issubdtype(numbers.dtype, np.integer)
    if numbers.dtype == object and all(type(number) is int for number in numbers):
        whole = True  # beyond 64 bits
    if not whole:
        raise ConfigError(f"ids: expected integers, got {numbers.dtype}")
    odd = (numbers < 0) | (numbers > np.iinfo(np.int64).max)
    if odd.any():
        raise ConfigError(f"ids: expected 0 to 2^63 - 1, got {str(numbers[odd][0])[:40]}")
    values, repeats = np.unique(numbers, return_counts=True)
    if (repeats > 1).any():
        raise ConfigError(f"ids: {values[repeats > 1][0]} is given more than once")
    return numbers.astype(np.int64)


def next_identity(free: int, ids: NDArray[np.int64]) -> int:
    """The first identity to give to the next birth.

    Args:
        free: the one so far.
        ids: [N] that a person gave; huge ones, as of other programs, leave those below free.
    """
    return max(free, int(ids[ids < FOREIGN].max(initial=0)) + 1)


def check_init(
    frame_bgr: Any, boxes_xyxy: ArrayLike, ids: ArrayLike | None = None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Check what `init` was given and bring it to the house's types.

    Args:
        frame_bgr: see `check_frame`.
        boxes_xyxy: [N, 4] pixels; an empty list is [0, 4].
        ids: [N] integers or None for 1..N.

    Returns:
        boxes float32 [N, 4] and ids int64 [N]; copies, the caller may change its own.

    Raises:
        ShapeError: wrong shapes.
        ConfigError: a box that is not finite, empty or wholly outside; ids as for `as_ids`;
            the message names the row (counted from 1) and the id.
    """
    width, height = check_frame(frame_bgr)
    try:
        boxes = np.array(boxes_xyxy, np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise ShapeError(f"boxes: expected [N, 4] numbers, got {_kind(boxes_xyxy)}") from error
    if boxes.size == 0:
        boxes = boxes.reshape(-1, 4)
    count = check_shape(boxes=(boxes, "N 4"))["N"]
    numbers = np.arange(1, count + 1, dtype=np.int64) if ids is None else as_ids(ids)
    check_shape(boxes=(boxes, "N 4"), ids=(numbers, "N"))
    finite = np.isfinite(boxes).all(1)
    positive = (boxes[:, 2:] > boxes[:, :2]).all(1)
    inside = area(clip_to_frame(boxes, width, height)) > 0
    faults = (
        (finite, "every coordinate must be a finite number"),
        (positive, "expected x1 < x2 and y1 < y2 (corners in pixels, not width and height)"),
        ((np.abs(boxes) <= MAX_PIXEL).all(1), f"no coordinate can be beyond {MAX_PIXEL:.0e}"),
        (inside, f"lies wholly outside the {width}x{height} frame"),
    )
    for good, what in faults:
        if not good.all():
            row = int(np.argmin(good))
            raise ConfigError(f"box {row + 1} (id {numbers[row]}) {_rounded(boxes[row])}: {what}")
    if are_shares(boxes, width, height):
        raise ConfigError(
            f"boxes: {_rounded(boxes[0])} ... seem to be shares of the frame, 0 to 1; expected "
            f"pixels: multiply by {width} and {height}"
        )
    return boxes.astype(np.float32), numbers


class FrameGuard:
    """Remembers that a tracker was started and on which frame size."""

    def __init__(self) -> None:
        self.size: tuple[int, int] | None = None

    def begin(self, frame_bgr: Any) -> tuple[int, int]:
        """Start on the frame's size if not started yet, otherwise `check`; width, height."""
        if self.size is None:
            self.size = check_frame(frame_bgr)
        return self.check(frame_bgr)

    def start(
        self, frame_bgr: Any, boxes_xyxy: ArrayLike, ids: ArrayLike | None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """`check_init`, and keep the frame size for `check`."""
        boxes, numbers = check_init(frame_bgr, boxes_xyxy, ids)
        self.size = (frame_bgr.shape[1], frame_bgr.shape[0])
        return boxes, numbers

    def check(self, frame_bgr: Any) -> tuple[int, int]:
        """Check a frame for `update`; returns width, height.

        Raises:
            ConfigError: not started, or another frame size than at the start.
            ShapeError: not a frame.
        """
        started = self.started()
        size = check_frame(frame_bgr)
        if size != started:
            raise ConfigError(
                f"the frame is {size[0]}x{size[1]}, but the tracker was started on "
                f"{started[0]}x{started[1]}; resize it, or call init again"
            )
        return size

    def started(self) -> tuple[int, int]:
        """Width and height of the frames.

        Raises:
            ConfigError: not started.
        """
        if self.size is None:
            raise ConfigError(
                "the tracker has no objects yet: call init(frame, boxes) first, or give detections"
            )
        return self.size

    def clear(self) -> None:
        """Back to not started."""
        self.size = None


def _kind(given: Any) -> str:
    """What somebody gave in the place of numbers, in a few words."""
    if isinstance(given, list | tuple):
        return f"a {type(given).__name__} that is no table of numbers"
    return type(given).__name__


def _rounded(box: NDArray[np.float64]) -> str:
    return "[" + ", ".join(f"{v:.6g}" for v in box) + "]"
