"""`mohart track`: follow objects through a video from boxes drawn once, or with a detector."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mohart.cli.many.options import OWN, add_many_options, check_many_options
from mohart.cli.options.boxes import add_box_options, check_boxes, first_frame, read_boxes
from mohart.cli.options.detections import (
    add_detection_options,
    check_detection_options,
    make_feed,
)
from mohart.cli.options.engines import add_engine_options, chosen_engine
from mohart.cli.options.epilog import EPILOG
from mohart.cli.options.leaving import add_leaving_options, check_leaving, chosen_leaving
from mohart.cli.options.output import add_output_options
from mohart.cli.options.resume import restore_options
from mohart.cli.options.source import check_source
from mohart.cli.options.span import add_span_options, find_start, open_span
from mohart.cli.options.trackers import WITH_FILES, check_tracker_options
from mohart.cli.terminal.progress import show_progress
from mohart.cli.terminal.say import say
from mohart.cli.terminal.signals import Signals, catch_signals
from mohart.cli.terminal.summary import remarks, summary
from mohart.errors import ConfigError
from mohart.tracking.catalogue import TRACKERS, WHOLE_BOXES
from mohart.weights.names import CHOICE, find_weights

if TYPE_CHECKING:
    from mohart.session.follow import Earlier
    from mohart.session.report import Report
    from mohart.tracking.protocol import Tracker

DAMAGED, FAILED, INTERRUPTED = 3, 4, 130  # exit codes; 2 comes from errors


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "track",
        help="follow objects through a video from boxes drawn once, or with a detector",
        description="Follow objects through a video from boxes drawn once, or with a detector.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "source",
        nargs="?",
        help="video file, folder or pattern of images, MOT sequence folder, camera index, address "
        "(rtsp://..., https://...) or - for stdin",
    )
    add_many_options(parser)
    add_box_options(parser)
    add_detection_options(parser)
    add_span_options(parser)
    parser.add_argument(
        "--tracker",
        default="mohart",
        metavar="NAME",
        help=f"one of {', '.join(TRACKERS)} (default mohart)",
    )
    parser.add_argument(
        "--model",
        metavar="NAME|FILE",
        help=f"weights: {CHOICE}; for {WITH_FILES} their ONNX file(s)",
    )
    parser.add_argument(
        "--relation",
        metavar="KIND",
        help="relation module to use with the model, such as attention or none",
    )
    add_engine_options(parser)
    add_leaving_options(parser)
    parser.add_argument(
        "--knobs",
        type=Path,
        metavar="YAML",
        help="how detections are used, as mohart tune writes it: lines such as recall: 0.8",
    )
    parser.add_argument(
        "--whole-boxes",
        nargs="?",
        const="yes",
        choices=WHOLE_BOXES,
        help="yes: boxes may reach outside the frame, as the objects do; no: the part inside; auto "
        "(default): whole ones if one was drawn that reaches beyond the edge",
    )
    add_output_options(parser)
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="DIR",
        help="go on with an earlier run: --init has further boxes and ends, and what comes before "
        "the first of them is kept; a run that was interrupted is completed",
    )
    parser.add_argument(
        "--both-ways",
        action="store_true",
        help="track a finished video forwards and backwards, and join the two between the "
        "keyframes of an object",
    )
    parser.add_argument("--json", action="store_true", help="print run.json instead of a summary")
    parser.set_defaults(run=run, parser=parser)


def run(args: Namespace) -> int:
    """Track and print where the results are; 0, 3, 4 or 130, see `EPILOG`."""
    from mohart.cli.many.command import run_many, wants_many

    if wants_many(args):
        return run_many(args, check)
    with catch_signals() as signals:
        return track_one(args, signals)


def track_one(
    args: Namespace, signals: Signals, build: Callable[..., Tracker] | None = None
) -> int:
    """Track one video.

    Args:
        args: of the command line.
        signals: decide when it may be interrupted.
        build: makes the tracker, as `build_tracker` does, or has one at hand.
    """
    past = None
    if args.resume:
        args, past = restore_options(args, args.parser)
    check(args, resumed=past is not None)

    import cv2

    from mohart.assembly import build_tracker
    from mohart.assembly.knobs import read_knobs
    from mohart.folders import check_folder
    from mohart.formats.regions import read_regions
    from mohart.session.both_ways import track_both_ways
    from mohart.session.chunked.run import track_in_chunks
    from mohart.session.resume import check_same, take_over
    from mohart.session.run import track_video
    from mohart.session.sink import TRACKED

    given = read_boxes(args)
    keyframes, changed = given.keyframes, None
    regions = read_regions(Path(args.events)) if args.events else None
    if past:
        keyframes = past.keyframes.merge(given.keyframes)
        changed = keyframes.since(past.keyframes)
        if changed is None and not past.report["interrupted"]:
            say(f"{past.folder}: nothing to do, its keyframes already say this")
            return 0
    with open_span(args) as source:
        begin = None if past else find_start(args, source)
        if begin is not None and args.box:
            keyframes = keyframes.moved(begin)
        output = args.output or Path("out") / source.name
        check_folder(output, TRACKED, overwrite=args.overwrite)  # before minutes of loading
        feed = make_feed(args, source.name)
        size, origin = (source.width, source.height), str(args.init or "--box")
        check_boxes(keyframes, *size, origin, only_drawn=feed is None)
        tracker = (build or build_tracker)(
            args.tracker,
            model=args.model,
            relation=args.relation,
            whole_boxes=args.whole_boxes or "auto",
            knobs=read_knobs(Path(args.knobs)) if args.knobs else None,
            **chosen_engine(args, alone=build is None),
            **chosen_leaving(args, source.frame_rate / (args.every or 1)),
        )
        if feed is None:  # what OpenCV does for a tracker and a video is too small to be shared
            cv2.setNumThreads(args.threads or 1)
        start = first_frame(args, keyframes, begin)
        earlier: Earlier | None = None
        if past:
            check_same(past, size=size, model=tracker.details or None)
            start = min([past.start, *keyframes.frame[:1].tolist()])
            if start == past.start and not feed:  # a detector has a memory of its own
                earlier = take_over(past, changed)
        details = _details(args, tracker)
        if args.both_ways:
            if feed or args.every:
                what = "detections" if feed else "--every"
                raise ConfigError(f"--both-ways goes by boxes that were drawn; leave out {what}")
            with show_progress(f"both ways through {source.name}") as progress:
                earlier = track_both_ways(
                    lambda: open_span(args),
                    tracker,
                    keyframes,
                    frames=args.frames,
                    progress=progress,
                )
            details["both_ways"] = dict(earlier.details)
        follow = track_video
        if args.chunk and not past:
            reopen = partial(open_span, args)
            follow = partial(track_in_chunks, reopen=reopen, chunk_seconds=args.chunk)
        with show_progress(f"tracking {source.name}") as progress:
            report = follow(
                source,
                tracker,
                keyframes,
                output=output,
                feed=feed,
                init_frame=start,
                frames=args.frames,
                every=args.every or 1,
                video=not args.no_video,
                overwrite=args.overwrite,
                include_lost=args.include_lost,
                with_classes=args.with_classes,
                fates=args.fates,
                regions=regions,
                progress=progress,
                earlier=earlier,
                details=details,
                interrupts=signals,
            )
    notes = remarks(tracker, feed, len(keyframes.drawn.at(start)), given.note)
    for warning in (*notes, *report.warnings):
        say(f"warning: {warning}", file=sys.stderr)
    say(json.dumps(report.to_dict(), indent=2) if args.json else summary(report, args))
    if report.failure:
        say(f"error: {report.failure}", file=sys.stderr)
    return _exit_code(report)


def _exit_code(report: Report) -> int:
    if report.failure:
        return FAILED
    if report.interrupted:
        return INTERRUPTED
    return DAMAGED if report.damaged else 0


def check(args: Namespace, *, resumed: bool) -> None:
    """Raises ConfigError for options that cannot be meant."""
    if args.source is None:
        raise ConfigError("what is to be tracked? Name a video (see: mohart track --help)")
    check_source(args.source)
    check_many_options(args)
    check_tracker_options(
        args.tracker,
        model=args.model,
        relation=args.relation,
        device=args.device,
        threads=args.threads,
        engine=args.engine,
        precision=args.precision,
        returns=args.returns,
        **{"whole-boxes": args.whole_boxes, "end-when-lost": args.end_when_lost},
    )
    if args.tracker == "mohart":
        find_weights(args.model)  # before anything is begun, of one video or of many
    check_leaving(args)
    if not resumed:
        check_detection_options(args)
    for name, value in (
        ("init-frame", args.init_frame),
        ("threads", args.threads),
        ("frames", args.frames),
        ("every", args.every),
    ):
        if isinstance(value, int) and value < 1:
            what = "frames count from 1" if name == "init-frame" else "expected at least 1"
            raise ConfigError(f"--{name}: {what}, got {value}")


def _details(args: Namespace, tracker: Tracker) -> dict[str, Any]:
    """What run.json shall say about the request and the model."""
    left_out = {"run", "parser", "verb", "debug", "resume", *OWN}
    options = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(args).items()
        if name not in left_out
    }
    said: dict[str, Any] = {"options": options, "model": tracker.details or None}
    said["started"] = datetime.now(timezone.utc).isoformat(timespec="seconds")
    if Path(args.source).exists():
        said["source_path"] = str(Path(args.source).resolve())
    if args.model and Path(args.model).is_file():
        said["model_path"] = str(Path(args.model).resolve())
    threads = tracker.details.get("threads")
    return said if threads is None else {**said, "threads": threads}
