"""Progress on stderr: a live line on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY_SECONDS = 5.0


@contextmanager
def show_progress(label: str, unit: str = "frames") -> Iterator[Callable[[int, int | None], None]]:
    """A function that is told how far the work is.

    Args:
        label: what is going on.
        unit: what is counted.

    Yields:
        `report(done, total)`; total is None where nobody knows. Shows done, total, rate and the
        time left.
    """
    if not sys.stderr.isatty():
        yield _plain(label, unit)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(f"{unit}, {{task.fields[rate]}}/s, left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None, rate="?")
        start = time.perf_counter()

        def report(done: int, total: int | None) -> None:
            rate = done / max(time.perf_counter() - start, 1e-9)
            bar.update(task, completed=done, total=total, rate=f"{rate:.1f}")

        yield report


def _plain(label: str, unit: str) -> Callable[[int, int | None], None]:
    start = last = time.perf_counter()

    def report(done: int, total: int | None) -> None:
        nonlocal last
        now = time.perf_counter()
        if now - last < EVERY_SECONDS:
            return
        last = now
        rate = done / (now - start)
        text = f"{label}: {done}"
        if total:
            left = max(total - done, 0) / max(rate, 1e-9)
            text += f" of {total} {unit} ({done / total:.0%}), {rate:.1f}/s, {_clock(left)} left"
        else:
            text += f" {unit}, {rate:.1f}/s"
        print(text, file=sys.stderr, flush=True)

    return report


def _clock(seconds: float) -> str:
    """61 -> `1:01`, 3661 -> `1:01:01`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
