"""Cells of a grid on worker processes or a Ray cluster; one that is killed is tried again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mohart.ablation.cells import CellFolder
from mohart.ablation.pool import Progress
from mohart.fleet.crew import State, Task, run_tasks
from mohart.fleet.places import open_places

WORKER = ("-m", "mohart.cli.ablate.worker")
DONE, FAILED, STOPPED = 0, 2, 130  # exit codes of a cell's process


def run_cells(
    folders: Mapping[str, CellFolder],
    report: Callable[[Progress], None],
    *,
    jobs: int | None,
    ray: str | None,
    device: str,
) -> Progress:
    """Train and test cells; each is a process with one core.

    Args:
        folders: name -> folder with an order.
        report: called several times a second.
        jobs: how many at once, see `open_places`.
        ray: address of a cluster whose machines see the same folders; None: this machine.
        device: of the trainings.
    """
    tasks = [
        Task(name, {"cell": str(f.path.absolute()), "log": str(f.log.absolute()), "device": device})
        for name, f in folders.items()
    ]
    places = open_places(WORKER, ray=ray, jobs=jobs, tasks=len(tasks), device=device)
    with places as (at_once, open_seat):
        state = run_tasks(
            tasks,
            open_seat,
            at_once=at_once,
            again=_again,
            report=lambda state: report(_progress(tasks, state)),
        )
    return _progress(tasks, state)


def _again(answer: Mapping[str, Any]) -> str | None:
    code = answer["code"]
    return None if code in (DONE, FAILED, STOPPED) else f"its process ended with {code}"


def _progress(tasks: list[Task], state: State) -> Progress:
    """What the display of a grid takes."""
    codes = {o.task.name: (o.answer or {}).get("code") for o in state.outcomes}
    names = [task.name for task in tasks]
    stopped = [name for name, code in codes.items() if code == STOPPED]
    begun = {*state.running, *codes} - {*stopped}
    return Progress(
        waiting=[name for name in names if name not in begun],
        running=[name for name in names if name in state.running],
        done=[name for name, code in codes.items() if code == DONE],
        failed=[n for n, code in codes.items() if code not in (DONE, STOPPED)],
        stopped=state.stopped,
    )
