"""Where workers are: on this machine, or on a Ray cluster."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mohart.errors import ConfigError
from mohart.fleet.crew import LocalSeat, Seat


@contextmanager
def open_places(
    arguments: Sequence[str],
    *,
    ray: str | None,
    jobs: int | None,
    tasks: int,
    device: str | None = None,
) -> Iterator[tuple[int, Callable[[], Seat]]]:
    """How many workers there are at once, and a place for one more of them.

    Args:
        arguments: of the Python interpreter, see :class:`mohart.fleet.worker.Worker`.
        ray: address of a Ray cluster, see `mohart.fleet.cluster.open_cluster`; None: this machine.
        jobs: workers; where not given, one here, and on a cluster as many as it has cores.
        tasks: how many there are to do.
        device: that workers compute on; for `cuda` each gets a GPU of the cluster to itself.

    Raises:
        ConfigError: there is no such cluster.
        MissingDataError: Ray is not installed.
    """
    if ray is None:
        yield jobs or 1, lambda: LocalSeat(arguments, platform.node())
        return
    from mohart.fleet.cluster import open_cluster

    gpus = int(str(device).startswith("cuda"))
    with open_cluster(ray, cores=jobs) as cluster:
        most = cluster.gpus if gpus else cluster.cores
        if not most:
            raise ConfigError(f"--ray {ray}: no {'GPU' if gpus else 'core'} in this cluster")
        yield jobs or min(most, tasks), lambda: cluster.open_seat(arguments, gpus=gpus)
