"""Appearance attention: where in the glimpse is what this object looks like?

Axis letters: K = B * N objects, C channels, R S rows and columns of the feature map, E features of
the recurrent state.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from mohart.nn.align import Alignment, crop_features, first_looks, refresh_looks, unit_length
from mohart.nn.portable import align_maps, sides
from mohart.nn.templates import NoTemplates, Spot, Templates


class Seen(NamedTuple):
    """What appearance attention makes of a feature map.

    Attributes:
        map: [K, channels, R, S].
        mask: [K, R, S] logits of "this cell shows the object", or None.
    """

    map: Tensor
    mask: Tensor | None = None


class Appearance(Templates, Protocol):
    """Contract of the slot `appearance`: templates, and attention to where they fit."""

    channels: int

    def prepare(self, features: Tensor) -> Tensor:
        """[K, C, R, S] of the encoder -> the same shape: what everybody else gets."""
        ...

    def __call__(
        self,
        features: Tensor,
        grid: Tensor,
        memory: Tensor,
        hidden: Tensor,
        others: Tensor | None = None,
        response: Tensor | None = None,
    ) -> Seen:
        """Attend to the object.

        Args:
            features: [K, C, R, S], what `look` returned.
            grid: [K, 2, R, S] position of every cell in box widths and heights from the window's
                centre.
            memory: what `start` or `refresh` returned.
            hidden: [K, E] recurrent output of the step before.
            others: [K, 1, R, S] in 0..1, where other objects are expected; None: not told.
            response: [K, 1, R, S] of a discriminative filter; None: there is none.
        """
        ...


def correlate(features: Tensor, template: Tensor) -> Tensor:
    """Cosine similarity of every cell with every template cell, aligned on the object's centre.

    Map i says: if the object's centre were here, how much would the cell that then lies under
    template cell i look like it? Aligning the maps makes one 1x1 convolution enough to add them
    up, so this is the dual of depth-wise correlation: the sum over channels is taken first and
    the one over positions is learned. Training it costs a third.

    Args:
        features: [K, C, R, S]; similarity with what lies outside is 0.
        template: [K, C, k, k]; its middle is laid on every cell.

    Returns:
        [K, k*k, R, S] in -1..1.

    Source: pixel-wise correlation, Yan et al. 2021 (Alpha-Refine), sec. 3.2; Differs: aligned.
    """
    count, channels, k = len(features), int(features.shape[1]), int(template.shape[-1])
    rows, columns = sides(features)
    low, high = k // 2, (k - 1) // 2
    unit = unit_length(features, 1).reshape(-1, channels, rows * columns)
    look = unit_length(template, 1).reshape(-1, channels, k * k)
    alike = torch.bmm(look.transpose(1, 2), unit).reshape(-1, k * k, rows, columns)
    padded = functional.pad(alike, (low, high, low, high)).contiguous()
    width = columns + k - 1
    area = (rows + k - 1) * width
    aligned = padded.as_strided(  # map (i, j) starts i rows and j columns further on
        (count, k, k, rows, columns), (k * k * area, k * area + width, area + 1, width, 1)
    )
    return aligned.reshape(count, k * k, rows, columns)


class Correlation(nn.Module):
    """Correlation with two templates: the first look, and a recent one.

    The templates are the inner half of the window. The recent one moves towards the features
    under the new box by `rate` times the trust in that box, so it follows slow changes and rests
    while the object is hidden.

    Args:
        features: C of the encoder.
        channels: of the resulting map.
        template: rows and columns of a template.
        rate: of the recent template per frame; 0 leaves the recent template out.
        align: correct boxes by what lies under them (mohart.nn.align).
        steady: of that, see :class:`mohart.nn.align.Alignment`.
        claims: can be told where other objects are expected; what it learns of it starts at zero.
        responds: can be told the response of a discriminative filter; starts at zero, too.
    """

    def __init__(
        self,
        features: int,
        channels: int,
        template: int,
        rate: float,
        *,
        align: bool,
        claims: bool,
        responds: bool,
        steady: bool = True,
    ) -> None:
        super().__init__()
        self.channels, self.template, self.rate = channels, template, rate
        looks = 2 if rate > 0 else 1
        self.alignment = Alignment(features, template, looks, steady=steady) if align else None
        self.others = nn.Conv2d(1, channels, 3, padding=1, bias=False) if claims else None
        if self.others is not None:
            nn.init.zeros_(self.others.weight)
        self.response = nn.Conv2d(1, channels, 3, padding=1, bias=False) if responds else None
        if self.response is not None:
            nn.init.zeros_(self.response.weight)
        self.normalise = nn.GroupNorm(8, features)
        self.compare = nn.Conv2d(template * template * looks, channels // 2, 1)
        self.mix = nn.Sequential(
            nn.Conv2d(features + channels // 2 + 2, channels, 3, padding=1),
            nn.GroupNorm(8, channels),
            nn.ReLU(inplace=True),
        )

    def prepare(self, features: Tensor) -> Tensor:
        """Features normalised per object."""
        result: Tensor = self.normalise(features)
        return result

    def look(self, glimpses: Tensor, features: Tensor) -> Tensor:
        """The encoder's features."""
        return features

    def start(self, view: Tensor, grid: Tensor) -> Tensor:
        """[K, C, R, S] -> [K, 1 or 2, C, k, k]."""
        return first_looks(view, self.template, 2 if self.rate > 0 else 1)

    def forward(
        self,
        features: Tensor,
        grid: Tensor,
        memory: Tensor,
        hidden: Tensor,
        others: Tensor | None = None,
        response: Tensor | None = None,
    ) -> Seen:
        """See :class:`Appearance`."""
        if torch.onnx.is_in_onnx_export():
            return self._traced(features, grid, memory, others, response)
        found = [correlate(features, look) for look in memory.unbind(1)]
        compared = self.compare(torch.cat(found, 1))
        mixed = self.mix[0](torch.cat([features, compared, grid.clamp(-3, 3)], 1))
        if self.others is not None and others is not None:
            mixed = mixed + self.others(others)
        if self.response is not None and response is not None:
            mixed = mixed + self.response(response)
        return Seen(self.mix[1:](mixed))

    def _traced(
        self,
        features: Tensor,
        grid: Tensor,
        memory: Tensor,
        others: Tensor | None,
        response: Tensor | None,
    ) -> Seen:
        """`forward` in fewer operations: all looks at once, and all that is no picture at once.

        Numbers of channels that are multiples of 16 are what fast convolutions are made for.
        """
        looks, channels = int(memory.shape[1]), int(features.shape[1])
        (rows, columns), cells = sides(features), self.template**2
        unit = unit_length(features, 1).reshape(-1, channels, rows * columns)
        look = unit_length(memory, 2).reshape(-1, looks, channels, cells).transpose(2, 3)
        alike = (look.reshape(-1, looks * cells, channels) @ unit).reshape(-1, cells, rows, columns)
        alike = align_maps(alike, self.template).reshape(-1, looks * cells, rows, columns)
        seen = torch.cat([features, self.compare(alike)], 1)
        first: nn.Conv2d = self.mix[0]  # type: ignore[assignment]
        width = int(seen.shape[1])
        told, kernels = [grid.clamp(-3, 3)], [first.weight[:, width:]]
        for more, layer in ((others, self.others), (response, self.response)):
            if more is not None and layer is not None:
                told.append(more)
                kernels.append(layer.weight)
        mixed = functional.conv2d(seen, first.weight[:, :width], first.bias, padding=1)
        mixed = mixed + functional.conv2d(torch.cat(told, 1), torch.cat(kernels, 1), padding=1)
        return Seen(self.mix[1:](mixed))

    def align(self, view: Tensor, memory: Tensor, spot: Spot) -> Tensor | None:
        """See :class:`mohart.nn.templates.Templates`; None where built without `align`."""
        if self.alignment is None:
            return None
        under = crop_features(view, spot.around, self.template)
        result: Tensor = self.alignment(under, memory)
        return result

    def refresh(self, view: Tensor, memory: Tensor, spot: Spot, trust: Tensor) -> Tensor:
        """The first template never changes, the recent one follows."""
        if self.rate == 0:
            return memory
        return refresh_looks(view, memory, spot.around, self.rate * trust)


class NoAppearance(NoTemplates):
    """The feature map as it is."""

    def __init__(self, features: int, channels: int = 64) -> None:
        super().__init__()
        self.channels = channels
        self.mix = nn.Sequential(
            nn.Conv2d(features + 2, channels, 3, padding=1),
            nn.GroupNorm(8, channels),
            nn.ReLU(inplace=True),
        )

    def prepare(self, features: Tensor) -> Tensor:
        """The features as they are."""
        return features

    def forward(
        self,
        features: Tensor,
        grid: Tensor,
        memory: Tensor,
        hidden: Tensor,
        others: Tensor | None = None,
        response: Tensor | None = None,
    ) -> Seen:
        """See :class:`Appearance`; `others` is not used."""
        return Seen(self.mix(torch.cat([features, grid.clamp(-3, 3)], 1)))
