"""Identity embedding (re-identification descriptor): which object is this?

Read from what the tracker has of every object and detection anyway: the cells of a template, and
the colours under a box. Two looks at one object lie close together, whatever its pose, the light
and the scale; the mean of several is what is remembered of it.

Axis letters: K looks, C channels and k rows and columns of a template, D numbers of colours, E of
the embedding.
"""

from __future__ import annotations

from torch import Tensor, nn

from mohart.nn.align import unit_length


class IdentityHead(nn.Module):
    """Looks -> embeddings of unit length.

    A linear part, which has a start in closed form (`mohart.model.routing.start_head`), and a
    curved one that adds to it and starts without effect.

    Args:
        channels: C of a template.
        template: k of it.
        colours: D.
        width: E.
        bend: width of the curved part.
    """

    def __init__(
        self, channels: int, template: int, colours: int, width: int = 64, bend: int = 128
    ) -> None:
        super().__init__()
        self.channels, self.template, self.colours = channels, template, colours
        self.width, self.bend = width, bend
        self.cells = nn.Linear(channels * template * template, width, bias=False)
        self.tone = nn.Linear(colours, width)
        self.curve = nn.Sequential(
            nn.Linear(width, bend), nn.ReLU(inplace=True), nn.Linear(bend, width)
        )
        nn.init.zeros_(self.curve[2].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.curve[2].bias)  # type: ignore[arg-type]

    def forward(self, cells: Tensor, colours: Tensor) -> Tensor:
        """[K, C, k, k] and [K, D] -> [K, E]."""
        straight = self.cells(describe_cells(cells)) + self.tone(colours)
        embedded: Tensor = unit_length(straight + self.curve(straight), 1)
        return embedded


def describe_cells(cells: Tensor) -> Tensor:
    """Templates [K, C, k, k] as vectors [K, C * k * k] of unit length, each cell counting alike."""
    return (unit_length(cells, 1) / cells.shape[-1]).flatten(1)


def mean_identity(embedded: Tensor, dim: int = 0) -> Tensor:
    """What several looks at one object have in common: their mean, of unit length."""
    return unit_length(embedded.mean(dim), -1)
