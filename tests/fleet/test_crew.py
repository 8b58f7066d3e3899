"""Tasks on worker processes: answers, losses, another attempt, an end in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from mohart.errors import ConfigError
from mohart.fleet.crew import LocalSeat, State, Task, run_tasks

CODE = """
import os, signal, sys, time
from pathlib import Path
from mohart.fleet.serve import serve

def handle(task, progress):
    do, place = task["do"], Path(task["place"])
    if do == "die" or (do == "die once" and task["attempt"] == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    if do == "raise":
        print("a word before")
        raise ValueError("not like this")
    if do == "leave":
        print("said at the end", flush=True)
        os._exit(7)
    if do == "long":
        def save(*_):
            raise KeyboardInterrupt
        signal.signal(signal.SIGTERM, save)
        try:
            for n in range(600):
                progress(n, 600)
                (place / "begun").write_text(str(os.getpid()))
                time.sleep(0.1)
        except KeyboardInterrupt:
            (place / "saved").touch()
            return {"saved": True}
    print("printed, and no reply")
    os.system("echo so is this")
    return {"double": 2 * task["number"], "pid": os.getpid(), "attempt": task["attempt"]}

serve(handle, {"name": "w"})
"""
ARGUMENTS = ("-c", CODE)


def task(place: Path, name: str, do: str = "", number: int = 0) -> Task:
    return Task(name, {"do": do, "number": number, "place": str(place)})


def crew(tasks: list[Task], **options: Any) -> State:
    return run_tasks(tasks, lambda: LocalSeat(ARGUMENTS), **{"at_once": 2, **options})


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_every_task_is_answered_by_few_workers(tmp_path: Path) -> None:
    shown: list[int] = []
    tasks = [task(tmp_path, f"t{n}", number=n) for n in range(8)]
    state = crew(tasks, report=lambda state: shown.append(len(state.running)))
    answers = {outcome.task.name: outcome.answer for outcome in state.outcomes}
    assert {name: (a or {})["double"] for name, a in answers.items()} == {
        f"t{n}": 2 * n for n in range(8)
    }
    pids = {(a or {})["pid"] for a in answers.values()}
    assert 1 <= len(pids) <= 2  # each loads what it needs once
    assert not any(is_alive(pid) for pid in pids)
    assert max(shown) <= 2
    assert (state.waiting, state.running, state.stopped) == (0, {}, False)


@pytest.mark.slow
def test_what_was_lost_is_tried_again_and_the_others_go_on(tmp_path: Path) -> None:
    tasks = [
        task(tmp_path, "once", "die once", 4),
        task(tmp_path, "good", number=1),
        task(tmp_path, "bad", "die"),
        task(tmp_path, "left", "leave"),
        task(tmp_path, "wrong", "raise"),
    ]
    outcomes = {outcome.task.name: outcome for outcome in crew(tasks).outcomes}
    assert (outcomes["once"].attempts, outcomes["once"].lost) == (2, ("killed by SIGKILL",))
    assert (outcomes["once"].answer or {})["double"] == 8
    assert (outcomes["good"].attempts, (outcomes["good"].answer or {})["double"]) == (1, 2)
    assert outcomes["bad"].answer is None
    assert outcomes["bad"].lost == ("killed by SIGKILL",) * 3
    assert outcomes["left"].lost == ("ended with exit code 7: said at the end",) * 3
    assert outcomes["wrong"].lost[-1] == "ended with exit code 1: ValueError: not like this"


@pytest.mark.slow
def test_an_answer_may_be_a_reason_to_try_again(tmp_path: Path) -> None:
    def again(answer: Any) -> str | None:
        return "too early" if answer["attempt"] < 3 else None

    (outcome,) = crew([task(tmp_path, "late")], again=again, attempts=5).outcomes
    assert (outcome.attempts, outcome.lost) == (3, ("too early", "too early"))
    (outcome,) = crew([task(tmp_path, "late")], again=again, attempts=2).outcomes
    assert (outcome.answer or {})["attempt"] == 2  # the last answer stands, whatever it is


@pytest.mark.slow
def test_a_signal_lets_tasks_be_saved(tmp_path: Path) -> None:
    tasks = [task(tmp_path, "long", "long"), task(tmp_path, "never")]

    def stop(state: State) -> None:
        if state.running.get("long", (0, None))[0] > 2:
            os.kill(os.getpid(), signal.SIGTERM)

    state = crew(tasks, at_once=1, report=stop)
    assert state.stopped
    assert state.waiting == 1
    assert [outcome.answer for outcome in state.outcomes] == [{"saved": True}]
    assert not is_alive(int((tmp_path / "begun").read_text()))


@pytest.mark.slow
def test_workers_save_and_end_when_their_master_is_killed(tmp_path: Path) -> None:
    code = f"""
    from mohart.fleet.crew import LocalSeat, Task, run_tasks
    content = {{"do": "long", "number": 0, "place": {str(tmp_path)!r}}}
    run_tasks([Task("long", content)], lambda: LocalSeat(("-c", {CODE!r})), at_once=1)
    """
    master = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])
    deadline = time.monotonic() + 60
    while not (tmp_path / "begun").is_file() and time.monotonic() < deadline:
        time.sleep(0.05)
    master.kill()
    master.wait()
    pid = int((tmp_path / "begun").read_text())
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(pid)
    assert (tmp_path / "saved").exists()


def test_what_cannot_be() -> None:
    with pytest.raises(ConfigError, match="at least 1 worker and attempt, got 0, 3"):
        run_tasks([], lambda: LocalSeat(ARGUMENTS), at_once=0)
