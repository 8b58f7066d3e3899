"""Clip lengths that grow with training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Curriculum:
    """Length of the clips by batch number.

    Attributes:
        stages: pairs (fraction of `steps` from which it holds, frames), sorted, the first at 0.
        steps: batches of the whole training.

    >>> Curriculum(((0.0, 4), (0.5, 8)), 100)(49), Curriculum(((0.0, 4), (0.5, 8)), 100)(50)
    (4, 8)
    """

    stages: Sequence[tuple[float, int]]
    steps: int

    def __call__(self, k: int) -> int:
        """Frames of the clips of batch k."""
        progress = k / max(1, self.steps)
        return [frames for start, frames in self.stages if start <= progress][-1]
