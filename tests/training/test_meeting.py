"""Processes that find each other in a store with things of earlier ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from torch.distributed import HashStore, Store

from mohart.errors import TrainingError
from mohart.training.meeting import meet

LONG, SHORT = timedelta(seconds=60), timedelta(seconds=0.1)


def meet_all(store: Store, ranks: range) -> list[Store]:
    with ThreadPoolExecutor(len(ranks)) as pool:
        return list(pool.map(lambda rank: meet(store, rank, len(ranks), LONG), ranks))


def test_all_share_a_part_that_nothing_is_in() -> None:
    store = HashStore()
    first = meet_all(store, range(3))
    first[0].set("address", "old")
    assert [part.get("address") for part in first] == [b"old"] * 3
    # started again, over what the first ones left, in any order
    for ranks in (range(3), range(2, -1, -1)):
        again = meet_all(store, ranks)
        assert not any(part.check(["address"]) for part in again)
        again[1].set("address", "new")
        assert [part.get("address") for part in again] == [b"new"] * 3
        again[1].set("address", "old")


@pytest.mark.slow
def test_one_that_does_not_come_is_told() -> None:
    store = HashStore()
    meet_all(store, range(2))
    for rank in range(2):
        with pytest.raises(TrainingError, match=rf"process {rank + 1} of 2 has waited .* minutes"):
            meet(store, rank, 2, SHORT)
    meet_all(store, range(2))  # nor does its word stay in the way
