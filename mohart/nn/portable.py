"""The same mathematics in operations that every engine has: products of matrices, pads, reshapes.

Used while a step is traced (`mohart export`), where strided views, samplers and Fourier transforms
are missing or slow. Each function says what it equals; the tests hold both against each other.

Axis letters: K objects, C channels, R S rows and columns of a map, F = S // 2 + 1 frequencies.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mohart import boxes

Sides = tuple[int, int]
TO_CORNERS = [[1.0, 0, 1, 0], [0, 1, 0, 1], [-0.5, 0, 0.5, 0], [0, -0.5, 0, 0.5]]
TO_CENTRES = [[0.5, 0, -1, 0], [0, 0.5, 0, -1], [0.5, 0, 1, 0], [0, 0.5, 0, 1]]


def sides(maps: Tensor) -> Sides:
    """Rows and columns of maps [..., R, S] as plain numbers, so that a graph has them fixed."""
    return int(maps.shape[-2]), int(maps.shape[-1])


def cxcywh_to_xyxy(boxes_cxcywh: Tensor) -> Tensor:
    """Equals `mohart.boxes.cxcywh_to_xyxy`, in a graph as one product."""
    if torch.onnx.is_in_onnx_export():
        return boxes_cxcywh @ boxes_cxcywh.new_tensor(TO_CORNERS)
    corners: Tensor = boxes.cxcywh_to_xyxy(boxes_cxcywh)
    return corners


def xyxy_to_cxcywh(boxes_xyxy: Tensor) -> Tensor:
    """Equals `mohart.boxes.xyxy_to_cxcywh`, in a graph as one product."""
    if torch.onnx.is_in_onnx_export():
        return boxes_xyxy @ boxes_xyxy.new_tensor(TO_CENTRES)
    centred: Tensor = boxes.xyxy_to_cxcywh(boxes_xyxy)
    return centred


def hat_weights(places: Tensor, cells: int) -> Tensor:
    """Linear interpolation as a matrix: [K, n] in -1..1 of an axis -> [K, n, cells].

    Beyond the middles of the outermost cells these count alone.
    """
    at = ((places + 1) * (cells / 2) - 0.5).clamp(0, cells - 1)
    away = at[..., None] - torch.arange(cells, device=places.device, dtype=places.dtype)
    return functional.relu(1 - away.abs())


def crop_by_matrices(features: Tensor, place: Tensor, size: int) -> Tensor:
    """Equals `mohart.nn.align.crop_features`: [K, C, R, S], [K, 4] -> [K, C, size, size]."""
    channels, (rows, columns) = int(features.shape[1]), sides(features)
    steps = (torch.arange(size, device=features.device, dtype=features.dtype) + 0.5) / size
    x = place[:, 0:1] + steps * (place[:, 2:3] - place[:, 0:1])
    y = place[:, 1:2] + steps * (place[:, 3:4] - place[:, 1:2])
    down = hat_weights(y, rows)[:, None]  # [K, 1, size, R]
    across = hat_weights(x, columns).transpose(1, 2)  # [K, S, size]
    part = features.reshape(-1, channels * rows, columns) @ across  # one product an object
    return down @ part.reshape(-1, channels, rows, size)


class GroupNorm(nn.Module):
    """Equals `torch.nn.GroupNorm`, in a graph as a norm of each group and one pass over channels.

    Args:
        norm: that it equals.
    """

    def __init__(self, norm: nn.GroupNorm) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        """[K, C, R, S] -> the same shape."""
        weight, bias, groups = self.norm.weight, self.norm.bias, self.norm.num_groups
        if not torch.onnx.is_in_onnx_export():
            return functional.group_norm(x, groups, weight, bias, self.norm.eps)
        told = x, weight, bias, groups, self.norm.eps, sides(x)
        result: Tensor = _TracedNorm.apply(*told)  # type: ignore[no-untyped-call]
        return result


class _TracedNorm(torch.autograd.Function):
    """What `GroupNorm` is while a graph is traced."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, groups: int, eps: float, area: Sides
    ) -> Tensor:
        return functional.group_norm(x, groups, weight, bias, eps)

    @staticmethod
    def symbolic(
        graph: Any, x: Any, weight: Any, bias: Any, groups: int, eps: float, area: Sides
    ) -> Any:
        """The nodes of the graph; `area` are rows and columns."""

        def constant(values: Tensor) -> Any:
            return graph.op("Constant", value_t=values)

        [channels] = weight.type().sizes()
        apart = graph.op("Reshape", x, constant(torch.tensor([0, groups, -1])))
        still, one = constant(torch.zeros(groups)), constant(torch.ones(groups))
        normed = graph.op("InstanceNormalization", apart, one, still, epsilon_f=eps)
        shape = constant(torch.tensor([-1, channels, *area]))
        together = graph.op("Reshape", normed, shape)
        still, one = constant(torch.zeros(channels)), constant(torch.ones(channels))
        scaled = graph.op("BatchNormalization", together, weight, bias, still, one, epsilon_f=0.0)
        scaled.setType(x.type())
        return scaled


def with_plain_norms(module: nn.Module) -> None:
    """Every group norm in a module becomes a `GroupNorm` of this one; the module is changed."""
    for name, part in module.named_children():
        if isinstance(part, nn.GroupNorm):
            module.register_module(name, GroupNorm(part))
        else:
            with_plain_norms(part)


def align_maps(alike: Tensor, size: int) -> Tensor:
    """Map (i, j) of size * size, moved up by i - size // 2 and left by j - size // 2.

    Args:
        alike: [K, size * size, R, S].
        size: rows and columns of the template that the maps belong to.

    Returns:
        [K, size * size, R, S], 0 where there was no cell.
    """
    rows, columns = sides(alike)
    low, high, area = size // 2, (size - 1) // 2, rows * columns
    # in a flat map a move by a row and a column is one; what would come in from the next row is
    # a column that leaves on the other side, so it is taken out before
    to = torch.arange(columns) - (torch.arange(size) - low)[:, None]  # [size, columns]
    stays = ((to >= 0) & (to < columns)).to(alike)[:, None].expand(size, size, rows, columns)
    flat = alike.reshape(-1, size * size, area) * stays.reshape(-1, area)
    front = low * (columns + 1)
    length = front + area + high * (columns + 1)
    block = size * length + columns  # so far apart lie the parts of maps (i, 0) and (i + 1, 0)
    room = -(-size * columns // length)  # more maps, of nothing: blocks end behind the last one
    flat = functional.pad(flat, (front, length - front - area, 0, room))
    flat = flat.reshape(-1, (size * size + room) * length)[:, : size * block]
    flat = flat.reshape(-1, size, block)[..., : size * (length + 1)]
    flat = flat.reshape(-1, size * size, length + 1)[..., :area]
    return flat.reshape(-1, size * size, rows, columns)


def _shear(maps: Tensor, size: int, rows: int, columns: int) -> Tensor:
    """Of map (i, j) of size * size the part [rows, columns] that starts at row i and column j.

    Args:
        maps: [K, size * size, rows + size - 1, columns + size - 1].
        size: rows and columns of maps.
        rows: of the result.
        columns: of the result.
    """
    width = columns + size - 1
    area = (rows + size - 1) * width
    # a row that is longer by n than what lies in it moves each next line by n: a shear
    flat = functional.pad(maps.reshape(-1, size, size * area), (0, size))
    flat = functional.pad(flat.reshape(-1, size * size * (area + 1)), (0, size * width))
    flat = flat.reshape(-1, size, size * (area + 1) + width)[..., : size * (area + 1)]
    flat = flat.reshape(-1, size * size, area + 1)[..., : rows * width]
    return flat.reshape(-1, size * size, rows, width)[..., :columns]


@cache
def _transform(rows: int, columns: int) -> Tensor:
    """[R * S, 2 R F] two-dimensional Fourier transform of a map, real part then imaginary."""
    maps = torch.eye(rows * columns, dtype=torch.float64).reshape(-1, rows, columns)
    found = torch.fft.rfft2(maps).flatten(1)
    both: Tensor = torch.cat([found.real, found.imag], 1)
    return both.float()


@cache
def _back(rows: int, columns: int) -> Tensor:
    """[2 R F, R * S] the map of a real and an imaginary part."""
    count = rows * (columns // 2 + 1)
    parts = torch.eye(count, dtype=torch.float64).reshape(-1, rows, columns // 2 + 1)
    both = torch.cat([torch.complex(parts, 0 * parts), torch.complex(0 * parts, parts)])
    maps: Tensor = torch.fft.irfft2(both, s=(rows, columns))
    return maps.flatten(1).float()


def spectrum(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Equals `torch.fft.rfft2`: [K, C, R, S] -> real and imaginary part, [K, C, R, F]."""
    channels, (rows, columns) = int(maps.shape[1]), sides(maps)
    found = maps.reshape(-1, rows * columns) @ _transform(rows, columns).to(maps.device)
    found = found.reshape(-1, channels, 2, rows, columns // 2 + 1)
    return found[:, :, 0], found[:, :, 1]


def from_spectrum(real: Tensor, imaginary: Tensor, columns: int) -> Tensor:
    """Equals `torch.fft.irfft2`: [K, C, R, F] twice -> [K, C, R, columns]."""
    channels, (rows, frequencies) = int(real.shape[1]), sides(real)
    parts = torch.stack([real, imaginary], 2).reshape(-1, 2 * rows * frequencies)
    maps = parts @ _back(rows, columns).to(real.device)
    return maps.reshape(-1, channels, rows, columns)


def compare_by_shifts(under: Tensor, templates: Tensor) -> Tensor:
    """Equals `mohart.nn.align.compare_shifted`: [K, C, k, k], [K, L, C, k, k] -> [K, 9 L, k, k]."""
    size, looks, channels = int(under.shape[-1]), int(templates.shape[1]), int(under.shape[1])
    width, cells = size + 2, size * size
    if cells <= 2 * channels:  # every cell with every cell, then those that are neighbours
        around = functional.pad(under, (1, 1, 1, 1)).reshape(-1, channels, width * width)
        kept = templates.reshape(-1, looks, channels, cells).transpose(2, 3)
        pairs = kept.reshape(-1, looks * cells, channels) @ around
        near = _shear(pairs.reshape(-1, cells, width, width), size, 3, 3).reshape(-1, cells, 9)
        return near.transpose(1, 2).reshape(-1, looks * 9, size, size)
    padded = functional.pad(under, (1, 1, 1, 2)).reshape(-1, 1, channels, (size + 3) * width)
    end = size * width
    shifts = [y * width + x for y in (0, 1, 2) for x in (0, 1, 2)]
    moved = torch.cat([padded[..., n : n + end] for n in shifts], -1)
    moved = moved.reshape(-1, 1, channels, 9, end)
    aligned = functional.pad(templates, (0, 2)).reshape(-1, looks, channels, 1, end)
    alike = (moved * aligned).sum(2)
    return alike.reshape(-1, looks * 9, size, width)[..., :size]
