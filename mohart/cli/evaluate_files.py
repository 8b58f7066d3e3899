"""Output files that all kinds of `mohart eval` share."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mohart.errors import OutputError

if TYPE_CHECKING:
    from mohart.metrics.scores import Scores

NOT_OPTIONS = ("run", "parser", "verb", "what", "debug", "overwrite", "compare", "compare_seed")


def add_output_options(parser: ArgumentParser) -> None:
    """Add --json, --csv and --overwrite."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers to a file")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the table to a file")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist already")


def check_outputs(*paths: Path | None, overwrite: bool) -> None:
    """Make sure before the work that its results can be written.

    Raises:
        OutputError: a file exists and may not be replaced, or its folder does not exist.
    """
    for path in paths:
        if path and path.exists() and not overwrite:
            raise OutputError(f"{path}: exists already; choose another file or give --overwrite")
        if path and not path.parent.is_dir():
            raise OutputError(f"{path}: its folder does not exist")


def write_outputs(args: Namespace, scores: Scores, detail: Mapping[str, Any]) -> None:
    """Write the files of --json and --csv that were asked for.

    Args:
        args: the parsed command line; its options go into the JSON file.
        scores: the table.
        detail: more content for the JSON file.
    """
    from mohart.formats.score_file import write_scores
    from mohart.formats.text import write_text
    from mohart.tracking.report import versions

    if args.json:
        options = {
            name: str(value) if isinstance(value, Path) else value
            for name, value in vars(args).items()
            if name not in NOT_OPTIONS
        }
        found = versions()
        head = {**detail, "options": options, "versions": found}
        write_scores(args.json, {**scores.to_dict(), **head})
    if args.csv:
        write_text(args.csv, scores.to_csv())
