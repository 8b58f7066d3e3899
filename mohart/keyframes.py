"""Boxes that a person has drawn, in any frames: where objects start, are corrected, and leave.

Conventions: frames zero-based, boxes xyxy pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mohart.columns import Columns
from mohart.errors import ConfigError, ShapeError


@dataclass(frozen=True, kw_only=True)
class Keyframes(Columns):
    """One row per box or end, sorted by frame, in the order in which they were given.

    A box of an id that is followed is a correction: the object starts again there and keeps its
    identity. A box of another id is a birth. An end says that the object has left: from that frame
    on it is not followed, unless a later box says so.

    Attributes:
        frame: [K] int64, zero-based.
        track_id: [K] int64; once per frame at most.
        boxes: [K, 4] float64 xyxy pixels; NaN for an end.
        end: [K] bool.
    """

    frame: NDArray[np.int64]
    track_id: NDArray[np.int64]
    boxes: NDArray[np.float64]
    end: NDArray[np.bool_]

    @classmethod
    def from_rows(
        cls,
        frame: ArrayLike,
        track_id: ArrayLike,
        boxes: ArrayLike,
        end: ArrayLike | None = None,
    ) -> Keyframes:
        """From anything array-like, in any order.

        Args:
            frame: [K], or one number for all.
            track_id: [K].
            boxes: [K, 4]; of ends nothing is read.
            end: [K]; None where there are none.

        Raises:
            ShapeError: the columns differ in length.
            ConfigError: an id stands twice in a frame.
        """
        ids = np.asarray(track_id, np.int64).reshape(-1)
        count = len(ids)
        frames = np.asarray(frame, np.int64)
        frames = np.full(count, frames) if frames.ndim == 0 else frames.reshape(-1)
        ends = np.zeros(count, bool) if end is None else np.asarray(end, bool).reshape(-1)
        corners = np.array(boxes, np.float64)
        if corners.size != 4 * count:
            raise ShapeError(f"Keyframes: expected boxes [{count}, 4], got {list(corners.shape)}")
        corners = corners.reshape(-1, 4)
        corners[ends] = np.nan
        order = np.argsort(frames, kind="stable")
        found = cls(frame=frames[order], track_id=ids[order], boxes=corners[order], end=ends[order])
        twice = found.find_repeat()
        if twice is not None:
            raise ConfigError(f"keyframes: id {twice[1]} stands twice in frame {twice[0] + 1}")
        return found

    @classmethod
    def empty(cls) -> Keyframes:
        """No rows."""
        return cls.from_rows([], [], np.zeros((0, 4)))

    def find_repeat(self) -> tuple[int, int] | None:
        """The first frame and id that stand there twice."""
        seen = set()
        for pair in zip(self.frame.tolist(), self.track_id.tolist(), strict=True):
            if pair in seen:
                return pair
            seen.add(pair)
        return None

    def find_stray_end(self) -> tuple[int, int] | None:
        """The first frame and id of an end of somebody who was not drawn before it."""
        alive: set[int] = set()
        for track, end, frame in zip(
            self.track_id.tolist(), self.end.tolist(), self.frame.tolist(), strict=True
        ):
            if end and track not in alive:
                return frame, track
            (alive.discard if end else alive.add)(track)
        return None

    @property
    def first(self) -> int | None:
        """The first frame with a box; None without boxes."""
        drawn = self.frame[~self.end]
        return int(drawn[0]) if len(drawn) else None

    @property
    def drawn(self) -> Keyframes:
        """The boxes alone."""
        return self.select(~self.end)

    @property
    def ended(self) -> Keyframes:
        """The ends alone."""
        return self.select(self.end)

    def at(self, frame: int) -> Keyframes:
        """The rows of one frame."""
        low, high = np.searchsorted(self.frame, [frame, frame + 1])
        return self.select(slice(int(low), int(high)))

    def merge(self, other: Keyframes) -> Keyframes:
        """Both; where both have a row for a frame and an id, the other's."""
        replaced = set(zip(other.frame.tolist(), other.track_id.tolist(), strict=True))
        mine = zip(self.frame.tolist(), self.track_id.tolist(), strict=True)
        kept = np.array([pair not in replaced for pair in mine], bool)
        joined = self.select(kept).join(other)
        return joined.select(np.argsort(joined.frame, kind="stable"))

    def moved(self, frames: int) -> Keyframes:
        """The same, some frames later."""
        return replace(self, frame=self.frame + frames)

    def since(self, other: Keyframes) -> int | None:
        """The first frame in which the two differ; None where they say the same."""
        for frame in np.unique(np.concatenate([self.frame, other.frame])).tolist():
            if self.at(frame)._said() != other.at(frame)._said():
                return int(frame)
        return None

    def reversed(self, last: int) -> Keyframes:
        """The same seen backwards, in a video whose last frame becomes frame 0.

        An object is born at its last box, corrected at the earlier ones, and ends behind the first:
        it is not followed to before it was drawn. What happens behind an end is another life of
        the object, and is reversed for itself.

        Args:
            last: zero-based number of the last frame; rows behind it are left out.
        """
        rows: list[tuple[int, int, NDArray[np.float64], bool]] = []
        kept = self.select(self.frame <= last)
        for track in np.unique(kept.track_id).tolist():
            own = kept.select(kept.track_id == track)
            alive = False
            for n in range(len(own)):
                frame = int(own.frame[n])
                if not own.end[n] and not alive and frame > 0:
                    rows.append((last - frame + 1, track, own.boxes[n], True))
                alive = not own.end[n]
                if alive:
                    rows.append((last - frame, track, own.boxes[n], False))
        # a box in the frame of an end, of the life before, wins: from there on it is followed
        drawn = {(frame, track) for frame, track, _, end in rows if not end}
        rows = [row for row in rows if not row[3] or row[:2] not in drawn]
        rows = [row for row in rows if row[0] <= last]
        if not rows:
            return Keyframes.empty()
        frames, tracks, boxes, ends = zip(*rows, strict=True)
        return Keyframes.from_rows(frames, tracks, np.stack(boxes), ends)

    def _said(self) -> dict[int, tuple[float, ...] | None]:
        """Id -> its box to a millionth of a pixel, None for its end."""
        boxes = self.boxes.round(6).tolist()
        rows = zip(self.track_id.tolist(), boxes, self.end.tolist(), strict=True)
        return {track: None if end else tuple(box) for track, box, end in rows}
