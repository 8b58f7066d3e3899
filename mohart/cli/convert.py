"""`mohart convert SOURCE TARGET`: annotation files from one format to another."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli.terminal.progress import show_progress
from mohart.cli.terminal.say import counted, say
from mohart.errors import ConfigError
from mohart.formats.detect import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mohart.data.convert.files import Outcome
    from mohart.data.convert.plan import Job

EXAMPLES = f"""\
formats: {", ".join(FORMATS)} (docs/guide/formats.md)

examples:
  mohart convert MOT17/train train.json                all sequences into one COCO video file
  mohart convert annotations.xml out --to mot          CVAT export -> out/annotations/gt/gt.txt
  mohart convert training/label_02 out --to cvat --size 1242x375
  mohart convert results.txt results.parquet --kind results
"""


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "convert",
        help="convert annotation files between formats",
        description="Convert annotations, and say what the new format cannot keep. A folder is "
        "converted file by file. Exit code: 0 all converted, 2 something was refused.",
        epilog=EXAMPLES,
    )
    parser.add_argument("source", type=Path, metavar="SOURCE", help="a file, or a folder of them")
    parser.add_argument(
        "target", type=Path, metavar="TARGET", help="a file by its ending, otherwise a folder"
    )
    parser.add_argument("--from", dest="source_format", metavar="FMT", help="of SOURCE (guessed)")
    parser.add_argument("--to", dest="target_format", metavar="FMT", help="of TARGET (its ending)")
    parser.add_argument(
        "--kind", choices=("gt", "results"), help="what MOT and KITTI files hold (guessed)"
    )
    parser.add_argument("--strict", action="store_true", help="refuse what cannot be kept")
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")
    parser.add_argument("--size", metavar="WxH", help="of the frames, where SOURCE does not say")
    parser.add_argument("--length", type=int, metavar="N", help="number of frames")
    parser.add_argument("--fps", type=float, metavar="F", help="frames per second")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Convert and print what was written and what was lost.

    Returns:
        0, or 2 where a file was refused.

    Raises:
        MohartError: nothing can be converted at all.
    """
    from mohart.data.convert.files import convert
    from mohart.data.convert.plan import plan_conversion

    plan = plan_conversion(_job(args))
    outcomes: list[Outcome] = []
    with show_progress("converting", "files") as progress:
        for outcome in convert(plan):
            outcomes.append(outcome)
            progress(len(outcomes), None if plan.one_file else len(plan.sources))
    if args.json:
        _print_json(outcomes)
    else:
        _print_text(outcomes)
    _print_problems(outcomes)
    return 2 if any(outcome.target is None for outcome in outcomes) else 0


def _job(args: Namespace) -> Job:
    from mohart.data.convert.plan import Job
    from mohart.formats.detect import check_format
    from mohart.formats.text import whole_number

    size = None
    if args.size is not None:
        width, height = map(whole_number, args.size.lower().partition("x")[::2])
        if not width or not height or max(width, height) > 1_000_000:
            raise ConfigError(f"--size {args.size}: expected width x height, e.g. 1920x1080")
        size = (width, height)
    if args.length is not None and not 1 <= args.length <= 1_000_000:
        raise ConfigError(f"--length {args.length}: expected 1 to 1000000 frames")
    if args.fps is not None and not 0 < args.fps < 1_000_000:
        raise ConfigError(f"--fps {args.fps}: expected a number above 0")
    return Job(
        source=args.source,
        target=args.target,
        source_format=check_format(args.source_format, "--from"),
        target_format=check_format(args.target_format, "--to"),
        kind=args.kind,
        strict=args.strict,
        overwrite=args.overwrite,
        size=size,
        length=args.length,
        frame_rate=args.fps,
    )


def _print_text(outcomes: Sequence[Outcome]) -> None:
    import sys

    noted: set[str] = set()
    for outcome in outcomes:
        if outcome.target is None:
            continue
        for note in outcome.notes:
            if note not in noted:
                say(f"note: {outcome.source}: {note}", file=sys.stderr)
            noted.add(note)
        told = ((outcome.boxes, "box"), (outcome.tracks, "track"), (outcome.frames, "frame"))
        counts = ", ".join(counted(count, noun) for count, noun in told)
        say(f"{outcome.target}: {counts}")
        for loss in outcome.lost:
            say(f"  lost: {loss}")


def _print_json(outcomes: Sequence[Outcome]) -> None:
    import json
    from dataclasses import asdict

    rows = []
    for outcome in outcomes:
        target = None if outcome.target is None else str(outcome.target)
        rows.append(asdict(outcome) | {"source": str(outcome.source), "target": target})
    say(json.dumps({"files": rows}, indent=2))


def _print_problems(outcomes: Sequence[Outcome]) -> None:
    import sys

    refused = [outcome for outcome in outcomes if outcome.target is None]
    for outcome in refused:
        for problem in outcome.problems:
            say(f"error: {' '.join(problem.splitlines())}", file=sys.stderr)
    if refused and len(outcomes) > 1:
        done = len(outcomes) - len(refused)
        say(f"error: {done} of {counted(len(outcomes), 'file')} converted", file=sys.stderr)
