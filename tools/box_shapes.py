"""Which prior on a box's shape and size is right? Answers of the network, judged under several.

Usage: python tools/box_shapes.py [FOLDER] [--only NAME,...] [--window 100] [--strata NAMES]
    [--camera]

FOLDER holds labelled videos as `mohart bench --real` takes them. The tracker runs once, as if
nothing were known of what was drawn (mohart.tracking.learned.drawn); then every prior is applied to
its answers, and the mean IoU with the truth is printed, by video. a is the logarithm of the size
relative to the drawn box, x half of that of width to height. --camera prints instead how far
labelled objects move between frames, in sizes, in the picture and against the background
(mohart.tracking.learned.camera): median and 95th percentile of both.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from mohart.aliases import Floats
from mohart.assembly.tracker import build_tracker
from mohart.boxes import cxcywh_to_xyxy, iou, xyxy_to_cxcywh
from mohart.config.bench import load_real_sets
from mohart.errors import MohartError
from mohart.evaluation.initialised.windows import VideoWindows, Window
from mohart.evaluation.scoreboard.sets import GeneratedSet
from mohart.formats.mot.tracks import read_mot
from mohart.synth.scenes.strata import choose_strata
from mohart.tracking.learned.motion import background_motion, reduced
from mohart.video import open_source

Prior = Callable[[Floats, Floats], tuple[Floats, Floats]]
SMALLEST = 1e-3  # pixels
SEQUENCES = 8  # of a stratum


def robust(k: float, drift: float = 0.0) -> Callable[[Floats], Floats]:
    """x^3 / (x^2 + k^2) of x [T, N] around an expectation that follows by a share per frame."""

    def apply(x: Floats) -> Floats:
        expected, said = np.zeros(x.shape[1]), np.empty_like(x)
        for t in range(len(x)):
            away = x[t] - expected
            said[t] = expected + away**3 / (away**2 + k**2)
            expected = expected + drift * (said[t] - expected)
        return said

    return apply


PRIORS: dict[str, Prior] = {
    "x": lambda a, x: (a, x),
    "x / 2": lambda a, x: (a, x / 2),
    "x less 0.1": lambda a, x: (a, np.sign(x) * np.maximum(abs(x) - 0.1, 0)),
    "k = 0.2": lambda a, x: (a, robust(0.2)(x)),
    "k = 0.3": lambda a, x: (a, robust(0.3)(x)),
    "k = 0.3, drifting by 0.03": lambda a, x: (a, robust(0.3, 0.03)(x)),
    "x / 2, 0.9 a": lambda a, x: (0.9 * a, x / 2),
    "k = 0.3, size 0.05 by 0.05": lambda a, x: (robust(0.05, 0.05)(a), robust(0.3)(x)),
}


def judge(said: Floats, window: Window) -> list[Floats]:
    """IoU with the truth, of all pairs: of every prior, then with the true size and true centre.

    Args:
        said: [T, N, 4] boxes, NaN where there is none.
        window: what they answer.
    """
    boxes = np.asarray(xyxy_to_cxcywh(np.nan_to_num(said[1:])), np.float64)
    truth = np.asarray(xyxy_to_cxcywh(window.truth), np.float64)
    start, truth, there = truth[:1, :, 2:], truth[1:], window.present[1:]
    size = np.maximum(boxes[..., 2:], SMALLEST)
    change = np.log(size / start)
    a, x = change.mean(-1), (change[..., 0] - change[..., 1]) / 2
    answers = []
    for prior in PRIORS.values():
        grown, shaped = prior(a, x)
        other = start * np.exp(np.stack([grown + shaped, grown - shaped], -1))
        answers.append(np.concatenate([boxes[..., :2], other], -1))
    answers.append(np.concatenate([boxes[..., :2], truth[..., 2:]], -1))
    answers.append(np.concatenate([truth[..., :2], size], -1))
    exact = cxcywh_to_xyxy(truth)
    return [np.asarray(iou(cxcywh_to_xyxy(answer), exact))[there] for answer in answers]


def follow(tracker: Any, window: Window) -> Floats:
    """[T, N, 4] what it answers."""
    ids = np.arange(len(window.ids))
    tracker.reset()
    tracker.init(window.frames[0], window.truth[0], ids)
    said = np.full(window.truth.shape, np.nan)
    said[0] = window.truth[0]
    for t, frame in enumerate(window.frames[1:], 1):
        answer = tracker.update(frame)
        said[t, answer.tracker_id] = answer.xyxy
    return said


def moves(window: Window) -> tuple[list[float], list[float]]:
    """Sizes from frame to frame of labelled objects: in the picture, and against the background."""
    raw, against = list[float](), list[float]()
    last: Any = None
    for t, frame in enumerate(window.frames):
        now, scale = reduced(frame)
        found = None if last is None else background_motion(last, now)
        for n in np.flatnonzero(window.present[t] & window.present[t - 1]) if t else ():
            before, after = (xyxy_to_cxcywh(window.truth[s, n]) for s in (t - 1, t))
            size = float(np.sqrt(before[2] * before[3]))
            carried = before[:2]
            if found is not None:
                carried = (found[:, :2] @ (scale * carried) + found[:, 2]) / scale
            raw.append(float(np.hypot(*(after[:2] - before[:2]))) / size)
            against.append(float(np.hypot(*(after[:2] - carried))) / size)
        last = now
    return raw, against


def windows(args: argparse.Namespace) -> Iterator[tuple[str, Iterator[Window]]]:
    """Name and windows of every set."""
    for item in load_real_sets(args.folder) if args.folder else ():
        if not args.only or item.name in args.only.split(","):
            with open_source(args.folder / item.source) as source:
                truth = read_mot(args.folder / item.gt)
                span = min(args.window, source.length or args.window)
                yield item.name, iter(VideoWindows(source, truth, window=span, stride=span))
    for stratum in choose_strata(args.strata, validation=True):
        yield stratum.name, GeneratedSet(stratum, SEQUENCES).windows(lambda frames: None)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--only", help="names of videos, separated by commas")
    parser.add_argument("--window", type=int, default=100, help="frames (default 100)")
    parser.add_argument("--strata", default="none", help="generated validation strata")
    parser.add_argument("--camera", action="store_true", help="how far objects move, instead")
    args = parser.parse_args(arguments)
    names = [*PRIORS, "true size", "true centre"]
    as_the_network_says = patch("mohart.tracking.learned.objects.as_drawn", lambda boxes, *_: boxes)
    try:
        if not args.camera:
            as_the_network_says.start()
            print("  ".join(["video", *names]))
        tracker, means = build_tracker("mohart", threads=1), []
        for name, every in windows(args):
            if args.camera:
                pairs = [moves(window) for window in every]
                raw, against = (np.concatenate(column) for column in zip(*pairs, strict=True))
                shown = [*np.percentile(raw, [50, 95]), *np.percentile(against, [50, 95])]
            else:
                parts = [judge(follow(tracker, window), window) for window in every]
                shown = [
                    float(np.concatenate(column).mean()) for column in zip(*parts, strict=True)
                ]
                means.append(shown)
            print(f"{name:14}", "  ".join(f"{number:.3f}" for number in shown), flush=True)
        if means:
            print(f"{'mean':14}", "  ".join(f"{m:.4f}" for m in np.mean(means, 0)))
    except MohartError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
