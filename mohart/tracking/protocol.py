"""The tracker interface: what every tracker promises.

Conventions: frames uint8 BGR [H, W, 3]; boxes xyxy in pixels of the frame (origin at the corner of
pixel (0, 0), right and bottom exclusive); N objects in the order in which `init` got them.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mohart.errors import ConfigError
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
            frame_bgr: uint8 [H, W, 3], the frame that the boxes belong to; or gray, see
                `mohart.tracking.checks.as_bgr`.
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
