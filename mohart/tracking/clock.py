"""Time between frames, in frames: from time stamps where there are any."""

from __future__ import annotations

import math
from collections import deque
from statistics import median

from mohart.errors import ConfigError

RECENT = 31  # gaps that tell the usual one
LONGEST = 30  # frames that are made up for at once, however long nothing came


class Clock:
    """Counts frames; a gap in the time stamps counts as the frames that would have filled it.

    The usual gap is the median of the recent ones, so no frame rate is assumed.
    """

    def __init__(self) -> None:
        self.now = 0
        self._last: float | None = None
        self._gaps: deque[float] = deque(maxlen=RECENT)
        self._started = False

    def advance(self, timestamp: float | None) -> int:
        """One frame further.

        Args:
            timestamp: seconds; None where there are none.

        Returns:
            How many frames later this is, 1 to 30.

        Raises:
            ConfigError: not a number, not later than the one before, or given in some frames only.
        """
        last = self._last
        if self._started and (timestamp is None) != (last is None):
            raise ConfigError("timestamp: give one with every frame or with none")
        frames = 1
        if timestamp is not None:
            if not math.isfinite(timestamp):
                raise ConfigError(f"timestamp: expected seconds, got {timestamp}")
            if last is not None:
                gap = timestamp - last
                if gap <= 0:
                    raise ConfigError(
                        f"timestamp: {timestamp:g} s does not come after {last:g} s; call reset "
                        "before another video"
                    )
                usual = median(self._gaps) if self._gaps else gap
                frames = max(1, min(round(gap / usual), LONGEST))
                self._gaps.append(gap)
        self._started, self._last = True, timestamp
        self.now += frames
        return frames

    def skip(self) -> None:
        """One frame further without a picture; its time stamp is not known."""
        self.now += 1
