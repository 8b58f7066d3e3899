"""How many cores this process may use."""

from __future__ import annotations

import os

SHARED_MOST = 4


def usable_cores() -> int:
    """At least 1; a container or `taskset` may allow fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def shared_cores() -> int:
    """Cores among which one network is shared: how more of them would do was not measured."""
    return min(usable_cores(), SHARED_MOST)
