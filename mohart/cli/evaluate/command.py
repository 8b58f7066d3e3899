"""`mohart eval KIND ...`: measure trackers; `mohart eval --compare A.json B.json`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from mohart.cli.evaluate import init, scores
from mohart.cli.terminal.say import say
from mohart.errors import ConfigError

EPILOG = """\
examples:
  mohart eval mot --gt MOT17/train --results results/mine --json mine.json
  mohart eval kitti --gt label_02 --results results/mine
  mohart eval --compare mine.json other.json
  mohart eval --compare init.json init.json --compare-trackers csrt mohart

--compare prints second minus first for every score, with a 95 % interval from a paired bootstrap
over sequences (over windows for files of eval init); a * marks intervals that do not contain 0.
Files scored under different rules or on different data are refused. One file given twice compares
two trackers of the same run.
"""


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "eval",
        help="measure trackers",
        description="Measure trackers against ground truth.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "--compare",
        nargs=2,
        type=Path,
        metavar=("A.json", "B.json"),
        help="compare two files of eval --json",
    )
    parser.add_argument(
        "--compare-trackers",
        nargs=2,
        default=(None, None),
        metavar=("NAME", "NAME"),
        help="whose rows of the first and the second file (default: the only one's)",
    )
    parser.add_argument(
        "--compare-seed", type=int, default=0, metavar="N", help="of the bootstrap (default 0)"
    )
    parser.set_defaults(run=run)
    kinds = parser.add_subparsers(dest="what", metavar="KIND")
    scores.add_parsers(kinds)
    init.add_parser(kinds)


def run(args: Namespace) -> int:
    """Compare two result files; the kinds of evaluation have their own `run`."""
    if args.compare is None:
        raise ConfigError("say what to measure: mot, kitti, init, or --compare A.json B.json")

    from mohart.formats.score_file import read_scores
    from mohart.metrics.compare import FEW_SEQUENCES, compare, format_differences, units

    first, second = (read_scores(path) for path in args.compare)
    trackers = tuple(args.compare_trackers)
    count, unit = units(first)
    differences = compare(first, second, trackers=trackers, seed=args.compare_seed)
    for side, path, tracker in zip(("first", "second"), args.compare, trackers, strict=True):
        say(f"{side}: {path}" + (f", {tracker}" if tracker else ""))
    say(f"\n{format_differences(differences)}\n")
    say(f"95 % intervals: paired bootstrap over {count} {unit}; * does not contain 0")
    if count < FEW_SEQUENCES:
        say(f"with {count} {unit} the intervals say little")
    return 0
