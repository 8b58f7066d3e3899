"""`mohart eval KIND ...`: measure trackers; `mohart eval --compare A.json B.json`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from mohart.cli import evaluate_init, evaluate_scores
from mohart.errors import ConfigError

EPILOG = """\
examples:
  mohart eval mot --gt MOT17/train --results results/mine --json mine.json
  mohart eval kitti --gt label_02 --results results/mine
  mohart eval --compare mine.json other.json

--compare prints second minus first for every score, with a 95 % interval from a paired bootstrap
over sequences; a * marks intervals that do not contain 0. Files scored under different rules or on
different data are refused.
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
        help="compare two files of eval mot or eval kitti --json",
    )
    parser.add_argument(
        "--compare-seed", type=int, default=0, metavar="N", help="of the bootstrap (default 0)"
    )
    parser.set_defaults(run=run)
    kinds = parser.add_subparsers(dest="what", metavar="KIND")
    evaluate_scores.add_parsers(kinds)
    evaluate_init.add_parser(kinds)


def run(args: Namespace) -> int:
    """Compare two result files; the kinds of evaluation have their own `run`."""
    if args.compare is None:
        raise ConfigError("say what to measure: mot, kitti, init, or --compare A.json B.json")

    from mohart.formats.score_file import read_scores
    from mohart.metrics.compare import FEW_SEQUENCES, compare, format_differences

    first, second = (read_scores(path) for path in args.compare)
    differences = compare(first, second, seed=args.compare_seed)
    print(f"first: {args.compare[0]}\nsecond: {args.compare[1]}\n")
    print(format_differences(differences))
    sequences = len(first["dataset"]["sequences"])
    print(f"\n95 % intervals: paired bootstrap over {sequences} sequences; * does not contain 0")
    if sequences < FEW_SEQUENCES:
        print(f"with {sequences} sequences the intervals say little")
    return 0
