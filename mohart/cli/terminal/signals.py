"""Ctrl-C, SIGTERM and SIGHUP: one of them ends a run with its results, a second changes nothing."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP


class Signals:
    """Turns the first signal into a KeyboardInterrupt, at a moment when that loses nothing.

    See :class:`mohart.session.interruption.Interrupts`. Later signals are answered with a line:
    wrappers and process groups often send two in a row, and what is being written then is the
    result.
    """

    def __init__(self) -> None:
        self._held = False
        self._waiting = False
        self._raised = False
        self._closed = False

    @contextmanager
    def hold(self) -> Iterator[None]:
        """What arrives inside the block comes at its end.

        Raises:
            KeyboardInterrupt: one came before, and was lost: in a destructor, or in a callback of
                a library, nobody can pass it on.
        """
        if self._raised:
            raise KeyboardInterrupt
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._waiting:
            self._waiting = False
            raise KeyboardInterrupt

    def close(self) -> None:
        """Nothing comes any more."""
        self._closed = True

    def arrive(self, number: int, frame: FrameType | None = None) -> None:
        """Take in a signal, as its handler.

        Raises:
            KeyboardInterrupt: it is the first one, and nothing holds it.
        """
        if self._closed:
            print("results are being written, one moment", file=sys.stderr, flush=True)
            return
        self._closed = True
        if self._held:
            self._waiting = True
            return
        self._raised = True
        raise KeyboardInterrupt


@contextmanager
def catch_signals() -> Iterator[Signals]:
    """Handle them as long as the block lasts; outside the main thread nothing is changed."""
    signals = Signals()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for name in NAMES:
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) == signal.SIG_IGN:  # nohup
                continue
            before[number] = signal.signal(number, signals.arrive)
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
