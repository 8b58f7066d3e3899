"""Frames from back to front, exactly: read in pieces from the front, since OpenCV cannot seek."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from mohart.aliases import Frame
from mohart.video.source import FrameSource

PIECE_BYTES = 256 << 20
LONGEST = 256  # frames


class BackwardFrames:
    """The frames `last`, `last - 1`, ..., `first` of a source, each decoded once.

    A piece of up to 256 MB is held at a time. Every piece skips the frames before it again, by
    grabbing, so n frames in pieces of k cost about n * n / 2k grabs on top.

    Args:
        reopen: opens the source anew, at its first frame.
        first: zero-based.
        last: zero-based.

    Attributes:
        missing: whether the frame has no picture of its own.
        timestamp: seconds from the last frame back to the one that was read; grows as time does in
            a video that is played forwards. None where nobody knows.
    """

    def __init__(self, reopen: Callable[[], FrameSource], first: int, last: int) -> None:
        self.timestamp: float | None = None
        self.missing = False
        self._reopen, self._first, self._last = reopen, first, last
        self._frames = self._walk()

    def read(self) -> Frame | None:
        """The frame before the one that was read; None in front of the first."""
        return next(self._frames, None)

    def skip(self, count: int) -> int:
        """Pass over frames; returns how many."""
        return sum(1 for _ in islice(self._frames, count))

    def _walk(self) -> Iterator[Frame]:
        stop, end = self._last + 1, None
        while stop > self._first:
            with self._reopen() as source:
                length = PIECE_BYTES // (source.width * source.height * 3)
                start = max(self._first, stop - max(2, min(length, LONGEST)))
                source.skip(start)
                piece = []
                for _ in range(start, stop):
                    frame = source.read()
                    if frame is None:
                        return  # shorter than it was
                    piece.append((frame, source.timestamp, source.missing))
            for frame, seconds, self.missing in reversed(piece):
                end = seconds if end is None else end
                known = seconds is not None and end is not None
                self.timestamp = end - seconds if known else None  # type: ignore[operator]
                yield frame
            stop = start
