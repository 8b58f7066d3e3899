"""HART's appearance attention: filters that the recurrent state generates for the next frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mohart.nn.appearance import Seen
from mohart.nn.templates import NoTemplates


class _GeneratedConv(nn.Module):
    """A convolution whose weights are a function of a vector, one set per object."""

    def __init__(self, condition: int, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.shape = (outputs, inputs, kernel, kernel)
        count = outputs * inputs * kernel * kernel
        self.weights = nn.Sequential(
            nn.Linear(condition, condition), nn.ELU(), nn.Linear(condition, count)
        )
        self.shift = nn.Linear(condition, outputs)
        self.bias = nn.Parameter(torch.zeros(outputs))
        last = self.weights[-1]
        nn.init.normal_(last.weight, std=0.05 / condition**0.5)  # type: ignore[arg-type]
        nn.init.normal_(last.bias, std=(inputs * kernel * kernel) ** -0.5)  # type: ignore[arg-type]

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """[K, inputs, R, S], [K, condition] -> [K, outputs, R, S] and the weights [K, ...]."""
        count, _, rows, columns = x.shape
        outputs, inputs, kernel, _ = self.shape
        weights = self.weights(condition).reshape(count * outputs, inputs, kernel, kernel)
        flat = x.reshape(1, count * inputs, rows, columns)
        y = functional.conv2d(flat, weights, padding=kernel // 2, groups=max(count, 1))
        y = y.reshape(count, outputs, rows, columns)
        return y + (self.shift(condition) + self.bias)[..., None, None], weights


class DynamicFilters(NoTemplates):
    """Two generated convolutions give a mask; the mask multiplies the ventral features.

    Nothing is remembered of looks: the recurrent state is the memory.

    Args:
        features: C of the encoder.
        hidden: E of the recurrent state that generates the filters.
        channels: of the ventral and dorsal streams (HART: 5).

    Source: HART, Kosiorek et al. 2017, sec. 3.2; shapes of its published KITTI model: 1x1 then
    3x3 dynamic convolution with ELU, 1x1 to a sigmoid mask, ventral 1x1 with ELU, dropout 0.25.
    Differs: group norm instead of batch norm on the ventral features.
    """

    def __init__(self, features: int, hidden: int, channels: int = 5) -> None:
        super().__init__()
        self.channels = channels
        self.ventral = nn.Sequential(
            nn.Conv2d(features, channels, 1), nn.Dropout(0.25), nn.GroupNorm(1, channels), nn.ELU()
        )
        self.dorsal1 = _GeneratedConv(hidden, features, channels, 1)
        self.dorsal2 = _GeneratedConv(hidden, channels, channels, 3)
        self.mask = nn.Conv2d(channels, 1, 1)

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
        """See :class:`mohart.nn.appearance.Appearance`; a zero `hidden` means no mask yet."""
        ventral = self.ventral(features)
        if len(features) == 0:
            return Seen(ventral, features[:, 0])
        dorsal = functional.elu(self.dorsal1(features, hidden)[0])
        dorsal = functional.elu(self.dorsal2(dorsal, hidden)[0])
        mask = self.mask(dorsal)
        started = (hidden != 0).any(1)[:, None, None, None]
        gate = torch.where(started, mask.sigmoid(), torch.ones_like(mask))
        return Seen(ventral * gate, mask[:, 0])
