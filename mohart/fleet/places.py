"""Where workers are: on this machine, or on a Ray cluster."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mohart.fleet.crew import LocalSeat, Seat


@contextmanager
def open_places(
    arguments: Sequence[str], *, ray: str | None, jobs: int | None, tasks: int
) -> Iterator[tuple[int, Callable[[], Seat]]]:
    """How many workers there are at once, and a place for one more of them.

    Args:
        arguments: of the Python interpreter, see :class:`mohart.fleet.worker.Worker`.
        ray: address of a Ray cluster, see `mohart.fleet.cluster.open_cluster`; None: this machine.
        jobs: workers; where not given, one here, and on a cluster as many as it has cores.
        tasks: how many there are to do.

    Raises:
        ConfigError: there is no such cluster.
        MissingDataError: Ray is not installed.
    """
    if ray is None:
        yield jobs or 1, lambda: LocalSeat(arguments, platform.node())
        return
    from mohart.fleet.cluster import open_cluster

    with open_cluster(ray, cores=jobs) as cluster:
        yield jobs or max(1, min(cluster.cores, tasks)), lambda: cluster.open_seat(arguments)
