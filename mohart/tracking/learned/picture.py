"""A frame, met once: as pixels, as the network takes it, and as colours under boxes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mohart.tracking.learned.looks import describe_looks


class Picture:
    """One frame of a video.

    Args:
        frame_bgr: uint8 [H, W, 3]; not changed, and not kept longer than this.
        device: where the network computes.
    """

    def __init__(self, frame_bgr: NDArray[np.uint8], device: torch.device) -> None:
        self._frame, self._device = frame_bgr, device

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return self._frame.shape[1], self._frame.shape[0]

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """uint8 [H, W, 3] BGR, as it came; not to be written to."""
        return self._frame

    @cached_property
    def tensor(self) -> torch.Tensor:
        """[1, H, W, 3] uint8 on the device; sent there once."""
        frame = np.ascontiguousarray(self._frame)
        if not frame.flags.writeable:  # torch warns of these, though nothing writes to it here
            frame = frame.copy()
        return torch.from_numpy(frame)[None].to(self._device)

    def looks(self, boxes: NDArray[Any]) -> NDArray[np.float32]:
        """[N, D] colours under boxes [N, 4], see `describe_looks`."""
        return describe_looks(self._frame, boxes)
