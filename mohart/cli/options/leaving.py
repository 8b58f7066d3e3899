"""What becomes of lost objects: options of the command line."""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace
from typing import Any

from mohart.errors import ConfigError
from mohart.tracking.catalogue import RETURNS

LONGEST = 1e6  # seconds


def add_leaving_options(parser: ArgumentParser) -> None:
    """Add --returns and --end-when-lost."""
    parser.add_argument(
        "--returns",
        choices=RETURNS,
        help="what is asked of a lost object to be active again: normal (default); strict: it must "
        "look very much like itself, and for longer; never: who is lost has left",
    )
    parser.add_argument(
        "--end-when-lost",
        type=float,
        metavar="SECONDS",
        help="an object that has been lost for so long ends, and does not come back (default: "
        "looked for to the end)",
    )


def check_leaving(args: Namespace) -> None:
    """Make sure that the options can be meant.

    Raises:
        ConfigError: no time, or one that has no effect.
    """
    seconds = args.end_when_lost
    if seconds is None:
        return
    if not 0 <= seconds <= LONGEST or math.isnan(seconds):
        raise ConfigError(f"--end-when-lost: expected seconds, 0 or more, got {seconds:g}")
    if args.returns == "never":
        raise ConfigError("--end-when-lost has no effect with --returns never; leave one out")


def chosen_leaving(args: Namespace, frame_rate: float) -> dict[str, Any]:
    """What `build_tracker` takes of these options, for frames that come at a rate."""
    frames = None
    if args.end_when_lost is not None:
        frames = max(1, round(args.end_when_lost * frame_rate))
    return {"returns": args.returns or "normal", "end_after": frames}
