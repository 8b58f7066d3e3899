"""`mohart data check DIR`: is this data set laid out as the readers expect?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli.terminal.say import say

if TYPE_CHECKING:
    from mohart.data.check.folder import SequenceSummary
    from mohart.formats.problems import Problem

EPILOG = """\
MOTChallenge: DIR/SEQUENCE/img1/000001.jpg, ... (or img1.mp4), gt/gt.txt, seqinfo.ini
KITTI:        DIR/image_02/0000/000000.png, ..., DIR/label_02/0000.txt
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb `data` with its action `check`."""
    parser = subparsers.add_parser(
        "data",
        help="look at a data set on disk",
        description="Look at a data set on disk.",
        epilog=EPILOG,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser(
        "check",
        help="list everything that is wrong with a data folder",
        description="List everything that is wrong with a folder in MOTChallenge or KITTI "
        "tracking layout, and what to do about it. Exit code: 0 usable (warnings at most), "
        "1 errors found, 2 no such folder.",
    )
    check.add_argument("folder", type=Path, metavar="DIR", help="one sequence or a folder of them")
    check.add_argument("--json", action="store_true", help="print JSON instead of text")
    check.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check the folder `args.folder` and print what was found.

    Returns:
        0, or 1 where there are errors.

    Raises:
        MissingDataError: there is no such folder.
    """
    from mohart.data.check.folder import check_folder, summarise_folder

    problems = check_folder(args.folder)
    sequences = summarise_folder(args.folder)
    if args.json:
        _print_json(problems, sequences)
    else:
        _print_text(args.folder, problems, sequences)
    return 1 if any(problem.severity == "error" for problem in problems) else 0


def _print_json(problems: list[Problem], sequences: list[SequenceSummary]) -> None:
    import json
    from dataclasses import asdict

    content = {
        "problems": [asdict(problem) | {"path": str(problem.path)} for problem in problems],
        "sequences": [asdict(sequence) for sequence in sequences],
    }
    say(json.dumps(content, indent=2))


def _print_text(folder: Path, problems: list[Problem], sequences: list[SequenceSummary]) -> None:
    from mohart.metrics.text_table import format_columns

    same: dict[tuple[str, str, str], list[str]] = {}
    for problem in problems:
        where = str(problem.path) if problem.line is None else f"{problem.path}:{problem.line}"
        same.setdefault((problem.severity, problem.what, problem.fix), []).append(where)
    for (severity, what, fix), places in same.items():
        say(f"{severity}: {places[0]}: {what}\n  fix: {fix}")
        if len(places) > 1:
            say(f"  likewise: {', '.join(places[1:])}")
    if sequences:
        head = ["sequence", "frames", "size", "fps", "source", "objects", "boxes", "ignored"]
        say(format_columns([head, *map(_cells, sequences)]))
    errors = sum(problem.severity == "error" for problem in problems)
    counts = {"sequence": len(sequences), "error": errors, "warning": len(problems) - errors}
    words = [f"{count} {noun}{'' if count == 1 else 's'}" for noun, count in counts.items()]
    say(f"{folder}: {', '.join(words)}")


def _cells(sequence: SequenceSummary) -> list[str]:
    if not sequence.readable:
        return [sequence.name, "unreadable", *["-"] * 6]
    size = f"{sequence.width}x{sequence.height}" if sequence.width else "-"
    counts = (sequence.objects, sequence.boxes, sequence.ignored)
    rate = f"{sequence.frame_rate:g}"
    start = [sequence.name, str(sequence.frames), size, rate, sequence.source]
    return start + [str(count) for count in counts]
