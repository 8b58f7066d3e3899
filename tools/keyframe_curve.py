"""How many boxes have to be drawn: IoU over keyframes, of tracking and of linear interpolation.

Usage: python tools/keyframe_curve.py FOLDER [--frames 200] [--only NAME,...]
    [--json FILE] [--plot FILE.png]

FOLDER holds labelled videos as `mohart bench --real` takes them. Of every video the first frames
are taken, from the first labelled one on, and the objects in that one; keyframes have the true
boxes: one (the first frame), two (first and last), three, or every 50 frames. Every other frame in
which the truth has the object counts. Linear interpolation, as annotation tools do it, stays where
it is behind the last keyframe.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mohart.aliases import Floats
from mohart.assembly.tracker import build_tracker
from mohart.boxes import iou
from mohart.config.bench import load_real_sets
from mohart.errors import MohartError
from mohart.formats.mot.tracks import read_mot
from mohart.keyframes import Keyframes
from mohart.session.both_ways import Table, track_both_ways
from mohart.structures import Tracks
from mohart.video import open_source

WAYS = ("interpolated", "forwards", "both ways")
PLANS: dict[str, Callable[[int], list[int]]] = {
    "1": lambda last: [0],
    "2": lambda last: [0, last],
    "3": lambda last: [0, last // 2, last],
    "every 50": lambda last: [*range(0, last + 1, 50)],
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table and write the numbers."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames", type=int, default=200, help="of every video (default 200)")
    parser.add_argument("--only", help="names of videos, separated by commas")
    parser.add_argument("--json", type=Path, help="write all numbers")
    parser.add_argument("--plot", type=Path, help="draw the curve, a PNG (needs matplotlib)")
    args = parser.parse_args(arguments)
    found: dict[str, dict[str, dict[str, float]]] = {}
    try:
        sets = load_real_sets(args.folder)
        tracker = build_tracker("mohart", threads=1)
        for item in sets:
            if args.only and item.name not in args.only.split(","):
                continue
            truth = read_mot(args.folder / item.gt)
            source = args.folder / item.source
            found[item.name] = {}
            for plan, choose in PLANS.items():
                scores = measure(source, truth, choose, args.frames, tracker)
                found[item.name][plan] = scores
                print(item.name, plan, *(f"{k} {v:.3f}" for k, v in scores.items()), flush=True)
    except MohartError as error:
        sys.exit(f"error: {error}")
    print(table(found))
    if args.plot:
        draw(found, args.plot)
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n")


def measure(
    source: Path,
    truth: Tracks,
    choose: Callable[[int], list[int]],
    frames: int,
    tracker: object,
) -> dict[str, float]:
    """Mean IoU of each way, and `boxes`, how many were drawn per object."""
    labelled = truth.select(~truth.ignored)
    start = int(labelled.frame.min())
    stop = min(start + frames, int(labelled.frame.max()) + 1)
    ids = labelled.at(start).track_id
    boxes, _, present = labelled.dense(ids, start, stop)
    drawn = np.zeros_like(present)
    for frame in choose(stop - start - 1):
        drawn[frame] = present[frame]
    rows = np.argwhere(drawn)
    keyframes = Keyframes.from_rows(rows[:, 0] + start, ids[rows[:, 1]], boxes[drawn])
    ways = track_both_ways(
        lambda: open_source(source),
        tracker,  # type: ignore[arg-type]
        keyframes,
        frames=stop - start,
    )
    answers = {
        "interpolated": interpolate(boxes, drawn),
        "forwards": dense(ways.forwards, ids, start, stop),
        "both ways": dense(ways.table, ids, start, stop),
    }
    counted = present & ~drawn
    scores = {name: float(iou(found, boxes)[counted].mean()) for name, found in answers.items()}
    return {**scores, "boxes": float(drawn.sum() / len(ids))}


def interpolate(boxes: Floats, drawn: np.ndarray) -> Floats:
    """[T, N, 4] between the boxes [T, N, 4] where `drawn` [T, N], constant behind the last."""
    found, every = np.zeros_like(boxes), np.arange(len(boxes))
    for n in range(boxes.shape[1]):
        at = np.flatnonzero(drawn[:, n])
        for side in range(4):
            found[:, n, side] = np.interp(every, at, boxes[at, n, side])
    return found


def dense(said: Table, ids: np.ndarray, start: int, stop: int) -> Floats:
    """[T, N, 4] of a table; 0 where somebody is not followed."""
    found = np.zeros((stop - start, len(ids), 4))
    for frame, tracks in said.items():
        for n, track in enumerate(ids):
            row = np.flatnonzero(tracks.tracker_id == track)
            if len(row):
                found[frame - start, n] = tracks.xyxy[row[0]]
    return found


def means(found: dict[str, dict[str, dict[str, float]]], plan: str) -> dict[str, float]:
    """Boxes per object and IoU of each way, each video weighing the same."""
    names = ("boxes", *WAYS)
    return {n: float(np.mean([video[plan][n] for video in found.values()])) for n in names}


def draw(found: dict[str, dict[str, dict[str, float]]], path: Path) -> None:
    """IoU over boxes drawn, a line for each way."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.add_subplot()
    every = sorted((means(found, plan) for plan in PLANS), key=lambda mean: mean["boxes"])
    for way, style in zip(WAYS, ("s:", "o--", "D-"), strict=True):
        axes.plot([m["boxes"] for m in every], [m[way] for m in every], style, label=way)
    axes.set(xlabel="boxes drawn per object", ylabel="IoU in all other frames", ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=110)


def table(found: dict[str, dict[str, dict[str, float]]]) -> str:
    """Means over videos, each weighing the same."""
    lines = [f"{'keyframes':<12}{'boxes':>8}" + "".join(f"{way:>14}" for way in WAYS)]
    for plan in PLANS:
        mean = means(found, plan)
        lines.append(
            f"{plan:<12}{mean['boxes']:>8.1f}" + "".join(f"{mean[way]:>14.3f}" for way in WAYS)
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
