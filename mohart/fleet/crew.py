"""Tasks handed out to workers: a task whose worker is lost is tried again, by another one."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from mohart.errors import ConfigError
from mohart.fleet.worker import Worker, WorkerLostError
from mohart.stopping import StopSignal

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 60.0  # for tasks that were asked to stop
Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """Something to be done by any one of the workers.

    Attributes:
        name: unique.
        content: for the worker, ready for JSON; it is also told the number of the `attempt`.
    """

    name: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        task: the task.
        answer: of the worker; None where all attempts were lost, or it was stopped before.
        attempts: how often it was begun.
        lost: why the attempts before were lost, one sentence each.
        where: the machine of the last attempt.
        seconds: of the last attempt.
    """

    task: Task
    answer: Answer | None
    attempts: int
    lost: tuple[str, ...]
    where: str
    seconds: float


class Seat(Protocol):
    """A place for one worker.

    Attributes:
        where: name of the machine; empty until it is known.
        progress: of the task at hand: done, and the total where it is known.
    """

    @property
    def where(self) -> str:  # noqa: D102
        ...

    @property
    def progress(self) -> tuple[int, int | None]:  # noqa: D102
        ...

    def give(self, content: Mapping[str, Any]) -> None:
        """Send a task; none is at hand."""

    def answer(self) -> Answer | None:
        """The answer to it; None where it is not there yet.

        Raises:
            WorkerLostError: there will be none.
        """

    def ask_to_stop(self) -> None:
        """Let the task at hand be saved; an answer comes, or the worker is lost."""

    def end(self) -> None:
        """Leave nothing behind."""


@dataclass
class State:
    """How far the tasks are.

    Attributes:
        waiting: tasks that nobody has begun.
        running: name of a task -> done, and the total where it is known.
        outcomes: of tasks that have ended.
        total: number of tasks.
        stopped: a signal asked for an end before all was done.
    """

    waiting: int
    total: int
    running: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    stopped: bool = False


@dataclass
class _Turn:
    task: Task
    attempts: int = 0
    lost: tuple[str, ...] = ()
    began: float = 0.0


def run_tasks(
    tasks: Sequence[Task],
    open_seat: Callable[[], Seat],
    *,
    at_once: int,
    attempts: int = 3,
    again: Callable[[Answer], str | None] = lambda answer: None,
    report: Callable[[State], None] | None = None,
) -> State:
    """Carry out all tasks; one that fails does not keep the others from being done.

    Signals ask the workers to save what they have; their answers are still taken.

    Args:
        tasks: in the order in which they are begun.
        open_seat: a place for one more worker.
        at_once: number of workers, at least 1.
        attempts: how often a task is begun at most.
        again: why a task that was answered shall be tried again; None where it shall not.
        report: called several times a second.

    Returns:
        What became of them; those that a signal kept from beginning are counted as waiting.
    """
    if at_once < 1 or attempts < 1:
        raise ConfigError(f"expected at least 1 worker and attempt, got {at_once}, {attempts}")
    crew = _Crew(open_seat, min(at_once, len(tasks)), attempts, again)
    crew.waiting.extend(_Turn(task) for task in tasks)
    state = State(len(tasks), len(tasks))
    with StopSignal() as stop:
        try:
            while (crew.waiting or crew.busy) and not stop.asked:
                crew.hand_out()
                state.outcomes += crew.collect()
                crew.describe(state)
                if report:
                    report(state)
                if crew.busy:
                    time.sleep(POLL_SECONDS)
            state.stopped = stop.asked and bool(crew.waiting or crew.busy)
            if state.stopped:
                state.outcomes += crew.wind_up()
        finally:  # also where `report` raises
            crew.end()
    crew.describe(state)
    return state


class _Crew:
    def __init__(
        self,
        open_seat: Callable[[], Seat],
        size: int,
        attempts: int,
        again: Callable[[Answer], str | None],
    ) -> None:
        self.waiting: deque[_Turn] = deque()
        self.busy: list[tuple[Seat, _Turn]] = []
        self._idle: list[Seat] = []
        self._open, self._size, self._attempts, self._again = open_seat, size, attempts, again

    def hand_out(self) -> None:
        while self.waiting and len(self.busy) < self._size:
            seat = self._idle.pop() if self._idle else self._open()
            turn = self.waiting.popleft()
            turn.attempts += 1
            turn.began = time.monotonic()
            self.busy.append((seat, turn))
            seat.give({**turn.task.content, "attempt": turn.attempts})

    def collect(self, *, retry: bool = True) -> list[Outcome]:
        found = []
        for place in list(self.busy):
            seat, turn = place
            answer: Answer | None = None
            try:
                answer = seat.answer()
                if answer is None:
                    continue
                why = self._again(answer)
            except WorkerLostError as error:
                why = str(error)
                seat.end()
            else:
                if why is None:
                    self._idle.append(seat)
                else:
                    seat.end()  # who has failed so may not be well
            self.busy.remove(place)
            if why is not None and retry and turn.attempts < self._attempts:
                turn.lost = (*turn.lost, why)
                self.waiting.append(turn)  # behind the others: what was wrong may pass meanwhile
                continue
            lost = turn.lost if answer is not None or why is None else (*turn.lost, why)
            seconds = time.monotonic() - turn.began
            found.append(Outcome(turn.task, answer, turn.attempts, lost, seat.where, seconds))
        return found

    def wind_up(self) -> list[Outcome]:
        """Ask everybody to stop, and take what they answer in time."""
        for seat, _ in self.busy:
            seat.ask_to_stop()
        deadline, found = time.monotonic() + PATIENCE_SECONDS, list[Outcome]()
        while self.busy and time.monotonic() < deadline:
            found += self.collect(retry=False)
            time.sleep(POLL_SECONDS / 2)
        return found

    def describe(self, state: State) -> None:
        state.waiting = len(self.waiting)
        state.running = {turn.task.name: seat.progress for seat, turn in self.busy}

    def end(self) -> None:
        seats = [*(seat for seat, _ in self.busy), *self._idle]
        for seat in seats:
            seat.ask_to_stop()
        for seat in seats:
            with suppress(WorkerLostError):
                seat.end()


class LocalSeat:
    """A worker process on this machine.

    Args:
        arguments: of the Python interpreter, see :class:`mohart.fleet.worker.Worker`.
        where: name of this machine.
    """

    def __init__(self, arguments: Sequence[str], where: str = "here") -> None:
        self.where = where
        self._worker = Worker(arguments)

    @property
    def progress(self) -> tuple[int, int | None]:
        """See :class:`Seat`."""
        return self._worker.progress

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._worker.pid

    def give(self, content: Mapping[str, Any]) -> None:
        """See :class:`Seat`."""
        self._worker.give(content)

    def answer(self) -> Answer | None:
        """See :class:`Seat`."""
        return self._worker.answer()

    def ask_to_stop(self) -> None:
        """See :class:`Seat`."""
        self._worker.ask_to_stop()

    def end(self) -> None:
        """See :class:`Seat`."""
        self._worker.end(PATIENCE_SECONDS)
