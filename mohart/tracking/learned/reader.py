"""Glimpses at inference: windows of one frame, each pixel touched once and only where it counts.

The same kernel as that of :class:`mohart.nn.glimpse.BilinearGlimpse`, which stays its definition
and is what training differentiates. A sample is a weighted sum of a few rows of pixels, then of a
few columns; the rest of those matrices is zero and is never computed. Nothing is converted but the
pixels under a window, and all windows of a frame land in one buffer.

Axis letters: K windows, R S rows and columns of a glimpse, h w pixels under a window, m taps:
pixels that count for one sample.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
FARTHEST = 1.0e5  # pixels; what is said of places beyond is of no use
FEW = 8  # taps up to which gathering them all is faster than a sparse matrix


class WindowReader:
    """Reads windows as a bilinear glimpse does.

    Args:
        rows: R.
        columns: S.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self._rows, self._columns = rows, columns

    def read(self, frame_bgr: NDArray[np.uint8], windows: NDArray[Any]) -> Floats:
        """Glimpses of one frame.

        Args:
            frame_bgr: uint8 [H, W, 3], in any memory layout.
            windows: [K, 4] xyxy pixels; may lie partly or wholly outside the frame.

        Returns:
            [K, 3, R, S] float32 in 0..1.
        """
        rows, columns, safe = self._rows, self._columns, safe_windows(windows)
        looked = np.empty((len(safe), 3 * rows, columns), np.float32)
        if len(safe):
            height, width = frame_bgr.shape[:2]
            down = _sample(safe[:, 1], safe[:, 3], rows, height, 1.0)
            across = _sample(safe[:, 0], safe[:, 2], columns, width, 1 / 255)
            for k in range(len(safe)):
                top, bottom = down.first[k], down.stop[k]
                left, right = across.first[k], across.stop[k]
                pixels = frame_bgr[top:bottom, left:right].astype(np.float32)  # [h, w, 3]
                part = _sum(pixels.reshape(bottom - top, -1), down, k, top)  # [R, w * 3]
                turned = cv2.transpose(part).reshape(-1, 3 * rows)  # [w, 3 * R]
                looked[k] = cv2.transpose(_sum(turned, across, k, left))
        return looked.reshape(-1, 3, rows, columns)


class _Samples(NamedTuple):
    """How the samples of every window are made of the pixels along one axis of the frame.

    Attributes:
        pixel: [K, n, m] int64 in the frame, those beyond its border are the last ones inside.
        weight: [K, n, m] float32.
        taps: [K] how many of the m count.
        first: [K] first pixel of each window.
        stop: [K] one past its last.
    """

    pixel: NDArray[np.int64]
    weight: Floats
    taps: list[int]
    first: list[int]
    stop: list[int]


def _sample(low: Floats, high: Floats, count: int, size: int, scale: float) -> _Samples:
    """Along one axis: windows from `low` [K] to `high` [K], `count` samples, a frame of `size`."""
    stride = (high - low) / np.float32(count)
    steps = np.arange(count, dtype=np.float32) + np.float32(0.5)
    centre = np.clip(low[:, None] + steps * stride[:, None], 0, size)  # beyond: the border again
    half = np.maximum(stride, 1)  # of the triangle's base
    # as far as the definition looks: past the frame so many copies of its border, at most one frame
    outside = np.minimum(np.ceil(half + 1), size)
    start = np.minimum(np.maximum(np.floor(low - half - 1), -outside), size - 1)
    stop = np.maximum(
        np.minimum(np.ceil(high + half + 1), size + outside), np.maximum(start, 0) + 1
    )
    taps = np.ceil(2 * half).astype(np.int64) + 1
    begin = np.maximum(np.floor(centre - half[:, None] + np.float32(0.5)), start[:, None])
    pixel = begin[..., None] + np.arange(int(taps.max()), dtype=np.float32)
    weight = np.abs(pixel + np.float32(0.5) - centre[..., None])
    weight *= (-1 / half)[:, None, None]
    weight += 1
    np.maximum(weight, 0, out=weight)
    weight *= pixel < stop[:, None, None]
    weight *= np.float32(scale) / np.maximum(weight.sum(-1, keepdims=True), np.float32(1e-6))
    number = np.clip(pixel, 0, size - 1).astype(np.int64)
    last = number[np.arange(len(taps)), :, taps - 1].max(1) + 1
    return _Samples(number, weight, taps.tolist(), number[:, :, 0].min(1).tolist(), last.tolist())


def _sum(table: Floats, samples: _Samples, k: int, first: int) -> Floats:
    """Weighted sums [n, C] of rows of a table [h, C] whose first one is pixel `first`."""
    taps = samples.taps[k]
    pixel, weight = samples.pixel[k, :, :taps] - first, samples.weight[k, :, :taps]
    if taps <= FEW:
        few: Floats = np.matmul(weight[:, None, :], table.take(pixel, 0))[:, 0]
        return few
    from scipy.sparse import csr_array  # takes a while to import, and is rarely needed

    ends = np.arange(0, pixel.size + 1, taps)
    matrix = csr_array((weight.ravel(), pixel.ravel(), ends), shape=(len(pixel), len(table)))
    wide: Floats = matrix @ table
    return wide


def safe_windows(windows: NDArray[Any]) -> Floats:
    """[K, 4] finite windows with sides of at least 2 px, whatever came in."""
    flat = np.asarray(windows, np.float32)
    if not np.isfinite(flat).all():
        flat = np.nan_to_num(flat, nan=0.0, posinf=FARTHEST, neginf=-FARTHEST)
    flat = np.clip(flat, -FARTHEST, FARTHEST)
    return np.concatenate([flat[:, :2], np.maximum(flat[:, 2:], flat[:, :2] + 2)], 1)
