"""Glimpses on a GPU: what there is to know of windows is worked out where they come from.

The same kernel as that of :class:`mohart.nn.glimpse.BilinearGlimpse`. Windows come as arrays, so
how many pixels each of them needs is known before anything is sent: nothing waits for the device.

Axis letters: K windows, R S rows and columns of a glimpse, h w pixels under a window.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mohart.nn.glimpse import FAR, BilinearGlimpse
from mohart.tracking.learned.reader import Floats, safe_windows
from mohart.tracking.learned.sending import send
from mohart.tracking.learned.state import Array

NARROW = 128  # pixels of a side up to which windows are read together
TOGETHER = 2**25  # pixels under windows that are read together, at most


class DeviceReader:
    """Reads windows of a frame that lies on a device.

    Args:
        glimpse: whose windows are read.
        device: where.
    """

    def __init__(self, glimpse: BilinearGlimpse, device: torch.device) -> None:
        self._glimpse, self._device = glimpse, device

    def read(self, frame: Tensor, windows: Array) -> Tensor:
        """Glimpses of one frame.

        Args:
            frame: uint8 [H, W, 3] on the device.
            windows: [K, 4] xyxy pixels; may lie partly or wholly outside the frame.

        Returns:
            [K, 3, R, S] float32 in 0..1 on the device.
        """
        rows, columns = self._glimpse.rows, self._glimpse.columns
        if not len(windows):
            return torch.zeros(0, 3, rows, columns, device=self._device)
        safe = safe_windows(windows)
        across = _span(safe[:, 0], safe[:, 2], columns, frame.shape[1])
        down = _span(safe[:, 1], safe[:, 3], rows, frame.shape[0])
        groups = _groups(down.pixels, across.pixels)
        order = np.concatenate(groups)
        spans = [across.start, across.stop, down.start, down.stop]
        table = np.column_stack([safe, *spans])[order]
        table = np.column_stack([table, np.argsort(order)]).astype(np.float32)
        sent, parts, at = send(table, self._device), [], 0
        for group in groups:
            sizes = int(down.pixels[group].max()), int(across.pixels[group].max())
            parts.append(self._read(frame, sent[at : at + len(group)], sizes))
            at += len(group)
        looked = parts[0] if len(parts) == 1 else torch.cat(parts)
        return looked if _in_order(order) else looked[sent[:, 8].long()]

    def _read(self, frame: Tensor, told: Tensor, sizes: tuple[int, int]) -> Tensor:
        """Glimpses of windows of similar size, told [K, 9] as in `read`, h and w pixels at most."""
        height, width, channels = frame.shape
        rows, columns = self._glimpse.rows, self._glimpse.columns
        y, by_row = self._along(told[:, 1], told[:, 3], told[:, 6:8], sizes[0], rows, height)
        x, by_column = self._along(told[:, 0], told[:, 2], told[:, 4:6], sizes[1], columns, width)
        pixels = frame[y[:, :, None], x[:, None, :]].to(told.dtype)  # [K, h, w, C]
        part = torch.bmm(by_row, pixels.flatten(2)).unflatten(2, (sizes[1], channels))
        part = part.permute(0, 3, 1, 2).flatten(1, 2)  # [K, C * R, w]
        looked = torch.bmm(part, by_column.transpose(1, 2)) / 255
        return looked.reshape(-1, channels, rows, columns)

    def _along(
        self, low: Tensor, high: Tensor, span: Tensor, count: int, samples: int, size: int
    ) -> tuple[Tensor, Tensor]:
        """Along one axis: numbers of pixels [K, count] and their weights [K, samples, count]."""
        position = span[:, :1] + torch.arange(count, device=low.device)
        counted = position.masked_fill(position >= span[:, 1:], FAR)
        weights = self._glimpse.weights(low, (high - low) / samples, counted, samples, size)
        return position.clamp(0, size - 1).long(), weights


class _Span(NamedTuple):
    """Pixels that windows need along one axis, the first [K], one past the last, how many."""

    start: Floats
    stop: Floats
    pixels: NDArray[np.int64]


def _span(low: Floats, high: Floats, samples: int, size: int) -> _Span:
    """As :class:`mohart.nn.glimpse.BilinearGlimpse` looks: past the border, so far as it counts."""
    margin = np.maximum((high - low) / np.float32(samples), 1) + np.float32(1)
    outside = np.minimum(np.ceil(margin), size)
    start = np.minimum(np.maximum(np.floor(low - margin), -outside), size - 1)
    stop = np.maximum(np.minimum(np.ceil(high + margin), size + outside), 1)
    stop = np.maximum(stop, start + 1)
    return _Span(start, stop, (stop - start).astype(np.int64))


def _groups(down: NDArray[np.int64], across: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Windows of similar size, and of not too many pixels together."""
    side = np.maximum(down, across)
    bucket = np.ceil(np.log2(np.maximum(side, NARROW)))
    found = []
    for kind in np.unique(bucket):
        group = np.flatnonzero(bucket == kind)
        most = max(1, TOGETHER // int(down[group].max() * across[group].max()))
        found += [group[n : n + most] for n in range(0, len(group), most)]
    return found


def _in_order(order: NDArray[np.int64]) -> bool:
    return bool((order == np.arange(len(order))).all())
