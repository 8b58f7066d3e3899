"""Is it said that they left, and who came back? States and returns in long generated video.

Usage: python tools/presence.py [--sequences 6] [--frames 300] [--validation] [--json FILE]
            [--returns strict|normal|never] [--end-after FRAMES]
       python tools/presence.py --real DIR ...  (labelled video, as `mohart bench --real` takes it)
       python tools/presence.py --commit f388928 ...  (that commit's tracker; needs the history)
       python tools/presence.py --detections [--kind people] [--colours] ...

People on a street come and go: most of them leave for good, some come back. All who can be seen
are drawn in the first frame and in every 100th after it, once each. Counted, over all frames behind
the drawing: `active` frames with the box on the object (right), on something else (wrong), and
after the object is gone (gone); returns, where somebody who was out of sight for at least 10 frames
is said to be active again, right or wrong; and of those who were in truth away for at least 10
frames and came back for as many, how many were followed again (active, and right, in half of the
30 frames after that in which they are there).

A false presence is a run of `active` frames after the end; counted by frames after the end. The
last table is the calibration by time since the last sure look (a confidence of 0.9): what was said,
and how often the box was on its object.

With --detections nobody is drawn; a detector that errs finds them, in every frame. Objects walk out
and come back after 10 to 300 frames (mohart.synth.scenes.absences). Counted: returns that got their
old identity (right), somebody else's (wrong), or a new one; who kept an identity through a crossing
(two boxes that overlap by an IoU of 0.3, or more, and are apart again); IDF1. Intervals: sequences
are drawn anew 1,000 times.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from earlier.checkout import checked_out
from earlier.tracker import EarlierTracker
from numpy.typing import ArrayLike, NDArray
from presence_counts import calibration_table, count, summary
from returns import KINDS, chosen_tracker, measure_returns

from mohart.assembly.tracker import build_tracker
from mohart.boxes import iou
from mohart.config.bench import load_real_sets
from mohart.errors import MohartError
from mohart.formats.mot.tracks import read_mot
from mohart.structures import ACTIVE, TrackedObjects
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.strata import SEED, VALIDATION_APART, Drawn, Stratum
from mohart.tracking.catalogue import RETURNS
from mohart.tracking.corrections import Correctable
from mohart.tracking.learned.knobs import leaving
from mohart.tracking.protocol import Tracker
from mohart.video import open_source
from mohart.weights.names import CHOICE

EVERY = 100  # frames between drawings
SEEN = 0.25  # visibility from which somebody is there


def stratum(frames: int, *, validation: bool) -> Stratum:
    """People who come and go."""
    generator = Generator(
        seed=SEED + 21 - (VALIDATION_APART if validation else 0),
        width=480,
        height=360,
        objects=(9, 13),
        size=(0.12, 0.3),
        frame_rate=(7.0, 15.0),
        camera=0.1,
        alike=0.3,
        scenery=0.3,
        leaving=0.6,
        street=1.0,
        scaling=0.1,
        passing=0.6,
    )
    return Stratum("presence", "people who come and go", generator, frames, inside=True)


class Follower(Protocol):
    """A tracker to whose objects more can be added while it runs."""

    def init(
        self, frame_bgr: NDArray[np.uint8], boxes_xyxy: ArrayLike, ids: ArrayLike, /
    ) -> TrackedObjects:
        """As :meth:`mohart.tracking.protocol.Tracker.init`."""

    def update(self, frame_bgr: NDArray[np.uint8], /) -> TrackedObjects:
        """As :meth:`mohart.tracking.protocol.Tracker.update`."""

    def correct(
        self, frame_bgr: NDArray[np.uint8], boxes_xyxy: ArrayLike, ids: ArrayLike, /
    ) -> TrackedObjects:
        """As :meth:`mohart.tracking.corrections.Correctable.correct`."""


def follow(drawn: Drawn, tracker: Follower) -> list[dict[str, Any]]:
    """One row per object that is followed and frame behind its drawing."""
    rows: list[dict[str, Any]] = []
    seen = drawn.visibility
    last = [int(np.flatnonzero(v >= SEEN).max(initial=-1)) for v in seen.T]
    known: set[int] = set()
    for t, frame in enumerate(drawn.frames):
        said = None if t == 0 else tracker.update(frame)
        places = {} if said is None else {int(k): n for n, k in enumerate(said.tracker_id)}
        for track in sorted(known if t else ()):
            there, n = bool(seen[t, track] >= SEEN), places.get(track)  # None: it has ended
            row = {
                "frame": t,
                "id": track,
                "active": False,
                "confidence": 0.0,
                "there": there,
                "gone": t > last[track],
                "iou": 0.0,
            }
            if said is not None and n is not None:
                overlap = float(iou(said.xyxy[n].astype(float), drawn.boxes[t, track]))
                row |= {
                    "active": said.state[n] == ACTIVE,
                    "confidence": float(said.confidence[n]),
                    "iou": overlap if there else 0.0,
                }
            rows.append(row)
        if t % EVERY == 0:
            clear = [n for n in np.flatnonzero(seen[t] > 0.6).tolist() if n not in known]
            boxes = drawn.boxes[t, clear]
            if t == 0:
                tracker.init(frame, boxes, clear)
            elif clear:
                tracker.correct(frame, boxes, clear)
            known.update(clear)
    return rows


def generated(args: argparse.Namespace) -> Iterator[tuple[str, Drawn]]:
    """The sequences that were asked for."""
    place = stratum(args.frames, validation=args.validation)
    bank = place.generator.bank()
    for number in range(args.first, args.first + args.sequences):
        yield str(number), place.draw(number, bank)


def real_videos(folder: Path) -> Iterator[tuple[str, Drawn]]:
    """Whole labelled videos; who is not labelled in a frame is not there."""
    known = set[str]()
    for item in load_real_sets(folder):
        if item.source in known:
            continue
        known.add(item.source)
        tracks = read_mot(folder / item.gt)
        tracks = tracks.select(~tracks.ignored)
        with open_source(str(folder / item.source)) as source:
            frames = list(source)
        boxes, visibility, present = tracks.dense(np.unique(tracks.track_id), 0, len(frames))
        yield item.name, Drawn(frames, boxes, np.where(present, visibility, 0.0))


def chosen(args: argparse.Namespace, stack: ExitStack) -> Follower:
    """The tracker that was asked for."""
    if args.commit:
        folder = stack.enter_context(checked_out(args.commit))
        return stack.enter_context(closing(EarlierTracker(folder)))
    tracker: Tracker
    if args.colours:
        left = leaving(args.returns, args.end_after)
        tracker = chosen_tracker(args.model, colours=True, left=left)
    else:
        tracker = build_tracker(
            "mohart",
            model=args.model,
            threads=1,
            engine=args.engine,
            returns=args.returns,
            end_after=args.end_after,
        )
    assert isinstance(tracker, Correctable)  # noqa: S101  # the one of that name
    return tracker


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sequences", type=int, default=6)
    parser.add_argument("--first", type=int, default=0, help="number of the first sequence")
    parser.add_argument("--real", type=Path, metavar="DIR", help="labelled video instead")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--validation", action="store_true", help="other seeds, to choose by")
    parser.add_argument("--returns", default="normal", choices=RETURNS)
    parser.add_argument("--end-after", type=int, metavar="FRAMES", help="of being lost")
    parser.add_argument("--model", help=f"weights: {CHOICE}")
    parser.add_argument("--commit", help="of this project, whose tracker is taken instead")
    parser.add_argument("--engine", default="auto", help="of drawn objects: auto, onnx, torch")
    parser.add_argument("--json", type=Path, help="write the counts of every sequence")
    parser.add_argument("--detections", action="store_true", help="returns with a detector")
    parser.add_argument("--kind", choices=KINDS, default=KINDS[0], help="of --detections")
    parser.add_argument("--colours", action="store_true", help="without the identity embedding")
    parser.add_argument("--knob", action="append", default=[], metavar="NAME=VALUE")
    args = parser.parse_args(arguments)
    if args.sequences < 1 or args.frames < 2:
        parser.error("expected at least one sequence of two frames")
    if args.json and not args.json.parent.is_dir():
        parser.error(f"--json {args.json}: there is no such folder")
    try:
        if args.detections:
            measure_returns(args)
        else:
            measure_presence(args)
    except MohartError as error:
        parser.exit(2, f"error: {error}\n")


def measure_presence(args: argparse.Namespace) -> None:
    """Print a row for each video, and what all of them have."""
    every = []
    with ExitStack() as stack:
        tracker = chosen(args, stack)
        for name, drawn in real_videos(args.real) if args.real else generated(args):
            found = count(follow(drawn, tracker))
            every.append(dict(found))
            told = ", ".join(f"{key} {value:.3f}" for key, value in summary(found).items())
            print(f"{name}: {told}", flush=True)
    total: Counter[str] = Counter()
    for one in every:
        total.update(one)
    print("all:", ", ".join(f"{name} {value:.3f}" for name, value in summary(total).items()))
    print("since the last sure look:", *calibration_table(total), sep="\n")
    if args.json:
        args.json.write_text(json.dumps(every, indent=1) + "\n")


if __name__ == "__main__":
    main()
