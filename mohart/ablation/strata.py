"""Test objects by what makes them hard: near neighbours, how much is hidden, their stratum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mohart.ablation.blocks import Block

NEIGHBOURS = ((0, 0, "0"), (1, 1, "1"), (2, 2, "2"), (3, None, "3+"))
TRAITS = ("neighbours", "hidden", "stratum")
VISIBLE = 0.95  # mean visibility above which an object counts as never hidden
HALF = 0.5


@dataclass(frozen=True)
class Stratum:
    """A part of the test objects.

    Attributes:
        trait: what it is told apart by: `neighbours`, `hidden` or `stratum`.
        name: its range, or the stratum's name.
        rows: [K] bool.
    """

    trait: str
    name: str
    rows: NDArray[np.bool_]


def strata(block: Block) -> list[Stratum]:
    """All strata that have objects.

    Neighbours: others within three sizes in the last frame shown. Hidden: mean visibility over the
    judged frames above 0.95 (never), 0.5 to 0.95 (partly), below 0.5 (mostly). Stratum: where the
    test sequences come from the scoreboard's.
    """
    near, seen = block.neighbours, block.visibility
    found = [
        Stratum(
            "neighbours", name, (near >= low) & (near <= (near.max() if high is None else high))
        )
        for low, high, name in NEIGHBOURS
    ]
    hidden = {
        "never": seen > VISIBLE,
        "partly": (seen <= VISIBLE) & (seen >= HALF),
        "mostly": seen < HALF,
    }
    found += [Stratum("hidden", name, rows) for name, rows in hidden.items()]
    if block.groups:
        names = np.array(block.groups)[block.sequence]
        found += [Stratum("stratum", name, names == name) for name in dict.fromkeys(block.groups)]
    return [stratum for stratum in found if stratum.rows.any()]
