"""Is it said that they left, and who came back? States and returns in long generated video.

Usage: python tools/presence.py [--sequences 6] [--frames 300] [--validation] [--json FILE]
            [--returns strict|normal|never] [--end-after FRAMES]
       python tools/presence.py --real DIR ...  (labelled video, as `mohart bench --real` takes it)
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
from pathlib import Path
from typing import Any

import numpy as np
from returns import KINDS, chosen_tracker, measure_returns

from mohart.assembly.tracker import build_tracker
from mohart.boxes import iou
from mohart.config.bench import load_real_sets
from mohart.formats.mot.tracks import read_mot
from mohart.structures import ACTIVE
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.strata import SEED, VALIDATION_APART, Drawn, Stratum
from mohart.tracking.catalogue import RETURNS
from mohart.tracking.corrections import Correctable
from mohart.tracking.learned.knobs import leaving
from mohart.tracking.protocol import Tracker
from mohart.video import open_source

EVERY = 100  # frames between drawings
AWAY = 10  # frames out of sight, at least, before a return
SOON = 30  # frames after a return in which it has to be found
RIGHT = 0.3  # IoU with the object
SEEN = 0.25  # visibility from which somebody is there
SURE = 0.9  # confidence of a sure look
SINCE = (0, 1, 6, 16, 61)  # frames since then, from which the calibration is told apart


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


def follow(drawn: Drawn, tracker: Correctable) -> list[dict[str, Any]]:
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


def count(rows: list[dict[str, Any]]) -> Counter[str]:
    """Frames and returns of one sequence."""
    found: Counter[str] = Counter()
    hidden: Counter[int] = Counter()  # frames in a row that an object was not active
    false = set[int]()  # active after the end, in the frame before
    for row in rows:
        right = row["there"] and row["iou"] >= RIGHT
        kind = "right" if right else "gone" if row["gone"] else "wrong"
        found["there"] += row["there"]
        found["after"] += row["gone"]
        if row["active"] and row["gone"]:
            found["false presences"] += row["id"] not in false
            false.add(row["id"])
        else:
            false.discard(row["id"])
        if not row["active"]:
            hidden[row["id"]] += 1
            continue
        found[f"active {kind}"] += 1
        if hidden[row["id"]] >= AWAY:
            found["return right" if right else "return wrong"] += 1
        hidden[row["id"]] = 0
    return found + came_back(rows) + calibrate(rows)


def calibrate(rows: list[dict[str, Any]]) -> Counter[str]:
    """Frames, sums of what was said, and right boxes, by time since the last sure look."""
    found: Counter[str] = Counter()
    since: Counter[int] = Counter()
    for row in rows:
        track = row["id"]
        since[track] = 0 if row["confidence"] >= SURE else since[track] + 1
        start = max(low for low in SINCE if low <= since[track])
        found[f"since {start} frames"] += 1
        found[f"since {start} said"] += row["confidence"]
        found[f"since {start} right"] += row["there"] and row["iou"] >= RIGHT
    return found


def came_back(rows: list[dict[str, Any]]) -> Counter[str]:
    """Who was in truth away and is there again, and how many of them are followed again."""
    found: Counter[str] = Counter()
    for track in sorted({row["id"] for row in rows}):
        mine = [row for row in rows if row["id"] == track]
        there = [row["there"] for row in mine]
        for t in range(AWAY, len(mine)):
            if any(there[t - AWAY : t]) or not there[t]:
                continue
            soon = [row for row in mine[t : t + SOON] if row["there"]]
            if len(soon) < AWAY:
                continue
            right = sum(row["active"] and row["iou"] >= RIGHT for row in soon)
            found["came back"] += 1
            found["followed again"] += right >= len(soon) / 2
    return found


def summary(found: Counter[str]) -> dict[str, float]:
    """Shares of all sequences together."""
    active = sum(found[f"active {kind}"] for kind in ("right", "wrong", "gone"))
    after = max(found["after"], 1)
    return {
        "precision of active": found["active right"] / max(active, 1),
        "active while there": found["active right"] / max(found["there"], 1),
        "active while gone": found["active gone"] / after,
        "false presences per 1,000 frames": 1000
        * found["false presences"]
        / max(found["after"], 1),
        "returns right": float(found["return right"]),
        "returns wrong": float(found["return wrong"]),
        "came back": float(found["came back"]),
        "followed again": float(found["followed again"]),
    }


def calibration_table(found: Counter[str]) -> list[str]:
    """One line for each span of time since the last sure look."""
    lines = []
    for low, high in zip(SINCE, [*(n - 1 for n in SINCE[1:]), None], strict=True):
        frames = found[f"since {low} frames"]
        if frames:
            span = f"{low} to {high}" if high is not None else f"{low} and more"
            said, right = (found[f"since {low} {kind}"] / frames for kind in ("said", "right"))
            lines.append(f"{span:>12} frames: {frames:7.0f}, said {said:.3f}, right {right:.3f}")
    return lines


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
    parser.add_argument("--model", help="weights instead of the shipped ones")
    parser.add_argument("--engine", default="auto", help="of drawn objects: auto, onnx, torch")
    parser.add_argument("--json", type=Path, help="write the counts of every sequence")
    parser.add_argument("--detections", action="store_true", help="returns with a detector")
    parser.add_argument("--kind", choices=KINDS, default=KINDS[0], help="of --detections")
    parser.add_argument("--colours", action="store_true", help="without the identity embedding")
    parser.add_argument("--knob", action="append", default=[], metavar="NAME=VALUE")
    args = parser.parse_args(arguments)
    if args.detections:
        measure_returns(args)
        return
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
    videos = real_videos(args.real) if args.real else generated(args)
    every = []
    for name, drawn in videos:
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
