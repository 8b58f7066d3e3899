"""Processes that torchrun started find each other, also after it has started them again.

torchrun's store outlives the processes: where one was killed, the addresses under which the earlier
ones could be reached are still in it, and gloo would connect to them (torch 2.13). So those that
live now agree on a part of the store that nobody has used before. The number of the restart
cannot name it, because machines count restarts by themselves.
"""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import uuid4

from torch.distributed.distributed_c10d import PrefixStore, Store

from mohart.errors import TrainingError

PAUSE = 0.01  # seconds between two looks into the store


def meet(store: Store, rank: int, count: int, longest: timedelta) -> Store:
    """Wait until all processes are here; a part of the store that is theirs alone.

    Everybody but the first leaves a word that is new; the first answers each with the name of
    the part, and waits until it was read. What earlier processes left is answered, too, and never
    read.

    Args:
        store: that all share, with things of earlier processes.
        rank: of this process.
        count: of the processes.
        longest: time to wait.

    Raises:
        TrainingError: somebody did not come.
    """
    deadline = time.monotonic() + longest.total_seconds()
    if rank == 0:
        name = _answer(store, count, deadline, longest)
    else:
        word = uuid4().hex
        store.set(f"word/{rank}", word)
        if not _appears(store, f"answer/{word}", deadline):
            raise _missed(rank, count, longest)
        name = store.get(f"answer/{word}").decode()
        store.set(f"read/{name}/{rank}", "")
    return PrefixStore(name, store)


def _answer(store: Store, count: int, deadline: float, longest: timedelta) -> str:
    """What the first of the processes does; gives the name."""
    name = uuid4().hex
    missing = set(range(1, count))
    answered: set[bytes] = set()
    while missing:
        for rank in sorted(missing):
            if store.check([f"read/{name}/{rank}"]):
                missing.discard(rank)
            elif store.check([f"word/{rank}"]):
                word = store.get(f"word/{rank}")
                if word not in answered:
                    store.set(f"answer/{word.decode()}", name)
                    answered.add(word)
        if time.monotonic() > deadline:
            raise _missed(0, count, longest)
        time.sleep(PAUSE)
    return name


def _appears(store: Store, key: str, deadline: float) -> bool:
    while not store.check([key]):
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE)
    return True


def _missed(rank: int, count: int, longest: timedelta) -> TrainingError:
    minutes = longest.total_seconds() / 60
    return TrainingError(
        f"process {rank + 1} of {count} has waited {minutes:g} minutes for the others to start; "
        "see what they said, and start all again with torchrun; --resume goes on"
    )
