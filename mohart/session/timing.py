"""Where the time goes: seconds and percentiles per stage, in memory that does not grow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

LOWEST_MS, DECADES, PER_DECADE = 1e-3, 9, 200  # 1 microsecond to 11 days in steps of 1.2 %


class StageTimes:
    """Total and distribution of how long a repeated stage takes.

    Percentiles come from a histogram with bins 1.2 % wide, so a million frames need as much
    memory as one.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.count = 0
        self._bins = np.zeros(DECADES * PER_DECADE, np.int64)

    def add(self, seconds: float) -> None:
        """Count one run of the stage."""
        self.seconds += seconds
        self.count += 1
        decade = np.log10(max(seconds * 1e3, LOWEST_MS) / LOWEST_MS)
        self._bins[min(int(decade * PER_DECADE), len(self._bins) - 1)] += 1

    def percentile_ms(self, percent: float) -> float | None:
        """Milliseconds that `percent` % of the runs did not exceed, within 1.2 %; None without."""
        if not self.count:
            return None
        place = int(np.searchsorted(np.cumsum(self._bins), self.count * percent / 100))
        return float(LOWEST_MS * 10 ** ((place + 0.5) / PER_DECADE))

    def to_dict(self) -> dict[str, float | int | None]:
        """`seconds`, `count`, `mean_ms`, `p50_ms`, `p95_ms`, rounded."""
        p50, p95 = self.percentile_ms(50), self.percentile_ms(95)
        return {
            "seconds": round(self.seconds, 4),
            "count": self.count,
            "mean_ms": round(1e3 * self.seconds / self.count, 4) if self.count else None,
            "p50_ms": None if p50 is None else round(p50, 4),
            "p95_ms": None if p95 is None else round(p95, 4),
        }


class Stages:
    """Named stages of a loop."""

    def __init__(self, *names: str) -> None:
        self.stages = {name: StageTimes() for name in names}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Time the body of a `with`; a body that raises is not counted."""
        start = time.perf_counter()
        yield
        self.stages[name].add(time.perf_counter() - start)

    def to_dict(self) -> dict[str, dict[str, float | int | None]]:
        """Every stage's numbers by name."""
        return {name: stage.to_dict() for name, stage in self.stages.items()}
