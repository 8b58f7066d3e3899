"""The tracker interface: what every tracker promises, and the checks that all of them share.

Conventions: frames uint8 BGR [H, W, 3]; boxes xyxy in pixels of the frame (origin at the corner of
pixel (0, 0), right and bottom exclusive); N objects in the order in which `init` got them.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mohart.boxes import area, clip_to_frame
from mohart.errors import ConfigError, ShapeError, check_shape
from mohart.structures import TrackedObjects


@runtime_checkable
class Tracker(Protocol):
    """Boxes once, identities for the whole video; or detections, in every frame or now and then.

    ```
    tracker.init(first_frame, boxes)        # boxes drawn by a person
    for frame in later_frames:
        tracks = tracker.update(frame)      # same ids, same order

    for k, frame in enumerate(frames):      # no boxes: objects are born from detections
        tracks = tracker.update(frame, detector(frame) if k % 10 == 0 else None)
    ```
    Both can be mixed: what was given to `init` is followed, and new objects come from detections.
    A tracker holds the state of one video. It never changes the frames it is given and does not
    keep them after `update` returns. It makes no assumption about the frame rate other than that
    frames come in order; the size of the frames must not change between `init` and `reset`.

    Attributes:
        name: the name under which the tracker is asked for, such as `mohart` or `csrt`.
        takes_detections: whether `update` can use detections.
        details: ready for JSON, such as hash and configuration of its model; put on record in
            run.json. Empty where there is nothing to say.
    """

    name: str
    takes_detections: bool
    details: dict[str, Any]

    def init(
        self, frame_bgr: NDArray[np.uint8], boxes_xyxy: ArrayLike, ids: ArrayLike | None = None
    ) -> TrackedObjects:
        """Start following objects; whatever was followed before is forgotten.

        Args:
            frame_bgr: uint8 [H, W, 3], the frame that the boxes belong to.
            boxes_xyxy: [N, 4] pixels; may reach outside the frame, but not lie wholly outside.
                N = 0 is allowed.
            ids: [N] integers, all different; 1, 2, ..., N where not given.

        Returns:
            The objects as given: the same boxes, state `active`, confidence 1 (unless the tracker
            could not start on one: then its state says so).

        Raises:
            ShapeError: the frame is not [H, W, 3] or the boxes are not [N, 4].
            ConfigError: the frame is not uint8, or a box is not finite, has no positive width and
                height, or lies wholly outside the frame; or two ids are equal.
        """

    def update(
        self, frame_bgr: NDArray[np.uint8], detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        """Follow the objects into the next frame.

        Args:
            frame_bgr: uint8 [H, W, 3] of the same size as at `init`.
            detections: what a detector says about this frame, see
                :func:`mohart.tracking.detections.as_detections`; None where it was not asked, which
                is not the same as no detections. The first `update` with detections starts a
                tracker that had no `init`.
            timestamp: seconds, of this frame; in all frames or in none. Without, frames are taken
                as evenly spaced.

        Returns:
            One row per object that is still carried, in the order of `init` and of birth. Objects
            from `init` keep their row when they are lost; those born from detections end.

        Raises:
            ConfigError: there is nothing to follow (no `init` and no detections yet), the frame has
                another size or type, this tracker can not use detections, or time does not go on.
            ShapeError: the frame is not [H, W, 3], or detections have another shape.
        """

    def reset(self) -> None:
        """Forget all objects; `init` starts the next video. Loaded weights are kept."""


def check_frame(frame_bgr: Any) -> tuple[int, int]:
    """Make sure that something is a frame.

    Returns:
        width, height in pixels.

    Raises:
        ShapeError: it is not an array [H, W, 3] with at least one pixel.
        ConfigError: it is not uint8.
    """
    if not isinstance(frame_bgr, np.ndarray):
        raise ShapeError(
            f"frame: expected a numpy array uint8 [H, W, 3], got {type(frame_bgr).__name__}"
        )
    size = check_shape(frame=(frame_bgr, "H W 3"))
    if frame_bgr.dtype != np.uint8:
        raise ConfigError(
            f"frame: expected uint8 values 0..255 (BGR, as OpenCV reads them), "
            f"got {frame_bgr.dtype}"
        )
    if not size["H"] or not size["W"]:
        raise ShapeError(f"frame: expected at least one pixel, got {list(frame_bgr.shape)}")
    return size["W"], size["H"]


def check_init(
    frame_bgr: Any, boxes_xyxy: ArrayLike, ids: ArrayLike | None = None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Check what `init` was given and bring it to the house's types.

    Args:
        frame_bgr: uint8 [H, W, 3].
        boxes_xyxy: [N, 4] pixels; an empty list is [0, 4].
        ids: [N] integers or None for 1..N.

    Returns:
        boxes float32 [N, 4] and ids int64 [N]; copies, the caller may change its own.

    Raises:
        ShapeError: wrong shapes.
        ConfigError: a box that is not finite, empty or wholly outside; equal or non-integer ids;
            the message names the row (counted from 1) and the id.
    """
    width, height = check_frame(frame_bgr)
    boxes = np.array(boxes_xyxy, np.float64)
    if boxes.size == 0:
        boxes = boxes.reshape(-1, 4)
    count = check_shape(boxes=(boxes, "N 4"))["N"]
    numbers = np.arange(1, count + 1) if ids is None else np.array(ids)
    if numbers.size == 0:
        numbers = numbers.astype(np.int64).reshape(-1)
    check_shape(boxes=(boxes, "N 4"), ids=(numbers, "N"))
    if not np.issubdtype(numbers.dtype, np.integer):
        raise ConfigError(f"ids: expected integers, got {numbers.dtype}")
    values, repeats = np.unique(numbers, return_counts=True)
    if (repeats > 1).any():
        raise ConfigError(f"ids: {values[repeats > 1][0]} is given more than once")
    finite = np.isfinite(boxes).all(1)
    positive = (boxes[:, 2:] > boxes[:, :2]).all(1)
    inside = area(clip_to_frame(boxes, width, height)) > 0
    faults = (
        (finite, "every coordinate must be a finite number"),
        (positive, "expected x1 < x2 and y1 < y2 (corners in pixels, not width and height)"),
        (inside, f"lies wholly outside the {width}x{height} frame"),
    )
    for good, what in faults:
        if not good.all():
            row = int(np.argmin(good))
            raise ConfigError(f"box {row + 1} (id {numbers[row]}) {_rounded(boxes[row])}: {what}")
    return boxes.astype(np.float32), numbers.astype(np.int64)


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


def refuse_detections(name: str, detections: object) -> None:
    """For trackers that follow given boxes only.

    Raises:
        ConfigError: there are detections.
    """
    if detections is not None:
        raise ConfigError(
            f"tracker '{name}' follows the boxes of init and can not use detections; take one that "
            "can, such as mohart or sort"
        )


def _rounded(box: NDArray[np.float64]) -> str:
    return "[" + ", ".join(f"{v:.6g}" for v in box) + "]"
