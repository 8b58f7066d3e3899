"""Zero-motion baseline, which never looks: every box stays where it was drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mohart.errors import ConfigError
from mohart.structures import ACTIVE, LOST, PREDICTED, TrackedObjects
from mohart.tracking.checks import FrameGuard, as_ids, check_init, next_identity
from mohart.tracking.corrections import ids_of_births
from mohart.tracking.protocol import refuse_detections

LOST_BELOW = 0.1  # confidence under which a box that nobody checks is not claimed any more


class StaticTracker:
    """Keeps the boxes of the first frame; the floor that every tracker has to beat.

    It reads no pixels, so after `init` no object is ever `active`: all are `predicted` with a
    confidence that halves every `half_life_frames`, and `lost` once it is under 0.1. The boxes
    themselves are reported in every frame.

    Args:
        half_life_frames: frames in which the confidence halves; 30 makes objects lost after 100.

    Raises:
        ConfigError: the half-life is not positive.
    """

    name = "static"
    takes_detections = False

    def __init__(self, half_life_frames: float = 30.0) -> None:
        if not half_life_frames > 0:
            raise ConfigError(f"half_life_frames: expected > 0, got {half_life_frames}")
        self.half_life_frames = half_life_frames
        self.details: dict[str, Any] = {}
        self._guard = FrameGuard()
        self.reset()

    def init(
        self, frame_bgr: NDArray[np.uint8], boxes_xyxy: ArrayLike, ids: ArrayLike | None = None
    ) -> TrackedObjects:
        """Remember the boxes; see :class:`mohart.tracking.protocol.Tracker`."""
        boxes, numbers = self._guard.start(frame_bgr, boxes_xyxy, ids)
        self._boxes, self._ids, self._age = boxes, numbers, np.zeros(len(boxes), np.int64)
        return self._answer()

    def update(
        self, frame_bgr: NDArray[np.uint8], detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        """The same boxes with less confidence."""
        refuse_detections(self.name, detections)
        self._guard.check(frame_bgr)
        self._age += 1
        return self._answer()

    def correct(
        self, frame_bgr: NDArray[np.uint8], boxes_xyxy: ArrayLike, ids: ArrayLike
    ) -> TrackedObjects:
        """From here on these boxes; see :class:`mohart.tracking.corrections.Correctable`."""
        self._guard.check(frame_bgr)
        boxes, numbers = check_init(frame_bgr, boxes_xyxy, ids)
        for box, track in zip(boxes, numbers, strict=True):
            row = np.flatnonzero(self._ids == track)
            if len(row):
                self._boxes[row], self._age[row] = box, 0
                continue
            self._boxes = np.concatenate([self._boxes, box[None]])
            self._ids, self._age = np.append(self._ids, track), np.append(self._age, 0)
        return self._answer()

    def add(
        self, frame_bgr: NDArray[np.uint8], boxes_xyxy: ArrayLike, ids: ArrayLike | None = None
    ) -> TrackedObjects:
        """See :class:`mohart.tracking.corrections.Correctable`."""
        self._guard.started()
        free = next_identity(1, self._ids)
        numbers = ids_of_births(boxes_xyxy, ids, followed=self._ids, free=free)
        return self.correct(frame_bgr, boxes_xyxy, numbers)

    def remove(self, ids: ArrayLike) -> TrackedObjects:
        """See :class:`mohart.tracking.corrections.Correctable`."""
        self._guard.started()
        numbers = as_ids(np.atleast_1d(ids))
        if not np.isin(numbers, self._ids).all():
            raise ConfigError(f"ids: {numbers.tolist()} are not all followed, so not all can end")
        kept = ~np.isin(self._ids, numbers)
        self._boxes, self._ids, self._age = self._boxes[kept], self._ids[kept], self._age[kept]
        return self._answer()

    def reset(self) -> None:
        """Forget all objects."""
        self._guard.clear()
        self._boxes = np.zeros((0, 4), np.float32)
        self._ids = np.zeros(0, np.int64)
        self._age = np.zeros(0, np.int64)

    def _answer(self) -> TrackedObjects:
        confidence = 0.5 ** (self._age / self.half_life_frames)
        fading = np.where(confidence < LOST_BELOW, LOST, PREDICTED)
        return TrackedObjects(
            xyxy=self._boxes.copy(),
            tracker_id=self._ids.copy(),
            confidence=confidence.astype(np.float32),
            state=np.where(self._age == 0, ACTIVE, fading),
        )
