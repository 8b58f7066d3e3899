"""Options of `mohart track` that say which boxes a person has drawn, and in which frames."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mohart.errors import ConfigError, FormatError

if TYPE_CHECKING:
    from mohart.formats.keyframes import Given
    from mohart.keyframes import Keyframes


def add_box_options(parser: ArgumentParser) -> None:
    """Add --init, --box and --init-frame."""
    boxes = parser.add_mutually_exclusive_group()
    boxes.add_argument(
        "--init",
        type=Path,
        metavar="FILE",
        help="boxes: CSV (frame,id,x,y,w,h or x,y,w,h or another header), MOT text, JSON; ids are "
        "kept; a later box of an id corrects it, `31,2,end` says that it has left",
    )
    boxes.add_argument(
        "--box",
        action="append",
        metavar="X,Y,W,H",
        help="one box: left, top, width, height in pixels; give it again for more objects",
    )
    parser.add_argument(
        "--init-frame",
        type=_init_frame,
        metavar="N",
        help="frame in which the boxes were drawn, counted from 1, others are not read; `all`: "
        "every row of --init (default: all, but frame 1 of a file that labels frame after frame)",
    )


def read_boxes(args: Namespace) -> Given:
    """Keyframes of the command line, and what the user should know about them.

    Raises:
        ConfigError: a box is no box, or `--init-frame all` with --box.
        FormatError, MissingDataError: see `mohart.formats.keyframes.read_keyframes`.
    """
    import numpy as np

    from mohart.formats.init_boxes import parse_box
    from mohart.formats.keyframes import Given, read_keyframes
    from mohart.keyframes import Keyframes

    where: int | Literal["all"] | None = args.init_frame
    if isinstance(where, int):
        where -= 1
    if args.init:
        return read_keyframes(args.init, frame=where)
    if not args.box:
        return Given(Keyframes.empty())
    if where == "all":
        raise ConfigError("--init-frame all: boxes of --box are of one frame; give its number")
    boxes = np.stack([parse_box(text) for text in args.box])
    return Given(Keyframes.from_rows(where or 0, np.arange(1, len(boxes) + 1), boxes))


def first_frame(args: Namespace, keyframes: Keyframes, start: int | None) -> int:
    """Zero-based frame to begin with.

    With detections that is the first frame unless said otherwise, with boxes alone the first box.

    Args:
        args: of the command line.
        keyframes: all of them.
        start: what --start says.
    """
    if isinstance(args.init_frame, int):
        return int(args.init_frame) - 1
    if args.detections is not None or args.detector is not None:
        return start or 0
    return max(start or 0, keyframes.first or 0)


def check_boxes(
    keyframes: Keyframes, width: int, height: int, origin: str, *, only_drawn: bool
) -> None:
    """Make sure that keyframes can be followed.

    Args:
        keyframes: all of them.
        width: of the frames, pixels.
        height: of the frames, pixels.
        origin: where the boxes came from, for the message.
        only_drawn: nobody is born from detections.

    Raises:
        FormatError: a box lies wholly outside the frame, or somebody ends who is not there.
    """
    from mohart.formats.init_boxes import check_boxes_in_frame

    stray = keyframes.find_stray_end() if only_drawn else None
    if stray:
        raise FormatError(
            f"{origin}: id {stray[1]} ends in frame {stray[0] + 1}, but has no box before that"
        )
    drawn = keyframes.drawn
    check_boxes_in_frame(drawn.track_id, drawn.boxes, width, height, origin)


def _init_frame(text: str) -> int | str:
    if text == "all":
        return text
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a frame number or all, got '{text}'") from None
