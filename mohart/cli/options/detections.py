"""Options of `mohart track` that say where detections come from."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from math import isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mohart.errors import ConfigError

if TYPE_CHECKING:
    from mohart.session.feed import DetectionFeed

DEPENDENT = (
    *("detect_every", "detector_score", "classes", "detector_set", "ignore", "fates"),
    "with_classes",
)


def add_detection_options(parser: ArgumentParser) -> None:
    """Add --detections, --detector and what belongs to them."""
    group = parser.add_argument_group(
        "detections",
        "objects are born, corrected and ended by a detector, in every frame or now and then",
    )
    source = group.add_mutually_exclusive_group()
    source.add_argument(
        "--detections",
        metavar="FILE",
        help="MOT det.txt or a folder with det/det.txt, KITTI, COCO JSON, CSV, JSON lines, Parquet",
    )
    source.add_argument(
        "--detector",
        metavar="NAME",
        help="motion (fixed camera), onnx:MODEL.onnx, file:PATH, or your own MODULE:FUNCTION",
    )
    group.add_argument(
        "--detect-every",
        type=int,
        metavar="K",
        help="ask in the first frame and every K-th after it (default 1)",
    )
    group.add_argument(
        "--detector-score",
        type=as_score,
        metavar="S|CLASS=S,...",
        help="leave out detections with a lower score, 0 to 1 (default: all; onnx 0.1); by class: "
        "0.3,person=0.5 is 0.5 for people and 0.3 for everything else",
    )
    group.add_argument(
        "--classes",
        metavar="LIST",
        help="only these, numbers or names separated by commas, such as person,car or 0,2",
    )
    group.add_argument(
        "--detector-set",
        action="append",
        metavar="KEY=VALUE",
        help="an option of the detector, such as size=640 or preset=yolox; again for more",
    )
    group.add_argument(
        "--ignore",
        type=Path,
        metavar="ZONES.json",
        help="leave out detections whose centres lie in these polygons, in pixels: a list of "
        "[[x, y], ...], zones by name, or a file of LabelMe",
    )
    group.add_argument(
        "--fates", action="store_true", help="write fates.csv: what became of every detection"
    )
    group.add_argument(
        "--with-classes",
        action="store_true",
        help="the detector's class in column 8 of tracks.txt; benchmarks of pedestrians refuse it",
    )


def check_detection_options(args: Namespace) -> None:
    """Make sure that there is something to follow, and that no option would be ignored.

    Raises:
        ConfigError: names the option.
    """
    if args.detections is not None or args.detector is not None:
        if args.detect_every is not None and args.detect_every < 1:
            raise ConfigError(f"--detect-every: expected at least 1, got {args.detect_every}")
        return
    for option in DEPENDENT:
        if getattr(args, option) not in (None, False):
            raise ConfigError(
                f"--{option.replace('_', '-')} has no effect without --detections or --detector; "
                "leave it out"
            )
    if not args.init and not args.box:
        raise ConfigError(
            "nothing to follow; draw boxes with --box or --init, or give --detections FILE or "
            "--detector NAME, such as motion (see: mohart track --help)"
        )


def make_feed(args: Namespace, source_name: str) -> DetectionFeed | None:
    """The detector that was asked for; None without one.

    Args:
        args: with the options of `add_detection_options`.
        source_name: picks the video of a file that has several.

    Raises:
        ConfigError: an unknown name or option.
        FormatError: a file cannot be read.
        MissingDataError: a file, module or package is not there.
    """
    if args.detections is None and args.detector is None:
        return None
    from mohart.assembly import build_detector
    from mohart.formats.regions import read_zones
    from mohart.session.feed import DetectionFeed

    name = args.detector or f"file:{args.detections}"
    options = _settings(args.detector_set or [])
    if name.startswith("file:"):
        options.setdefault("video", source_name)
    detector = build_detector(
        name,
        score=args.detector_score,
        classes=None if args.classes is None else args.classes.split(","),
        ignored=() if args.ignore is None else read_zones(Path(args.ignore)),
        **options,
    )
    return DetectionFeed(detector, args.detect_every or 1)


def as_score(text: str) -> float | dict[int | str, float]:
    """`0.3` -> 0.3; `0.3,person=0.5` -> a score for every class, that of `""` for the others.

    Raises:
        ArgumentTypeError: something else.
    """
    found: dict[int | str, float] = {}
    for word in text.split(","):
        name, equals, value = word.rpartition("=")
        try:
            score = float(value)
        except ValueError:
            score = nan
        key = name.strip()
        if isnan(score) or bool(equals) != bool(key) or key in found:
            raise ArgumentTypeError(
                f"expected a score from 0 to 1, or scores by class such as 0.3,person=0.5; got "
                f"'{text}'"
            )
        found[key] = score
    return found[""] if list(found) == [""] else found


def _settings(words: list[str]) -> dict[str, Any]:
    """`["size=640"]` -> `{"size": "640"}`."""
    found: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        name = key.strip().replace("-", "_")
        if not equals or not name.isidentifier():
            raise ConfigError(f"--detector-set: expected KEY=VALUE, got '{word}'")
        if name in found:
            raise ConfigError(f"--detector-set: '{name}' is there twice")
        if name == "name":
            raise ConfigError("--detector-set: the detector is named with --detector, not 'name'")
        if name in ("score", "classes"):
            option = "--detector-score" if name == "score" else "--classes"
            raise ConfigError(f"--detector-set: give '{name}' as {option}")
        found[name] = value.strip()
    return found
