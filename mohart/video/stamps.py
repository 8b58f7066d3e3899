"""Time stamps and frame rates as containers and recorders write them, and what can be believed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import mean, median
from typing import NamedTuple

LONGEST_PAUSE = 2.0, 30  # seconds and frames, the more; a longer one is a clock that was set,
#                          or a pause over which nothing can be foreseen
MEASURED = 10.0  # seconds; longer gaps do not count where a rate is measured
STUBBORN = 3  # stamps in a row off the line: the clock was set for good
FASTEST = 1000.0  # frames per second; what is above is a tick of a clock
PLAUSIBLE = 240.0  # frames per second; above, the stamps are asked
APART = 1.5  # factor between a claimed and a measured rate that is not believed
BURST_GAP = 1 / 75  # seconds; usual gaps below, with pauses between, are those of bursts ...
BURSTY = 2.0  # ... where the mean gap is so much longer than the usual one ...
PAUSE = 3.0  # ... and some are so much longer ...
PAUSES = 0.05  # ... at least this share of all
FEWEST = 8  # stamps that tell something


class Timing(NamedTuple):
    """What is believed about the times of a video.

    Attributes:
        rate: frames per second; None where nobody knows.
        even: whether frames are taken as evenly spaced, whatever the stamps say.
        note: why, for the user; empty where the container is believed.
    """

    rate: float | None
    even: bool = False
    note: str = ""


def sane_rate(rate: float | None) -> float | None:
    """The rate, or None where a container or driver answers nonsense (0, NaN, 90000)."""
    return rate if rate is not None and 0.01 <= rate <= FASTEST else None


def judge_timing(claimed: float | None, stamps: Sequence[float]) -> Timing:
    """Compare a claimed rate with time stamps.

    A rate up to 240 is believed, as players do, unless the usual gap and the mean one both say
    another; a higher one, unless the mean gap does. Stamps whose usual gap is far below the mean
    one are those of a recorder that stamps what it receives, in bursts: the pictures themselves
    are evenly spaced.

    Args:
        claimed: frames per second, as the container says.
        stamps: seconds of the first frames, in any order.

    >>> judge_timing(1000, [n / 30 for n in range(30)]).rate
    30.0
    """
    claimed = sane_rate(claimed)
    line = sorted(set(stamps))
    gaps = [b - a for a, b in pairwise(line) if b - a <= MEASURED]
    if len(gaps) < FEWEST:
        return Timing(claimed)
    measured = sane_rate(round(1 / mean(gaps), 3))
    rate, note = claimed, ""
    if measured and (not claimed or claimed > PLAUSIBLE or _apart(claimed, 1 / median(gaps))):
        rate = measured if not claimed or _apart(claimed, measured) else claimed
    usual = median(gaps)
    pauses = sum(gap > PAUSE * usual for gap in gaps)
    bursts = usual <= BURST_GAP and mean(gaps) > BURSTY * usual
    even = rate is not None and bursts and pauses >= PAUSES * len(gaps)
    if even:
        note = f"time stamps come in bursts; frames count as evenly spaced, {rate:g} per second"
    return Timing(rate, even, note)


def _apart(one: float, other: float) -> bool:
    return max(one / other, other / one) > APART


class Clock:
    """Seconds from the first frame on, which always go on.

    A stamp that is off the line for one or two frames changes nothing; where three in a row are
    off, the clock was set, and the line goes on from there.

    Args:
        rate: frames per second, for what the stamps do not tell.
        even: whether stamps are not looked at.
    """

    def __init__(self, rate: float, *, even: bool = False) -> None:
        self._step, self._even = 1 / rate, even
        self._longest = max(LONGEST_PAUSE[0], LONGEST_PAUSE[1] * self._step)
        self._zero: float | None = None
        self._now: float | None = None
        self._off = 0

    def tick(self, said: float) -> float:
        """The time of the next frame.

        Args:
            said: its stamp in seconds, whatever that is.
        """
        if self._now is None:
            self._zero = said if math.isfinite(said) else None
            self._now = 0.0
            return self._now
        expected = self._now + self._step
        if self._even or not math.isfinite(said):
            self._now = expected
            return expected
        if self._zero is None:
            self._zero = said - expected
        now = said - self._zero
        if 0 < now - self._now <= self._longest:
            self._off = 0
        else:
            self._off += 1
            now = expected
            if self._off >= STUBBORN:
                self._zero, self._off = said - expected, 0
        self._now = now
        return now
