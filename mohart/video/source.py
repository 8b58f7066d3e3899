"""Frames in: a video file, a folder of images, a MOT sequence folder or a camera, one interface.

Conventions: frames are uint8 BGR [H, W, 3] and are counted from zero in the order they are read.
Reading is strictly sequential: containers cannot seek to an exact frame, so frames that are not
wanted are passed over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType

import numpy as np

from mohart.aliases import Frame
from mohart.errors import ConfigError, FormatError
from mohart.video.ahead import QUEUE, AheadReader
from mohart.video.camera import CameraReader
from mohart.video.live import LiveReader
from mohart.video.shots import LARGE, TOO_LARGE, FrameNumbers, Reader, Shot, room
from mohart.video.stamps import Clock, sane_rate

ASSUMED_FRAME_RATE = 30.0
LEADING = 1000  # frames without a picture that a source may begin with


class FrameSource:
    """Frames from anywhere, read once from front to back; use it as a context manager.

    Iterating yields the frames that have not been read or skipped yet. When iteration ends, look
    at `problem` and `notes`.

    A frame that the source has lost (it cannot be decoded, its image is missing) keeps its number:
    in its place stands the picture before it, and `missing` is set.

    Args:
        name: short name of the source: file stem, folder name or `camera0`.
        reader: where the frames come from.
        length: number of frames that the source claims to have; None where nobody knows.
        exact: whether that number is counted and not estimated.
        frame_rate: frames per second; None where nobody knows.
        even: whether frames are evenly spaced, whatever their time stamps say.

    Attributes:
        name: short name of the source.
        width: pixels of every frame.
        height: pixels of every frame.
        frame_rate: frames per second; 30.0 where nobody knows.
        frame_rate_known: whether `frame_rate` comes from the source.
        length: number of frames that the source claims to have, None for a camera; containers
            estimate it, so it can be wrong.
        frames_read: frames read or skipped so far, which is also the zero-based number of the next
            frame.
        timestamp: seconds of the last frame that was read, counted from the first one of the
            source: as the container says, also at a varying rate; by frame number and rate where
            it does not; None where nobody knows.
        missing: whether the last frame that was read has no picture of its own.
        repaced: whether `set_rate` has given it another rate than its own.
        damaged: how many of the frames that were read the source has lost.
        problem: a sentence that says why iteration ended early (the video breaks off); None while
            all is well.
    """

    def __init__(
        self,
        name: str,
        reader: Reader,
        *,
        length: int | None,
        frame_rate: float | None,
        exact: bool = True,
        even: bool = False,
    ) -> None:
        self.name = name
        self.length = length
        self.frame_rate_known = frame_rate is not None
        self.frame_rate = ASSUMED_FRAME_RATE if frame_rate is None else frame_rate
        self.frames_read = 0
        self.timestamp: float | None = None
        self.missing = self.repaced = False
        self.damaged = 0
        self.problem: str | None = None
        self._exact = exact
        self._reader = reader
        self._ended = False
        self._clock = Clock(self.frame_rate, even=even)
        self._remarks: dict[str, FrameNumbers] = {}
        self._ahead: deque[Shot] = deque()
        self._last_frame: int | None = None
        self._last_seconds: float | None = None
        self._held = self._find_first()
        self.height, self.width = self._held.shape[:2]

    def __enter__(self) -> FrameSource:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        while (frame := self.read()) is not None:
            yield frame

    @property
    def origin(self) -> str:
        """What frames are read from, such as the path of a file."""
        return self._reader.origin

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the frames so far, one sentence each."""
        told = [f"{numbers}: {remark}" for remark, numbers in self._remarks.items()]
        return (*self._reader.notes, *told)

    def read(self) -> Frame | None:
        """The next frame, uint8 BGR [H, W, 3], or None at the end (see `problem`)."""
        shot = self._next()
        if shot is None:
            return None
        if shot.picture is not None and shot.picture.shape[:2] != (self.height, self.width):
            height, width = shot.picture.shape[:2]
            remark = f"{width}x{height} and not {self.width}x{self.height} like the others"
            shot = Shot(None, shot.seconds, f"{remark}; coasted over")
        if shot.remark:
            self._remarks.setdefault(shot.remark, FrameNumbers()).add(self.frames_read - 1)
        self.missing = shot.picture is None
        self.damaged += shot.damaged
        if shot.picture is None:
            return np.array(self._held)
        self._held = shot.picture
        return shot.picture

    def skip(self, count: int) -> int:
        """Pass over frames without decoding them where the format allows; returns how many."""
        skipped = 0
        while skipped < count and self._next(grab=True) is not None:
            skipped += 1
        return skipped

    def skip_to(self, seconds: float) -> int:
        """Pass over frames up to a time; the next one is the first that is not before it.

        Args:
            seconds: from the first frame of the source; without times, by the frame rate.

        Returns:
            The zero-based number of the next frame.
        """
        step = 1 / self.frame_rate
        while True:
            now = self._time() if self.frames_read else -step
            if now + 1.001 * step >= seconds or not self.skip(1):
                return self.frames_read

    def read_ahead(self, every: int = 1, each: Callable[[Frame], None] | None = None) -> None:
        """From now on a thread reads a few frames before they are asked for; nothing else changes.

        Live sources have a thread of their own, and are left as they are; so are large frames.

        Args:
            every: only every N-th frame will be read, N - 1 skipped before each.
            each: called by the thread with every picture, in their order.
        """
        alone = isinstance(self._reader, AheadReader | LiveReader | CameraReader)
        large = self.width * self.height > LARGE  # each frame that waits would take much memory
        if not (alone or large or self._ahead or self._ended):
            self._reader = AheadReader(self._reader, every, room(self._held, QUEUE), each)

    def stop_behind(self, *, frame: int | None = None, seconds: float | None = None) -> None:
        """End early, as if the source did.

        Args:
            frame: zero-based number of the last frame.
            seconds: the first frame at or behind this time is not read any more.
        """
        self._last_frame, self._last_seconds = frame, seconds
        known = [self.length, None if frame is None else frame + 1]
        if seconds is not None:
            known.append(round(seconds * self.frame_rate))
        self.length = min((n for n in known if n is not None), default=None)

    def set_rate(self, frame_rate: float) -> None:
        """Take frames as evenly spaced at another rate than the source says; before any is read.

        Raises:
            ConfigError: not above 0 and up to 1000.
        """
        if sane_rate(frame_rate) is None:
            raise ConfigError(f"frame rate: expected 0.01 to 1000 per second, got {frame_rate:g}")
        self.frame_rate, self.frame_rate_known, self.repaced = frame_rate, True, True
        self._clock = Clock(frame_rate, even=True)

    def close(self) -> None:
        """Release the file or camera; reading afterwards yields nothing."""
        self._ended = True
        self._ahead.clear()
        self._reader.close()

    def _find_first(self) -> Frame:
        """The first picture: the only sure proof that there are any, and of their size."""
        while len(self._ahead) < LEADING and (shot := self._reader.read()) is not None:
            self._ahead.append(shot)
            if shot.picture is not None:
                return shot.picture
        self._reader.close()
        what = "the file may be empty, damaged or in a format that cannot be decoded here; does it "
        what += "play elsewhere?"
        if self._ahead and TOO_LARGE in self._ahead[0].remark:
            what = f"it is {TOO_LARGE}; make it smaller"
        raise FormatError(f"{self._reader.origin}: no frame can be read; {what}")

    def _next(self, *, grab: bool = False) -> Shot | None:
        """The next frame, counted and with its time told."""
        if self._ended or (self._last_frame is not None and self.frames_read > self._last_frame):
            return None
        if self._ahead:
            shot: Shot | None = self._ahead.popleft()
        else:
            shot = self._reader.grab() if grab else self._reader.read()
        if shot is None:
            self._end()
            return None
        self.frames_read += 1
        if shot.seconds is not None:
            self.timestamp = self._clock.tick(shot.seconds)
        else:  # evenly spaced where the rate is known
            known = self.frame_rate_known
            self.timestamp = (self.frames_read - 1) / self.frame_rate if known else None
        if self._last_seconds is not None and self._time() >= self._last_seconds:
            self.frames_read -= 1
            self._ended = True
            return None
        return shot

    def _time(self) -> float:
        """Of the last frame, also where only its number tells it."""
        by_number = (self.frames_read - 1) / self.frame_rate
        return by_number if self.timestamp is None else self.timestamp

    def _end(self) -> None:
        self._ended = True
        self.problem = self._reader.problem
        # Even an index can be wrong: up to 3 frames or 2 % fewer (whichever is more) than it says
        # is not worth a warning.
        missing = (self.length or 0) - self.frames_read
        if self.problem is None and self._exact and missing > max(3, 0.02 * (self.length or 0)):
            self.problem = f"the video breaks off after {self.frames_read} of {self.length} frames"
