"""Time steps of variable length: how many frames lie between two updates, by time stamps or not."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from statistics import mean, median
from typing import Any

from mohart.errors import ConfigError

RECENT = 31  # gaps that tell the usual one
LONGEST = 30  # frames that are made up for at once, however long nothing came
PAUSE = 3.0  # usual gaps; a longer one is a pause
BURST_GAP = 1 / 75  # seconds; usual gaps below, with pauses between, are those of bursts ...
BURSTY = 2.0  # ... where the mean gap is so much longer than the usual one
IMPLAUSIBLE = 1 / 250  # seconds; no camera has this usual gap and pauses, not even once


class _Times:
    """Seconds between time stamps, which are in all frames or in none."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._started = False

    def pack(self) -> tuple[bool, float | None]:
        return self._started, self._last

    def unpack(self, packed: tuple[bool, float | None]) -> None:
        self._started, self._last = packed

    def advance(self, timestamp: float | None) -> float | None:
        """Seconds since the frame before; None without time stamps, and in the first frame.

        Raises:
            ConfigError: not a number, not later than the one before, or given in some frames only.
        """
        last = self._last
        if self._started and (timestamp is None) != (last is None):
            raise ConfigError("timestamp: give one with every frame or with none")
        gap = None
        if timestamp is not None:
            timestamp = _seconds(timestamp)
            if last is not None:
                gap = timestamp - last
                if gap <= 0:
                    raise ConfigError(
                        f"timestamp: {timestamp:g} s does not come after {last:g} s; call reset "
                        "before another video"
                    )
        self._started, self._last = True, timestamp
        return gap


def _seconds(timestamp: Any) -> float:
    """Raises ConfigError for what is no finite number."""
    try:
        seconds = math.nan if isinstance(timestamp, str | bytes) else float(timestamp)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not math.isfinite(seconds):
        said = timestamp if isinstance(timestamp, float) else f"a {type(timestamp).__name__}"
        raise ConfigError(f"timestamp: expected seconds, got {said}")
    return seconds


class Clock:
    """Counts frames; a gap in the time stamps counts as the frames that would have filled it.

    The usual gap is the median of the recent ones, so no frame rate is assumed. Where frames were
    stamped as they arrived, in bursts with pauses between, a pause makes up for the haste before.
    """

    def __init__(self) -> None:
        self.now = 0
        self._since: list[float] = []  # gaps since the last pause
        self._bursts: deque[float] = deque(maxlen=RECENT)  # seconds for a frame, of each burst
        self._times = _Times()
        self._gaps: deque[float] = deque(maxlen=RECENT)

    def advance(self, timestamp: float | None) -> int:
        """One frame further.

        Args:
            timestamp: seconds; None where there are none.

        Returns:
            How many frames later this is, 1 to 30.

        Raises:
            ConfigError: not a number, not later than the one before, or given in some frames only.
        """
        gap = self._times.advance(timestamp)
        frames = 1
        if gap is not None:
            frames = max(1, min(self._frames(gap), LONGEST))
            self._gaps.append(gap)
        self.now += frames
        return frames

    def _frames(self, gap: float) -> int:
        usual = median(self._gaps) if self._gaps else gap
        self._since.append(gap)
        pause = gap > PAUSE * usual
        frames = round(gap / usual)
        if not self._in_bursts(gap):
            self._bursts.clear()
        elif pause:  # as many frames as this burst is longer than others, by the frame
            seconds, count = sum(self._since), len(self._since)
            self._bursts.append(seconds / count)
            frames = round(seconds / median(self._bursts)) - count + 1
        if pause or len(self._since) > LONGEST:
            self._since = []
        return frames

    def _in_bursts(self, gap: float) -> bool:
        gaps = [*self._gaps, gap]
        usual = median(gaps)
        pauses = sum(other > PAUSE * usual for other in gaps)
        few = 2 if usual >= IMPLAUSIBLE and len(self._gaps) == RECENT else 1
        return usual <= BURST_GAP and pauses >= few and mean(gaps) > BURSTY * usual

    def pack(self) -> dict[str, Any]:
        """Plain values, for `unpack`."""
        return {
            "now": self.now,
            "gaps": list(self._gaps),
            "times": self._times.pack(),
            "since": list(self._since),
            "bursts": list(self._bursts),
        }

    def unpack(self, packed: Mapping[str, Any]) -> None:
        """Go on from where `pack` was."""
        self.now = packed["now"]
        self._gaps = deque(packed["gaps"], maxlen=RECENT)
        self._times.unpack(packed["times"])
        self._since = list(packed["since"])
        self._bursts = deque(packed["bursts"], maxlen=RECENT)

    def skip(self) -> None:
        """One frame further without a picture; its time stamp is not known."""
        self.now += 1


class FrameClock:
    """Counts time in frames of a known rate; parts of a frame count.

    Args:
        frame_rate: frames per second that time stamps are counted in, > 0.
    """

    def __init__(self, frame_rate: float) -> None:
        self._rate = frame_rate
        self._times = _Times()

    def advance(self, timestamp: float | None) -> float:
        """Frames since the update before: 1 without time stamps, and in the first update.

        Args:
            timestamp: seconds, of this frame; in all frames or in none.

        Raises:
            ConfigError: not a number, not later than the one before, or given in some frames only.
        """
        gap = self._times.advance(timestamp)
        return 1.0 if gap is None else gap * self._rate

    def clear(self) -> None:
        """The next update is the first one."""
        self._times = _Times()
