"""Trackers on the command line: their names, which options each of them takes, how to make them."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from mohart.errors import ConfigError, did_you_mean
from mohart.tracking.catalogue import TRACKERS, users_of
from mohart.weights.names import CHOICE

if TYPE_CHECKING:
    from mohart.tracking.protocol import Tracker

LABEL = re.compile(r"(\w[\w.-]*:)?\w+")
WITH_FILES = " and ".join(users_of("model", beside="mohart"))  # that the user must have

MOST_THREADS = 1024
THREADS = 1  # of the network, unless asked for: fastest for few objects, and equal everywhere
ENGINE, PRECISION = "auto", "float32"  # of the network, unless asked for


def check_tracker_options(name: str, **options: object) -> None:
    """Make sure that a tracker exists and uses every option that was given.

    Args:
        name: of the tracker.
        **options: option without dashes -> its value, None where it was not given.

    Raises:
        ConfigError: unknown tracker, an option that would be ignored, or thousands of threads.
    """
    if name not in TRACKERS:
        raise ConfigError(f"unknown tracker '{name}'{did_you_mean(name, TRACKERS)}")
    threads = options.get("threads")
    if isinstance(threads, int) and threads > MOST_THREADS:
        raise ConfigError(f"--threads: expected 1 to {MOST_THREADS}, got {threads}")
    for option, value in options.items():
        if value is not None and option not in TRACKERS[name].options:
            users = ", ".join(users_of(option))
            raise ConfigError(
                f"--{option} has no effect on tracker '{name}' (used by: {users}); leave it out"
            )


def parse_trackers(text: str) -> dict[str, str | None]:
    """`mohart,csrt,vit=vit.onnx` -> tracker -> model file or None, in order.

    A nano tracker has two files; write them with a plus: `nano=backbone.onnx+head.onnx`. The same
    tracker with several models needs a label each: `v2:nano=...,v3:nano=...`.

    Raises:
        ConfigError: an unknown or repeated name, an empty list, or a model where none is used.
    """
    found: dict[str, str | None] = {}
    for part in text.split(","):
        label, _, model = (piece.strip() for piece in part.partition("="))
        name = tracker_of(label)
        check_tracker_options(name, model=model or None)
        if not LABEL.fullmatch(label):
            raise ConfigError(f"--trackers: '{label}': expected NAME, or LABEL:NAME of plain words")
        if label in found:
            raise ConfigError(
                f"--trackers: '{label}' is there twice; give labels, LABEL:{name}=MODEL"
            )
        found[label] = model.replace("+", ",") if name == "nano" else model or None
    return found


def tracker_of(label: str) -> str:
    """`v3:nano` -> `nano`, `csrt` -> `csrt`."""
    return label.rpartition(":")[2]


def add_model_option(parser: ArgumentParser) -> None:
    """Add --model, the weights of the mohart tracker."""
    parser.add_argument(
        "--model", metavar="NAME|FILE", help=f"weights of the mohart tracker: {CHOICE}"
    )


def add_tracker_options(parser: ArgumentParser) -> None:
    """Add --trackers, and what the mohart tracker takes."""
    parser.add_argument(
        "--trackers",
        default="mohart,static",
        metavar="LIST",
        help=f"names, separated by commas; NAME=MODEL for {WITH_FILES}, LABEL:NAME=MODEL for "
        "several of a kind (default mohart,static)",
    )
    add_model_option(parser)
    parser.add_argument("--relation", metavar="KIND", help="relation module for the mohart tracker")
    parser.add_argument("--device", metavar="NAME", help="device of the mohart tracker")
    parser.add_argument(
        "--engine",
        metavar="NAME",
        help=f"of the mohart tracker: torch, cuda, onnx, auto ({ENGINE})",
    )
    parser.add_argument(
        "--precision",
        metavar="KIND",
        help=f"float32; of --engine onnx int8, of cuda bfloat16 ({PRECISION})",
    )


def check_mohart_options(args: Namespace, wanted: Mapping[str, str | None]) -> None:
    """Make sure that options of the mohart tracker are not given without it.

    Args:
        args: with the options of `add_tracker_options`.
        wanted: see `parse_trackers`.

    Raises:
        ConfigError: an option would be ignored.
    """
    for option in ("model", "relation", "device", "engine", "precision"):
        if getattr(args, option) is not None and "mohart" not in wanted:
            raise ConfigError(
                f"--{option} has no effect without the tracker 'mohart'; for {WITH_FILES} write "
                f"--trackers vit=MODEL.onnx"
            )


def tracker_makers(
    args: Namespace, wanted: Mapping[str, str | None]
) -> dict[str, Callable[[], Tracker]]:
    """A function per tracker that makes it.

    Args:
        args: with the options of `add_tracker_options`.
        wanted: see `parse_trackers`.
    """
    from mohart.assembly import build_tracker

    def maker(label: str, model: str | None) -> Callable[[], Tracker]:
        name = tracker_of(label)
        if name != "mohart":
            return lambda: build_tracker(name, model=model)
        chosen = {k: v for k in ("engine", "precision") if (v := getattr(args, k)) is not None}
        return lambda: build_tracker(
            name,
            **chosen,
            model=model or args.model,
            device=args.device or "auto",
            relation=args.relation,
            threads=THREADS,
        )

    return {name: maker(name, model) for name, model in wanted.items()}
