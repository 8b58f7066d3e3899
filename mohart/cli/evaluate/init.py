"""`mohart eval init`: how long trackers hold on to objects whose boxes are given once."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mohart.cli.evaluate.files import add_output_options, check_outputs, write_outputs
from mohart.cli.options.source import check_source
from mohart.cli.options.trackers import (
    add_tracker_options,
    check_mohart_options,
    parse_trackers,
    tracker_makers,
)
from mohart.cli.terminal.progress import show_progress
from mohart.cli.terminal.say import counted, say
from mohart.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mohart.evaluation.initialised.protocol import InitialisedResult
    from mohart.metrics.overlap.summary import Estimate

EPILOG = """\
examples:
  mohart eval init --source video.avi --gt gt/gt.txt --window 60 \\
      --trackers mohart,static,csrt,vit=vitTracker.onnx --json scores.json --report scores.png
  mohart eval --compare scores.json scores.json --compare-trackers csrt mohart

Every tracker starts from the ground-truth boxes of each window's first frame; its boxes in the
later frames are compared with the ground truth, where there is any.
  IoU       mean over (object, later frame), with a 95 % interval (bootstrap over windows)
  moved     the same, where the true box overlaps the start box by less than 0.5
  succ@     share with IoU above 0.5 and 0.75
  survival  share before the object's IoU first falls under 0.1
  fps       frames per second of the tracker alone / with decoding the video

--json and --csv have a row per window, VIDEO@FIRST_FRAME, and COMBINED. --events has a row for
every moment at which an object is lost (IoU below 0.1), low (0.5 or below) or recovered (above 0.5
again). --report draws IoU over time, success and every window's IoU.
"""


def add_parser(kinds: _SubParsersAction[ArgumentParser]) -> None:
    """Add `init` to the kinds of evaluation."""
    init = kinds.add_parser(
        "init",
        help="boxes given in the first frame, IoU over time",
        description="Boxes given in the first frame of each window, IoU over time.",
        epilog=EPILOG,
    )
    init.add_argument(
        "--source",
        required=True,
        metavar="VIDEO",
        help="video file, folder of images or MOT sequence folder",
    )
    init.add_argument(
        "--gt", required=True, type=Path, metavar="FILE", help="ground truth, MOT text"
    )
    add_tracker_options(init)
    init.add_argument(
        "--window", type=int, default=60, metavar="N", help="frames per window (default 60)"
    )
    init.add_argument(
        "--stride", type=int, metavar="N", help="frames between windows (default: the window)"
    )
    init.add_argument("--max-windows", type=int, metavar="N", help="stop after so many windows")
    init.add_argument(
        "--min-area",
        type=float,
        default=0.0,
        metavar="PX2",
        help="leave out objects whose start box is smaller, in square pixels (default 0)",
    )
    init.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the bootstrap (default 0)"
    )
    init.add_argument(
        "--plot", type=Path, metavar="FILE", help="plot IoU over time (png, svg, pdf)"
    )
    add_output_options(init, events="every moment an object is lost, low or recovered")
    init.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Measure, print a table, write the files asked for."""
    check_source(args.source)
    wanted = parse_trackers(args.trackers)
    _check(args, wanted)

    from mohart.evaluation.initialised.events import EventTable
    from mohart.evaluation.initialised.protocol import evaluate_initialised
    from mohart.formats.mot.tracks import read_mot
    from mohart.video import open_source

    gt = read_mot(args.gt)
    events = EventTable()
    with show_progress(f"evaluating {len(wanted)} trackers") as progress:
        result = evaluate_initialised(
            lambda: open_source(args.source),
            gt,
            tracker_makers(args, wanted),
            window=args.window,
            stride=args.stride,
            max_windows=args.max_windows,
            min_area=args.min_area,
            seed=args.seed,
            observe=events.collect if args.events else None,
            progress=progress,
        )
    for warning in result.warnings:
        say(f"warning: {warning}", file=sys.stderr)
    _print_table(result)
    _write(args, result, events.columns)
    return 0


def _write(args: Namespace, result: InitialisedResult, events: Mapping[str, list[Any]]) -> None:
    """All files that were asked for."""
    from mohart.evaluation.initialised.scores import UNITS, initialised_scores

    left_out = ("protocol", "warnings")
    detail = {name: value for name, value in result.to_dict().items() if name not in left_out}
    scores = initialised_scores(result, truth=args.gt)
    write_outputs(args, scores, {**detail, "units": UNITS}, events)
    title = f"{result.source}: {counted(result.windows, 'window')} of {result.window} frames"
    summaries = {name: tracker.overlap for name, tracker in result.trackers.items()}
    if args.plot:
        from mohart.plots import plot_iou_over_time

        curves = {
            f"{name} (mean {_value(overlap.mean_iou)})": overlap.iou_over_time
            for name, overlap in summaries.items()
        }
        plot_iou_over_time(args.plot, curves, title=title)
    if args.report:
        from mohart.evaluation.initialised.report import draw_initialised_report

        windows = {name: tracker.windows for name, tracker in result.trackers.items()}
        draw_initialised_report(
            args.report, summaries, windows, names=result.window_names, title=title
        )


def _check(args: Namespace, wanted: dict[str, str | None]) -> None:
    check_mohart_options(args, wanted)
    for option, lowest in (("window", 2), ("stride", 1), ("max_windows", 1)):
        value = getattr(args, option)
        if value is not None and value < lowest:
            name = option.replace("_", "-")
            raise ConfigError(f"--{name}: expected at least {lowest}, got {value}")
    # before minutes of tracking
    check_outputs(
        args.json,
        args.csv,
        tables=[args.events],
        pictures=[args.plot, args.report],
        args=args,
    )


def _print_table(result: InitialisedResult) -> None:
    from mohart.metrics.text_table import format_columns

    columns = ("IoU", "95 % CI", "moved", "succ@.5", "succ@.75", "survival", "fps", "+decode")
    cells = [["tracker", *columns]]
    for name, tracker in result.trackers.items():
        scores = tracker.overlap
        cells.append(
            [
                name,
                _three(scores.mean_iou.value),
                _interval(scores.mean_iou, result.windows),
                _value(scores.mean_iou_moved),
                _value(scores.success_50),
                _value(scores.success_75),
                _value(scores.survival),
                f"{tracker.fps:.0f}",
                f"{tracker.fps_with_decode:.0f}",
            ]
        )
    pairs = next(iter(result.trackers.values())).overlap.pairs
    say(
        f"{result.source}: {counted(result.windows, 'window')} of {result.window} frames, "
        f"{counted(result.objects, 'object')}, {pairs} boxes\n{format_columns(cells)}"
    )


def _value(estimate: Estimate) -> str:
    return _three(estimate.value)


def _interval(estimate: Estimate, windows: int) -> str:
    """A bootstrap over one window says nothing."""
    return "-" if windows < 2 else f"{_three(estimate.low)}-{_three(estimate.high)}"


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
