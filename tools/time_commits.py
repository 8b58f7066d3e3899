"""Does a frame take longer than it did at an earlier commit? Both, in turn.

Usage: python tools/time_commits.py COMMIT --real DIR [--set pets] [--window 60] [--rounds 6]

The shipped tracker of the commit and of this tree follow the same people, who are drawn at the
beginning of every window of the first 300 frames; each in a process of its own, on one thread.
Printed are milliseconds of processor time per object and frame of every round, and the ratio of
this tree to the commit; then the median of the ratios. Needs the history of the project.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
from earlier.checkout import ROOT, checked_out
from earlier.tracker import EarlierTracker

from mohart.config.bench import load_real_sets
from mohart.errors import ConfigError, MohartError
from mohart.formats.mot.tracks import read_mot
from mohart.structures import Tracks
from mohart.video import open_source

FRAMES = 300  # of the video


def milliseconds(
    tracker: EarlierTracker, frames: Sequence[np.ndarray], truth: Tracks, window: int
) -> float:
    """Processor time per object and frame."""
    seconds, steps = 0.0, 0
    for start in range(0, len(frames) - 1, window):
        now = truth.at(start)
        tracker.init(frames[start], now.boxes, now.track_id)
        for frame in frames[start + 1 : start + window]:
            tracker.update(frame)
            steps += len(now)
        seconds += tracker.seconds
    return 1000 * seconds / steps


def main(arguments: Sequence[str] | None = None) -> None:
    """Print rounds and their median."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("commit")
    parser.add_argument("--real", type=Path, required=True, metavar="DIR")
    parser.add_argument("--set", default="pets", help="beginning of its name (pets)")
    parser.add_argument("--window", type=int, default=60, help="frames (60)")
    parser.add_argument("--rounds", type=int, default=6)
    args = parser.parse_args(arguments)
    if args.window < 2 or args.rounds < 1:
        parser.error("expected windows of at least 2 frames, and one round")
    try:
        sets = [item for item in load_real_sets(args.real) if item.name.startswith(args.set)]
        if not sets:
            raise ConfigError(f"--set: nothing in {args.real} begins with {args.set!r}")
        truth = read_mot(args.real / sets[0].gt)
        truth = truth.select(~truth.ignored)
        with open_source(str(args.real / sets[0].source)) as source:
            frames = [frame for frame, _ in zip(source, range(FRAMES), strict=False)]
        with ExitStack() as stack:
            folder = stack.enter_context(checked_out(args.commit))
            places = (folder, ROOT)
            was, now = (stack.enter_context(closing(EarlierTracker(at))) for at in places)
            ratios = []
            for turn in range(args.rounds):
                order = (was, now) if turn % 2 == 0 else (now, was)
                took = {one: milliseconds(one, frames, truth, args.window) for one in order}
                ratios.append(took[now] / took[was])
                print(
                    f"round {turn + 1}: {args.commit} {took[was]:.2f} ms, now {took[now]:.2f} ms, "
                    f"{ratios[-1]:.2f} times",
                    flush=True,
                )
    except MohartError as error:
        sys.exit(f"time_commits: {error}")
    print(f"median {np.median(ratios):.2f} times, of {len(ratios)} rounds")


if __name__ == "__main__":
    main()
