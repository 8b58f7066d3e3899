"""`mohart eval init`: how long trackers hold on to objects whose boxes are given once."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli.evaluate_files import add_output_options, check_outputs, write_outputs
from mohart.cli.progress import show_progress
from mohart.cli.trackers import parse_trackers
from mohart.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mohart.metrics.overlap import Estimate
    from mohart.tracking.initialised import InitialisedResult
    from mohart.tracking.protocol import Tracker

EPILOG = """\
example:
  mohart eval init --source video.avi --gt gt/gt.txt --window 60 \\
      --trackers mohart,static,csrt,vit=vitTracker.onnx --json scores.json --plot scores.png

Every tracker starts from the ground-truth boxes of each window's first frame; its boxes in the
later frames are compared with the ground truth, where there is any.
  IoU       mean over (object, later frame), with a 95 % interval (bootstrap over windows)
  moved     the same, where the true box overlaps the start box by less than 0.5
  succ@     share with IoU above 0.5 and 0.75
  survival  share before the object's IoU first falls under 0.1
  fps       frames per second of the tracker alone / with decoding the video
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
    init.add_argument(
        "--trackers",
        default="mohart,static",
        metavar="LIST",
        help="names, separated by commas; NAME=MODEL for vit and nano (default mohart,static)",
    )
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
    init.add_argument("--model", metavar="PATH", help="weights for the mohart tracker")
    init.add_argument("--relation", metavar="KIND", help="relation module for the mohart tracker")
    init.add_argument("--device", metavar="NAME", help="device of the mohart tracker")
    init.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the bootstrap (default 0)"
    )
    init.add_argument(
        "--plot", type=Path, metavar="FILE", help="plot IoU over time (png, svg, pdf)"
    )
    add_output_options(init)
    init.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Measure, print a table, write the files asked for."""
    wanted = parse_trackers(args.trackers)
    _check(args, wanted)
    if args.plot:
        from mohart.analysis.plots import check_plot

        check_plot(args.plot)  # before minutes of tracking

    from mohart.build import build_tracker
    from mohart.formats.mot import read_mot
    from mohart.tracking.initialised import evaluate_initialised
    from mohart.video import open_source

    def maker(name: str, model: str | None) -> Callable[[], Tracker]:
        if name != "mohart":
            return lambda: build_tracker(name, model=model)
        return lambda: build_tracker(
            name,
            model=model or args.model,
            device=args.device or "auto",
            relation=args.relation,
        )

    gt = read_mot(args.gt)
    with show_progress(f"evaluating {len(wanted)} trackers") as progress:
        result = evaluate_initialised(
            lambda: open_source(args.source),
            gt,
            {name: maker(name, model) for name, model in wanted.items()},
            window=args.window,
            stride=args.stride,
            max_windows=args.max_windows,
            min_area=args.min_area,
            seed=args.seed,
            progress=progress,
        )
    for warning in result.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    _print_table(result)
    if args.json or args.csv:
        from mohart.tracking.initialised_scores import initialised_scores

        scores = initialised_scores(result, truth=args.gt)
        detail = {k: v for k, v in result.to_dict().items() if k not in ("protocol", "warnings")}
        write_outputs(args, scores, detail)
    if args.plot:
        from mohart.analysis.plots import plot_iou_over_time

        title = f"{result.source}: {result.windows} windows of {result.window} frames"
        curves = {
            f"{name} (mean {_value(t.overlap.mean_iou)})": t.overlap.iou_over_time
            for name, t in result.trackers.items()
        }
        plot_iou_over_time(args.plot, curves, title=title)
    return 0


def _check(args: Namespace, wanted: dict[str, str | None]) -> None:
    for option in ("model", "relation", "device"):
        if getattr(args, option) is not None and "mohart" not in wanted:
            raise ConfigError(
                f"--{option} has no effect without the tracker 'mohart'; for vit and nano write "
                f"--trackers vit=MODEL.onnx"
            )
    for option, lowest in (("window", 2), ("stride", 1), ("max_windows", 1)):
        value = getattr(args, option)
        if value is not None and value < lowest:
            name = option.replace("_", "-")
            raise ConfigError(f"--{name}: expected at least {lowest}, got {value}")
    check_outputs(args.json, args.csv, args.plot, overwrite=args.overwrite)


def _print_table(result: InitialisedResult) -> None:
    from rich.console import Console
    from rich.table import Table

    pairs = next(iter(result.trackers.values())).overlap.pairs
    table = Table(
        title=f"{result.source}: {result.windows} windows of {result.window} frames, "
        f"{result.objects} objects, {pairs} boxes",
        title_justify="left",
    )
    table.add_column("tracker")
    for column in ("IoU", "95 % CI", "moved", "succ@.5", "succ@.75", "survival", "fps", "+decode"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, tracker in result.trackers.items():
        scores = tracker.overlap
        interval = f"{_three(scores.mean_iou.low)}-{_three(scores.mean_iou.high)}"
        columns = (
            scores.mean_iou_moved,
            scores.success_50,
            scores.success_75,
            scores.survival,
        )
        table.add_row(
            name,
            _three(scores.mean_iou.value),
            interval,
            *(_value(estimate) for estimate in columns),
            f"{tracker.fps:.0f}",
            f"{tracker.fps_with_decode:.0f}",
        )
    width = None if sys.stdout.isatty() else 120
    Console(width=width).print(table)


def _value(estimate: Estimate) -> str:
    return _three(estimate.value)


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
