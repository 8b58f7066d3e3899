"""`mohart track` for many videos: plan, hand out, sum up."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mohart.cli.many.options import ATTEMPTS
from mohart.cli.many.order import ORDER, Order, make_order, read_order, write_order
from mohart.cli.many.sources import is_many
from mohart.cli.many.summary import (
    COMPLETE,
    MISSING,
    TABLE,
    Row,
    as_json,
    as_text,
    exit_code,
    row_of,
    write_summary,
)
from mohart.cli.terminal.say import say
from mohart.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from mohart.fleet.crew import Outcome

WORKER = ("-m", "mohart.cli.track_worker")
FAILED = 4  # exit code of a run in which something was raised
NEW_ONES = ("jobs", "ray", "attempts", "json")  # may be said anew with --resume


def wants_many(args: Namespace) -> bool:
    """Whether the command line is about many videos, or how many at once."""
    if args.more or args.jobs is not None or args.ray is not None:
        return True
    if args.resume is not None:
        return bool((args.resume / ORDER).is_file())
    return args.source is not None and is_many(args.source)


def run_many(args: Namespace, check: Callable[..., None]) -> int:
    """Track all videos that are not complete; the exit code.

    Args:
        args: of the command line.
        check: raises ConfigError for options that cannot be meant, of one video.
    """
    from mohart.locks import locked

    if args.resume is not None:
        order, output = _earlier_order(args), args.resume
    else:
        order, output = make_order(args), args.output or Path("out")
        example = {**vars(args), **order.options_of(0, output)}
        example["init"] = example.get("init") and Path(example["init"])
        check(Namespace(**example), resumed=False)
    with locked(output / ".lock", what=output):
        done = _completed(order, output) if args.resume is not None else {}
        if args.resume is None:
            _check_places(order, output, overwrite=args.overwrite)
            write_order(output, order)
        began = time.monotonic()
        rows, stopped = _carry_out(args, order, output, done)
        write_summary(output, rows)
    if args.json:
        say(as_json(rows))
    else:
        say(as_text(rows, time.monotonic() - began))
        say(f"summary  {output / TABLE}")
    if stopped:
        say(f"stopped; go on: mohart track --resume {output}", file=sys.stderr)
    return exit_code(rows, stopped=stopped)


def _earlier_order(args: Namespace) -> Order:
    """Of the run that is gone on with; nothing else can be said anew.

    Raises:
        ConfigError: an option that the run decides is given.
    """
    if not (args.resume / ORDER).is_file():
        raise ConfigError(
            f"{args.resume}: no {ORDER}, so no run over many videos to go on with; leave out "
            "--jobs and --ray to go on with a single one"
        )
    for name, value in vars(args).items():
        known = (*NEW_ONES, "resume", "run", "parser", "verb", "debug")
        if name not in known and value != args.parser.get_default(name) and value != []:
            raise ConfigError(
                f"--{name.replace('_', '-')} has no effect with --resume, which takes it from "
                f"{args.resume / ORDER}; leave it out, or track anew"
            )
    return read_order(args.resume)


def _completed(order: Order, output: Path) -> dict[str, Mapping[str, Any]]:
    """The reports of runs that need not be done again, by name."""
    from mohart.session.resume import read_report

    reports = {video.name: read_report(output / video.name) for video in order.videos}
    return {
        name: report for name, report in reports.items() if report and not report["interrupted"]
    }


def _check_places(order: Order, output: Path, *, overwrite: bool) -> None:
    """Raises OutputError where results lie that may not be replaced."""
    from mohart.folders import check_folder
    from mohart.session.sink import TRACKED

    if (output / "run.json").exists():
        raise OutputError(
            f"{output}: holds the results of one video; choose another folder with -o"
        )
    names = [video.name for video in order.videos]
    there = [name for name in names if (output / name).exists()]
    if there and not overwrite:
        raise OutputError(
            f"{output}: holds results already, of {len(there)} of these {len(names)} videos; "
            f"mohart track --resume {output} goes on, --overwrite does all again, -o chooses "
            "another folder"
        )
    if (output / ORDER).exists() and not overwrite:
        raise OutputError(
            f"{output}: is the folder of another run over many videos; mohart track --resume "
            f"{output} goes on with that one, -o chooses another folder"
        )
    for name in there:
        check_folder(output / name, TRACKED, overwrite=overwrite)


def _carry_out(
    args: Namespace, order: Order, output: Path, done: Mapping[str, Mapping[str, Any]]
) -> tuple[list[Row], bool]:
    """A row for every video, and whether a signal stopped it."""
    from mohart.cli.many.progress import ManyProgress
    from mohart.cli.terminal.progress import open_display
    from mohart.fleet.crew import Task, run_tasks
    from mohart.fleet.places import open_places

    tasks = [
        Task(
            video.name,
            {
                "options": order.options_of(n, output),
                "resume": args.resume is not None,
                "overwrite": bool(args.overwrite),
                "folder": str(Path.cwd()),
            },
        )
        for n, video in enumerate(order.videos)
        if video.name not in done
    ]
    rows = {
        name: row_of(name, 3 if report.get("damaged") else 0, report)
        for name, report in done.items()
    }
    stopped = False
    if tasks:
        places = open_places(
            WORKER,
            ray=args.ray,
            jobs=args.jobs,
            tasks=len(tasks),
            device=order.options.get("device"),
        )
        with open_display() as display, places as (at_once, open_seat):
            state = run_tasks(
                tasks,
                open_seat,
                at_once=at_once,
                attempts=args.attempts or ATTEMPTS,
                again=_again,
                report=ManyProgress(len(done), display),
            )
        rows |= {outcome.task.name: _row(outcome) for outcome in state.outcomes}
        stopped = state.stopped
    return [rows.get(v.name, Row(v.name, MISSING)) for v in order.videos], stopped


def _again(answer: Mapping[str, Any]) -> str | None:
    """A run that failed on the way is tried again: memory, disk or card may be full only there."""
    message = str(answer["message"])
    strange = answer["code"] == 2 and message.startswith(("unexpected error", "not enough memory"))
    return message if answer["code"] == FAILED or strange else None


def _row(outcome: Outcome) -> Row:
    answer = outcome.answer or {}
    said = [*outcome.lost, *([answer["message"]] if answer.get("message") else [])]
    row = row_of(
        outcome.task.name,
        answer.get("code"),
        answer.get("report") or {},
        "; ".join(dict.fromkeys(said)),
        seconds=round(outcome.seconds, 2),
        attempts=outcome.attempts,
        where=outcome.where,
    )
    assert row.state != COMPLETE or row.frames  # noqa: S101  # a run has a report
    return row
