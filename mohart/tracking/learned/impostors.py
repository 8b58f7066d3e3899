"""How alike are different people here? Measured on those who are in view together.

That a detection looks by 0.9 like somebody who went away says much where everybody dresses
differently, and nothing where all wear black. Those who are in view at the same time are different
people: what a detection of one has in common with what is remembered of another is what a wrong
return would have. So who comes back has to be more like itself than most of them are, in each
video, whatever its light, its camera and its clothes.

Source: thresholds from a cohort of impostors, Auckenthaler et al. 2000 (score normalisation for
speaker verification), sec. 3. Differs: a quantile, not mean and deviation, and a cohort that is in
the picture anyway. Measured: docs/experiments/0063-impostors.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.tracking.learned.association import cover
from mohart.tracking.learned.evidence import Evidence
from mohart.tracking.learned.knobs import Knobs
from mohart.tracking.learned.objects import Objects

BINS = 200  # of similarities from 0 to 1
SHARE = 0.8  # of impostors who are less alike than who comes back has to be
EXPECTED = 300.0  # pairs that the knob counts for
MOST = 20_000.0  # pairs from which on older ones fade
APART = 0.05  # share of a box in another, up to which they do not show each other
LEAST, HIGHEST = 0.75, 0.95  # between which the similarity is that is asked for


class Impostors:
    """Of one video.

    Args:
        strict: never ask for less than the knob `alike`.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self._seen = np.zeros(BINS)

    def learn(
        self,
        objects: Objects,
        evidence: Evidence,
        rows: NDArray[np.int64],
        sources: NDArray[np.int64],
    ) -> None:
        """Objects were found in this frame.

        Args:
            objects: N, as they are remembered.
            evidence: what a detector says about the frame.
            rows: [K] who was found, ...
            sources: [K] ... and by which detection.
        """
        known = objects.confirmed[rows]
        rows, sources = rows[known], sources[known]
        if len(rows) < 2:
            return
        boxes = evidence.found.xyxy[sources].astype(np.float64)
        alone = cover(boxes, boxes) <= APART
        others = alone & alone.T & ~np.eye(len(rows), dtype=bool)
        similar = (objects.looks[rows] @ evidence.looks[sources].T)[others]
        bins = np.clip((similar * BINS).astype(int), 0, BINS - 1)
        self._seen += np.bincount(bins, minlength=BINS)
        self._seen *= min(1.0, MOST / max(float(self._seen.sum()), 1.0))

    def asked(self, knobs: Knobs) -> Knobs:
        """With the similarity of colours and templates that is asked for now as `alike`."""
        pairs = float(self._seen.sum())
        if not pairs:
            return knobs
        usual = (int(np.searchsorted(np.cumsum(self._seen), SHARE * pairs)) + 1) / BINS
        known = pairs / (pairs + EXPECTED)
        alike = knobs.alike + known * (usual - knobs.alike)
        least = max(LEAST, knobs.alike) if self._strict else LEAST
        return replace(knobs, alike=float(np.clip(alike, least, max(least, HIGHEST))))

    def pack(self) -> Any:
        """What was learned, as plain values; see `unpack`."""
        return self._seen.tolist()

    def unpack(self, packed: Any) -> None:
        """Go on from there."""
        self._seen = np.array(packed, np.float64)
