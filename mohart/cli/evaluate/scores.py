"""`mohart eval mot` and `mohart eval kitti`: official scores of result files."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli.evaluate.files import add_output_options, check_outputs, write_outputs
from mohart.cli.terminal.progress import show_progress
from mohart.cli.terminal.say import counted, say
from mohart.errors import ConfigError, FormatError, MissingDataError

if TYPE_CHECKING:
    from mohart.evaluation.files.input import ScoringInput
    from mohart.evaluation.files.scoring import Scored

PAGES = (".html", ".htm")
BENCHMARKS = ("mot15", "mot16", "mot17", "mot20", "auto")
COMMON = """
Shares are in percent. MOTP is the mean IoU of matched boxes. COMBINED comes from summed counts.
The counting is TrackEval's; --metrics motmetrics prints motmetrics' own numbers as well, which
differ in switches, fragmentations and MOTP by definition.

Everything wrong with the files is listed before anything is scored, with file and line.
"""
MOT = """\
examples:
  mohart eval mot --gt MOT17/train --results results/mine
  mohart eval mot --gt gt.txt --results tracks.txt --events errors.csv --report scores.png
  mohart eval mot --gt gt.txt --results tracks.txt --report errors.html --source clip.mp4

truth: SEQ/gt/gt.txt, SEQ/gt.txt or SEQ.txt; results: SEQ.txt, data/SEQ.txt or SEQ/tracks.txt; or
one file each. No seqmap is needed. MOT17's -DPM, -FRCNN and -SDP are never mixed.
"""
KITTI = """\
examples:
  mohart eval kitti --gt label_02 --results results/mine
  mohart eval kitti --gt label_02 --results results/mine --classes car --split val

truth: 0000.txt, ..., here, in label_02/ or in training/label_02/; results: the same names. A map
evaluate_tracking.seqmap.NAME beside the labels is honoured; without one every sequence counts.
"""


def add_parsers(kinds: _SubParsersAction[ArgumentParser]) -> None:
    """Add `mot` and `kitti` to the kinds of evaluation."""
    mot = kinds.add_parser(
        "mot",
        help="MOTChallenge rules: HOTA, MOTA, IDF1",
        description="Score result files under the rules of MOT15, MOT16, MOT17 or MOT20.",
        epilog=MOT + COMMON,
    )
    _add_files(mot)
    mot.add_argument(
        "--benchmark",
        choices=BENCHMARKS,
        default="auto",
        help="whose rules; auto: by the sequences' names or the truth's columns (default auto)",
    )
    _add_options(mot)
    mot.set_defaults(run=run_mot)

    kitti = kinds.add_parser(
        "kitti",
        help="KITTI 2-D tracking rules: HOTA, MOTA, IDF1",
        description="Score result files under the rules of KITTI 2-D tracking.",
        epilog=KITTI + COMMON,
    )
    _add_files(kitti)
    kitti.add_argument(
        "--classes",
        default="car,pedestrian",
        metavar="LIST",
        help="what to score, each by itself (default car,pedestrian)",
    )
    kitti.add_argument(
        "--split",
        metavar="NAME",
        help="training, val, training_minus_val, another seqmap's name, or 0001,0004,...",
    )
    kitti.add_argument("--seqmap", type=Path, metavar="FILE", help="which sequences there are")
    _add_options(kitti)
    kitti.set_defaults(run=run_kitti)


def _add_files(parser: ArgumentParser) -> None:
    parser.add_argument("--gt", required=True, type=Path, metavar="PATH", help="ground truth")
    parser.add_argument(
        "--results", required=True, type=Path, metavar="PATH", help="of one tracker"
    )


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--tracker", metavar="NAME", help="in tables (default: the results' name)")
    parser.add_argument(
        "--metrics",
        choices=("trackeval", "motmetrics"),
        default="trackeval",
        help="motmetrics: print its own summary as well (default trackeval)",
    )
    add_output_options(
        parser,
        events="every miss, false positive, switch and fragmentation",
        reports="draw a summary (png, svg, pdf), or write a page that shows every error (html)",
    )
    parser.add_argument(
        "--source",
        type=Path,
        metavar="PATH",
        help="for --report FILE.html: the video, or a folder with one per sequence (default: the "
        "pictures beside the truth, where there are any)",
    )
    parser.add_argument(
        "--allow-missing", action="store_true", help="score sequences without results as misses"
    )
    parser.add_argument(
        "--allow-unknown", action="store_true", help="leave out results that have no truth"
    )


def run_mot(args: Namespace) -> int:
    """Score MOTChallenge files."""
    _check_outputs(args)
    from mohart.evaluation.files.input import load_mot

    files = load_mot(
        args.gt,
        args.results,
        benchmark=args.benchmark,
        allow_missing=args.allow_missing,
        allow_unknown=args.allow_unknown,
    )
    return _run(args, files)


def run_kitti(args: Namespace) -> int:
    """Score KITTI tracking files."""
    _check_outputs(args)
    from mohart.evaluation.files.input import load_kitti

    files = load_kitti(
        args.gt,
        args.results,
        classes=[name.strip().lower() for name in args.classes.split(",")],
        split=args.split,
        seqmap=args.seqmap,
        allow_missing=args.allow_missing,
        allow_unknown=args.allow_unknown,
    )
    return _run(args, files)


def is_page(report: Path | None) -> bool:
    """Whether a report is to be a page and no drawing."""
    return report is not None and report.suffix.lower() in PAGES


def _check_outputs(args: Namespace) -> None:
    """Before minutes of counting."""
    page = is_page(args.report)
    check_outputs(
        args.json,
        args.csv,
        args.report if page else None,
        tables=[args.events],
        pictures=[None if page else args.report],
        args=args,
    )
    if args.source is not None:
        if not page:
            raise ConfigError("--source has no effect without --report FILE.html; leave it out")
        if not args.source.exists():
            raise MissingDataError(f"--source {args.source}: no such file or folder")


def _run(args: Namespace, files: ScoringInput) -> int:
    show_problems(files)

    from mohart.evaluation.files.scoring import event_columns, score

    with show_progress(
        f"scoring {counted(len(files.sequences), 'sequence')}", "sequences"
    ) as progress:
        scored = score(
            files,
            tracker=args.tracker,
            with_events=bool(args.events or args.report),
            with_motmetrics=args.metrics == "motmetrics",
            progress=progress,
        )
    _print_scores(files, scored)
    summaries = {"motmetrics": scored.summaries} if scored.summaries else {}
    write_outputs(args, scored.scores, summaries, event_columns(scored.events, files.first_frame))
    if is_page(args.report):
        from mohart.cli.evaluate.html import write_page

        write_page(args, files, scored)
    elif args.report:
        from mohart.evaluation.files.report import draw_report

        draw_report(args.report, scored)
    return 0


def show_problems(files: ScoringInput) -> None:
    """Everything that is wrong with the files, on stderr.

    Raises:
        FormatError: there are errors, so that nothing may be scored.
    """
    for note in files.notes:
        say(f"note: {note}", file=sys.stderr)
    for problem in files.problems:
        say(f"{problem.severity}: {problem}", file=sys.stderr)
    errors = len(files.errors)
    if errors:
        raise FormatError(
            f"nothing was scored: {errors} problem{'s' if errors > 1 else ''} in the input, "
            f"listed above"
        )


def _print_scores(files: ScoringInput, scored: Scored) -> None:
    scores = scored.scores
    protocol = scores.protocol
    for class_name in protocol.classes:
        combined = scores.row(class_name)
        count = len(scores.dataset.sequences)
        say(
            f"{combined.tracker}, {class_name}: {protocol.name} ({protocol.benchmark}), "
            f"{count} sequence{'s' if count > 1 else ''}, split {scores.dataset.split}"
        )
        say(scores.table(class_name))
        ignored = {rule: number for rule, number in combined.ignored.items() if number}
        if ignored:
            say("ignored because:")
            for rule, number in ignored.items():
                say(f"  {number:>7}  {rule}")
        say()
        if class_name in scored.summaries:
            from mohart.metrics.motmetrics_summary import format_summary

            say("motmetrics' own summary (not TrackEval's; motp is a distance, 1 - IoU):")
            say(format_summary(scored.summaries[class_name]))
            say()
