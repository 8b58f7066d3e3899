"""Ctrl-C, SIGTERM and SIGHUP: one of them ends a run with its results, a second changes nothing."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
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
        """Nothing comes any more, and what came was taken in."""
        self._closed, self._raised = True, False

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

    @property
    def lost(self) -> bool:
        """Whether one came as a KeyboardInterrupt and nobody took it in."""
        return self._raised


@contextmanager
def catch_signals() -> Iterator[Signals]:
    """Handle them as long as the block lasts; outside the main thread nothing is changed.

    Raises:
        KeyboardInterrupt: one came; also where a library made an error of its own of it.
    """
    signals = Signals()
    with _handled(signals.arrive, lambda handler: handler != signal.SIG_IGN):  # nohup
        try:
            yield signals
        except Exception as error:
            if signals.lost:
                raise KeyboardInterrupt from error
            raise


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and SIGHUP be what Ctrl-C is as long as the block lasts.

    Whoever handles them already goes on doing so; a process that is forked inside the block ends
    by them as it would without it.

    Raises:
        KeyboardInterrupt: one came; also where a library made an error of its own of it.
    """
    home, came = os.getpid(), list[int]()

    def arrive(number: int, frame: FrameType | None) -> None:
        if os.getpid() != home and number != signal.SIGINT:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        came.append(number)
        raise KeyboardInterrupt

    usual = (signal.SIG_DFL, signal.default_int_handler)
    with _handled(arrive, lambda handler: handler in usual):
        try:
            yield
        except Exception as error:
            if came:
                raise KeyboardInterrupt from error
            raise


@contextmanager
def _handled(
    arrive: Callable[[int, FrameType | None], None], wanted: Callable[[object], bool]
) -> Iterator[None]:
    """Inside the block, `arrive` handles those whose handlers are wanted to be replaced."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for name in NAMES:
            number = getattr(signal, name, None)
            if number is not None and wanted(signal.getsignal(number)):
                before[number] = signal.signal(number, arrive)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
