"""Identity embedding (re-identification descriptor): which object is this?

Read from what the tracker has of every object and detection anyway: the cells of a template, and
the colours under a box. Two looks at one object lie close together, whatever its pose, the light
and the scale; the mean of several is what is remembered of it.

Axis letters: K looks, C channels and k rows and columns of a template, D numbers of colours, E of
the embedding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mohart.nn.align import unit_length


class IdentityHead(nn.Module):
    """Looks -> embeddings of unit length.

    Args:
        channels: C of a template.
        template: k of it.
        colours: D.
        width: E.
    """

    def __init__(self, channels: int, template: int, colours: int, width: int = 64) -> None:
        super().__init__()
        self.channels, self.template, self.colours, self.width = channels, template, colours, width
        rows = (template + 1) // 2
        self.shape = nn.Sequential(
            nn.Conv2d(channels, 48, 3, 2, 1),
            nn.GroupNorm(8, 48),
            nn.ReLU(inplace=True),
            nn.Conv2d(48, 48, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Flatten(),
            nn.Linear(48 * rows * rows, 128),
        )
        self.tone = nn.Linear(colours, 128)
        self.join = nn.Sequential(
            nn.LayerNorm(256),
            nn.Linear(256, 128),
            nn.ReLU(inplace=True),
            nn.Linear(128, width),
        )

    def forward(self, cells: Tensor, colours: Tensor) -> Tensor:
        """[K, C, k, k] and [K, D] -> [K, E]."""
        both = torch.cat([self.shape(cells), self.tone(colours)], 1).relu()
        embedded: Tensor = unit_length(self.join(both), 1)
        return embedded


def mean_identity(embedded: Tensor, dim: int = 0) -> Tensor:
    """What several looks at one object have in common: their mean, of unit length."""
    return unit_length(embedded.mean(dim), -1)
