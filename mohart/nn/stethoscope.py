"""Neural stethoscope: a small network that reads a layer, and what of its gradient is let back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Stethoscope(nn.Module):
    """Two layers that say a label from a layer's activations.

    Args:
        inputs: features of the layer.
        outputs: columns of numbers, or classes.
        hidden: units between them.

    Source: Fuchs et al. 2018, neural stethoscopes; the size is ours.
    """

    def __init__(self, inputs: int, outputs: int, hidden: int = 64) -> None:
        super().__init__()
        self.read = nn.Sequential(
            nn.Linear(inputs, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, outputs)
        )

    def forward(self, heard: Tensor) -> Tensor:
        """[..., inputs] -> [..., outputs]."""
        said: Tensor = self.read(heard)
        return said


def let_back(heard: Tensor, share: float) -> Tensor:
    """The same values; only `share` of the gradient goes back through them.

    Args:
        heard: of any shape.
        share: > 0 helps what is behind to keep what is read here (auxiliary), < 0 reverses the
            gradient (adversarial), 0 cuts it off.

    Source: gradient reversal, Ganin and Lempitsky 2015; lambda of Fuchs et al. 2018.
    """
    if share == 0:
        return heard.detach()
    scaled: Tensor = _LetBack.apply(heard, share)  # type: ignore[no-untyped-call]
    return scaled


class _LetBack(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, heard: Tensor, share: float) -> Tensor:
        ctx.share = share
        return heard.view_as(heard)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return ctx.share * gradient, None
