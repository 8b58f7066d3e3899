"""A worker process, seen from its parent; what runs inside is `mohart.fleet.serve`."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from mohart.errors import MohartError

LOG_BYTES = 4000  # of the end of a log, in which its last line is looked for


class WorkerLostError(MohartError, RuntimeError):
    """A worker ended without an answer, or cannot be reached any more."""


class Worker:
    """One process that carries out one task after the other.

    Args:
        arguments: of the Python interpreter, such as `-m some.module`; it calls `serve`.

    Attributes:
        facts: what the worker said about itself; empty until it has.
        progress: of the task at hand: done, and the total where it is known.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.facts: dict[str, Any] = {}
        self.progress: tuple[int, int | None] = (0, None)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # closed in `end`
        self._process = subprocess.Popen(
            (sys.executable, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,  # Ctrl-C on the terminal reaches the parent alone
        )
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        assert self._process.stdout is not None  # noqa: S101  # a pipe
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), daemon=True
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def give(self, task: Mapping[str, Any]) -> None:
        """Send a task; the worker has none at hand."""
        self.progress = (0, None)
        assert self._process.stdin is not None  # noqa: S101  # a pipe
        with suppress(OSError):  # it is gone, which `answer` will say
            self._process.stdin.write(json.dumps({"task": task}).encode() + b"\n")
            self._process.stdin.flush()

    def answer(self, seconds: float = 0.0) -> dict[str, Any] | None:
        """The answer to the task; None where it is not there yet.

        Args:
            seconds: to wait for it.

        Raises:
            WorkerLostError: the process ended without one.
        """
        try:
            answer = self._answers.get(timeout=max(seconds, 1e-4))
        except queue.Empty:
            return None
        if answer is None:
            self._answers.put(None)
            raise WorkerLostError(self._why())
        return answer

    def ask_to_stop(self) -> None:
        """Let the task at hand be saved, and the process end."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()

    def end(self, seconds: float) -> None:
        """Stop it, the hard way after so many seconds; nothing is left of it afterwards."""
        self.ask_to_stop()
        try:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            self._log.close()

    def _read(self, replies: IO[bytes]) -> None:
        with replies:
            for line in replies:
                message = json.loads(line)
                if "progress" in message:
                    done, total = message["progress"]
                    self.progress = (done, total)
                elif "answer" in message:
                    self._answers.put(message["answer"])
                else:
                    self.facts = message["ready"]
        self._answers.put(None)

    def _why(self) -> str:
        """`killed by SIGKILL`, `ended with exit code 1: ...` and the last line of its log."""
        code = self._process.wait()
        if code < 0:
            with suppress(ValueError):
                return f"killed by {signal.Signals(-code).name}"
            return f"killed by signal {-code}"
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - LOG_BYTES))
        said = self._log.read().decode("utf-8", errors="replace").split("\n")
        last = next((line.strip() for line in reversed(said) if line.strip()), "")
        return f"ended with exit code {code}{': ' if last else ''}{last}"
