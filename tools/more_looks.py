"""Do more looks of a detector make tracking better? In every frame, every 5th, every 10th.

Usage: python tools/more_looks.py [--sequences 12] [--every 1,5,10] [--validation] [--json FILE]
           [--against FILE] [KNOB=VALUE,...]

On generated video with a detector that is fooled by the same still places again and again
(mohart/synth/scenes/lured.py): people and vehicles, detectors of three qualities in turn. Printed:

* scores per rate, all sequences together;
* what the false boxes are: `ghost` (the detector was silent about the track in its last five
  looks), `alarm` (a track of nothing that the detector has just reported), `near` (IoU 0.3 to 0.5
  with an object that has no box), `double` (on an object that has one);
* the law: HOTA of each rate against the next slower one, paired over sequences, with its 95 %
  interval. More looks should not make it worse;
* with --against, an earlier --json: the paired difference of every rate to it.
"""

from __future__ import annotations

import argparse
import json
import pickle
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import yaml
from numpy.typing import NDArray

from mohart.assembly.tracker import build_tracker
from mohart.assembly.weights import load_model
from mohart.boxes import pairwise_iou
from mohart.cli.terminal.progress import show_progress
from mohart.errors import MohartError
from mohart.metrics.compare import compare
from mohart.metrics.evaluate import ScoredSequence, evaluate
from mohart.metrics.rules import PlainRules
from mohart.metrics.scores import COMBINED
from mohart.metrics.text_table import format_columns
from mohart.structures import ACTIVE, PREDICTED, Detections, Tracks
from mohart.synth.scenes.lured import FRAMES, lured_sequence
from mohart.synth.scenes.online import Group
from mohart.tracking.learned.knobs import Knobs
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.learned.sight import Calibration
from mohart.tracking.learned.torch_engine import TorchEngine
from mohart.tracking.protocol import Tracker

COLUMNS = ("HOTA", "DetA", "AssA", "LocA", "MOTA", "IDF1", "IDSW", "FP", "FN")
FALSE = ("ghost", "alarm", "near", "double")
LATELY = 5  # looks of the detector
MATCH, NEAR = 0.5, 0.3  # IoU


class Scene(NamedTuple):
    """A video in memory, its truth, and what a detector says about every frame."""

    name: str
    frames: NDArray[np.uint8]
    truth: Tracks
    detections: list[Detections]


class Followed(NamedTuple):
    """What was said of a video.

    Attributes:
        tracks: active and predicted boxes.
        silent: looks in a row of the detector without a detection for the track, of each row.
        seconds: of CPU.
    """

    tracks: Tracks
    silent: NDArray[np.int64]
    seconds: float


def scenes(count: int, group: Group, frames: int, work: Path) -> Iterator[Scene]:
    """Drawn, or read from an earlier call."""
    work.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        kept = work / f"lures-{group}-{number:04d}-{frames}.pickle"
        if not kept.is_file():
            drawn = lured_sequence(number, group, frames)
            pictures = np.stack(list(drawn.sequence.frames()))
            scene = (drawn.sequence.name, pictures, drawn.sequence.tracks, drawn.detections)
            kept.write_bytes(pickle.dumps(scene))
        yield Scene(*pickle.loads(kept.read_bytes()))


def follow(tracker: Tracker, scene: Scene, every: int) -> Followed:
    """One video with a detector that is asked in frames 0, every, 2 every, ..."""
    tracker.reset()
    rows: list[tuple[int, int, int]] = []
    boxes: list[NDArray[np.float32]] = []
    silent: Counter[int] = Counter()
    seconds = 0.0
    for t, frame in enumerate(scene.frames):
        found = scene.detections[t] if t % every == 0 else None
        start = time.process_time()
        said = tracker.update(frame, found)
        seconds += time.process_time() - start
        for n in np.flatnonzero((said.tracker_id > 0) & np.isin(said.state, (ACTIVE, PREDICTED))):
            track = int(said.tracker_id[n])
            if found is not None:
                silent[track] = 0 if said.source_index[n] >= 0 else silent[track] + 1
            rows.append((t, track, silent[track]))
            boxes.append(said.xyxy[n])
    columns = np.array(rows, np.int64).reshape(-1, 3)
    order = np.lexsort((columns[:, 1], columns[:, 0]))
    columns, corners = columns[order], np.array(boxes).reshape(-1, 4)[order]
    tracks = Tracks.from_columns(columns[:, 0], columns[:, 1], corners)
    return Followed(tracks, columns[:, 2], seconds)


def false_boxes(followed: Followed, truth: Tracks, length: int) -> Counter[str]:
    """How many boxes on nothing there are of each kind."""
    from scipy.optimize import linear_sum_assignment

    found: Counter[str] = Counter()
    for t in range(length):
        rows = followed.tracks.frame == t
        boxes, silent = followed.tracks.boxes[rows], followed.silent[rows]
        overlap = np.asarray(pairwise_iou(boxes, truth.at(t).boxes))
        own, theirs = linear_sum_assignment(-np.where(overlap >= MATCH, 1000 + overlap, 0))
        good = overlap[own, theirs] >= MATCH
        taken = np.zeros(overlap.shape[1], bool)
        taken[theirs[good]] = True
        for n in np.setdiff1d(np.arange(len(boxes)), own[good]):
            if (overlap[n, taken] >= MATCH).any():
                kind = "double"
            elif (overlap[n, ~taken] >= NEAR).any():
                kind = "near"
            else:
                kind = "ghost" if silent[n] >= LATELY else "alarm"
            found[kind] += 1
    return found


def measure(tracker: Tracker, every: int, args: argparse.Namespace) -> dict[str, Any]:
    """All sequences at one rate."""
    scored, false, seconds, frames = [], Counter[str](), 0.0, 0
    group: Group = "validation" if args.validation else "test"
    with show_progress(f"every {every}", "sequences") as progress:
        for scene in scenes(args.sequences, group, args.frames, args.work):
            followed = follow(tracker, scene, every)
            length = len(scene.frames)
            scored.append(
                ScoredSequence.from_tracks(scene.name, scene.truth, followed.tracks, length=length)
            )
            false.update(false_boxes(followed, scene.truth, length))
            seconds, frames = seconds + followed.seconds, frames + length
            progress(len(scored), args.sequences)
    scores = evaluate(scored, PlainRules(), tracker=tracker.name, dataset=f"lures-{group}")
    return {
        "every": every,
        "false": dict(false),
        "cpu_ms_per_frame": 1000 * seconds / frames,
        "scores": scores.to_dict(),
    }


def table(measured: Sequence[dict[str, Any]]) -> str:
    """A line per rate."""
    lines = [["every", *COLUMNS, *FALSE, "CPU ms"]]
    for item in measured:
        row = next(r for r in item["scores"]["rows"] if r["sequence"] == COMBINED)["scores"]
        numbers = [
            f"{row[c] or 0:.1f}" if isinstance(row[c], float) else f"{row[c]}" for c in COLUMNS
        ]
        kinds = [str(item["false"].get(kind, 0)) for kind in FALSE]
        lines.append([str(item["every"]), *numbers, *kinds, f"{item['cpu_ms_per_frame']:.1f}"])
    return format_columns(lines, left=1)


def difference(first: dict[str, Any], second: dict[str, Any], column: str = "HOTA") -> str:
    """Second minus first with its interval, in words."""
    rows = compare(first["scores"], second["scores"])
    row = next(row for row in rows if row.score == column)
    if row.low is None or row.high is None:
        return f"{row.difference:+.2f}"
    return f"{row.difference:+.2f} ({row.low:+.2f} to {row.high:+.2f})"


def law(measured: Sequence[dict[str, Any]]) -> list[str]:
    """Each rate against the next slower one."""
    return [
        f"HOTA every {more['every']} minus every {less['every']}: {difference(less, more)}"
        for more, less in pairwise(measured)
    ]


def against(measured: Sequence[dict[str, Any]], earlier: Sequence[dict[str, Any]]) -> list[str]:
    """Each rate against the same one of an earlier measurement."""
    before = {item["every"]: item for item in earlier}
    return [
        f"every {item['every']} minus earlier: "
        + ", ".join(
            f"{c} {difference(before[item['every']], item, c)}" for c in ("HOTA", "FP", "FN")
        )
        for item in measured
        if item["every"] in before
    ]


def build(setting: str) -> Tracker:
    """The shipped tracker, or one with knobs changed, which torch computes."""
    if not setting:
        return build_tracker("mohart", threads=1)
    changes = {
        name: yaml.safe_load(value)
        for name, value in (pair.split("=") for pair in setting.split(",") if pair)
    }
    torch.set_num_threads(1)
    loaded = load_model()
    return RecurrentTracker(
        TorchEngine(loaded.model, torch.device("cpu")),
        knobs=Knobs(**changes),
        calibration=Calibration.from_header(loaded.calibration, "the shipped weights"),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("setting", nargs="?", default="", metavar="KNOB=VALUE,...")
    parser.add_argument("--sequences", type=int, default=12, metavar="N")
    parser.add_argument("--frames", type=int, default=FRAMES, metavar="N")
    parser.add_argument("--every", default="1,5,10", metavar="K,...")
    parser.add_argument("--validation", action="store_true", help="other seeds, to choose by")
    parser.add_argument("--work", type=Path, default=Path("out/lures"), metavar="DIR")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all counts")
    parser.add_argument("--against", type=Path, metavar="FILE", help="an earlier --json")
    args = parser.parse_args(arguments)
    try:
        tracker = build(args.setting)
        measured = [measure(tracker, int(k), args) for k in args.every.split(",")]
        print(table(measured))
        print("\n".join(law(measured)))
        if args.against:
            print("\n".join(against(measured, json.loads(args.against.read_text()))))
    except MohartError as error:
        parser.exit(2, f"error: {error}\n")
    if args.json:
        args.json.write_text(json.dumps(measured, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
