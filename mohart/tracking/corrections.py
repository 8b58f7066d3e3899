"""What some trackers can do beyond following: be corrected, go on from a kept state, see ahead."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mohart.errors import ConfigError
from mohart.structures import TrackedObjects
from mohart.tracking.checks import as_ids
from mohart.tracking.protocol import Tracker


@runtime_checkable
class Correctable(Tracker, Protocol):
    """A tracker whose objects can be drawn again, added and ended after the start.

    ```
    tracks = tracker.update(frame)
    tracks = tracker.correct(frame, boxes, ids)  # the same frame
    tracks = tracker.add(frame, boxes)           # somebody new
    tracks = tracker.remove([7])                 # has left
    ```
    """

    def correct(
        self, frame_bgr: NDArray[np.uint8], boxes_xyxy: ArrayLike, ids: ArrayLike
    ) -> TrackedObjects:
        """Objects as a person has drawn them in the frame of the last `init` or `update`.

        One that is followed starts again from this box and this look, with its identity and in its
        row; an id that is not followed is a birth, in a row behind all others. Nobody else changes.

        Args:
            frame_bgr: uint8 [H, W, 3], the frame of the last call.
            boxes_xyxy: [N, 4] pixels, as for `init`; N >= 1.
            ids: [N] integers, all different.

        Returns:
            Everybody, as they are now; those who were drawn are `active` with confidence 1.

        Raises:
            ConfigError: the tracker was not started, or as for `init`.
            ShapeError: as for `init`.
        """

    def add(
        self, frame_bgr: NDArray[np.uint8], boxes_xyxy: ArrayLike, ids: ArrayLike | None = None
    ) -> TrackedObjects:
        """Further objects, drawn in the frame of the last `init` or `update`.

        Args:
            frame_bgr: uint8 [H, W, 3], the frame of the last call.
            boxes_xyxy: [N, 4] pixels, as for `init`.
            ids: [N] integers, all different and of nobody who is followed; the next free ones
                where not given.

        Returns:
            Everybody, as they are now; the new ones in rows behind all others.

        Raises:
            ConfigError: the tracker was not started, an id is taken, or as for `init`.
            ShapeError: as for `init`.
        """

    def remove(self, ids: ArrayLike) -> TrackedObjects:
        """Objects that have left, and shall not be taken for back; who stays is returned.

        Args:
            ids: [N] integers.

        Raises:
            ConfigError: the tracker was not started, or one of them is neither followed nor away.
        """


@runtime_checkable
class Resumable(Tracker, Protocol):
    """A tracker whose state can be kept, to go on from there later, also in another process."""

    def snapshot(self) -> bytes:
        """All that is known after the last frame; not the weights.

        Raises:
            ConfigError: not started.
        """

    def restore(self, snapshot: bytes) -> None:
        """Go on behind the frame of a snapshot that the same tracker with the same weights made.

        Raises:
            CheckpointError: it is something else; the tracker is reset then.
        """


def ids_of_births(
    boxes_xyxy: ArrayLike, ids: ArrayLike | None, *, followed: NDArray[np.int64], free: int
) -> NDArray[np.int64]:
    """The ids of objects that are added.

    Args:
        boxes_xyxy: [N, 4] pixels.
        ids: [N] that were asked for; None for the next free ones.
        followed: ids of those who are there.
        free: the first id that is free.

    Raises:
        ConfigError: one is taken, or is no id.
    """
    if ids is None:
        return np.arange(free, free + len(np.atleast_1d(np.asarray(boxes_xyxy, object))))
    wanted = as_ids(ids)
    taken = wanted[np.isin(wanted, followed)]
    if len(taken):
        raise ConfigError(f"ids: {taken[0]} is followed already; draw it again with correct")
    return wanted


@runtime_checkable
class Coasting(Tracker, Protocol):
    """A tracker that goes on through a frame of which there is no picture."""

    def coast(self, timestamp: float | None = None) -> TrackedObjects:
        """Everybody as they are expected to be in the next frame.

        Args:
            timestamp: seconds of that frame, as for `update`; None where it is not known.

        Raises:
            ConfigError: the tracker was not started, or as for `update`.
        """


@runtime_checkable
class Foreseeing(Tracker, Protocol):
    """A tracker that can begin with frames that are not its turn yet."""

    def foresee(self, frame_bgr: NDArray[np.uint8]) -> None:
        """A frame that `update` will get later, the very same array: what needs it alone is done.

        For a thread of its own, frame by frame in their order, while `update` is at work on an
        earlier one. It changes how long `update` takes, and nothing of what it says; frames may
        be left out, and frames that were announced need not come. An array that was announced must
        not be written to before `update` has had it, or before it is gone: what is known of it
        would be that of the old picture.

        Args:
            frame_bgr: uint8 [H, W, 3]; not changed, and not kept alive.
        """


def refuse_corrections(name: str) -> None:
    """For trackers that follow the boxes of one frame only.

    Raises:
        ConfigError: always.
    """
    raise ConfigError(
        f"tracker '{name}' starts from the boxes of one frame and takes no corrections in later "
        "ones; take one that does, such as mohart"
    )
