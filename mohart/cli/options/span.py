"""Options of `mohart track` that say which part of a source is tracked, and at what rate."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, NamedTuple

from mohart.errors import ConfigError

if TYPE_CHECKING:
    from mohart.video import FrameSource

TIME = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d*)?)|(\d+(?:\.\d*)?|\.\d+)s")


class Moment(NamedTuple):
    """A place in a source; one of the two is given.

    Attributes:
        frame: zero-based number.
        seconds: from the first frame.
    """

    frame: int | None
    seconds: float | None


def add_span_options(parser: ArgumentParser) -> None:
    """Add --start, --end, --frames, --every and --fps."""
    parser.add_argument(
        "--start",
        metavar="WHEN",
        help="begin there: a frame, counted from 1, or a time such as 12.5s or 1:30; --box is of "
        "that frame",
    )
    parser.add_argument(
        "--end", metavar="WHEN", help="stop there: a frame, the last one, or a time"
    )
    parser.add_argument(
        "--frames", type=int, metavar="N", help="track so many frames (default: to the end)"
    )
    parser.add_argument(
        "--every",
        type=int,
        metavar="N",
        help="track every N-th frame only; frames keep their numbers (default 1)",
    )
    parser.add_argument(
        "--fps",
        type=float,
        metavar="R",
        help="frames per second, for images or in place of what the file says; frames then count "
        "as evenly spaced",
    )


def open_span(args: Namespace) -> FrameSource:
    """The source, ending where --end says; nothing of it is read yet.

    Raises:
        ConfigError: --end or --fps cannot be meant.
        FormatError, MissingDataError: see `mohart.video.open_source`.
    """
    from mohart.video import open_source

    end = parse_moment("end", args.end)
    source = open_source(args.source)
    try:
        if args.fps is not None:
            source.set_rate(args.fps)
        if end:
            source.stop_behind(frame=end.frame, seconds=end.seconds)
    except BaseException:
        source.close()
        raise
    return source


def find_start(args: Namespace, source: FrameSource) -> int | None:
    """Zero-based number of the frame that --start names; None without it.

    A time is looked for in the source, which is then read up to there.

    Raises:
        ConfigError: it cannot be meant, or is past the end.
    """
    start = parse_moment("start", args.start)
    if start is None:
        return None
    if isinstance(args.init_frame, int):
        raise ConfigError("--start and --init-frame: both say where to begin; give one")
    if start.frame is not None:
        return start.frame
    assert start.seconds is not None  # noqa: S101  # one of the two is given
    return source.skip_to(start.seconds)


def parse_moment(name: str, text: str | None) -> Moment | None:
    """A frame or a time.

    Args:
        name: of the option.
        text: what was given; None where nothing was.

    Raises:
        ConfigError: neither.

    >>> parse_moment("start", "31"), parse_moment("end", "1:30")
    (Moment(frame=30, seconds=None), Moment(frame=None, seconds=90.0))
    """
    if text is None:
        return None
    time = TIME.fullmatch(text.strip())
    if time:
        hours, minutes, rest, seconds = time.groups()
        if seconds is not None:
            return Moment(None, float(seconds))
        return Moment(None, 3600 * int(hours or 0) + 60 * int(minutes) + float(rest))
    if not text.strip().isdecimal() or int(text) < 1:
        raise ConfigError(
            f"--{name}: expected a frame, counted from 1, or a time such as 12.5s or 1:30, "
            f"got '{text}'"
        )
    return Moment(int(text) - 1, None)
