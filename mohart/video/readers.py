"""The two ways frames are read: through cv2.VideoCapture, and image by image."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray


class Reader(Protocol):
    """Sequential access to frames.

    Attributes:
        origin: what to call the source in messages.
        problem: why `read` or `grab` stopped, where the reader itself knows.
        seconds: when the last frame was, where the reader knows.
    """

    origin: str
    problem: str | None

    @property
    def seconds(self) -> float | None:
        """Time of the last frame that was read or grabbed, from the beginning of the video."""

    def read(self) -> NDArray[np.uint8] | None:
        """The next frame, uint8 BGR [H, W, 3], or None at the end."""

    def grab(self) -> bool:
        """Pass over one frame; False at the end."""

    def close(self) -> None:
        """Release what is open."""


class CaptureReader:
    """Frames of an open cv2.VideoCapture.

    Args:
        capture: open.
        origin: what to call the source in messages.
        live: whether it is a camera, whose frames are when they come.
    """

    def __init__(self, capture: Any, origin: str, *, live: bool = False) -> None:
        self.origin = origin
        self.problem: str | None = None
        self._capture = capture
        self._live = live

    @property
    def seconds(self) -> float | None:
        """What the container says about the last frame, also at a rate that varies."""
        if self._live:
            return time.monotonic()
        return float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1e3

    def read(self) -> NDArray[np.uint8] | None:
        """The next frame, or None at the end or where the stream is broken."""
        try:
            ok, frame = self._capture.read()
        except cv2.error as error:
            self.problem = f"OpenCV cannot decode further: {' '.join(str(error).split())}"
            return None
        return frame if ok and frame is not None and frame.size else None

    def grab(self) -> bool:
        """Pass over one frame without converting it to BGR."""
        return bool(self._capture.grab())

    def close(self) -> None:
        """Release the file or camera."""
        self._capture.release()


class ImageReader:
    """Frames from image files; no image is opened before it is asked for."""

    seconds = None  # images have no time

    def __init__(self, paths: Sequence[Path]) -> None:
        self.origin = str(paths[0])
        self.problem: str | None = None
        self._paths = paths
        self._next = 0

    def read(self) -> NDArray[np.uint8] | None:
        """The next image as BGR, or None at the end or where one cannot be read."""
        if self._next >= len(self._paths):
            return None
        path = self._paths[self._next]
        try:
            # not cv2.imread: it cannot open names beyond ASCII on every system
            data = np.frombuffer(path.read_bytes(), np.uint8)
            with quiet_opencv():
                image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
        except (OSError, cv2.error):
            image = None
        if image is None:
            self.problem = (
                f"image {path.name} cannot be read; stopped after {self._next} of "
                f"{len(self._paths)} images"
            )
            return None
        self._next += 1
        return np.asarray(image, np.uint8)

    def grab(self) -> bool:
        """Pass over one image without opening it."""
        if self._next >= len(self._paths):
            return False
        self._next += 1
        return True

    def close(self) -> None:
        """Nothing is held open between images."""
        self._paths = ()


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Keep OpenCV and the FFmpeg inside it from writing to stderr while they try things.

    What goes wrong is reported as a mohart error instead. A level that the user set through
    `OPENCV_FFMPEG_LOGLEVEL` is left alone.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET, read on first use
    logging = cv2.utils.logging
    before = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(before)
