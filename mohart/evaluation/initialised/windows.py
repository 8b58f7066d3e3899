"""Windows of the initialised protocol: a few frames, the boxes given in the first, the truth."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Frame, Progress
from mohart.boxes import area, clip_to_frame
from mohart.errors import ConfigError
from mohart.structures import Tracks
from mohart.video import FrameSource


@dataclass(frozen=True, kw_only=True)
class Window:
    """What trackers are run on; T frames, N objects that are started in the first of them.

    Attributes:
        name: `SOURCE@0061`, with the first frame's number as in MOT files, from 1.
        first_frame: its number, from 0.
        frames: T pictures, uint8 BGR [H, W, 3].
        ids: [N] identities in the ground truth.
        truth: [T, N, 4] xyxy pixels; the boxes at t = 0 are given to the trackers.
        present: [T, N] bool, where the truth counts; all True at t = 0.
    """

    name: str
    first_frame: int
    frames: list[Frame]
    ids: NDArray[np.int64]
    truth: NDArray[np.float64]
    present: NDArray[np.bool_]


def window_name(source: str, first_frame: int) -> str:
    """The name of a window from its first frame, counted from 0.

    >>> window_name("video", 60)
    'video@0061'
    """
    return f"{source}@{first_frame + 1:04}"


class VideoWindows:
    """The complete windows of a video that have objects, decoded once from front to back.

    Objects are the rows of the ground truth at a window's first frame that are not ignored and
    have a part inside the frame. At most one window of frames is in memory, if the caller lets go
    of each window before it asks for the next.

    Attributes:
        names: of the windows yielded so far.
        objects: number of objects in them.
        decoded: number of frames decoded so far.
        decode_seconds: time that took.

    Args:
        source: open, at its first frame.
        gt: ground truth of the video; ignored rows count as not labelled.
        window: frames per window T, at least 2.
        stride: frames from one window's start to the next, at least 1.
        max_windows: yield only so many.
        max_frames: use only the first so many frames of the video.
        min_area: smallest area of an object's box in the first frame, square pixels.
        progress: called after every window with frames of the video done and, if known, in all.

    Raises:
        ConfigError: window or stride out of range.
    """

    def __init__(
        self,
        source: FrameSource,
        gt: Tracks,
        *,
        window: int,
        stride: int,
        max_windows: int | None = None,
        max_frames: int | None = None,
        min_area: float = 0.0,
        progress: Progress | None = None,
    ) -> None:
        if window < 2 or stride < 1:
            raise ConfigError(
                f"expected a window of at least 2 frames and a stride of at least 1; got window "
                f"{window}, stride {stride}"
            )
        self.names: list[str] = []
        self.objects = self.decoded = 0
        self.decode_seconds = 0.0
        self._source, self._labelled = source, gt.select(~gt.ignored)
        self._window, self._stride = window, stride
        self._max_windows, self._max_frames = max_windows, max_frames
        self._min_area, self._progress = min_area, progress

    def __iter__(self) -> Iterator[Window]:
        source, length, step = self._source, self._window, self._stride
        known = [n for n in (source.length, self._max_frames) if n is not None]
        total = min(known, default=None)
        buffer: deque[Frame] = deque(maxlen=length)
        start = 0  # number of the first frame in the buffer, from 0
        while self._max_windows is None or len(self.names) < self._max_windows:
            if self._max_frames is not None and start + length > self._max_frames:
                return
            if not self._fill(buffer):
                return
            ids = self._objects(start)
            if len(ids):
                truth, _, present = self._labelled.dense(ids, start, start + length)
                self.names.append(window_name(source.name, start))
                self.objects += len(ids)
                yield Window(
                    name=self.names[-1],
                    first_frame=start,
                    frames=list(buffer),
                    ids=ids,
                    truth=truth,
                    present=present,
                )
            for _ in range(min(step, length)):
                buffer.popleft()
            source.skip(max(step - length, 0))
            start += step
            if self._progress:
                self._progress(source.frames_read, total)

    def _fill(self, buffer: deque[Frame]) -> bool:
        """Decode until the window is complete; False where the video ends before."""
        began = time.perf_counter()
        while len(buffer) < self._window:
            frame = self._source.read()
            if frame is None:
                break
            buffer.append(frame)
            self.decoded += 1
        self.decode_seconds += time.perf_counter() - began
        return len(buffer) == self._window

    def _objects(self, frame: int) -> NDArray[np.int64]:
        """[N] identities whose boxes in a frame are large enough and partly inside."""
        here = self._labelled.at(frame)
        large = (here.boxes[:, 2:] > here.boxes[:, :2]).all(axis=1)
        large &= area(here.boxes) >= self._min_area
        clipped = clip_to_frame(here.boxes, self._source.width, self._source.height)
        ids: NDArray[np.int64] = here.track_id[large & (area(clipped) > 0)]
        return ids
