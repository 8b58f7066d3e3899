"""Track management by visibility: from how visible an object looks to active, predicted or lost.

The rules, per object and frame:

* *Seen* starts when the visibility reaches `seen` and stops when it falls below `seen - margin`, so
  that a value that trembles around the threshold does not flicker.
* *Outside* is a box whose centre is outside the frame, or with less than `inside` of its area in
  it. Nothing outside is ever active.
* active: seen and not outside. predicted: otherwise, for a while. lost: not seen for `lost_after`
  frames, or outside for `outside_after` frames, in a row.
* A lost object comes back only when it is seen inside for `found_after` frames in a row, because
  one lucky frame on the background is more likely than a return. After `long_after` frames of being
  lost, more is asked: a visibility of `found_sure`, for `found_long` frames, because something
  similar has passed more often by then, and the object itself is more often gone. Of one that
  left through the frame's edge it is asked at once.
* One that is lost for `end_after` frames has left for good, where that is asked for.
* Confidence is the visibility while the box is inside, whatever the state. Outside it can only
  fall: by the factor `decay` each frame, and at once to a visibility that is lower still.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mohart.boxes import area, clip_to_frame
from mohart.columns import Columns
from mohart.errors import ConfigError, check_shape
from mohart.structures import ACTIVE, LOST, PREDICTED


@dataclass(frozen=True, kw_only=True)
class Lives(Columns):
    """Where N objects are in their lives.

    Attributes:
        state: [N] str: `active`, `predicted` or `lost`.
        confidence: [N] float64 in [0, 1].
        seen: [N] bool, since the visibility reached `Lifecycle.seen`.
        lost: [N] bool.
        lost_frames: [N] int64 frames in a row of being lost.
        left: [N] bool, lost because it left through the frame's edge.
        hidden_frames: [N] int64 frames in a row without being seen.
        outside_frames: [N] int64 frames in a row outside the frame.
        found_frames: [N] int64 frames in a row of being seen inside.
        patience_frames: [N] int64 hidden frames after which the object is lost.
    """

    state: NDArray[np.str_]
    confidence: NDArray[np.float64]
    seen: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    lost_frames: NDArray[np.int64]
    left: NDArray[np.bool_]
    hidden_frames: NDArray[np.int64]
    outside_frames: NDArray[np.int64]
    found_frames: NDArray[np.int64]
    patience_frames: NDArray[np.int64]

    def find(self, found: NDArray[np.bool_]) -> Lives:
        """Objects [N] that somebody else has seen, a detector: hidden and lost ones are back."""
        return replace(
            self,
            seen=self.seen | found,
            lost=self.lost & ~found,
            lost_frames=np.where(found, 0, self.lost_frames),
            left=self.left & ~found,
            hidden_frames=np.where(found, 0, self.hidden_frames),
        )

    def lose(self, gone: NDArray[np.bool_]) -> Lives:
        """Objects [N] that turn out to be somewhere else: lost, and not seen for a while."""
        return replace(
            self,
            seen=self.seen & ~gone,
            lost=self.lost | gone,
            hidden_frames=np.where(gone, self.patience_frames, self.hidden_frames),
            found_frames=np.where(gone, 0, self.found_frames),
        )


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """The rules of the states and confidences of a video's objects; deterministic.

    ```
    lives = rules.start(3)
    lives = rules.advance(lives, boxes, visibility, width, height)  # every frame
    ```

    Attributes:
        seen: visibility in (0, 1] from which an object counts as seen.
        margin: how far visibility must fall below `seen` before the object counts as hidden.
        lost_after: frames in a row without being seen after which an object is lost.
        outside_after: frames in a row outside the frame after which an object is lost.
        found_after: frames in a row of being seen inside that bring a lost object back.
        long_after: frames of being lost after which more is asked of a return.
        found_sure: visibility that counts then.
        found_long: frames in a row of it.
        inside: share of the box's area that must be in the frame, in [0, 1].
        decay: factor per frame by which confidence falls while the object is not active.
        end_after: frames of being lost after which an object has left for good; None: never.

    Raises:
        ConfigError: a setting is out of range.
    """

    seen: float = 0.5
    margin: float = 0.15
    lost_after: int = 15
    outside_after: int = 5
    found_after: int = 3
    long_after: int = 15
    found_sure: float = 0.65
    found_long: int = 6
    inside: float = 0.1
    decay: float = 0.9
    end_after: int | None = None

    def __post_init__(self) -> None:
        in_range = 0 <= self.margin <= self.seen <= 1
        in_range = in_range and 0 <= self.inside <= 1 and 0 <= self.decay <= 1
        in_range = in_range and self.seen <= self.found_sure <= 1
        counts = [self.lost_after, self.outside_after, self.found_after, self.found_long]
        counts += [] if self.end_after is None else [self.end_after]
        if not in_range or min(counts) < 1:
            raise ConfigError(
                "lifecycle: expected 0 <= margin <= seen <= found_sure <= 1, inside and decay in "
                "[0, 1] and frame counts of at least 1"
            )

    def start(self, count: int, *, lost_after: int | None = None) -> Lives:
        """Objects that are active with confidence 1.

        Args:
            count: N; 0 is allowed.
            lost_after: for these, in the place of the usual number.
        """
        return Lives(
            state=np.full(count, ACTIVE, "<U9"),
            confidence=np.ones(count),
            seen=np.ones(count, bool),
            lost=np.zeros(count, bool),
            lost_frames=np.zeros(count, np.int64),
            left=np.zeros(count, bool),
            hidden_frames=np.zeros(count, np.int64),
            outside_frames=np.zeros(count, np.int64),
            found_frames=np.zeros(count, np.int64),
            patience_frames=np.full(count, lost_after or self.lost_after),
        )

    def advance(
        self, lives: Lives, boxes: ArrayLike, visibility: ArrayLike, width: int, height: int
    ) -> Lives:
        """One frame further.

        Args:
            lives: so far.
            boxes: [N, 4] xyxy pixels; a box that is not finite counts as outside.
            visibility: [N] in [0, 1], how sure the tracker is that it sees the object in its box;
                NaN counts as 0.
            width: pixels of the frame.
            height: pixels of the frame.

        Raises:
            ShapeError: other shapes, or another N.
        """
        boxes = np.asarray(boxes, np.float64)
        visible = np.nan_to_num(np.asarray(visibility, np.float64)).clip(0, 1)
        count = str(len(lives))
        check_shape(boxes=(boxes, f"{count} 4"), visibility=(visible, count))
        outside = self._is_outside(boxes, width, height)
        seen = visible >= np.where(lives.seen, self.seen - self.margin, self.seen)
        in_view = seen & ~outside
        hidden = np.where(seen, 0, lives.hidden_frames + 1)
        away = np.where(outside, lives.outside_frames + 1, 0)
        long = lives.lost & (lives.left | (lives.lost_frames >= self.long_after))
        counts = in_view & (~long | (visible >= self.found_sure))
        found = np.where(counts, lives.found_frames + 1, 0)
        leaves = (away >= self.outside_after) | (hidden >= lives.patience_frames)
        left = np.where(lives.lost, lives.left, away >= self.outside_after)
        wanted = np.where(long, self.found_long, self.found_after)
        lost = np.where(lives.lost, found < wanted, leaves)
        fallen = np.minimum(lives.confidence * self.decay, visible)
        return Lives(
            state=np.where(in_view & ~lost, ACTIVE, np.where(lost, LOST, PREDICTED)),
            confidence=np.where(outside, fallen, visible),
            seen=seen,
            lost=lost,
            lost_frames=np.where(lost, lives.lost_frames + 1, 0),
            left=lost & left,
            hidden_frames=hidden,
            outside_frames=away,
            found_frames=found,
            patience_frames=lives.patience_frames,
        )

    def over(self, lives: Lives) -> NDArray[np.bool_]:
        """[N] True for who has been lost for so long that nobody waits for it any more."""
        if self.end_after is None:
            return np.zeros(len(lives), bool)
        return lives.lost & (lives.lost_frames >= self.end_after)

    def _is_outside(self, boxes: NDArray[np.float64], width: int, height: int) -> NDArray[np.bool_]:
        """[N] True where the centre is out of the frame or too little of the box is inside."""
        finite = np.logical_and.reduce(np.isfinite(boxes), axis=1)
        boxes = np.where(finite[:, None], boxes, 0)
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2
        centre_inside = ((centre >= 0) & (centre <= [width, height])).all(-1)
        share = area(clip_to_frame(boxes, width, height)) / np.maximum(area(boxes), 1e-9)
        kept: NDArray[np.bool_] = finite & centre_inside & (share >= self.inside)
        return ~kept
