"""Output files that all kinds of `mohart eval` share."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mohart.errors import OutputError
from mohart.files import check_file

if TYPE_CHECKING:
    from mohart.metrics.scores import Scores

OUTPUTS = ("json", "csv", "events", "report", "plot")
NOT_OPTIONS = (
    *("run", "parser", "verb", "what", "debug", "overwrite"),
    *("compare", "compare_trackers", "compare_seed"),
)


def add_output_options(
    parser: ArgumentParser, *, events: str, reports: str = "draw a summary (png, svg, pdf)"
) -> None:
    """Add --events, --report, --json, --csv and --overwrite.

    Args:
        parser: of a kind of evaluation.
        events: what the list of events holds.
        reports: what --report does.
    """
    parser.add_argument(
        "--events", type=Path, metavar="FILE", help=f"write {events} (csv, parquet)"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help=reports)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers to a file")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the table to a file")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist already")


def check_outputs(
    *files: Path | None,
    tables: Sequence[Path | None] = (),
    pictures: Sequence[Path | None] = (),
    args: Namespace,
) -> None:
    """Make sure before the work that its results can be written; None stands for no file.

    Args:
        files: text, whatever their ending.
        tables: see `mohart.formats.event_table`.
        pictures: see `mohart.plots`.
        args: the parsed command line: whether files that exist may be replaced, and what it reads.

    Raises:
        OutputError: a file exists and may not be replaced, is read by this very command, or its
            folder does not exist.
        ConfigError: a file has an ending that cannot be written.
        MissingDataError: a library for it is not installed.
    """
    outputs = [path for path in (*files, *tables, *pictures) if path]
    read = _inputs(args)
    for path in outputs:
        check_file(path, overwrite=args.overwrite)
        if path.resolve() in read:
            raise OutputError(f"{path}: is read by this command itself; choose another file")
        if not path.parent.is_dir():
            raise OutputError(f"{path}: its folder does not exist")
    for path in filter(None, tables):
        from mohart.formats.event_table import check_table

        check_table(path)
    for path in filter(None, pictures):
        from mohart.plots import check_plot

        check_plot(path)


def _inputs(args: Namespace) -> set[Path]:
    """Existing files that a command line names, beside its outputs."""
    values = [value for name, value in vars(args).items() if name not in OUTPUTS]
    named = [one for value in values for one in (value if isinstance(value, list) else [value])]
    paths = [Path(one) for one in named if isinstance(one, (str, Path))]
    return {path.resolve() for path in paths if path.is_file()}


def options_of(args: Namespace) -> dict[str, Any]:
    """The options of a command line, ready for JSON."""
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(args).items()
        if name not in NOT_OPTIONS
    }


def write_outputs(
    args: Namespace, scores: Scores, detail: Mapping[str, Any], events: Mapping[str, Sequence[Any]]
) -> None:
    """Write the files of --json, --csv and --events that were asked for.

    Args:
        args: the parsed command line; its options go into the JSON file.
        scores: the table.
        detail: more content for the JSON file.
        events: columns of the list of events.
    """
    from mohart.files import write_text
    from mohart.formats.score_file import write_scores
    from mohart.versions import versions

    if args.json:
        head = {**detail, "options": options_of(args), "versions": versions()}
        write_scores(args.json, {**scores.to_dict(), **head})
    if args.csv:
        write_text(args.csv, scores.to_csv())
    if args.events:
        from mohart.formats.event_table import write_table

        write_table(args.events, events)
