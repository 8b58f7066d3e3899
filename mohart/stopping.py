"""A wish to stop, as a process hears it: SIGTERM, SIGHUP or Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
NAMES = ("SIGTERM", "SIGINT", "SIGHUP")  # Windows has no SIGHUP


class StopSignal:
    """Signals set `asked`. Use it as a context manager.

    Outside the main thread nothing is changed, and nobody asks.

    Args:
        second_acts: whether a second signal acts as usual, for whoever cannot wait.

    Attributes:
        asked: whether one came.
    """

    def __init__(self, *, second_acts: bool = True) -> None:
        self.asked = False
        self._second_acts = second_acts
        self._old: dict[int, Any] = {}

    def __enter__(self) -> StopSignal:
        if threading.current_thread() is threading.main_thread():
            for name in NAMES:
                number = getattr(signal, name, None)
                if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # nohup
                    self._old[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)

    def until_asked(self, items: Iterator[T]) -> Iterator[T]:
        """The items; that a signal took a process that makes them, too, is an end and no error."""
        try:
            yield from items
        except RuntimeError:
            if not self.asked:
                raise

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if self._second_acts:
            signal.signal(number, self._old[number])
