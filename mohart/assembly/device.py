"""Where the network computes, and with how many threads; torch is loaded where it is needed."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.errors import ConfigError

if TYPE_CHECKING:
    import torch

GPU_FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")  # one is there where Linux has a driver
_forked = [False]  # whether this process is a fork of one in which this module was loaded


def _note_fork() -> None:
    _forked[0] = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def is_surely_cpu(name: str) -> bool:
    """Whether a device of this name is the CPU, as far as that is clear without loading torch."""
    if name != "auto":
        return name == "cpu"
    if find_spec("torch") is None:
        return True
    return sys.platform.startswith("linux") and not any(Path(p).exists() for p in GPU_FILES)


def choose_device(name: str) -> torch.device:
    """`auto` is the GPU where there is one.

    Raises:
        ConfigError: the device is unknown or can not be used here.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"--device {name}: not usable here ({reason}); try cpu") from error
    return device


def calm_fork() -> None:
    """In a forked process, let torch compute with one thread.

    The threads of its parent (OpenMP) are not there any more, and computing with more than one
    waits for them for ever.
    """
    if _forked[0]:
        import torch

        torch.set_num_threads(1)


def check_threads(count: int | None, name: str = "threads") -> None:
    """Raises ConfigError where a number of threads is not positive; None is none."""
    if count is not None and count < 1:
        raise ConfigError(f"{name}: expected at least 1, got {count}")


def use_threads(count: int) -> None:
    """Let torch compute with so many threads, in the whole process.

    Raises:
        ConfigError: the number is not positive.
    """
    check_threads(count)
    import torch

    torch.set_num_threads(count)
