"""Workers on a Ray cluster: an actor each, which has a worker process on its machine.

The process is the same as on one machine, so a task does the same; the actor hands tasks on and
tells how far they are. Where the actor dies, its process sees its standard input close, and saves.
All machines must see the same files at the same paths.
"""

from __future__ import annotations

import os
import platform
import signal
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mohart.errors import ConfigError, MissingDataError
from mohart.fleet.crew import PATIENCE_SECONDS, Answer
from mohart.fleet.worker import Worker, WorkerLostError
from mohart.versions import __version__

LOCAL = "local"  # in the place of an address: a cluster on this machine, for as long as it takes
STARTS = 3  # Ray gives a machine half a minute
WAIT_SECONDS = 10.0  # for somebody to answer at an address
LOOK_SECONDS = 1.0  # between two looks at how far a task is


class Host:
    """The actor: one worker process, on whatever machine Ray has put it.

    Args:
        arguments: of the Python interpreter, see :class:`mohart.fleet.worker.Worker`.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self._worker: Worker | None = None

    def carry_out(self, content: Mapping[str, Any]) -> Answer:
        """Hand a task to the process, and wait for the answer.

        Raises:
            WorkerLostError: the process ended without one.
        """
        if self._worker is None:
            self._worker = Worker(self._arguments)
        self._worker.give(content)
        while (answer := self._worker.answer(1.0)) is None:
            pass
        return answer

    def look(self) -> tuple[str, str, tuple[int, int | None]]:
        """Name of the machine, version of mohart there, and how far the task is."""
        progress = (0, None) if self._worker is None else self._worker.progress
        return platform.node(), __version__, progress

    def ask_to_stop(self) -> None:
        """Let the task at hand be saved."""
        if self._worker is not None:
            self._worker.ask_to_stop()

    def end(self, seconds: float) -> None:
        """Leave no process behind."""
        if self._worker is not None:
            self._worker.end(seconds)


class Cluster:
    """A Ray cluster that this process is connected to; see `open_cluster`.

    Attributes:
        cores: of all its machines together.
        gpus: of all its machines together.
    """

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        resources = ray.cluster_resources()
        self.cores, self.gpus = int(resources.get("CPU", 0)), int(resources.get("GPU", 0))

    def open_seat(self, arguments: Sequence[str], *, gpus: int = 0) -> ClusterSeat:
        """A place for one worker, with one core; where none is free, it waits for one.

        Args:
            arguments: of the Python interpreter, see :class:`mohart.fleet.worker.Worker`.
            gpus: that it has to itself; CUDA shows it no other.
        """
        remote = self._ray.remote(Host).options(
            num_cpus=1, num_gpus=gpus, max_concurrency=4, max_restarts=0
        )
        return ClusterSeat(self._ray, remote.remote(tuple(arguments)))


class ClusterSeat:
    """An actor with its worker, seen from here."""

    def __init__(self, ray: Any, actor: Any) -> None:
        self._ray, self._actor = ray, actor
        self._answer: Any = None
        self._looking: Any = actor.look.remote()
        self._looked = 0.0
        self.where = ""
        self.progress: tuple[int, int | None] = (0, None)

    def give(self, content: Mapping[str, Any]) -> None:
        """See :class:`mohart.fleet.crew.Seat`."""
        self.progress = (0, None)
        self._answer = self._actor.carry_out.remote(dict(content))

    def answer(self) -> Answer | None:
        """See :class:`mohart.fleet.crew.Seat`.

        Raises:
            WorkerLostError: worker, actor or machine are gone.
            ConfigError: there is another version of mohart on that machine.
        """
        try:
            self._look()
            if not self._ray.wait([self._answer], timeout=0)[0]:
                return None
            answer: Answer = self._ray.get(self._answer)
        except self._ray.exceptions.RayTaskError as error:
            raise WorkerLostError(_last_line(error.cause or error)) from error
        except self._ray.exceptions.RayError as error:
            raise WorkerLostError(f"lost on the cluster: {_first_line(error)}") from error
        return answer

    def ask_to_stop(self) -> None:
        """See :class:`mohart.fleet.crew.Seat`."""
        self._actor.ask_to_stop.remote()

    def end(self) -> None:
        """See :class:`mohart.fleet.crew.Seat`."""
        with suppress(self._ray.exceptions.RayError):  # gone already, or it does not answer
            self._ray.get(self._actor.end.remote(PATIENCE_SECONDS), timeout=PATIENCE_SECONDS + 5)
        self._ray.kill(self._actor)

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked > LOOK_SECONDS and self._ray.wait([self._looking], timeout=0)[0]:
            self._looked = now
            self.where, version, self.progress = self._ray.get(self._looking)
            self._looking = self._actor.look.remote()
            if version != __version__:
                raise ConfigError(
                    f"{self.where}: has mohart {version}, this machine {__version__}; install the "
                    "same on all machines of the cluster"
                )


@contextmanager
def open_cluster(address: str, *, cores: int | None = None) -> Iterator[Cluster]:
    """Connect to a Ray cluster as long as the block lasts.

    Args:
        address: such as `auto`, `head:6379` or `ray://head:10001`; `local` starts a cluster on this
            machine, which ends with the block.
        cores: of the local one; all that there are where not given.

    Raises:
        MissingDataError: Ray is not installed.
        ConfigError: there is no cluster at the address.
    """
    try:
        import ray
    except ImportError as error:
        raise MissingDataError("--ray needs Ray; pip install 'mohart[ray]'") from error
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    _check_address(address)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == LOCAL:
        options |= {"num_cpus": cores, "include_dashboard": False}
    _connect(ray, address, options)
    try:
        yield Cluster(ray)
    finally:
        ray.shutdown()


def _connect(ray: Any, address: str, options: Mapping[str, Any]) -> None:
    """Raises ConfigError where that cannot be; a busy machine gets several tries for its own."""
    tries = STARTS if address == LOCAL else 1
    for left in reversed(range(tries)):
        before = _children()
        try:
            ray.init(address=address, **options)
            return
        except Exception as error:  # Ray raises bare ones, too
            ray.shutdown()
            for pid in _children() - before:  # a start that fails leaves servers behind
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
            if left:
                continue
            what = "none could be started here" if address == LOCAL else "no cluster there"
            raise ConfigError(f"--ray {address}: {what} ({_first_line(error)})") from error


def _children() -> set[int]:
    """Processes that this one has started and that live, on Linux."""
    lists = Path("/proc/self/task").glob("*/children")
    return {int(pid) for file in lists for pid in file.read_text().split()}


def _check_address(address: str) -> None:
    """Raises ConfigError where nobody listens; Ray itself would wait for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return  # a word such as `auto`, which Ray understands
    try:
        socket.create_connection((host.strip("[]"), int(port)), WAIT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"--ray {address}: no cluster there ({error}); start one with 'ray start --head', or "
            "give --ray alone for one on this machine"
        ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _last_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]
