"""Several processes that train one model together, each on its part of every batch.

All hold the same weights: gradients are averaged after every piece, and each makes the same step
with them. `torchrun` starts the processes; gloo carries numbers between CPUs, NCCL between GPUs.

Source: data-parallel training as in Li et al. 2020, "PyTorch Distributed", sec. 3; here gradients
are averaged in one go, because the model is small.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, distributed, nn

from mohart.errors import MohartError, TrainingError

Thing = TypeVar("Thing")
LOST = re.compile("gloo|nccl|connection (closed|reset)", re.I)  # in what a lost peer raises
LONGEST_START = timedelta(minutes=10)  # until all are there
LONGEST_WAIT = timedelta(hours=2)  # for a validation, say; who dies is noticed by torchrun


@dataclass(frozen=True)
class Ranks:
    """This process among those that train together; alone, nothing is exchanged.

    Attributes:
        rank: number of this process, from 0.
        count: of the processes.
        local_rank: number among those of this machine.
        local_count: of the processes of this machine.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    local_count: int = 1

    @property
    def alone(self) -> bool:
        """Whether there are no others."""
        return self.count == 1

    @property
    def leads(self) -> bool:
        """Whether this one writes, validates and reports for all."""
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Gradients become the mean over all processes; one that has none counts as zeros."""
        if self.alone:
            return
        kinds: dict[torch.dtype, list[nn.Parameter]] = {}
        for p in parameters:
            if p.requires_grad:
                kinds.setdefault(p.dtype, []).append(p)
        for group in kinds.values():
            grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in group]
            flat = torch.cat([grad.reshape(-1) for grad in grads])
            distributed.all_reduce(flat)
            flat /= self.count
            parts = flat.split([p.numel() for p in group])
            for p, part in zip(group, parts, strict=True):
                p.grad = part.view_as(p)

    def any(self, flag: bool) -> bool:
        """Whether it is so for one of the processes."""
        if self.alone:
            return flag
        counted = torch.tensor(int(flag), device=_device())
        distributed.all_reduce(counted, op=distributed.ReduceOp.MAX)
        return bool(counted)

    def gather(self, things: list[Thing]) -> list[Thing]:
        """The lists of all processes, one after the other."""
        if self.alone:
            return things
        found: list[Any] = [None] * self.count
        distributed.all_gather_object(found, things)
        return [thing for part in found for thing in part]

    def wait(self) -> None:
        """For all others to come here too."""
        if not self.alone:
            distributed.barrier()

    def share(self, tensors: Iterable[Tensor]) -> None:
        """Everybody gets the values of the one that leads."""
        if not self.alone:
            for tensor in tensors:
                distributed.broadcast(tensor, 0)

    def together(self, pieces: Iterator[Thing]) -> Iterator[Thing | None]:
        """Pieces of this process, as many as the one that has most; None where it has none left."""
        if self.alone:
            yield from pieces
            return
        while self.any((piece := next(pieces, None)) is not None):
            yield piece

    def begin_step(self, seed: int, step: int) -> None:
        """Draw random numbers by process and step alone, so that a resumed run draws the same."""
        if not self.alone:
            drawn = np.random.default_rng([seed, 11, step, self.rank]).integers(1 << 62)
            torch.manual_seed(int(drawn))


def launched() -> bool:
    """Whether torchrun started this process as one of several."""
    return distributed.is_torchelastic_launched() and int(os.environ.get("WORLD_SIZE", "1")) > 1


def restarted() -> bool:
    """Whether torchrun started the processes again, after one of them died."""
    return launched() and int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0


def read_ranks() -> Ranks:
    """As torchrun has numbered the processes; alone without it."""
    if not launched():
        return Ranks()
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    return Ranks(*(int(os.environ[name]) for name in names))


@contextmanager
def connected(ranks: Ranks, device: torch.device) -> Iterator[None]:
    """Connect the processes as long as the block lasts.

    Args:
        ranks: see `read_ranks`.
        device: that this process computes on.

    Raises:
        TrainingError: another process is gone, or did not come.
    """
    if ranks.alone:
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    try:
        _connect("nccl" if device.type == "cuda" else "gloo")
        yield
    except RuntimeError as error:
        if isinstance(error, MohartError) or not LOST.search(str(error)):
            raise
        raise TrainingError(
            f"process {ranks.rank + 1} of {ranks.count} has lost another one; torchrun starts all "
            "again from the last checkpoint with --max-restarts, and --resume goes on by hand"
        ) from error
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def _connect(backend: str) -> None:
    """Among those that live now; see `meet`."""
    from torch.distributed.rendezvous import rendezvous  # not every build of torch has it

    from mohart.training.meeting import meet

    store, rank, count = next(rendezvous("env://", timeout=LONGEST_START))
    distributed.init_process_group(
        backend,
        store=meet(store, rank, count, LONGEST_START),
        rank=rank,
        world_size=count,
        timeout=LONGEST_WAIT,
    )


def _device() -> torch.device:
    """Where the numbers have to lie that are exchanged."""
    nccl = distributed.get_backend() == "nccl"
    return torch.device("cuda", torch.cuda.current_device()) if nccl else torch.device("cpu")
