"""The same mathematics in operations that every engine has: products of matrices, pads, reshapes.

Used while a step is traced (`mohart export`), where strided views, samplers and Fourier transforms
are missing or slow. Each function says what it equals; the tests hold both against each other.

Axis letters: K objects, C channels, R S rows and columns of a map, F = S // 2 + 1 frequencies.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def sides(maps: Tensor) -> tuple[int, int]:
    """Rows and columns of maps [..., R, S] as plain numbers, so that a graph has them fixed."""
    return int(maps.shape[-2]), int(maps.shape[-1])


def hat_weights(places: Tensor, cells: int) -> Tensor:
    """Linear interpolation as a matrix: [K, n] in -1..1 of an axis -> [K, n, cells].

    Beyond the middles of the outermost cells these count alone.
    """
    at = ((places + 1) * (cells / 2) - 0.5).clamp(0, cells - 1)
    away = at[..., None] - torch.arange(cells, device=places.device, dtype=places.dtype)
    return functional.relu(1 - away.abs())


def crop_by_matrices(features: Tensor, place: Tensor, size: int) -> Tensor:
    """Equals `mohart.nn.align.crop_features`: [K, C, R, S], [K, 4] -> [K, C, size, size]."""
    rows, columns = sides(features)
    steps = (torch.arange(size, device=features.device, dtype=features.dtype) + 0.5) / size
    x = place[:, 0:1] + steps * (place[:, 2:3] - place[:, 0:1])
    y = place[:, 1:2] + steps * (place[:, 3:4] - place[:, 1:2])
    down = hat_weights(y, rows)[:, None]  # [K, 1, size, R]
    across = hat_weights(x, columns)[:, None].transpose(2, 3)  # [K, 1, S, size]
    return down @ (features @ across)


def align_maps(alike: Tensor, size: int) -> Tensor:
    """Map (i, j) of size * size, moved up by i - size // 2 and left by j - size // 2.

    Args:
        alike: [K, size * size, R, S].
        size: rows and columns of the template that the maps belong to.

    Returns:
        [K, size * size, R, S], 0 where there was no cell.
    """
    rows, columns = sides(alike)
    low, high = size // 2, (size - 1) // 2
    width = columns + size - 1
    area = (rows + size - 1) * width
    flat = functional.pad(alike, (low, high, low, high)).reshape(-1, size, size * area)
    # a row that is longer by n than what lies in it moves each next line by n: a shear
    flat = functional.pad(flat, (0, size)).reshape(-1, size * size * (area + 1))
    flat = functional.pad(flat, (0, size * width)).reshape(-1, size, size * (area + 1) + width)
    flat = flat[..., : size * (area + 1)].reshape(-1, size * size, area + 1)
    return flat[..., : rows * width].reshape(-1, size * size, rows, width)[..., :columns]


def _angles(count: int, frequencies: int) -> Tensor:
    """[frequencies, count] of a discrete Fourier transform, radians, float64."""
    products = torch.arange(frequencies)[:, None] * torch.arange(count)
    return products.double() * (2 * math.pi / count)


def spectrum(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Equals `torch.fft.rfft2`: [..., R, S] -> real and imaginary part, [..., R, F]."""
    rows, columns = sides(maps)
    across = _angles(columns, columns // 2 + 1).T.to(maps.device)
    down = _angles(rows, rows).to(maps.device)
    real, imaginary = maps @ across.cos().to(maps.dtype), maps @ (-across.sin()).to(maps.dtype)
    cosine, sine = down.cos().to(maps.dtype), down.sin().to(maps.dtype)
    return cosine @ real + sine @ imaginary, cosine @ imaginary - sine @ real


def from_spectrum(real: Tensor, imaginary: Tensor, columns: int) -> Tensor:
    """Equals `torch.fft.irfft2`: [..., R, F] twice -> [..., R, columns]."""
    rows, frequencies = sides(real)
    down = _angles(rows, rows).to(real.device)
    cosine, sine = down.cos().to(real.dtype), down.sin().to(real.dtype)
    upright, sideways = cosine @ real - sine @ imaginary, cosine @ imaginary + sine @ real
    across = _angles(columns, frequencies).to(real.device)
    # every frequency stands for its negative one, too, but for the first and that of every other
    twice = torch.full((frequencies, 1), 2.0, dtype=torch.float64, device=real.device)
    twice[0] = 1
    if columns % 2 == 0:
        twice[-1] = 1
    scale = twice / (rows * columns)
    back = upright @ (scale * across.cos()).to(real.dtype)
    return back - sideways @ (scale * across.sin()).to(real.dtype)


def compare_by_shifts(under: Tensor, templates: Tensor) -> Tensor:
    """Equals `mohart.nn.align.compare_shifted`: [K, C, k, k], [K, L, C, k, k] -> [K, 9 L, k, k]."""
    size, looks, channels = int(under.shape[-1]), int(templates.shape[1]), int(under.shape[1])
    width = size + 2
    padded = functional.pad(under, (1, 1, 1, 2)).reshape(-1, 1, channels, (size + 3) * width)
    end = size * width
    shifts = [y * width + x for y in (0, 1, 2) for x in (0, 1, 2)]
    moved = torch.cat([padded[..., n : n + end] for n in shifts], -1)
    moved = moved.reshape(-1, 1, channels, 9, end)
    kept = functional.pad(templates, (0, 2)).reshape(-1, looks, channels, 1, end)
    alike = (moved * kept).sum(2)
    return alike.reshape(-1, looks * 9, size, width)[..., :size]
