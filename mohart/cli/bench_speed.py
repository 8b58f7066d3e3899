"""`mohart bench speed`: what a frame costs, stage by stage, beside other trackers."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli.evaluate.files import check_outputs, options_of
from mohart.cli.options.trackers import WITH_FILES, add_model_option, parse_trackers, tracker_of
from mohart.cli.terminal.progress import show_progress
from mohart.cli.terminal.say import say
from mohart.errors import ConfigError

if TYPE_CHECKING:
    from mohart.tracking.protocol import Tracker

MOST_OBJECTS = 10_000
SMALLEST_SIDE, LARGEST_SIDE = 16, 16_384  # pixels
AROUND = 60  # frames of decoding, drawing and encoding
EPILOG = """\
examples:
  mohart bench speed
  mohart bench speed --objects 1,10,50 --engines onnx,onnx:int8,torch --report speed.png
  mohart bench speed --trackers mohart,csrt,nano=backbone.onnx+head.onnx --json speed.json

All trackers run in turn in one process, a few generated frames each and round after round, with one
thread each; processor time, so that other work on the machine counts little. Objects are 40x80
pixels and in sight; looking for lost ones is extra.
  fastest, p50, p95      milliseconds per frame, warm-up left out
  compared               how many times as long as the first tracker's, by pairs in turn
  glimpse, network, belief   of mohart: reading pixels, the network, all else
Decoding, drawing and encoding are measured beside it: their threads are counted, too.
"""


def add_parser(kinds: _SubParsersAction[ArgumentParser]) -> None:
    """Add `speed` to the benchmarks."""
    parser = kinds.add_parser(
        "speed",
        help="what a frame costs, stage by stage, beside other trackers",
        description="What a frame costs, stage by stage, beside other trackers.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "--objects",
        default="1,2,5,10,20,50,100",
        metavar="LIST",
        help="numbers of objects (default %(default)s)",
    )
    parser.add_argument(
        "--size", default="1280x720", metavar="WxH", help="of the frames (default %(default)s)"
    )
    parser.add_argument(
        "--trackers",
        default="mohart",
        metavar="LIST",
        help=f"names, separated by commas; NAME=MODEL for {WITH_FILES} (default mohart)",
    )
    parser.add_argument(
        "--engines",
        default="auto",
        metavar="LIST",
        help="of mohart, each raced by itself: auto, torch, cuda, cuda:bfloat16, onnx, onnx:int8 "
        "(default auto)",
    )
    add_model_option(parser)
    parser.add_argument(
        "--video", type=Path, metavar="FILE", help="what is decoded (default: a generated one)"
    )
    parser.add_argument(
        "--rounds", type=int, default=8, metavar="N", help="of six frames (default %(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers to a file")
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="draw how time grows (png, svg, pdf)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace these two files")
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Measure, print the tables, write the files asked for."""
    width, height = _size(args.size)
    objects = [_count(word) for word in args.objects.split(",")]
    if args.rounds < 1:
        raise ConfigError(f"--rounds: expected at least 1, got {args.rounds}")
    makers = _makers(args)
    check_outputs(args.json, pictures=[args.report], args=args)

    from mohart.evaluation.speed.around import time_around
    from mohart.evaluation.speed.race import race
    from mohart.evaluation.speed.table import format_speed, speed_record

    trackers = {name: make() for name, make in makers.items()}
    around = time_around(
        args.video,
        objects,
        width=width,
        height=height,
        frames=AROUND,
        clock=time.process_time,
    )
    with show_progress(f"racing {len(trackers)} trackers") as progress:
        laps = race(
            trackers,
            objects,
            width=width,
            height=height,
            rounds=args.rounds,
            clock=time.process_time,
            progress=progress,
        )
    record = speed_record(laps, around, width=width, height=height, rounds=args.rounds, threads=1)
    say(format_speed(record))
    if args.json:
        from mohart.files import write_text

        content = {**record, "options": options_of(args)}
        write_text(args.json, json.dumps(content, indent=2, allow_nan=False) + "\n")
    if args.report:
        from mohart.evaluation.speed.report import draw_speed

        draw_speed(args.report, record)
    return 0


def _makers(args: Namespace) -> dict[str, Callable[[], Tracker]]:
    """A function per racer that makes it, by label; mohart once for every engine."""
    from mohart.assembly import build_tracker

    def maker(name: str, **options: object) -> Callable[[], Tracker]:
        return lambda: build_tracker(name, **options)  # type: ignore[arg-type]

    found: dict[str, Callable[[], Tracker]] = {}
    wanted = parse_trackers(args.trackers)
    own = [label for label in wanted if tracker_of(label) == "mohart"]
    if not own and (args.model or args.engines != "auto"):
        raise ConfigError("--model and --engines have no effect without the tracker 'mohart'")
    for label, model in wanted.items():
        if label not in own:
            found[label] = maker(tracker_of(label), model=model)
            continue
        for word in args.engines.split(","):
            engine, _, precision = word.strip().partition(":")
            name = label if args.engines == "auto" else f"{label} {word.strip()}"
            if name in found:
                raise ConfigError(f"--engines: '{word.strip()}' is there twice")
            found[name] = maker(
                "mohart",
                model=model or args.model,
                engine=engine,
                precision=precision or "float32",
                threads=1,
            )
    return found


def _size(text: str) -> tuple[int, int]:
    sides = text.lower().split("x")
    if len(sides) != 2 or not all(side.isdigit() for side in sides):
        raise ConfigError(f"--size: expected WIDTHxHEIGHT, such as 1280x720, got '{text}'")
    width, height = (int(side) for side in sides)
    if min(width, height) < SMALLEST_SIDE or max(width, height) > LARGEST_SIDE:
        raise ConfigError(
            f"--size: expected sides of {SMALLEST_SIDE} to {LARGEST_SIDE} pixels, got '{text}'"
        )
    return width, height


def _count(word: str) -> int:
    if not word.strip().isdigit() or not 1 <= int(word) <= MOST_OBJECTS:
        raise ConfigError(
            f"--objects: expected numbers from 1 to {MOST_OBJECTS}, such as 1,10, got '{word}'"
        )
    return int(word)
