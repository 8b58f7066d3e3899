"""Labelled boxes of one sequence as the scoring rules need them: in the order of their file.

Conventions: zero-based frames, xyxy pixels. `Tracks` sort the rows of a frame by identity; the
official scripts keep the order of the file, and where two assignments are equally good that order
decides. So the scoring has its own record.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.columns import Columns
from mohart.errors import ConfigError, check_shape
from mohart.structures import Tracks


@dataclass(frozen=True, kw_only=True)
class Labels(Columns):
    """Rows sorted by frame, and within a frame as in their file.

    Attributes:
        frame: [K] int64, zero-based, ascending.
        track_id: [K] int64.
        boxes: [K, 4] float64, xyxy pixels; sides may be negative where a tracker clipped badly.
        class_id: [K] int64, the format's own number.
        flagged: [K] bool, False where the annotators marked the row as not to be scored.
        truncated: [K] int64, KITTI's 0 to 2; 0 where the format has none.
        occluded: [K] int64, KITTI's 0 to 3; 0 where the format has none.
    """

    frame: NDArray[np.int64]
    track_id: NDArray[np.int64]
    boxes: NDArray[np.float64]
    class_id: NDArray[np.int64]
    flagged: NDArray[np.bool_]
    truncated: NDArray[np.int64]
    occluded: NDArray[np.int64]

    def __post_init__(self) -> None:
        letters = {"boxes": "K 4"}
        check_shape(
            **{f.name: (getattr(self, f.name), letters.get(f.name, "K")) for f in fields(self)}
        )
        if (self.frame[1:] < self.frame[:-1]).any():
            raise ConfigError("Labels: rows must be sorted by frame; use Labels.from_columns")

    @classmethod
    def from_columns(
        cls,
        frame: Any,
        track_id: Any,
        boxes: Any,
        *,
        class_id: Any = None,
        flagged: Any = None,
        truncated: Any = None,
        occluded: Any = None,
    ) -> Labels:
        """Labels from anything array-like; rows of one frame keep their order.

        Raises:
            ShapeError: the columns differ in length, or the boxes are not [K, 4].
        """
        frames = np.asarray(frame, np.int64).reshape(-1)
        is_sorted = bool((frames[1:] >= frames[:-1]).all())
        order = slice(None) if is_sorted else np.argsort(frames, kind="stable")

        def column(values: Any, default: int, dtype: Any) -> NDArray[Any]:
            full = np.full(len(frames), default) if values is None else np.asarray(values)
            return full.reshape(-1).astype(dtype)[order]

        return cls(
            frame=frames[order],
            track_id=column(track_id, 0, np.int64),
            boxes=np.asarray(boxes, np.float64).reshape(-1, 4)[order],
            class_id=column(class_id, 1, np.int64),
            flagged=column(flagged, 1, np.bool_),
            truncated=column(truncated, 0, np.int64),
            occluded=column(occluded, 0, np.int64),
        )

    @classmethod
    def from_tracks(cls, tracks: Tracks) -> Labels:
        """Labels from Tracks; `ignored` rows are not flagged."""
        return cls.from_columns(
            tracks.frame,
            tracks.track_id,
            tracks.boxes,
            class_id=tracks.class_id,
            flagged=~tracks.ignored,
        )

    @classmethod
    def empty(cls) -> Labels:
        """No rows."""
        return cls.from_columns([], [], [])
