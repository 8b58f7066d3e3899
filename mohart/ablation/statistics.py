"""Confidence intervals of means over trainings and sequences: crossed bootstrap, Student's t.

Every training (seed) is tested on the same sequences: seeds and sequences are crossed. Both are
drawn with replacement, independently, and a difference between two variants uses the same draws
for both: paired by seed and by sequence. Every object weighs the same.

With five seeds a plain percentile interval is far too narrow. The interval here is the bootstrap's
standard error times a quantile of Student's t. Its degrees of freedom come from the two sources
of variance (Satterthwaite): near the number of seeds less one where the trainings differ, larger
where the sequences do.

Simulated with 3 and 5 seeds, 94 to 99 of 100 intervals hold the truth, with 2 seeds 89; where
trainings and sequences differ only in how they meet, the interval is up to half too wide.

Sources: Owen 2007, "The pigeonhole bootstrap" (crossed draws); Hesterberg 2015, "What teachers
should know about the bootstrap" (t with a bootstrap standard error).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.errors import ConfigError, check_shape

LEVEL = 0.95
RESAMPLES = 2000
SEED = 0


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval.

    Attributes:
        value: mean over seeds and objects.
        spread: standard deviation of the seeds' means; None with one seed.
        low: lower end; None where there is only one seed and one sequence.
        high: upper end.
    """

    value: float
    spread: float | None
    low: float | None
    high: float | None

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of 0."""
        return self.low is not None and self.high is not None and self.low * self.high > 0

    def within(self, margin: float) -> bool:
        """Whether the interval lies inside -margin..margin: too small a difference to matter."""
        if self.low is None or self.high is None:
            return False
        return -margin < self.low and self.high < margin


def estimate(values: Floats, sequence: NDArray[np.int64]) -> Estimate:
    """Mean of a measure, or of a paired difference, with its interval.

    Args:
        values: [S, K] of S seeds and K objects, finite.
        sequence: [K] number of the test sequence that an object is in.

    Raises:
        ShapeError: the shapes do not fit together.
        ConfigError: no seed or no object.
    """
    check_shape(values=(values, "S K"), sequence=(sequence, "K"))
    if not values.size:
        raise ConfigError("estimate: expected at least one seed and one object")
    _, place = np.unique(sequence, return_inverse=True)
    counts = np.bincount(place).astype(np.float64)  # [Q]
    sums = np.stack([np.bincount(place, row).astype(np.float64) for row in values])  # [S, Q]
    seeds, sequences = sums.shape
    by_seed = sums.sum(1) / counts.sum()
    value = float(by_seed.mean())
    spread = float(by_seed.std(ddof=1)) if seeds > 1 else None
    if seeds == 1 and sequences == 1:
        return Estimate(value, spread, None, None)
    freedom = _freedom(by_seed, sums.mean(0) - value * counts, float(counts.mean()))
    reach = t_quantile(freedom) * _standard_error(sums, counts) * np.sqrt(1 + 1 / freedom)
    return Estimate(value, spread, value - float(reach), value + float(reach))


@lru_cache(maxsize=256)
def t_quantile(freedom: float) -> float:
    """The 97.5 % quantile of Student's t.

    Args:
        freedom: degrees of freedom, at least 1.

    >>> round(t_quantile(4), 3), round(t_quantile(1000), 3)
    (2.776, 1.962)
    """
    # with x = sqrt(df) tan(a), t's density is proportional to cos(a)^(df - 1)
    angle = np.linspace(0, np.pi / 2, 20_001)
    density = np.cos(angle) ** (freedom - 1)
    mass = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    at = np.interp(LEVEL, mass / mass[-1], angle)
    return float(np.sqrt(freedom) * np.tan(at))


def _standard_error(sums: Floats, counts: Floats) -> float:
    """Standard deviation over draws of the mean; sums [S, Q], counts [Q]."""
    seeds, sequences = sums.shape
    generator = np.random.default_rng(SEED)
    drawn_seeds = generator.multinomial(seeds, np.full(seeds, 1 / seeds), RESAMPLES)
    drawn = generator.multinomial(sequences, np.full(sequences, 1 / sequences), RESAMPLES)
    totals = ((drawn_seeds @ sums) * drawn).sum(1)
    return float((totals / (seeds * (drawn @ counts))).std())


def _freedom(by_seed: Floats, apart: Floats, mean_count: float) -> float:
    """Satterthwaite's degrees of freedom of the mean's variance.

    Args:
        by_seed: [S] means.
        apart: [Q] how much a sequence's sum is off, averaged over the seeds.
        mean_count: objects per sequence.
    """
    parts = []
    if len(by_seed) > 1:
        parts.append((float(by_seed.var(ddof=1)) / len(by_seed), len(by_seed) - 1))
    if len(apart) > 1:
        variance = float(apart.var(ddof=1)) / mean_count**2 / len(apart)
        parts.append((variance, len(apart) - 1))
    total = sum(variance for variance, _ in parts)
    if total <= 0:
        return float(min(freedom for _, freedom in parts))
    return total**2 / sum(variance**2 / freedom for variance, freedom in parts)
