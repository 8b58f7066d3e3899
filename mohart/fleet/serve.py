"""Inside a worker: tasks come on standard input, one line of JSON each, until it closes.

What the parent sends is `{"task": ...}`; what it gets, on the standard output that the worker
began with, is `{"ready": facts}`, then `{"progress": [done, total]}` and `{"answer": ...}`.
Everything that is printed goes to standard error, which the parent keeps as a log.

Standard input closes when the parent ends, however it ends, also by kill -9, or when it wants the
worker to stop: a task at hand is then interrupted by SIGTERM, which must make it save and return.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from mohart.aliases import Progress

PROGRESS_SECONDS = 0.5
Handle = Callable[[dict[str, Any], Progress], Mapping[str, Any]]


def serve(handle: Handle, facts: Mapping[str, Any]) -> None:
    """Carry out tasks until standard input closes.

    Args:
        handle: carries out one task; it is told where to report frames done and their total. An
            exception from it ends the worker.
        facts: about this worker, told first.
    """
    replies = _private_output()
    tasks: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    busy, closed = threading.Event(), threading.Event()
    threading.Thread(target=_listen, args=(tasks, busy, closed), daemon=True).start()
    _tell(replies, {"ready": dict(facts)})
    while (task := tasks.get()) is not None:
        busy.set()
        if closed.is_set():
            return
        answer = handle(task, _Reporter(replies))
        busy.clear()
        _tell(replies, {"answer": dict(answer)})


class _Reporter:
    """Tells the parent how far a task is, not too often."""

    def __init__(self, replies: TextIO) -> None:
        self._replies, self._last = replies, 0.0

    def __call__(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._last >= PROGRESS_SECONDS:
            self._last = now
            _tell(self._replies, {"progress": [done, total]})


def _private_output() -> TextIO:
    """The standard output of the process; what is printed goes to standard error from now on."""
    sys.stdout.flush()
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    return replies


def _tell(replies: TextIO, message: Mapping[str, Any]) -> None:
    try:
        replies.write(json.dumps(message) + "\n")
        replies.flush()
    except OSError:  # the parent is gone; standard input says so too
        pass


def _listen(
    tasks: queue.SimpleQueue[dict[str, Any] | None], busy: threading.Event, closed: threading.Event
) -> None:
    held = b""
    while True:
        try:
            more = os.read(0, 1 << 16)  # not through sys.stdin, whose lock would outlive the thread
        except OSError:
            more = b""
        if not more:
            break
        *lines, held = (held + more).split(b"\n")
        for line in lines:
            tasks.put(json.loads(line)["task"])
    closed.set()
    tasks.put(None)
    if busy.is_set():
        os.kill(os.getpid(), signal.SIGTERM)
