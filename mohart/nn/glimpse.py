"""Differentiable windows: pixels read from a frame inside a box, resampled to a fixed size.

Both glimpses are separable: a row matrix and a column matrix are applied to the part of the frame
under the window, so no frame is ever converted or copied whole, however large it is. They differ
only in the kernel.

Conventions: windows are xyxy pixels; pixel (i, j) of the frame covers [j, j+1) x [i, i+1), so a
window equal to the whole frame with a glimpse of the frame's size returns the frame.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn


class Glimpse(Protocol):
    """Contract of the slot `glimpse`."""

    rows: int
    columns: int

    def __call__(self, frames: Tensor, windows: Tensor) -> Tensor:
        """Read `windows` from `frames`.

        Args:
            frames: [B, H, W, C] uint8 (0..255) or float (0..1).
            windows: [B, N, 4] xyxy pixels; may lie partly or wholly outside the frame.

        Returns:
            [B, N, C, R, S] float in 0..1, differentiable in `windows` (and in float `frames`).
        """
        ...


# first edge [K], distance between samples [K], pixel positions [K, h], samples, size of the frame
# -> weights [K, samples, h]
Kernel = Callable[[Tensor, Tensor, Tensor, int, int], Tensor]


FAR = 1.0e9  # where pixels are put that must not count


def _span(
    low: Tensor, high: Tensor, margin: Tensor, size: int, *, replicate: bool
) -> tuple[Tensor, Tensor]:
    """The pixels that each interval [K] needs along one axis of the frame.

    The frame's nearest pixel is always among them. Outside the frame there is nothing to read;
    where the border is repeated, as many copies of it as the kernel reaches, at most one frame.

    Returns:
        Pixel numbers [K, h] inside the frame, to read; positions [K, h] for the kernel, FAR for
        those that only fill up to the longest interval.
    """
    outside = margin.ceil().clamp(max=size) if replicate else torch.zeros_like(margin)
    start = torch.maximum((low - margin).floor(), -outside).clamp(max=size - 1)
    stop = torch.minimum((high + margin).ceil(), size + outside).clamp(min=1)
    stop = torch.maximum(stop, start + 1)
    count = int((stop - start).max().item())
    position = start[:, None] + torch.arange(count, device=low.device)
    number = position.clamp(0, size - 1).long()
    return number, torch.where(position < stop[:, None], position, FAR)


def _take_pixels(frames: Tensor, which: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Pixels [K, h, w, C] at rows [K, h] and columns [K, w] of frames `which` [K].

    Reads from a view of the frames' own memory, also when they are cut out of a longer clip, and
    picks whole pixels: several times faster than indexing with three index tensors. Where no
    border is repeated, it picks whole rows of windows: several times faster again.
    """
    channels = frames.shape[-1]
    strides = frames.stride()
    if strides[3] != 1 or any(s % channels for s in strides[:3]):
        frames = frames.contiguous()
        strides = frames.stride()
    last = sum((n - 1) * s for n, s in zip(frames.shape[:3], strides[:3], strict=True))
    table = frames.as_strided((last // channels + 1, channels), (channels, 1))
    b, r, c = (s // channels for s in strides[:3])
    width = x.shape[1]
    if c == 1 and bool((x[:, -1] - x[:, 0] == width - 1).all()):
        runs = table.as_strided((len(table) - width + 1, width * channels), (channels, 1))
        first = which[:, None] * b + y * r + x[:, :1]
        return runs.index_select(0, first.reshape(-1)).reshape(*y.shape, width, channels)
    index = which[:, None, None] * b + y[:, :, None] * r + x[:, None, :] * c
    return table.index_select(0, index.reshape(-1)).reshape(*index.shape, channels)


def _read_group(
    frames: Tensor,
    which: Tensor,
    windows: Tensor,
    reach: Tensor,
    kernel: Kernel,
    shape: list[int],
    *,
    replicate: bool,
) -> Tensor:
    """Glimpses [K, C, R, S] of windows [K, 4] in frames `which` [K]; reach [K, 2] pixels (x, y)."""
    _, height, width, channels = frames.shape
    with torch.no_grad():
        xi, x = _span(windows[:, 0], windows[:, 2], reach[:, 0], width, replicate=replicate)
        yi, y = _span(windows[:, 1], windows[:, 3], reach[:, 1], height, replicate=replicate)
    pixels = _take_pixels(frames, which, yi, xi)  # [K, h, w, C]
    whole = 255 if pixels.dtype == torch.uint8 else 1
    pixels = pixels.to(windows.dtype)
    h, w = pixels.shape[1:3]
    rows, columns = shape
    stride = (windows[:, 2:] - windows[:, :2]) / windows.new_tensor([columns, rows])
    by_row = kernel(windows[:, 1], stride[:, 1], y, rows, height)  # [K, R, h]
    by_column = kernel(windows[:, 0], stride[:, 0], x, columns, width)  # [K, S, w]
    part = torch.bmm(by_row, pixels.reshape(-1, h, w * channels)).reshape(-1, rows, w, channels)
    part = part.permute(0, 3, 1, 2).reshape(-1, channels * rows, w)  # [K, C*R, w]
    read = torch.bmm(part, by_column.transpose(1, 2)) / whole  # fewer than the pixels
    return read.reshape(-1, channels, rows, columns)


def _read_windows(
    frames: Tensor,
    windows: Tensor,
    shape: list[int],
    kernel: Kernel,
    reach: Callable[[Tensor], Tensor],
    *,
    replicate: bool,
) -> Tensor:
    """Glimpses [B, N, C, R, S], windows of similar size together so that none is padded much."""
    batch, count = windows.shape[:2]
    if batch * count == 0:
        return windows.new_zeros(batch, count, frames.shape[-1], *shape)
    flat = _safe_windows(windows)
    with torch.no_grad():
        stride = (flat[:, 2:] - flat[:, :2]) / flat.new_tensor([shape[1], shape[0]])
        margin = reach(stride)
        side = (flat[:, 2:] - flat[:, :2] + 2 * margin).amax(1)
        bucket = side.clamp(min=64).log2().ceil()
        which = torch.arange(batch, device=flat.device).repeat_interleave(count)
        if flat.is_cuda:  # padding costs less there than several groups, one after the other
            groups = [torch.arange(len(flat), device=flat.device)]
        else:
            groups = [(bucket == key).nonzero()[:, 0] for key in bucket.unique()]
    parts = [
        _read_group(frames, which[g], flat[g], margin[g], kernel, shape, replicate=replicate)
        for g in groups
    ]
    order = torch.cat(groups).argsort()
    result: Tensor = torch.cat(parts)[order].unflatten(0, (batch, count))
    return result


def _safe_windows(windows: Tensor) -> Tensor:
    """[B, N, 4] -> [B*N, 4] finite windows with sides of at least 2 px, whatever came in."""
    flat = torch.nan_to_num(windows.reshape(-1, 4), nan=0.0, posinf=1.0e5, neginf=-1.0e5)
    flat = flat.clamp(-1.0e5, 1.0e5)
    return torch.cat([flat[:, :2], torch.maximum(flat[:, 2:], flat[:, :2] + 2)], 1)


def _centres(low: Tensor, stride: Tensor, samples: int) -> Tensor:
    """[K, samples] positions of the samples: the middles of their cells."""
    steps = torch.arange(samples, device=low.device, dtype=low.dtype) + 0.5
    return low[:, None] + steps * stride[:, None]


class BilinearGlimpse(nn.Module):
    """Bilinear reading with area averaging where the window is larger than the glimpse.

    The kernel is a triangle of half-width max(1, stride) pixels: plain bilinear interpolation for
    magnified windows, and low-passed (no aliasing) for reduced ones. Outside the frame its border
    is repeated.

    Source: spatial transformer, Jaderberg et al. 2015, eq. 5; Differs: the kernel widens with the
    stride, as in image resizing, and the border is repeated instead of zero.
    """

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.rows, self.columns = rows, columns

    def forward(self, frames: Tensor, windows: Tensor) -> Tensor:
        """See :class:`Glimpse`."""
        shape = [self.rows, self.columns]
        return _read_windows(frames, windows, shape, self.weights, self._reach, replicate=True)

    @staticmethod
    def _reach(stride: Tensor) -> Tensor:
        return stride.clamp(min=1) + 1

    @staticmethod
    def weights(low: Tensor, stride: Tensor, pixels: Tensor, samples: int, size: int) -> Tensor:
        """What each of the pixels adds to each sample along one axis, see `Kernel`."""
        centre = _centres(low, stride, samples).clamp(0, size)  # beyond: the border again
        offset = pixels[:, None, :] + 0.5 - centre[:, :, None]  # [K, samples, h]
        weight = (1 - offset.abs() / stride.clamp(min=1)[:, None, None]).clamp(min=0)
        return weight / weight.sum(-1, keepdim=True).clamp(min=1e-6)


class GaussianGlimpse(nn.Module):
    """HART's attention: a grid of Gaussian filters, evaluated on the pixels under the window.

    The standard deviation is max(min_sigma, sigma * stride) pixels. The kernel is cut at six
    standard deviations and normalised over all integer positions, inside or outside the frame;
    pixels outside the frame are zero.

    Args:
        rows: R.
        columns: S.
        sigma: standard deviation relative to the distance between two filters.
        min_sigma: its floor in pixels, at least 0.4; below, the gradient vanishes between pixels.

    Source: HART, Kosiorek et al. 2017, sec. 3.1; DRAW, Gregor et al. 2015, eq. 25.
    Differs: HART fits sigma offline to imitate bicubic resizing and so aliases for large windows;
    here it grows with the stride. Filters are centred in their cells, not on the window's edge.
    """

    REACH = 6.0

    def __init__(self, rows: int, columns: int, sigma: float = 0.5, min_sigma: float = 0.5) -> None:
        super().__init__()
        self.rows, self.columns = rows, columns
        self.sigma, self.min_sigma = sigma, min_sigma

    def forward(self, frames: Tensor, windows: Tensor) -> Tensor:
        """See :class:`Glimpse`."""
        shape = [self.rows, self.columns]
        return _read_windows(frames, windows, shape, self._weights, self._reach, replicate=False)

    def _reach(self, stride: Tensor) -> Tensor:
        return self.REACH * (stride * self.sigma).clamp(min=self.min_sigma) + 1

    def _weights(
        self, low: Tensor, stride: Tensor, pixels: Tensor, samples: int, size: int
    ) -> Tensor:
        centre = _centres(low, stride, samples)
        spread = (stride * self.sigma).clamp(min=self.min_sigma)[:, None]
        offset = (pixels[:, None, :] + 0.5 - centre[:, :, None]) / spread[..., None]
        # the sum over all integers of exp(-x^2 / 2 s^2) is, by Poisson summation,
        # s sqrt(2 pi) (1 + 2 exp(-2 pi^2 s^2) cos(2 pi x0) + ...); the next term is < 1e-5 at 0.4
        ripple = 2 * torch.exp(-2 * torch.pi**2 * spread**2)
        total = 1 + ripple * torch.cos(2 * torch.pi * (centre - 0.5))
        total = total + ripple**4 / 8 * torch.cos(4 * torch.pi * (centre - 0.5))
        total = total * spread * (2 * torch.pi) ** 0.5
        result: Tensor = torch.exp(-0.5 * offset**2) / total[..., None]
        return result
