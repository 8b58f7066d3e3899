"""Frames from a camera, through cv2.VideoCapture."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np

from mohart.video.shots import Shot

SILENT = 0  # LOG_LEVEL_SILENT


class CameraReader:
    """Frames of an open cv2.VideoCapture; they are when they come.

    Args:
        capture: open.
        origin: what to call the source in messages.
    """

    def __init__(self, capture: Any, origin: str) -> None:
        self.origin = origin
        self.problem: str | None = None
        self.notes: list[str] = []
        self._capture = capture

    def read(self) -> Shot | None:
        """The next frame, or None where none comes any more."""
        try:
            ok, frame = self._capture.read()
        except cv2.error as error:
            self.problem = f"OpenCV cannot decode further: {' '.join(str(error).split())}"
            return None
        if not ok or frame is None or not frame.size:
            self.problem = "the camera gives no frame any more"
            return None
        return Shot(np.asarray(frame, np.uint8), time.monotonic())

    def grab(self) -> Shot | None:
        """Pass over one frame without converting it to BGR."""
        return Shot(None, time.monotonic()) if self._capture.grab() else None

    def close(self) -> None:
        """Release the camera."""
        self._capture.release()


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Keep OpenCV and the FFmpeg inside it from writing to stderr while they try things.

    What goes wrong is reported as a mohart error instead. A level that the user set through
    `OPENCV_FFMPEG_LOGLEVEL` is left alone.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET, read on first use
    logging: Any = getattr(cv2.utils, "logging", cv2)  # some wheels of OpenCV 4 have it in cv2
    before = logging.getLogLevel()
    logging.setLogLevel(SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(before)
