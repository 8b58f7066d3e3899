"""The learned tracker, frame by frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from mohart.model.state import TrackState
from mohart.model.tracker import MohartModel
from mohart.structures import ACTIVE, TrackedObjects
from mohart.tracking.lifecycle import Lifecycle
from mohart.tracking.protocol import FrameGuard, refuse_detections


class RecurrentTracker:
    """MOHART as a :class:`mohart.tracking.protocol.Tracker`.

    All objects of a video are one batch and see each other through the relational module; memory
    and time per frame depend on the number of objects only.

    Args:
        model: with trained weights; is put in evaluation mode.
        device: where it computes.
        details: what run.json should say about the model.
    """

    name = "mohart"
    takes_detections = False

    def __init__(
        self, model: MohartModel, device: torch.device, details: dict[str, Any] | None = None
    ) -> None:
        self._model = model.to(device).eval()
        self._device = device
        self.details = details or {}
        self._guard = FrameGuard()
        self._ids: NDArray[np.int64] = np.zeros(0, np.int64)
        self._state: TrackState | None = None
        self._lifecycle = Lifecycle(0)

    def init(
        self, frame_bgr: NDArray[np.uint8], boxes_xyxy: ArrayLike, ids: ArrayLike | None = None
    ) -> TrackedObjects:
        """See :class:`mohart.tracking.protocol.Tracker`."""
        boxes, self._ids = self._guard.start(frame_bgr, boxes_xyxy, ids)
        count = len(boxes)
        with torch.inference_mode():
            start = torch.from_numpy(boxes)[None].to(self._device)
            self._state = self._model.start(self._tensor(frame_bgr), start)
        self._lifecycle = Lifecycle(count)
        return TrackedObjects(
            boxes, self._ids.copy(), np.ones(count, np.float32), np.full(count, ACTIVE)
        )

    def update(
        self, frame_bgr: NDArray[np.uint8], detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        """See :class:`mohart.tracking.protocol.Tracker`."""
        refuse_detections(self.name, detections)
        width, height = self._guard.check(frame_bgr)
        return self._advance(self._tensor(frame_bgr), width, height)

    def coast(self) -> TrackedObjects:
        """One frame further without a picture: boxes from memory, motion and relations alone.

        Raises:
            ConfigError: `init` was not called.
        """
        width, height = self._guard.started()
        return self._advance(None, width, height)

    def reset(self) -> None:
        """See :class:`mohart.tracking.protocol.Tracker`."""
        self._guard.clear()
        self._state = None
        self._ids = np.zeros(0, np.int64)
        self._lifecycle = Lifecycle(0)

    def _advance(self, frame: torch.Tensor | None, width: int, height: int) -> TrackedObjects:
        assert self._state is not None  # noqa: S101  the guard has seen `init`
        with torch.inference_mode():
            said, self._state = self._model.step(frame, self._state)
        boxes = said.boxes[0].cpu().numpy()
        seen = said.visibility[0].sigmoid().cpu().numpy()
        if frame is None:  # nothing can be seen: predicted at best, with falling confidence
            seen = np.minimum(seen, 0.99 * (self._lifecycle.seen - self._lifecycle.margin))
        confidence, state = self._lifecycle.update(boxes, seen, width, height)
        return TrackedObjects(boxes.astype(np.float32), self._ids.copy(), confidence, state)

    def _tensor(self, frame_bgr: NDArray[np.uint8]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(frame_bgr))[None].to(self._device)
