"""How surely an object is seen where the network says it is: a calibrated probability.

The network's own logit believes too readily what lasts for one frame, and does not notice when the
box has slid onto something else of a similar shape. So three things are weighed: the logit, its
running mean, and whether the box still has the colours that the object had. The weights are fitted
on generated video (`mohart calibrate`) and stored with the network's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mohart.aliases import Floats
from mohart.errors import CheckpointError

LEAST, MOST = -6.0, 8.0  # of a logit in the running mean
RATE = 0.2  # of the running mean per frame
SURE = 5.0  # the running mean of an object that was just drawn or detected


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Weights of the evidence; the defaults take the network's word for it.

    Attributes:
        logit: of this frame's logit.
        mean: of its running mean.
        looks: of the similarity of colours, 0..1.
        offset: added.
    """

    logit: float = 1.0
    mean: float = 0.0
    looks: float = 0.0
    offset: float = 0.0

    @classmethod
    def from_header(cls, said: Any, where: str) -> Calibration:
        """What `mohart calibrate` has written into a file of weights; None: the defaults.

        Raises:
            CheckpointError: not four finite numbers.
        """
        if said is None:
            return cls()
        try:
            made = cls(**{name: float(value) for name, value in said.items()})
            if not np.isfinite([made.logit, made.mean, made.looks, made.offset]).all():
                raise ValueError("a number is not finite")
        except (AttributeError, TypeError, ValueError, OverflowError) as error:
            raise CheckpointError(f"{where}: its calibration is damaged ({error})") from error
        return made

    def probability(self, logit: Floats, mean: Floats, similarity: Floats) -> Floats:
        """[N] probability that the object is visible and the box on it.

        Args:
            logit: [N] of the network in this frame.
            mean: [N] its running mean, this frame included.
            similarity: [N] of colours with those that the object had, 0..1.
        """
        odds = self.logit * np.clip(logit, LEAST, MOST) + self.mean * mean
        odds = odds + self.looks * similarity + self.offset
        sure: Floats = 1 / (1 + np.exp(-odds))
        return sure


def running_mean(mean: Floats, logit: Floats) -> Floats:
    """[N] one frame further."""
    moved: Floats = mean + RATE * (np.clip(logit, LEAST, MOST) - mean)
    return moved
