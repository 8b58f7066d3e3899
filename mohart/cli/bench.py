"""`mohart bench`: the accuracy scoreboard, all trackers in one run."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli import bench_speed
from mohart.cli.evaluate.files import check_outputs, options_of
from mohart.cli.options.trackers import (
    add_tracker_options,
    check_mohart_options,
    parse_trackers,
    tracker_makers,
)
from mohart.cli.terminal.progress import show_progress
from mohart.cli.terminal.say import say
from mohart.errors import ConfigError, MissingDataError, OutputError, did_you_mean

if TYPE_CHECKING:
    from mohart.evaluation.scoreboard.sets import BenchSet
    from mohart.tracking.protocol import Tracker

EPILOG = """\
examples:
  mohart bench --trackers mohart,static,csrt,vit=vitTracker.onnx --real data/ --report bench.png
  mohart bench --trackers mohart,csrt --model runs/mine/best.safetensors --strata long,crowded
  mohart bench --real dev/ --strata none --trackers mohart,v3:nano=backbone.onnx+head.onnx

Every tracker gets the boxes of a window's first frame; IoU with the truth in its later frames.
strata   generated sequences, one window each, never used in training or validation: occlusion,
         look-alikes, camera, small, scale, fast, crowded, traffic (60 frames), long (300). Boxes
         are given for objects that are at least 30 % visible in the first frame; frames in which
         an object is at most 25 % visible do not count.
--real   windows of real videos. DIR/bench.yaml lists them, paths relative to DIR:
           - {name: mine-60, source: mine.mp4, gt: mine.txt, window: 60, min_area: 0}
         Without a list: pets09-s2l1/ in windows of 60 and of 150, and cdnet-highway/; or else
         every folder with a video.mp4 and a gt/gt.txt, windows of 100 frames (a shorter video is
         one), objects of at least 200 square pixels. Three videos and more get an overview: mean
         over videos, wins and losses, IoU by speed, growth and cover. With --stride 25 windows
         overlap: more starts, so that one lucky moment weighs less where settings are chosen.

DIR of -o keeps every result, DIR/SET/TRACKER-KEY.json; what is there is not measured again. The key
changes with weights, model files, code, settings and data, so new weights are measured and rivals
are not. After a kill the same command goes on. Two results of a set can be compared in all scores:
mohart eval --compare DIR/long/mohart-OLD.json DIR/long/mohart-NEW.json

Speed alone, stage by stage: mohart bench speed --help
"""


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "bench",
        help="scoreboard of trackers on generated and real video",
        description="Scoreboard of trackers on generated strata and real video, with intervals.",
        epilog=EPILOG,
    )
    add_tracker_options(parser)
    parser.add_argument("--real", type=Path, metavar="DIR", help="folder of the real videos")
    parser.add_argument(
        "--strata", default="all", metavar="NAMES", help="all, none, or names (default all)"
    )
    parser.add_argument(
        "--sequences", type=int, default=12, metavar="N", help="of each stratum (default 12)"
    )
    parser.add_argument(
        "--validation",
        action="store_true",
        help="strata of other seeds, to choose weights or settings by",
    )
    parser.add_argument(
        "--max-windows", type=int, metavar="N", help="of each real set (default: all)"
    )
    parser.add_argument(
        "--stride", type=int, metavar="N", help="frames between windows' starts (default: a window)"
    )
    parser.add_argument(
        "--again", metavar="NAMES", help="trackers to measure even where results are there"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("bench"),
        metavar="DIR",
        help="folder of the results (default bench)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers to a file")
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="draw the scoreboard (png, svg, pdf)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace these two files")
    parser.set_defaults(run=run)
    bench_speed.add_parser(parser.add_subparsers(dest="what", metavar="KIND"))


def run(args: Namespace) -> int:
    """Measure what is missing, print all tables, write the files asked for."""
    wanted = parse_trackers(args.trackers)
    again = _check(args, wanted)
    sets = _sets(args)

    from mohart.evaluation.scoreboard.board import build_scoreboard
    from mohart.evaluation.scoreboard.measure import measure
    from mohart.evaluation.scoreboard.overview import build_overview
    from mohart.evaluation.scoreboard.sets import VideoSet
    from mohart.evaluation.scoreboard.text import format_scoreboard

    trackers = _build_all(args, wanted)
    with show_progress(f"measuring {len(trackers)} trackers on {len(sets)} sets") as progress:
        results = measure(sets, trackers, args.output, again=again, progress=progress)
    board = build_scoreboard(results, {item.name: item.about for item in sets})
    videos = [item for item in sets if isinstance(item, VideoSet)]
    if len({item.source for item in videos}) == len(videos):  # each weighs the same
        board["overview"] = build_overview({item.name: results[item.name] for item in videos})
    say(format_scoreboard(board))
    if args.json:
        from mohart.files import write_text

        content = {**board, "options": options_of(args)}
        write_text(args.json, json.dumps(content, indent=2, allow_nan=False) + "\n")
    if args.report:
        from mohart.evaluation.scoreboard.report import draw_scoreboard

        draw_scoreboard(args.report, board)
    return 0


def _check(args: Namespace, wanted: dict[str, str | None]) -> list[str]:
    """Names of --again; everything else that can be wrong before the work."""
    check_mohart_options(args, wanted)
    if args.validation and args.strata == "none":
        raise ConfigError("--validation has no effect without strata; leave one of the two out")
    if args.stride is not None and args.real is None:
        raise ConfigError("--stride is about real videos; name their folder with --real DIR")
    for option in ("sequences", "max_windows", "stride"):
        value = getattr(args, option)
        if value is not None and value < 1:
            raise ConfigError(f"--{option.replace('_', '-')}: expected at least 1, got {value}")
    again = [name.strip() for name in args.again.split(",")] if args.again else []
    for name in again:
        if name not in wanted:
            raise ConfigError(f"--again: '{name}' is not measured{did_you_mean(name, wanted)}")
    check_outputs(args.json, pictures=[args.report], args=args)
    if args.output.exists() and not args.output.is_dir():
        raise OutputError(f"{args.output}: is not a folder; choose another one with -o")
    return again


def _sets(args: Namespace) -> list[BenchSet]:
    """Real sets, then generated ones."""
    from mohart.config.bench import load_real_sets
    from mohart.evaluation.scoreboard.sets import GeneratedSet, VideoSet
    from mohart.synth.scenes.strata import choose_strata

    sets: list[BenchSet] = []
    for item in load_real_sets(args.real) if args.real else ():
        sets.append(
            VideoSet(
                name=item.name,
                source=args.real / item.source,
                gt=args.real / item.gt,
                length=_fitting(args.real / item.source, item.window),
                min_area=item.min_area,
                max_windows=args.max_windows,
                stride=args.stride,
            )
        )
    sets += [
        GeneratedSet(stratum, args.sequences)
        for stratum in choose_strata(args.strata, validation=args.validation)
    ]
    names = [item.name for item in sets]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated:
        raise ConfigError(f"a real set and a stratum are both named '{repeated}'; rename the set")
    if not sets:
        raise ConfigError("nothing to measure on: give --real DIR, or --strata all")
    return sets


def _fitting(source: Path, window: int) -> int:
    """Frames of a window; a shorter video is one window. What is missing is told later."""
    from mohart.video import open_source

    if not source.exists():
        return window
    with open_source(source) as video:
        return window if video.length is None else max(2, min(window, video.length))


def _build_all(args: Namespace, wanted: dict[str, str | None]) -> dict[str, Tracker]:
    """All trackers, before anything is measured.

    Raises:
        MissingDataError: names all that this installation cannot build.
    """
    built, failures = {}, {}
    for name, make in tracker_makers(args, wanted).items():
        try:
            built[name] = make()
        except MissingDataError as error:
            failures[name] = str(error)
    if failures:
        raise MissingDataError(
            f"cannot build {', '.join(failures)}; leave them out of --trackers, or: "
            f"{'; '.join(failures.values())}"
        )
    return built
