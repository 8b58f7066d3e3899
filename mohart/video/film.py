"""Frames of a container, through PyAV: every frame that the container counts has a number.

PyAV and not OpenCV, which passes over what it cannot decode without a word, rescales pictures when
their size changes, and does not say which frames are garbled. The pictures are the same to the bit.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from mohart.aliases import Frame
from mohart.errors import FormatError
from mohart.video.container import Opened, duration_of, is_cover
from mohart.video.shots import LARGE, LARGEST, TOO_LARGE, Shot

LOST = "cannot be decoded; objects coast over it"
GARBLED = "decoded with errors, the picture may be garbled"
REPEATED = "empty in the file, the picture before it is shown again"
INDEXED = ("avi", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")  # what cannot be decoded counts too
HIDDEN = ("vp8", "libvpx", "vp9", "libvpx-vp9")  # have packets of which nothing is shown
REACH = 10.0  # seconds; stamps that are further apart have nothing to do with each other
STATE_DURATION = ("matroska,webm", "flv", INDEXED[1])  # others are measured by their stamps
PATIENCE = 16  # errors in a row of the container
TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
Error = av.error.FFmpegError


class _Decoded(NamedTuple):
    frame: Any  # av.VideoFrame; None where the picture cannot be had
    seconds: float | None
    remark: str


class FilmReader:
    """Frames of a video file, a pipe or a connection.

    One frame is decoded ahead, so that a single stamp that is off can be told from a pause.

    Args:
        opened: a file, a pipe or a connection.

    Attributes:
        length: number of frames as the file's index says; None where it has none.
        estimate: of that number, from duration and rate; None where nobody knows.
        timing: what is believed about rate and stamps.

    Raises:
        FormatError: frames have more pixels than are decoded.
    """

    def __init__(self, opened: Opened) -> None:
        self.problem: str | None = None
        self.notes: list[str] = []
        self._container, self._stream, self.origin, self.timing, self._file, self._whole, _ = opened
        stream, most = self._stream, opened.most
        if self.timing.note:
            self.notes.append(self.timing.note)
        films = [s for s in self._container.streams.video if not is_cover(s)]
        if len(films) > 1:
            used = f"{stream.width}x{stream.height}, stream {stream.index + 1} of the file"
            self.notes.append(f"the file holds {len(films)} videos; the one of {used}, is used")
        self._duration = duration_of(self._container, stream)
        self.length: int | None = stream.frames or None
        bound = math.inf if most is None else most
        if self.length and self.length > bound:
            self.length = None  # a damaged head; frames that are empty would have no end
        rate = self.timing.rate
        self._step = 1 / (rate or 25.0)
        self.estimate = self.length
        if self.estimate is None and self._duration is not None and rate is not None:
            self.estimate = round(self._duration * rate)
        if self.estimate and self.estimate > bound:
            self.estimate = None
        self._packets: Iterator[Any] = self._container.demux(stream)
        self._queue: deque[_Decoded] = deque()
        self._pending: list[int] = []  # stamps of packets whose frames did not come yet
        self._nulls: list[int] = []  # stamps of frames that have no packet
        self._errors = self._failures = 0
        self._last_dts: int | None = None
        self._told: float | None = None  # the last stamp
        self._before: Any = None
        self._ended = False
        self._size: tuple[int, int] | None = None
        self._reformatter = VideoReformatter()
        self._limit(stream)

    def read(self) -> Shot | None:
        """The next frame; see `Shot`."""
        decoded = self._take()
        if decoded is None:
            return None
        frame, seconds, remark = decoded
        if frame is None:
            return Shot(None, seconds, remark, damaged=True)
        size = frame.width, frame.height
        self._size = self._size or size
        if size != self._size:
            remark = f"{size[0]}x{size[1]} and not {self._size[0]}x{self._size[1]} like the "
            remark += "frames before; scaled to that"
        try:
            return Shot(self._picture(frame), seconds, remark)
        except (Error, ValueError, MemoryError):
            return Shot(None, seconds, LOST, damaged=True)

    def grab(self) -> Shot | None:
        """Pass over one frame without converting it to BGR."""
        decoded = self._take()
        return decoded and Shot(None, decoded.seconds)

    def close(self) -> None:
        """Release the file."""
        self._ended = True
        self._queue.clear()
        self._container.close()
        if self._file is not None:
            self._file.close()

    def _limit(self, stream: Any) -> None:
        """Bound the memory that decoding takes, whatever the packets say when they are read."""
        context = stream.codec_context
        pixels = context.width * context.height
        if pixels > LARGEST:
            self.close()
            raise FormatError(
                f"{self.origin}: frames of {context.width}x{context.height}, {TOO_LARGE}, are not "
                f"decoded; make them smaller first: ffmpeg -i IN -vf scale=3840:-2 OUT"
            )
        context.options = {"max_pixels": str(LARGEST)}
        # threads that work on a frame each need the memory of one each
        stream.thread_type = "SLICE" if pixels > LARGE else "AUTO"

    def _picture(self, frame: Any) -> Frame:
        assert self._size is not None  # noqa: S101  # of the first frame
        width, height = self._size
        shown = self._reformatter.reformat(
            frame, width=width, height=height, format="bgr24", interpolation="BICUBIC"
        )
        picture = shown.to_ndarray()
        turn = TURNS.get(round(frame.rotation) % 360)
        if turn is not None:
            picture = cv2.rotate(picture, turn)
        return np.asarray(picture, np.uint8)

    def _take(self) -> _Decoded | None:
        while len(self._queue) < 2 and not self._ended:
            self._pump()
        if not self._queue:
            return None
        found = self._queue.popleft()
        after = self._queue[0].seconds if self._queue else None
        seconds, before = found.seconds, self._told
        self._told = seconds
        stamped = seconds is not None and after is not None and before is not None
        if stamped and before < after < seconds:  # type: ignore[operator]
            self._told = before  # this stamp alone is off the line
            return found._replace(seconds=math.nan)
        return found

    def _pump(self) -> None:
        """One packet further."""
        try:
            packet = next(self._packets, None)
        except Error as error:
            self._failures += 1
            if isinstance(error, av.error.InvalidDataError) and self._failures < PATIENCE:
                self._packets = self._container.demux(self._stream)
                return
            self.problem = f"the video cannot be read further ({error.strerror})"
            packet = None
        if packet is None:
            self._finish()
            return
        self._failures = 0
        self._note(packet)
        if packet.dts is not None and not packet.size:
            return  # a null frame; the decoder would take it for the end
        try:
            frames = packet.decode()
        except Error:
            self._errors += 1
            frames = []
        self._put(frames)

    def _finish(self) -> None:
        """What the decoder still holds, and what was lost behind the last frame."""
        with suppress(Error):  # it was emptied before
            self._put(self._stream.codec_context.decode(None))
        if self._before is not None:
            self._lose(self._missing(None))
        if self._counts_nulls() and self.length and self._last_dts is not None and self._whole:
            for number in range(self._last_dts + 1, self.length):
                self._repeat(number)
        self._ended = True
        if self.length is None and self.problem is None:
            self._check_duration()

    def _note(self, packet: Any) -> None:
        """Remember what should come out of a packet."""
        pts, dts = packet.pts, packet.dts
        if pts is None or packet.is_discard:
            return
        heapq.heappush(self._pending if packet.size else self._nulls, pts)
        last = self._last_dts
        if self._counts_nulls() and dts is not None and last is not None and self.length:
            for number in range(last + 1, dts) if dts < self.length else ():
                heapq.heappush(self._nulls, number)
        self._last_dts = dts

    def _counts_nulls(self) -> bool:
        """Whether stamps are numbers of chunks, empty ones included."""
        context = self._stream.codec_context
        return self._container.format.name == "avi" and not context.has_b_frames

    def _put(self, frames: list[Any]) -> None:
        for frame in frames:
            stamp = frame.pts
            if stamp is None:
                self._lose([None] * self._errors)
                self._errors = 0
            else:
                self._lose(self._missing(stamp))
                while self._nulls and self._nulls[0] < stamp:
                    self._repeat(heapq.heappop(self._nulls))
            remark = GARBLED if frame.is_corrupt else ""
            self._queue.append(_Decoded(frame, self._seconds(stamp), remark))
            self._before = frame

    def _missing(self, stamp: int | None) -> list[int]:
        """Stamps of packets whose frames should have come before this one, and did not.

        Where an index counts every packet as a frame that is shown, decoders drop frames without
        an error too, such as those behind a lost one that they need. Elsewhere a packet may have no
        frame of its own, so there have to be errors.
        """
        earlier = []
        far = math.inf if stamp is None else stamp - REACH / float(self._stream.time_base)
        while self._pending and (stamp is None or self._pending[0] <= stamp):
            number = heapq.heappop(self._pending)
            if number != stamp and (stamp is None or number > far):
                earlier.append(number)
        kind, codec = self._container.format.name, self._stream.codec_context.name
        if self._before is None and kind not in INDEXED:
            earlier = []  # the stream began in its middle
        elif self._before is None or kind == "avi" or kind not in INDEXED or codec in HIDDEN:
            earlier = earlier[: self._errors]
        self._errors = max(0, self._errors - len(earlier))
        return earlier

    def _repeat(self, stamp: int) -> None:
        if self._before is not None:
            self._queue.append(_Decoded(self._before, self._seconds(stamp), REPEATED))

    def _lose(self, stamps: list[Any]) -> None:
        for stamp in stamps:
            seconds = math.nan if stamp is None else self._seconds(stamp)
            self._queue.append(_Decoded(None, seconds, LOST))

    def _seconds(self, stamp: int | None) -> float | None:
        base = self._stream.time_base
        return None if stamp is None or base is None else float(stamp * base)

    def _check_duration(self) -> None:
        """Without an index the end is known by time alone."""
        last = self._queue[-1].seconds if self._queue else self._told
        alone = len(self._container.streams) == 1
        stated = alone and self._container.format.name in STATE_DURATION
        if not stated or self._duration is None or last is None or not math.isfinite(last):
            return
        if self._duration - last > max(0.5, 0.02 * self._duration) + 1.5 * self._step:
            self.problem = f"the video breaks off after {last:.1f} of {self._duration:.1f} seconds"
