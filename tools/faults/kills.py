"""Signals at random moments, and what must be true afterwards.

What was there before is whole, what was written is whole or not there, and doing the same again (or
going on) gives what an undisturbed run gives, to the byte, with nothing left behind.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from faults.forked import Ended, finish, import_all, run, start
from faults.ledger import TAKEN, Case

TRIES = 6  # where a command ended before the signal came
LONG = 120.0  # seconds that an undisturbed command may take on a busy machine
SIGNALS = (signal.SIGKILL,) * 6 + (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
GENTLE = {0, 130}  # exit codes after the others than KILL


@dataclass
class Scenario:
    """A command that is killed.

    Attributes:
        lay: puts what it needs into an empty folder.
        arguments: of the command, in that folder.
        check: the folder -> what is wrong right after the signal; empty where nothing is.
        again: the folder -> arguments of the command that completes the work.
        results: names of files and folders, relative, that must be as after an undisturbed run.
        same: compares two of them; bytes by default.
        keeps: whether gentle signals end it with what it has, and not at once.
        whole: what an undisturbed run leaves; made by `prepare`.
        seconds: that such a run takes.
    """

    lay: Callable[[Path], None]
    arguments: Sequence[str]
    again: Callable[[Path], Sequence[str]]
    results: Sequence[str]
    check: Callable[[Path], str] = lambda place: ""
    same: Callable[[Path, Path], bool] | None = None
    keeps: bool = True
    whole: Path = Path()
    seconds: float = 0.0

    def prepare(self, whole: Path) -> None:
        """Let the command run undisturbed, twice: the first one warms caches up."""
        for _ in range(2):
            shutil.rmtree(whole, ignore_errors=True)
            whole.mkdir(parents=True)
            self.lay(whole)
            ended = run(self.arguments, whole, LONG)
            if ended.code != 0:
                raise RuntimeError(f"{self.arguments}: {ended}")
            self.seconds = ended.seconds
        self.whole = whole


class Kill(NamedTuple):
    """A kind of kill: its share of all, and what it is about."""

    share: int
    make: Callable[[Path], Scenario]


def kill_at_random(area: str, folder: Path, numbers: Sequence[int], seed: int) -> Iterator[Case]:
    """Do cases of an area; see `faults.media.attack`."""
    import_all()
    if area == "app":
        from faults.served import kill_app

        yield from kill_app(area, folder, numbers, seed)
        return
    (folder / "stock").mkdir()
    scenario = KILLS[area].make(folder / "stock")
    scenario.prepare(folder / "whole")
    place = folder / "case"
    for number in numbers:
        generator = np.random.default_rng([seed, number])
        number_of_signal = SIGNALS[int(generator.integers(len(SIGNALS)))]
        for _ in range(TRIES):
            when = float(generator.random()) * scenario.seconds
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            scenario.lay(place)
            ended, after = _kill(scenario, place, number_of_signal, when)
            if after is not None:
                break
        problem = "" if after is not None else "hang: ended before the signal, again and again"
        problem = problem or _check(scenario, place, ended, number_of_signal)
        name = signal.Signals(number_of_signal).name
        kind = problem.partition(":")[0]
        yield Case(
            area=area,
            number=number,
            outcome=kind or TAKEN,
            seconds=round(after or 0.0, 2),
            megabytes=ended.megabytes,
            what=f"{name} after {when:.2f} of {scenario.seconds:.2f} s: {problem}",
        )
        if kind:  # to be looked at
            shutil.move(place, Path("/tmp") / f"lost-{area.replace(' ', '-')}-{seed}-{number}")


def _kill(scenario: Scenario, place: Path, number: int, when: float) -> tuple[Ended, float | None]:
    """Let a command run until a moment.

    Returns:
        How it ended, and seconds from the signal to its end; None where it had ended before.
    """
    log = place / "stderr.txt"
    child = start(scenario.arguments, place, log)
    sent: list[float] = []

    def meanwhile(spent: float) -> None:
        if spent >= when and not sent:
            sent.append(spent)
            with suppress(ProcessLookupError):
                os.kill(child, number)

    ended = finish(child, log, seconds=LONG, meanwhile=meanwhile)
    hit = bool(sent) and (number != signal.SIGKILL or ended.code == -number)
    return ended, ended.seconds - sent[0] if hit else None


def _check(scenario: Scenario, place: Path, ended: Ended, number: int) -> str:
    """What is wrong: right after the signal, and when the work is done again."""
    if ended.code is None:
        return "hang: after the signal"
    at_once = ended.code == -number and not scenario.keeps
    if number != signal.SIGKILL and not at_once and (ended.code not in GENTLE or ended.problem):
        return f"error: exit code {ended.code}: {ended.said[-500:]}"
    found = scenario.check(place)
    if found:
        return found
    again = run(scenario.again(place), place, LONG)
    if again.code != 0 or again.problem:
        return f"lost: {scenario.again(place)} ended with {again.code}: {again.said[-500:]}"
    for name in scenario.results:
        for path in _files(scenario.whole / name):
            inside = path.relative_to(scenario.whole)
            same = scenario.same or _same_bytes
            if not (place / inside).is_file() or not same(path, place / inside):
                return f"lost: {inside} is not what an undisturbed run gives"
    left = [p.name for p in place.iterdir() if p.name.startswith(".") and ".mohart-" in p.name]
    left = [name for name in left if not name.endswith("-lock")]
    return f"lost: left behind: {', '.join(left)}" if left else ""


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())


def _same_bytes(a: Path, b: Path) -> bool:
    return a.read_bytes() == b.read_bytes()


def _kills() -> Mapping[str, Kill]:
    from faults import scenarios

    return {
        "track, a video": Kill(50, scenarios.track_video),
        "track, over results": Kill(25, scenarios.track_over),
        "track, corrections": Kill(25, scenarios.track_corrected),
        "train": Kill(30, scenarios.train),
        "ablate": Kill(20, scenarios.ablate),
        "convert": Kill(25, scenarios.convert),
        "synth": Kill(15, scenarios.synth),
        "app": Kill(10, scenarios.no_scenario),
    }


KILLS = _kills()
