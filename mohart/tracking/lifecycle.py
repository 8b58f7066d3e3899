"""Track management by visibility: from how visible an object looks to active, predicted or lost.

The rules, per object and frame:

* *Seen* starts when the visibility reaches `seen` and stops when it falls below `seen - margin`, so
  that a value that trembles around the threshold does not flicker.
* *Outside* is a box whose centre is outside the frame, or with less than `inside` of its area in
  it. Nothing outside is ever active.
* active: seen and not outside. predicted: otherwise, for a while. lost: not seen for `lost_after`
  frames, or outside for `outside_after` frames, in a row.
* A lost object comes back only when it is seen inside for `found_after` frames in a row, because
  one lucky frame on the background is more likely than a return.
* Confidence is the visibility while the box is inside, whatever the state. Outside it can only
  fall: by the factor `decay` each frame, and at once to a visibility that is lower still.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mohart.boxes import area, clip_to_frame
from mohart.errors import ConfigError, check_shape
from mohart.structures import ACTIVE, LOST, PREDICTED


class Lifecycle:
    """States and confidences of N objects over the frames of one video; deterministic.

    All objects start as active with confidence 1.

    Args:
        count: number of objects N; 0 is allowed.
        seen: visibility in (0, 1] from which an object counts as seen.
        margin: how far visibility must fall below `seen` before the object counts as hidden.
        lost_after: frames in a row without being seen after which an object is lost.
        outside_after: frames in a row outside the frame after which an object is lost.
        found_after: frames in a row of being seen inside that bring a lost object back.
        inside: share of the box's area that must be in the frame, in [0, 1].
        decay: factor per frame by which confidence falls while the object is not active.

    Raises:
        ConfigError: a setting is out of range.
    """

    def __init__(
        self,
        count: int,
        *,
        seen: float = 0.5,
        margin: float = 0.15,
        lost_after: int = 15,
        outside_after: int = 5,
        found_after: int = 3,
        inside: float = 0.1,
        decay: float = 0.9,
    ) -> None:
        in_range = 0 <= margin <= seen <= 1 and 0 <= inside <= 1 and 0 <= decay <= 1
        if not in_range or min(lost_after, outside_after, found_after) < 1:
            raise ConfigError(
                "lifecycle: expected 0 <= margin <= seen <= 1, inside and decay in [0, 1] and "
                "frame counts of at least 1"
            )
        self.seen, self.margin = seen, margin
        self.lost_after, self.outside_after, self.found_after = (
            lost_after,
            outside_after,
            found_after,
        )
        self.inside, self.decay = inside, decay
        self._confidence = np.ones(count)
        self._seen = np.ones(count, bool)
        self._lost = np.zeros(count, bool)
        self._hidden_frames = np.zeros(count, np.int64)
        self._outside_frames = np.zeros(count, np.int64)
        self._found_frames = np.zeros(count, np.int64)
        self._patience_frames = np.full(count, lost_after)

    @property
    def outside_frames(self) -> NDArray[np.int64]:
        """[N] frames in a row outside the frame."""
        frames: NDArray[np.int64] = self._outside_frames.copy()
        return frames

    @property
    def hidden_frames(self) -> NDArray[np.int64]:
        """[N] frames in a row without being seen."""
        frames: NDArray[np.int64] = self._hidden_frames.copy()
        return frames

    def add(self, count: int, *, lost_after: int | None = None) -> None:
        """More objects behind the others, active with confidence 1.

        Args:
            count: how many.
            lost_after: for these, in the place of the usual number.
        """
        for name, start in (("confidence", 1.0), ("seen", True), ("lost", False)):
            self._extend(f"_{name}", start, count)
        for name in ("hidden", "outside", "found"):
            self._extend(f"_{name}_frames", 0, count)
        self._extend("_patience_frames", lost_after or self.lost_after, count)

    def keep(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> None:
        """Forget all objects but those of a mask [N] or of indices."""
        for name in ("confidence", "seen", "lost"):
            setattr(self, f"_{name}", getattr(self, f"_{name}")[rows])
        for name in ("hidden", "outside", "found", "patience"):
            setattr(self, f"_{name}_frames", getattr(self, f"_{name}_frames")[rows])

    def find(self, rows: NDArray[np.bool_]) -> None:
        """Objects [N] that somebody else has seen, a detector: hidden and lost ones are back."""
        self._seen = self._seen | rows
        self._lost = self._lost & ~rows
        self._hidden_frames = np.where(rows, 0, self._hidden_frames)

    def _extend(self, name: str, start: float | bool | int, count: int) -> None:
        old = getattr(self, name)
        setattr(self, name, np.concatenate([old, np.full(count, start, old.dtype)]))

    def update(
        self, boxes: ArrayLike, visibility: ArrayLike, width: int, height: int
    ) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
        """One frame further.

        Args:
            boxes: [N, 4] xyxy pixels; a box that is not finite counts as outside.
            visibility: [N] in [0, 1], how sure the tracker is that it sees the object in its box;
                NaN counts as 0.
            width: pixels of the frame.
            height: pixels of the frame.

        Returns:
            confidence float32 [N] in [0, 1] and state [N] of `active`, `predicted`, `lost`.

        Raises:
            ShapeError: other shapes, or another N than at the start.
        """
        boxes = np.asarray(boxes, np.float64)
        visible = np.nan_to_num(np.asarray(visibility, np.float64)).clip(0, 1)
        count = str(len(self._confidence))
        check_shape(boxes=(boxes, f"{count} 4"), visibility=(visible, count))
        outside = self._is_outside(boxes, width, height)
        self._seen = visible >= np.where(self._seen, self.seen - self.margin, self.seen)
        in_view = self._seen & ~outside
        self._hidden_frames = np.where(self._seen, 0, self._hidden_frames + 1)
        self._outside_frames = np.where(outside, self._outside_frames + 1, 0)
        self._found_frames = np.where(in_view, self._found_frames + 1, 0)
        away = self._outside_frames >= self.outside_after
        away = away | (self._hidden_frames >= self._patience_frames)
        self._lost = np.where(self._lost, self._found_frames < self.found_after, away)
        active = in_view & ~self._lost
        fallen = np.minimum(self._confidence * self.decay, visible)
        self._confidence = np.where(outside, fallen, visible)
        state = np.where(active, ACTIVE, np.where(self._lost, LOST, PREDICTED))
        return self._confidence.astype(np.float32), state

    def _is_outside(self, boxes: NDArray[np.float64], width: int, height: int) -> NDArray[np.bool_]:
        """[N] True where the centre is out of the frame or too little of the box is inside."""
        finite = np.logical_and.reduce(np.isfinite(boxes), axis=1)
        boxes = np.where(finite[:, None], boxes, 0)
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2
        centre_inside = ((centre >= 0) & (centre <= [width, height])).all(-1)
        share = area(clip_to_frame(boxes, width, height)) / area(boxes).clip(min=1e-9)
        kept: NDArray[np.bool_] = finite & centre_inside & (share >= self.inside)
        return ~kept
