"""Runs cases in a process of its own, which may crash, hang or eat memory without ending the rest.

The process is forked from this one, so what was imported here is there at once. One process does
many cases; after a crash or a hang the next one goes on behind the case that it was.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from faults.damage import Generator
from faults.ledger import REFUSED, SLOW_SECONDS, STUCK, TAKEN, Case
from mohart.errors import MohartError

Try = Callable[[Generator], str]  # does one case; returns what was damaged
MEMORY = 3 << 30  # bytes that a case may take above what the process has
RENEW = 2000  # cases of one process


def watch(area: str, attempt: Try, numbers: Sequence[int], seed: int) -> Iterator[Case]:
    """Do cases one after the other.

    Args:
        area: its name.
        attempt: does one case; a MohartError is a refusal.
        numbers: of the cases.
        seed: with a number decides everything about a case.
    """
    left = list(numbers)
    while left:
        share = left[:RENEW]
        for case in _one_process(area, attempt, share, seed):
            left.remove(case.number)
            yield case


def judge(area: str, attempt: Try, number: int, seed: int) -> Case:
    """One case in this process."""
    generator = np.random.default_rng([seed, number])
    before, start, what = peak_mb(), time.process_time(), ""
    try:
        what, outcome = attempt(generator), TAKEN
    except MohartError as error:
        outcome = REFUSED if str(error) else "error"
        what = "" if str(error) else "refused without a reason"
    except RecursionError:  # told by the command line in one line
        outcome = REFUSED
    except MemoryError:
        outcome, what = "memory", _last_lines()
    except Exception:
        outcome, what = "error", _last_lines()
    seconds = time.process_time() - start
    if seconds > SLOW_SECONDS:
        outcome = "hang"
    return Case(
        area=area,
        number=number,
        outcome=outcome,
        seconds=round(seconds, 4),
        megabytes=round(max(0.0, peak_mb() - before), 1),
        what=what,
    )


def fork() -> int:
    """As os.fork, without the warning that threads of libraries are about."""
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def peak_mb(who: int = resource.RUSAGE_SELF) -> float:
    """The largest memory that a process ever had, MB."""
    return resource.getrusage(who).ru_maxrss / 1024


def limit_memory(extra: int = MEMORY) -> None:
    """Let this process have so many bytes more than it has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + extra
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _one_process(area: str, attempt: Try, numbers: list[int], seed: int) -> Iterator[Case]:
    """The cases as far as one process gets; the last may be what ended it."""
    here, there = multiprocessing.Pipe(duplex=False)
    child = fork()
    if child == 0:
        here.close()
        _work(there, area, attempt, numbers, seed)
    there.close()
    try:
        for number in numbers:
            start = time.perf_counter()
            told = _wait(here, child)
            if told:
                with suppress(EOFError):
                    yield here.recv()
                    continue
            outcome, what = "hang", f"more than {SLOW_SECONDS:g} s"
            if told:
                code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                child = 0
                outcome, what = "crash", f"ended with {code}"
            spent = round(time.perf_counter() - start, 2)
            yield Case(
                area=area, number=number, outcome=outcome, seconds=spent, megabytes=0.0, what=what
            )
            return
    finally:
        if child:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        here.close()


def _wait(pipe: Connection, child: int) -> bool:
    """Until there is an answer, or a process has computed or waited for too long."""
    began, begin = processor_seconds(child), time.monotonic()
    while not pipe.poll(min(1.0, SLOW_SECONDS)):
        waited = time.monotonic() - begin
        if processor_seconds(child) - began > SLOW_SECONDS or waited > STUCK * SLOW_SECONDS:
            return False
    return True


def processor_seconds(child: int) -> float:
    """What a process has computed so far; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def _work(pipe: Connection, area: str, attempt: Try, numbers: list[int], seed: int) -> None:
    """In the forked process: case after case, then its end."""
    limit_memory()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    try:
        for number in numbers:
            pipe.send(judge(area, attempt, number, seed))
        pipe.close()
    finally:
        os._exit(0)


def _last_lines() -> str:
    return "".join(traceback.format_exc().splitlines(keepends=True)[-7:])
