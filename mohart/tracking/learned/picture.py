"""A frame, met once: as pixels, as the network takes it, and as colours under boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.tracking.learned.looks import describe_looks


class Picture:
    """One frame of a video.

    Args:
        frame_bgr: uint8 [H, W, 3]; not changed, and not kept longer than this.

    Attributes:
        sent: what an engine has made of the pixels, for the next time it needs them.
    """

    def __init__(self, frame_bgr: NDArray[np.uint8]) -> None:
        self._frame = frame_bgr
        self.sent: Any = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return self._frame.shape[1], self._frame.shape[0]

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """uint8 [H, W, 3] BGR, as it came; not to be written to."""
        return self._frame

    def looks(self, boxes: NDArray[Any]) -> NDArray[np.float32]:
        """[N, D] colours under boxes [N, 4], see `describe_looks`."""
        return describe_looks(self._frame, boxes)
