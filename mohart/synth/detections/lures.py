"""Correlated false alarms: places that a detector takes for an object again and again.

A figure in a shop window, a parked car that nobody labels, a bush at the edge of the picture. Like
an object a *lure* has a strength per frame (mohart.synth.detections.noise), but one that is mostly
below what can be found: it is reported in streaks, with low scores, always at the same place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from mohart.aliases import Floats, Random
from mohart.boxes import intersection
from mohart.errors import ConfigError
from mohart.synth.detections.boxes import jittered

HIDDEN = 0.4  # share of a lure under an object from which it is not reported
OWN_JITTER = 0.5  # of an object's: nothing about it changes


@dataclass(frozen=True, kw_only=True)
class LureNoise:
    """How a detector falls for lures.

    Attributes:
        shown: smallest and largest share of frames in which a lure is reported, in (0, 1).
        memory: correlation of its strength from frame to frame, in [0, 1).
        flicker: share of the strength's variance that is new in every frame, in [0, 1].

    Raises:
        ConfigError: a share is out of its range.
    """

    shown: tuple[float, float] = (0.05, 0.45)
    memory: float = 0.95
    flicker: float = 0.15

    def __post_init__(self) -> None:
        low, high = self.shown
        if not (0 < low <= high < 1 and 0 <= self.memory < 1 and 0 <= self.flicker <= 1):
            raise ConfigError("lures: expected 0 < shown < 1, memory and flicker in [0, 1]")


LURE_PRESETS = {
    "strong": LureNoise(shown=(0.02, 0.3)),
    "fair": LureNoise(shown=(0.05, 0.45)),
    "weak": LureNoise(shown=(0.1, 0.6)),
}


class Lures:
    """The lures of one video.

    Args:
        rng: source of randomness.
        boxes: [T, K, 4] xyxy pixels where they are in every frame.
        noise: how the detector falls for them.
    """

    def __init__(self, rng: Random, boxes: NDArray[np.float64], noise: LureNoise) -> None:
        count = boxes.shape[1]
        self._boxes, self._noise = boxes, noise
        self._mean: Floats = np.asarray(ndtri(rng.uniform(*noise.shown, count)))
        self._slow = rng.normal(0, 1, count)

    def advance(
        self, rng: Random, t: int, objects: Floats, jitter: tuple[float, ...]
    ) -> tuple[Floats, Floats]:
        """What is reported in frame t; to be called for all frames in turn.

        Args:
            rng: source of randomness.
            t: the frame.
            objects: [N, 4] boxes of the labelled objects, which hide lures.
            jitter: see `DetectorNoise`.

        Returns:
            boxes [F, 4] and strengths [F], positive.
        """
        memory, flicker = self._noise.memory, self._noise.flicker
        fresh, white = rng.normal(0, 1, (2, len(self._mean)))
        self._slow = memory * self._slow + np.sqrt(1 - memory**2) * fresh
        strength = self._mean + np.sqrt(1 - flicker) * self._slow + np.sqrt(flicker) * white
        now = self._boxes[t]
        area = np.maximum((now[:, 2:] - now[:, :2]).prod(1), 1e-9)
        common = np.asarray(intersection(now[:, None], objects[None]))
        covered = common.max(1, initial=0.0) / area > HIDDEN
        shown = (strength > 0) & ~covered
        wobble = rng.normal(0, 1, (len(now), 4)) * np.array(jitter) * OWN_JITTER
        return jittered(now, wobble)[shown], strength[shown]
