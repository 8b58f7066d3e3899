"""Where torch computes, and with how many threads."""

from __future__ import annotations

import os
import time

import numpy as np
import torch

from mohart.errors import ConfigError
from mohart.tracking.protocol import Tracker


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_device(name: str) -> torch.device:
    """`auto` is the GPU where there is one.

    Raises:
        ConfigError: the device is unknown or can not be used here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"--device {name}: not usable here ({reason}); try cpu") from error
    return device


def probe_threads(tracker: Tracker) -> int:
    """Set torch to the number of threads that tracks fastest right now, and return it.

    Two threads that compete with another program were up to eight times slower than one, so the
    choice is measured: a few frames of noise with five objects, one thread against all cores.
    The tracker is reset afterwards.
    """
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 255, (240, 320, 3), np.uint8)
    corner = rng.uniform(20, 160, (5, 2))
    boxes = np.concatenate([corner, corner + 50], 1)
    best, fastest = 1, float("inf")
    for count in sorted({1, usable_cores()}):
        torch.set_num_threads(count)
        tracker.init(frame, boxes)
        tracker.update(frame)
        took = []
        for _ in range(5):
            start = time.perf_counter()
            tracker.update(frame)
            took.append(time.perf_counter() - start)
        if sorted(took)[2] < 0.9 * fastest:  # more threads must be worth it
            best, fastest = count, sorted(took)[2]
    torch.set_num_threads(best)
    tracker.reset()
    return best
