"""Alignment: what lies under a box, laid on what was remembered of the object.

Axis letters: K = B * N objects, C channels, k rows and columns of a template.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

SHIFTS = tuple((y, x) for y in (0, 1, 2) for x in (0, 1, 2))


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

    Source: comparing a crop with the first one, Held et al. 2016 (GOTURN), sec. 3; as a
    refinement after localisation, Yan et al. 2021 (Alpha-Refine), sec. 3.
    """

    def __init__(self, features: int, template: int, looks: int, width: int = 64) -> None:
        super().__init__()
        self.mix = nn.Sequential(
            nn.Conv2d(features + len(SHIFTS) * looks, width, 3, padding=1),
            nn.GroupNorm(8, width), nn.ReLU(inplace=True),
            nn.Conv2d(width, 32, 3, padding=1), nn.ReLU(inplace=True), nn.Flatten(),
            nn.Linear(32 * template * template, width), nn.ReLU(inplace=True),
        )  # fmt: skip
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
        size = under.shape[-1]
        unit = functional.normalize(under, dim=1)
        padded = functional.pad(unit, (1, 1, 1, 1))
        alike = [
            (padded[..., y : y + size, x : x + size] * look).sum(1)
            for look in functional.normalize(templates, dim=2).unbind(1)
            for y, x in SHIFTS
        ]
        told: Tensor = self.correct(self.mix(torch.cat([under, torch.stack(alike, 1)], 1)))
        return told
