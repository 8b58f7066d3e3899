"""Whole commands in forked processes: `mohart VERB ...` without the seconds of importing."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from faults.ledger import SLOW_SECONDS, STUCK
from faults.watch import fork, limit_memory, processor_seconds
from mohart.cli.main import main

POLL = 0.005


class Ended(NamedTuple):
    """How a command ended.

    Attributes:
        code: its exit code; negative: the signal that ended it; None: it did not end in time.
        said: its standard error.
        seconds: it took by the clock.
        computed: seconds of the processor.
        megabytes: of memory at most, above what this process has.
    """

    code: int | None
    said: str
    seconds: float
    computed: float = 0.0
    megabytes: float = 0.0

    @property
    def problem(self) -> str:
        """What is wrong with how it ended, by what it said; empty where nothing is."""
        if self.code is None:
            return "hang"
        if self.code < 0:
            return f"crash: signal {-self.code}"
        for word in ("Traceback (most recent", "unexpected error", "not enough memory"):
            if word in self.said:
                return f"error: {self.said[-500:]}"
        if self.code == 2 and sum(x.startswith("error: ") for x in self.said.splitlines()) != 1:
            return f"error: not one line: {self.said[-500:]}"
        return ""


def import_all() -> None:
    """What commands import, here and once."""
    import av  # noqa: F401
    import cv2  # noqa: F401
    import PIL.Image  # noqa: F401

    import mohart.assembly.ablation
    import mohart.assembly.run
    import mohart.data.convert.files
    import mohart.session.both_ways
    import mohart.session.run
    import mohart.tracking.learned.recurrent  # noqa: F401


def start(arguments: Sequence[str], folder: Path, log: Path) -> int:
    """Begin a command in a folder; its process id."""
    child = fork()
    if child:
        return child
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.chdir(folder)
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 2)
        os.dup2(os.open(log.with_suffix(".out"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        # whoever has replaced these has not done so for the child
        sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
        limit_memory()
        code = main(list(arguments))
    finally:
        os._exit(code)


def finish(
    child: int,
    log: Path,
    *,
    seconds: float = SLOW_SECONDS,
    meanwhile: Callable[[float], None] | None = None,
) -> Ended:
    """Wait for a command.

    Args:
        child: its process id.
        log: where its standard error goes.
        seconds: of the processor after which it is killed, or 15 times that by the clock.
        meanwhile: called again and again with the seconds since now.
    """
    before, begin = resident_mb(), time.monotonic()
    while True:
        done, status, usage = os.wait4(child, os.WNOHANG)
        spent = time.monotonic() - begin
        if done:
            code = os.waitstatus_to_exitcode(status)
            break
        if spent > STUCK * seconds or (spent > seconds and processor_seconds(child) > seconds):
            end(child)
            return Ended(None, _text(log), spent, spent)
        if meanwhile:
            meanwhile(spent)
        time.sleep(POLL)
    grown = max(0.0, usage.ru_maxrss / 1024 - before)
    computed = usage.ru_utime + usage.ru_stime
    return Ended(code, _text(log), spent, computed, round(grown, 1))


def run(arguments: Sequence[str], folder: Path, seconds: float = SLOW_SECONDS) -> Ended:
    """A command from its start to its end."""
    log = folder / "stderr.txt"
    return finish(start(arguments, folder, log), log, seconds=seconds)


def end(child: int) -> None:
    """Kill a command and what it started, and wait for it."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:  # it has not come as far as having a group
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def resident_mb() -> float:
    """Memory of this process now, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def _text(log: Path) -> str:
    return log.read_text("utf-8", errors="replace") if log.exists() else ""
