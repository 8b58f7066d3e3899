"""Records that cross floors: labelled tracks, detections, a tracker's answer, a training batch.

Conventions: boxes xyxy in pixels of the frame, frames zero-based, axis letters B batch, T time,
N objects, H W frame rows and columns (docs/architecture.md has the legend).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import Self

from mohart.columns import WHOLE, Columns, carry
from mohart.errors import MissingDataError, ShapeError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

ACTIVE, PREDICTED, LOST, TENTATIVE, ENDED = "active", "predicted", "lost", "tentative", "ended"
MATCHED, BORN, DROPPED = "matched", "born", "dropped"
UNKNOWN_CLASS = -1


@dataclass(frozen=True, kw_only=True)
class Tracks(Columns):
    """Boxes over time with identities, one row per (frame, object), sorted by frame then id.

    Attributes:
        frame: [K] int64, zero-based.
        track_id: [K] int64.
        boxes: [K, 4] float64, xyxy pixels; amodal boxes may reach outside the frame.
        confidence: [K] float64; 1 for ground truth, otherwise the detector's or tracker's score.
        visibility: [K] float64 in [0, 1]; 1 where the format does not say.
        ignored: [K] bool; labelled, but not for training or scores (distractors, DontCare, crowd).
        class_id: [K] int64; the format's own number, 1 where it has none.
    """

    frame: NDArray[np.int64]
    track_id: NDArray[np.int64]
    boxes: NDArray[np.float64]
    confidence: NDArray[np.float64]
    visibility: NDArray[np.float64]
    ignored: NDArray[np.bool_]
    class_id: NDArray[np.int64]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.boxes.shape[1:] != (4,):
            raise ShapeError(f"Tracks: boxes are not [K, 4]: {list(self.boxes.shape)}")

    @classmethod
    def from_columns(
        cls,
        frame: object,
        track_id: object,
        boxes: object,
        *,
        confidence: object = None,
        visibility: object = None,
        ignored: object = None,
        class_id: object = None,
    ) -> Tracks:
        """Tracks from anything array-like, rows in any order; missing columns get defaults.

        Raises:
            ShapeError: the columns differ in length, or the boxes are not [K, 4].
        """
        frames = np.asarray(frame, np.int64).reshape(-1)
        count = len(frames)

        def column(values: object, default: float, dtype: type) -> NDArray[np.generic]:
            full = np.full(count, default) if values is None else np.asarray(values).reshape(-1)
            if len(full) != count:
                raise ShapeError(f"Tracks: expected columns of {count} rows, got {len(full)}")
            return full.astype(dtype)

        ids = column(track_id, 0, np.int64)
        corners = np.asarray(boxes, np.float64)
        if corners.shape != (count, 4) and (count or corners.size):
            raise ShapeError(f"Tracks: expected boxes [{count}, 4], got {list(corners.shape)}")
        order = np.lexsort((ids, frames))
        return cls(
            frame=frames[order],
            track_id=ids[order],  # type: ignore[arg-type]
            boxes=corners.reshape(-1, 4)[order],
            confidence=column(confidence, 1, np.float64)[order],  # type: ignore[arg-type]
            visibility=column(visibility, 1, np.float64)[order],  # type: ignore[arg-type]
            ignored=column(ignored, 0, np.bool_)[order],  # type: ignore[arg-type]
            class_id=column(class_id, 1, np.int64)[order],  # type: ignore[arg-type]
        )

    @classmethod
    def empty(cls) -> Tracks:
        """No rows."""
        return cls.from_columns([], [], [])

    def at(self, frame: int) -> Tracks:
        """The rows of one frame (zero-based); a binary search, so a loop over frames is cheap."""
        low, high = np.searchsorted(self.frame, [frame, frame + 1])
        return self.select(slice(int(low), int(high)))

    def dense(
        self, ids: NDArray[np.int64], start: int, stop: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Chosen tracks as arrays over frames `start <= t < stop`.

        Returns:
            boxes [T, N, 4] (0 where absent), visibility [T, N] (0 where absent), present [T, N].
        """
        length, count = stop - start, len(ids)
        boxes = np.zeros((length, count, 4))
        visibility = np.zeros((length, count))
        present = np.zeros((length, count), bool)
        column = {int(track): n for n, track in enumerate(ids)}
        low, high = np.searchsorted(self.frame, [start, stop])
        for row in range(int(low), int(high)):
            n = column.get(int(self.track_id[row]))
            if n is not None:
                t = int(self.frame[row]) - start
                boxes[t, n] = self.boxes[row]
                visibility[t, n] = self.visibility[row]
                present[t, n] = True
        return boxes, visibility, present


@dataclass(frozen=True)
class Detections(Columns):
    """What a detector says about one frame, M boxes; `as_detections` makes it of what it returns.

    Attributes:
        xyxy: [M, 4] float32, pixels of the frame.
        confidence: [M] float32 in [0, 1].
        class_id: [M] int64, -1 where the detector has no classes.
    """

    xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    class_id: NDArray[np.int64]

    @classmethod
    def empty(cls) -> Detections:
        """The detector has looked and found nothing."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))


@dataclass(frozen=True)
class Fates(Columns):
    """What became of every detection of a frame, in the order in which they were given.

    Attributes:
        kind: [M] str: `matched` (fed a known track), `born` (started a track that counts at once),
            `tentative` (started one that has to be confirmed), `dropped`.
        tracker_id: [M] int64, the track; -1 where there is none (yet).
        why: [M] str, the reason of a drop, empty otherwise.
    """

    kind: NDArray[np.str_]
    tracker_id: NDArray[np.int64]
    why: NDArray[np.str_]


class TrackedObject(NamedTuple):
    """One object in one frame, as plain values: a row of `TrackedObjects`.

    Attributes:
        id: identity; -1 while tentative.
        box: x1, y1, x2, y2 in pixels of the frame.
        confidence: in [0, 1].
        state: see `TrackedObjects`.
        class_id: -1 where not known.
    """

    id: int
    box: tuple[float, float, float, float]
    confidence: float
    state: str
    class_id: int


@dataclass(frozen=True)
class TrackedObjects(Columns):
    """What a tracker says about one frame: one row per object that is still carried.

    ```
    for found in tracks.active:
        print(found.id, found.box, found.confidence)
    ```

    Attributes:
        xyxy: [N, 4] float32, pixels of the frame.
        tracker_id: [N] int64, in the order of `init`, then of birth; -1 while tentative.
        confidence: [N] float32 in [0, 1]: how sure the tracker is that the object is seen there.
        state: [N] str: `active` (seen), `predicted` (hidden for a moment, box from motion),
            `lost` (not seen for long, or outside the frame), `tentative` (may be a false alarm),
            `ended` (given up; said once).
        class_id: [N] int64, the class that most of its detections had; -1 where not known.
        source_index: [N] int64, row of the detection that fed the track in this frame; -1: none.
        fates: what became of this frame's detections; None where none were given.
    """

    xyxy: NDArray[np.float32]
    tracker_id: NDArray[np.int64]
    confidence: NDArray[np.float32]
    state: NDArray[np.str_]
    class_id: NDArray[np.int64] = None  # type: ignore[assignment]  # filled below
    source_index: NDArray[np.int64] = None  # type: ignore[assignment]
    fates: Fates | None = field(default=None, metadata=WHOLE)

    def __post_init__(self) -> None:
        for name in ("class_id", "source_index"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, np.full(len(self.tracker_id), -1, np.int64))
        super().__post_init__()

    def __iter__(self) -> Iterator[TrackedObject]:
        """The objects one by one, as plain values."""
        columns = (self.tracker_id, self.xyxy, self.confidence, self.state, self.class_id)
        for track, box, *rest in zip(*(column.tolist() for column in columns), strict=True):
            yield TrackedObject(track, tuple(box), *rest)

    def __getitem__(self, row: int) -> TrackedObject:
        """The object of one row."""
        return tuple(self)[row]

    @property
    def active(self) -> Self:
        """The rows of those that are seen in this frame."""
        return self.select(self.state == ACTIVE)

    def carried(self, values: ArrayLike, fill: Any = None) -> NDArray[Any]:
        """[N, ...] what the detector said beside its boxes, for the tracks that its detections fed.

        Args:
            values: [M, ...] of the M detections that `update` was given: masks, key points, names.
            fill: of tracks without one; None: NaN, False, -1 or an empty text, as the values are.

        Raises:
            ShapeError: there are fewer values than detections.
        """
        return carry(values, self.source_index, fill)

    def to_supervision(self, found: Any = None) -> Any:
        """Active and predicted objects as `supervision.Detections`, states in `data`.

        Lost, ended and tentative ones are left out, because annotators would draw them all.

        Args:
            found: the `supervision.Detections` that `update` was given in this frame; its masks and
                its `data` (key points, names) go along with the tracks that they fed.

        Raises:
            MissingDataError: supervision is not installed.
            ShapeError: `found` has fewer rows than there were detections.
        """
        try:
            from supervision import Detections as SupervisionDetections
        except ImportError as error:
            raise MissingDataError("supervision is missing: pip install supervision") from error
        shown = self.select(np.isin(self.state, (ACTIVE, PREDICTED)))
        masks = getattr(found, "mask", None)
        data = {} if found is None else {k: shown.carried(x) for k, x in found.data.items()}
        return SupervisionDetections(
            xyxy=shown.xyxy.copy(),
            mask=None if masks is None else shown.carried(masks, False),
            confidence=shown.confidence.copy(),
            class_id=shown.class_id.astype(int),
            tracker_id=shown.tracker_id.astype(int),
            data={**data, "state": shown.state.copy(), "source_index": shown.source_index.copy()},
        )


class Clip(NamedTuple):
    """A training batch: videos of equal size and length with padded objects.

    Attributes:
        frames: [B, T, H, W, 3] uint8, BGR.
        boxes: [B, T, N, 4] float32, xyxy pixels.
        visibility: [B, T, N] float32 in [0, 1].
        present: [B, T, N] bool; False where the object is padding or not labelled.
        facts: [B, T, N, `mohart.facts.WIDTH`] float32, for stethoscopes; None where nobody asked.
    """

    frames: Tensor
    boxes: Tensor
    visibility: Tensor
    present: Tensor
    facts: Tensor | None = None

    def map(self, change: Callable[[Tensor], Tensor]) -> Clip:
        """The clip with every tensor changed."""
        return Clip(*(None if x is None else change(x) for x in self))  # type: ignore[arg-type]

    def to(self, device: torch.device) -> Clip:
        """The clip on a device."""
        return self.map(lambda x: x.to(device, non_blocking=True))
