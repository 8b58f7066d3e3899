"""Progress on stderr: a live line with a bar on a terminal, a plain line now and then elsewhere.

One display for all verbs: `show_progress` for work that is counted, `open_display` for those that
have more to say (`cli/terminal/training.py`, `cli/ablate/progress.py`).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from mohart.cli.terminal.say import harmless, say

if TYPE_CHECKING:
    from rich.live import Live

    from mohart.aliases import Progress  # numpy is not for a help text

EVERY_SECONDS = 5.0  # between plain lines
LIVE_SECONDS = 0.1
BAR_WIDTH = 24  # characters
_open: list[Live] = []  # a terminal has one live line, whoever writes it
_listeners: list[Progress] = []  # a worker has no terminal, but somebody who shows its progress


class Display(Protocol):
    """Where progress is shown."""

    def show(self, text: str, share: float | None = None) -> None:
        """The state of things; too soon after the last one, it is left out.

        Args:
            text: one line.
            share: of the work that is done, in [0, 1], where it is known.
        """

    def tell(self, text: str) -> None:
        """A line that stays."""


@contextmanager
def open_display(every: float = EVERY_SECONDS) -> Iterator[Display]:
    """A display on stderr, as long as the block lasts; inside another one it shares its line.

    Args:
        every: seconds between two plain lines where there is no terminal.
    """
    if not sys.stderr.isatty():
        yield _Plain(every)
        return
    if _open:
        yield _Line(_open[-1])
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as live:
        _open.append(live)
        try:
            yield _Line(live)
        finally:
            _open.remove(live)


@contextmanager
def show_progress(label: str, unit: str = "frames") -> Iterator[Progress]:
    """A function that is told how far the work is.

    Args:
        label: what is going on.
        unit: what is counted.

    Yields:
        `report(done, total)`; total is None where nobody knows. Shows done, total, rate and the
        time left.
    """
    if _listeners:
        yield _listeners[-1]
        return
    with open_display() as display:
        start = time.perf_counter()

        def report(done: int, total: int | None) -> None:
            rate = done / max(time.perf_counter() - start, 1e-9)
            if not total:
                display.show(f"{label}: {done} {unit}, {rate:.1f}/s")
                return
            left = clock(max(total - done, 0) / max(rate, 1e-9))
            text = f"{label}: {done} of {total} {unit} ({done / total:.0%})"
            display.show(f"{text}, {rate:.1f}/s, {left} left", min(done / total, 1.0))

        yield report


@contextmanager
def listen(listener: Progress) -> Iterator[None]:
    """As long as the block lasts, `show_progress` shows nothing, and tells a listener."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def clock(seconds: float) -> str:
    """A time as people read it.

    >>> clock(4.4), clock(61), clock(3661)
    ('0:04', '1:01', '1:01:01')
    """
    minutes, rest = divmod(round(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class _Plain:
    """Lines one after the other, the first one after `every` seconds."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._last = time.perf_counter()

    def show(self, text: str, share: float | None = None) -> None:
        now = time.perf_counter()
        if now - self._last >= self._every:
            self._last = now
            self.tell(text)

    def tell(self, text: str) -> None:
        say(text, file=sys.stderr, flush=True)


class _Line:
    """One line that is written again and again."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._last = -LIVE_SECONDS

    def show(self, text: str, share: float | None = None) -> None:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        now = time.perf_counter()
        if now - self._last < LIVE_SECONDS and share != 1:
            return
        self._last = now
        line = Text(text, no_wrap=True, overflow="ellipsis")
        if share is None:
            self._live.update(line, refresh=True)
            return
        both = Table.grid(padding=(0, 1))
        both.add_row(ProgressBar(total=1.0, completed=share, width=BAR_WIDTH), line)
        self._live.update(both, refresh=True)

    def tell(self, text: str) -> None:
        self._live.console.print(harmless(text), markup=False, highlight=False, soft_wrap=True)
