"""Video out: H.264 in an mp4 that a browser plays, written through PyAV.

OpenCV's wheels cannot encode H.264 and say so only in a log line, hence PyAV. The file appears
under its name only when it is complete.
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.cores import usable_cores
from mohart.errors import ConfigError, MissingDataError, OutputError
from mohart.files import Replacement, write_failure
from mohart.video.shots import LARGE

CODEC = "libx264"
AVX_512F = 13  # as OpenCV numbers it
MOST_THREADS = 4


def _encoding() -> dict[str, str]:
    """Options of the encoder: the same frames and number of cores give the same file, to the byte.

    x264's code for AVX-512 reads memory that nobody wrote, and decides by it. So it gets the code
    for AVX2, which every processor with AVX-512 has. All else is chosen by measurement
    (docs/results/speed.md): encoding shall take little from tracking beside it. To the fastest
    preset it adds motion in parts of a pixel, and smooth edges of blocks; every frame has the same
    quantiser, because to choose one takes a look at the whole frame before it is encoded. One core
    is left to tracking.
    """
    parameters = ["subme=1", "no-deblock=0"]
    parameters += ["asm=avx2"] if cv2.checkHardwareSupport(AVX_512F) else []
    threads = min(max(usable_cores() - 1, 1), MOST_THREADS)
    return {
        "threads": str(threads),
        "qp": "26",
        "preset": "ultrafast",
        "x264-params": ":".join(parameters),
    }


ENCODING = _encoding()
NARROWER = 224 / 255  # range of colours in a video, of that in a picture
AT_ONCE = {"tune": "zerolatency"}  # large frames do not wait in the encoder by the dozen


def to_yuv420(frame_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A frame as video has it: brightness of every pixel, colour of two by two together.

    In a third of the time that PyAV takes, and closer to the picture: it averages colours.

    Args:
        frame_bgr: uint8 [H, W, 3]; H and W are even.

    Returns:
        uint8 [H * 3 / 2, W], planes Y, U and V (BT.601, narrow range) behind each other.
    """
    height, width = frame_bgr.shape[:2]
    planes = np.asarray(cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2YUV_I420), np.uint8)
    half = cv2.resize(frame_bgr, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    colours = cv2.cvtColor(half, cv2.COLOR_BGR2YCrCb)
    for plane, channel in zip(planes[height:].reshape(2, height // 2, -1), (2, 1), strict=True):
        own = cv2.extractChannel(colours, channel)
        cv2.convertScaleAbs(own, plane, NARROWER, 128 * (1 - NARROWER))
    return planes


class VideoWriter:
    """Writes frames of one size at a constant rate; use it as a context manager.

    Odd widths and heights are made even by repeating the last column or row, because yuv420p needs
    it. Leaving the `with` normally completes the file and moves it to its name, replacing a file
    that was there; leaving it by an exception removes the unfinished file.

    Args:
        path: the mp4 to write; its folder is created.
        width: pixels of the frames that will be written.
        height: pixels of the frames that will be written.
        frame_rate: frames per second; frame n is shown at exactly n / frame_rate.

    Raises:
        ConfigError: size or rate is not positive.
        MissingDataError: PyAV was built without libx264.
        OutputError: the file cannot be created.
    """

    def __init__(self, path: str | Path, width: int, height: int, frame_rate: float) -> None:
        if width < 1 or height < 1 or not 0 < frame_rate < 100_000:
            raise ConfigError(
                f"video {path}: expected a positive size and frame rate, "
                f"got {width}x{height} at {frame_rate}"
            )
        if CODEC not in av.codec.codecs_available:
            raise MissingDataError(
                f"PyAV {av.__version__} has no H.264 encoder ({CODEC}); install the wheel with "
                f"'pip install --force-reinstall --only-binary av av', or go without a video "
                f"(--no-video)"
            )
        self.path = Path(path)
        self.frames_written = 0
        self._size = (width, height)
        self._file = Replacement(self.path)
        self._open = False
        options = {**ENCODING, **(AT_ONCE if width * height > LARGE else {})}
        # 29.97002997 becomes 30000/1001, so that timestamps do not drift
        rate = Fraction(frame_rate).limit_denominator(1001)
        try:
            self._file.part.open("wb").close()  # PyAV opens late; a bad folder shall fail here
            self._container = av.open(
                str(self._file.part), "w", format="mp4", options={"movflags": "+faststart"}
            )
            self._open = True
            stream = cast(
                "av.VideoStream",
                self._container.add_stream(CODEC, rate=rate, options=options),
            )
        except OSError as error:
            self.discard()
            raise write_failure(self.path, error) from error
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        stream.time_base = 1 / rate
        stream.codec_context.time_base = 1 / rate
        self._stream = stream

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Append one frame.

        Args:
            frame_bgr: uint8 [H, W, 3] of the size given at the start.

        Raises:
            ConfigError: the frame has another size or type.
            OutputError: the disk is full or the file cannot be written; the unfinished file is
                removed.
        """
        width, height = self._size
        if frame_bgr.shape != (height, width, 3) or frame_bgr.dtype != np.uint8:
            raise ConfigError(
                f"video {self.path}: expected uint8 [{height}, {width}, 3], "
                f"got {frame_bgr.dtype} {list(frame_bgr.shape)}"
            )
        if width % 2 or height % 2:
            frame_bgr = np.asarray(
                cv2.copyMakeBorder(frame_bgr, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE),
                np.uint8,
            )
        frame = av.VideoFrame.from_numpy_buffer(
            to_yuv420(np.ascontiguousarray(frame_bgr)), format="yuv420p"
        )
        frame.pts = self.frames_written
        frame.time_base = self._stream.codec_context.time_base
        try:
            self._container.mux(self._stream.encode(frame))
        except OSError as error:
            self.discard()
            raise write_failure(self.path, error) from error
        self.frames_written += 1

    def close(self) -> None:
        """Complete the file and move it to its name; a second call does nothing.

        Raises:
            OutputError: the disk is full or the file cannot be written, or no frame was written.
        """
        if not self._open:
            return
        if not self.frames_written:
            self.discard()
            raise OutputError(f"{self.path}: no frame was written, so there is no video")
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
            self._open = False
        except OSError as error:
            self.discard()
            raise write_failure(self.path, error) from error
        self._file.commit()

    def discard(self) -> None:
        """Remove the unfinished file; nothing happens to one that is complete."""
        if self._open:
            self._open = False
            with suppress(OSError):  # thrown away; the first error is the one worth telling
                self._container.close()
        self._file.discard()
