"""Pictures -> small files: WebP whose quality falls where the pictures to come need the room."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.errors import MissingDataError

QUALITIES = (75, 62, 50, 40, 30, 22, 15, 8)  # of WebP
LOSSLESS = 101


class Encoder:
    """WebP whose quality falls where the pictures to come would not have room.

    Args:
        room: bytes for all.
        count: pictures to come.
    """

    def __init__(self, room: int, count: int) -> None:
        self._left, self._count, self._rung = room, max(count, 1), 0

    def encode(self, image: NDArray[np.uint8]) -> bytes:
        """A picture [h, w, 3] BGR as a file."""
        share = self._left / max(self._count, 1)
        while True:
            data = to_webp(image, QUALITIES[self._rung])
            if len(data) <= 1.2 * share or self._rung == len(QUALITIES) - 1:
                break
            self._rung += 1
        self._left -= len(data)
        self._count -= 1
        return data


def to_webp(image: NDArray[np.uint8], quality: int) -> bytes:
    """A picture [h, w, 3] BGR as WebP of a quality from 1 to 100."""
    done, data = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not done:
        raise MissingDataError("this OpenCV cannot write WebP; install opencv-python from PyPI")
    return data.tobytes()
