"""Alignment (box refinement by template matching): what lies under a box, laid on what was seen.

Axis letters: K = B * N objects, C channels, R S rows and columns of a map, k those of a template.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mohart.nn.portable import compare_by_shifts, crop_by_matrices
from mohart.nn.templates import Spot

SHIFTS = 9  # by one cell at most: up, middle, down times left, middle, right


def unit_length(x: Tensor, dim: int) -> Tensor:
    """`x` divided by its length along `dim`; 0 stays 0, with a finite gradient.

    Differs: `torch.nn.functional.normalize` takes ten times as long along other than the last axis.
    """
    return x * (x * x).sum(dim, keepdim=True).clamp(min=1e-24).rsqrt()


def crop_features(features: Tensor, place: Tensor, size: int) -> Tensor:
    """Features inside boxes: [K, C, R, S], [K, 4] in -1..1 of the window -> [K, C, size, size]."""
    if torch.onnx.is_in_onnx_export():
        return crop_by_matrices(features, place, size)
    steps = (torch.arange(size, device=features.device, dtype=features.dtype) + 0.5) / size
    x = place[:, 0:1] + steps * (place[:, 2:3] - place[:, 0:1])
    y = place[:, 1:2] + steps * (place[:, 3:4] - place[:, 1:2])
    grid = torch.stack([x[:, None, :].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)], -1)
    return functional.grid_sample(features, grid, padding_mode="border", align_corners=False)


def first_looks(features: Tensor, size: int, looks: int) -> Tensor:
    """Templates of a first look, the inner half of the window: [K, looks, C, size, size]."""
    inner = features.new_tensor([-0.5, -0.5, 0.5, 0.5]).expand(features.shape[0], 4)
    return torch.stack([crop_features(features, inner, size)] * looks, 1)


def refresh_looks(features: Tensor, memory: Tensor, place: Tensor, step: Tensor) -> Tensor:
    """The first look as it was, the recent one moved towards what lies under the box.

    Args:
        features: [K, C, R, S].
        memory: [K, 2, C, k, k].
        place: [K, 4] in -1..1 of the window.
        step: [K] in 0..1, how far.
    """
    look = crop_features(features, place, int(memory.shape[-1]))
    first, recent = memory[:, :1], memory[:, 1:]
    return torch.cat([first, recent + step.reshape(-1, 1, 1, 1, 1) * (look[:, None] - recent)], 1)


def compare_shifted(under: Tensor, templates: Tensor) -> Tensor:
    """Scalar products of every template cell with the cell under it and its eight neighbours.

    Args:
        under: [K, C, k, k].
        templates: [K, L, C, k, k].

    Returns:
        [K, L * 9, k, k], 0 where the neighbour lies outside.
    """
    if torch.onnx.is_in_onnx_export():
        return compare_by_shifts(under, templates)
    size = under.shape[-1]
    width = size + 2
    # both with room at the ends of their rows: a shift in x or y is one shift of a flat map
    padded = functional.pad(under, (1, 1, 1, 2)).flatten(2)[:, None]
    looks = functional.pad(templates, (0, 2)).flatten(3)
    end = size * width
    shifts = [y * width + x for y in (0, 1, 2) for x in (0, 1, 2)]
    alike = torch.stack([(padded[..., n : n + end] * looks).sum(2) for n in shifts], 2)
    result: Tensor = alike.flatten(1, 2).unflatten(-1, (size, width))[..., :size]
    return result


class Alignment(nn.Module):
    """Corrects a box by comparing its features, cell by cell, with the templates.

    A box that is 10 % too large makes the object 10 % smaller under it: that is seen all over the
    template, but by no single cell of a score map. The last layer starts at zero, so a model
    without this part computes the same before it is trained.

    Args:
        features: C.
        template: k.
        looks: number of templates.
        width: of the hidden layer.
        stride: of the first convolution; 2 for large templates.
        steady: normalise what its units are told. Without, they die in training: thousands of
            inputs that are never negative move a unit all in one direction, and one that is below
            zero everywhere is moved no more (docs/experiments/0039-dead-units.md).

    Source: comparing a crop with the first one, Held et al. 2016 (GOTURN), sec. 3; as a
    refinement after localisation, Yan et al. 2021 (Alpha-Refine), sec. 3.
    """

    def __init__(
        self,
        features: int,
        template: int,
        looks: int,
        width: int = 64,
        stride: int = 1,
        *,
        steady: bool = True,
    ) -> None:
        super().__init__()
        rows = -(-template // stride)
        self.mix = nn.Sequential(
            nn.Conv2d(features + SHIFTS * looks, width, 3, stride, 1),
            nn.GroupNorm(8, width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, 32, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Flatten(),
            nn.Linear(32 * rows * rows, width),
            nn.ReLU(inplace=True),
        )
        self.steady = nn.GroupNorm(8, 32) if steady else None
        self.settle = nn.LayerNorm(width) if steady else None
        self.correct = nn.Linear(width, 5)
        nn.init.zeros_(self.correct.weight)
        nn.init.zeros_(self.correct.bias)

    def forward(self, under: Tensor, templates: Tensor) -> Tensor:
        """Corrections.

        Args:
            under: [K, C, k, k] features under the box and around it.
            templates: [K, looks, C, k, k].

        Returns:
            [K, 5]: shift in box sizes (x, y), log change of width and height, evidence.
        """
        alike = compare_shifted(unit_length(under, 1), unit_length(templates, 2))
        x = self.mix[:4](torch.cat([under, alike], 1))
        x = x if self.steady is None else self.steady(x)
        x = self.mix[4:7](x)
        x = x if self.settle is None else self.settle(x)
        told: Tensor = self.correct(self.mix[7](x))
        return told


class Refinement(nn.Module):
    """Fine :class:`mohart.nn.templates.Templates`, for a second alignment once a box was found.

    The encoder's map says what is where; an edge that is one cell off is 6 % of the object there.
    Two convolutions with stride 2, its own, see a third of that. The first look keeps the box from
    drifting, the recent one follows quickly, from one frame to the next, so it shows small
    motion and growth. Starts without effect, see :class:`Alignment`.

    Args:
        template: rows and columns of a template, cells of 2 glimpse pixels.
        channels: C of the features.
        rate: of the recent template per frame.
        steady: see :class:`Alignment`.

    Source: coarse-to-fine alignment, Lucas and Kanade 1981, sec. 4.4; learned, as in
    :class:`Alignment`.
    """

    stride = 2

    def __init__(
        self,
        template: int = 16,
        channels: int = 16,
        rate: float = 0.5,
        *,
        steady: bool = True,
    ) -> None:
        super().__init__()
        self.template, self.rate = template, rate
        self.describe = nn.Sequential(
            nn.Conv2d(3, channels, 5, 2, 2),
            nn.GroupNorm(8, channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.GroupNorm(8, channels),
        )
        self.alignment = Alignment(channels, template, looks=2, stride=2, steady=steady)

    def look(self, glimpses: Tensor, features: Tensor) -> Tensor:
        """Features of its own, of the pixels in 0..1: [K, 3, R, S] -> [K, C, R / 2, S / 2]."""
        view: Tensor = self.describe((glimpses - 0.5) * 4)
        return view

    def start(self, view: Tensor, grid: Tensor) -> Tensor:
        """Two looks: [K, C, R / 2, S / 2] -> [K, 2, C, k, k]."""
        return first_looks(view, self.template, 2)

    def align(self, view: Tensor, memory: Tensor, spot: Spot) -> Tensor:
        """Corrections [K, 5], see :class:`mohart.nn.templates.Templates`."""
        under = crop_features(view, spot.around, self.template)
        result: Tensor = self.alignment(under, memory)
        return result

    def refresh(self, view: Tensor, memory: Tensor, spot: Spot, trust: Tensor) -> Tensor:
        """The first look stays, the recent one follows."""
        return refresh_looks(view, memory, spot.around, self.rate * trust)
