"""Process pool of jobs: so many at a time, stopped cleanly, none left behind.

Every child gets a pipe as its standard input. The pipe closes when the parent ends, however it
ends, also by kill -9: a child that calls `end_with_parent` then stops as if it had been asked to.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from mohart.stopping import StopSignal

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 60.0  # for children that were asked to stop


@dataclass(frozen=True)
class Job:
    """A command and where its output goes.

    Attributes:
        name: unique.
        command: program and arguments.
        log: file that standard output and error are appended to.
    """

    name: str
    command: tuple[str, ...]
    log: Path


@dataclass
class Progress:
    """How far the jobs are; names of jobs.

    Attributes:
        waiting: not started yet.
        running: at work.
        done: ended with exit code 0.
        failed: ended otherwise.
        stopped: a signal asked for an end before all was done.
        codes: exit codes of those that ended.
    """

    waiting: list[str]
    running: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    stopped: bool = False
    codes: dict[str, int] = field(default_factory=dict, compare=False)


def run_jobs(
    jobs: Sequence[Job], at_once: int, report: Callable[[Progress], None] | None = None
) -> Progress:
    """Run all jobs; one that fails does not keep the others from running.

    Ctrl-C, SIGTERM and SIGHUP ask the children to stop and wait for them.

    Args:
        jobs: in the order of their start.
        at_once: number of processes, at least 1.
        report: called several times a second.

    Returns:
        What became of them; those that were stopped count as waiting.
    """
    progress = Progress([job.name for job in jobs])
    by_name = {job.name: job for job in jobs}
    children: dict[str, subprocess.Popen[bytes]] = {}
    with StopSignal() as stop:
        try:
            while (progress.waiting or children) and not stop.asked:
                while progress.waiting and len(children) < at_once:
                    name = progress.waiting.pop(0)
                    children[name] = _start(by_name[name])
                    progress.running.append(name)
                for name, child in list(children.items()):
                    code = child.poll()
                    if code is not None:
                        _forget(children.pop(name))
                        progress.running.remove(name)
                        progress.codes[name] = code
                        (progress.done if code == 0 else progress.failed).append(name)
                if report:
                    report(progress)
                if children:
                    time.sleep(POLL_SECONDS)
        finally:  # also where `report` raises
            _stop(children)
    progress.stopped = stop.asked
    progress.waiting = [*progress.running, *progress.waiting]
    progress.running = []
    return progress


def end_with_parent() -> None:
    """Called in a child: when the pipe on standard input closes, this process gets a SIGTERM."""
    fd = sys.stdin.fileno()

    def watch() -> None:
        with suppress(OSError, ValueError):
            while os.read(fd, 1):  # not through sys.stdin, whose lock would outlive the thread
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _start(job: Job) -> subprocess.Popen[bytes]:
    job.log.parent.mkdir(parents=True, exist_ok=True)
    log: BinaryIO
    with job.log.open("ab") as log:
        return subprocess.Popen(
            job.command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C on the terminal reaches the parent alone
        )


def _stop(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for child in children.values():
        child.terminate()
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        for child in children.values():
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
    finally:
        for child in children.values():
            child.kill()
            child.wait()
            _forget(child)


def _forget(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        with suppress(OSError):
            child.stdin.close()
