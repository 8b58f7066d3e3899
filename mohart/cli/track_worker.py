"""A worker of `mohart track` for many videos: python -m mohart.cli.track_worker.

It loads the model once, and tracks one video after the other as the command does for one alone.
"""

from __future__ import annotations

import io
import os
import time
from argparse import Namespace
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mohart.aliases import Progress
from mohart.cli.main import build_parser, guard
from mohart.cli.terminal.progress import listen
from mohart.cli.terminal.signals import catch_signals
from mohart.cli.track import track_one
from mohart.errors import MissingDataError, MohartError, OutputError
from mohart.folders import lock_folder
from mohart.session.resume import find_run, read_report
from mohart.versions import __version__

if TYPE_CHECKING:
    from mohart.tracking.protocol import Tracker

PATHS = ("init", "output")
ORPHAN_SECONDS = 90.0  # a worker that lost its master needs a moment to save


def main() -> None:
    """Track what comes on standard input, see `mohart.fleet.serve`."""
    from mohart.fleet.serve import serve

    trackers = Trackers()
    serve(lambda content, progress: carry_out(content, progress, trackers), {"mohart": __version__})


class Trackers:
    """Builds trackers, and has the last one at hand for whoever asks for the same."""

    def __init__(self) -> None:
        self._asked: dict[str, Any] = {}
        self._built: Tracker | None = None

    def __call__(self, name: str, **options: Any) -> Tracker:
        """As :func:`mohart.assembly.build_tracker`."""
        from mohart.assembly import build_tracker

        asked = {"name": name, **options}
        if self._built is None or asked != self._asked:
            self._built, self._asked = build_tracker(name, **options), asked
        self._built.reset()
        return self._built


def carry_out(content: Mapping[str, Any], progress: Progress, trackers: Trackers) -> dict[str, Any]:
    """Track one video.

    Args:
        content: `options` of the command line; `folder` they are relative to; `attempt`, counted
            from 1; whether to `resume` what an earlier sitting has left, and to `overwrite`.
        progress: told about frames.
        trackers: builds the tracker.

    Returns:
        `code`, the exit code that the command would have; `message`, what went wrong; `report`,
        content of run.json, or None.
    """
    said = io.StringIO()
    with listen(progress), redirect_stdout(io.StringIO()), redirect_stderr(said):
        code = guard(lambda: _track(content, trackers))
    options = content["options"]
    lines = said.getvalue().splitlines()
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    warnings = [line.removeprefix("warning: ") for line in lines if line.startswith("warning: ")]
    message = "; ".join(errors or (warnings if code else []))
    output = Path(options["output"])
    report = read_report(output)
    if code == 2 and report and not report["interrupted"]:
        report = None  # of an earlier run
    return {"code": code, "message": message, "report": report}


def _track(content: Mapping[str, Any], trackers: Trackers) -> int:
    try:
        os.chdir(content["folder"])
    except OSError as error:
        raise MissingDataError(
            f"{content['folder']}: not on this machine ({error.strerror}); all machines of a "
            "cluster must see the same files at the same paths"
        ) from error
    defaults = build_parser().parse_args(["track"])
    options = {**content["options"], "overwrite": content["overwrite"]}
    for name in PATHS:
        options[name] = None if options.get(name) is None else Path(options[name])
    args = Namespace(**{**vars(defaults), **options})
    if content["resume"] or content["attempt"] > 1:
        _wait_for_orphan(args.output)
        left = _go_on(args, defaults, fresh=not content["resume"] and content["overwrite"])
        if left is None:
            return 0
        args = left
    with catch_signals() as signals:
        return track_one(args, signals, trackers)


def _go_on(args: Namespace, defaults: Namespace, *, fresh: bool) -> Namespace | None:
    """Arguments that go on with what is left of an earlier attempt; None where it was complete.

    Args:
        args: of a run from the start.
        defaults: of a command line without options.
        fresh: a complete result was there before the first attempt, and is to be replaced.
    """
    anew = Namespace(**{**vars(args), "overwrite": True})
    if args.chunk is not None:
        return anew  # goes on behind the last chunk by itself
    try:
        past = find_run(args.output, corrected=False)
    except MohartError:
        return anew  # nothing to go on with
    if past.killed or past.report["interrupted"]:
        return Namespace(**{**vars(defaults), "resume": args.output})
    return anew if fresh else None


def _wait_for_orphan(output: Path) -> None:
    """Until the worker of a lost attempt, if it lives on its own, has saved and left."""
    deadline = time.monotonic() + ORPHAN_SECONDS
    while True:
        try:
            with lock_folder(output):
                return
        except OutputError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


if __name__ == "__main__":
    main()
