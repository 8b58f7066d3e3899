"""Returns and crossings with a detector: the part of tools/presence.py behind --detections."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
import yaml
from numpy.typing import NDArray

from mohart.assembly.identity import without_torch
from mohart.assembly.knobs import make_knobs
from mohart.assembly.weights import load_model
from mohart.boxes import pairwise_iou
from mohart.errors import ConfigError
from mohart.metrics.evaluate import ScoredSequence, evaluate
from mohart.metrics.rules import PlainRules
from mohart.metrics.scores import COMBINED
from mohart.structures import ACTIVE, PREDICTED, Detections, Tracks
from mohart.synth.detections.noise import noisy_detections
from mohart.synth.scenes.absences import Absences
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.record import inside_frame
from mohart.tracking.learned.knobs import Leaving, leaving
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.learned.sight import Calibration
from mohart.tracking.learned.torch_engine import TorchEngine

KINDS = ("people", "look-alikes")
SEED = 2_000_441
VALIDATION_APART = 1_500_000
AWAY = 10  # frames without being seen, at least, before a return
NEAR = 20  # frames before and behind a gap or a crossing in which an identity counts
SEEN = 0.25  # visibility from which somebody is there
ON = 0.5  # IoU of a box with its object
MET, APART = 0.3, 0.05  # IoU of two objects that cross, and that have parted
DRAWS = 1000


class Run(NamedTuple):
    """What was said of one sequence.

    Attributes:
        identity: [T, N] id on each object; -1: none.
        seen: [T, N] bool, the object is there.
        boxes: [T, N, 4] truth.
        scored: for the usual measures.
    """

    identity: NDArray[np.int64]
    seen: NDArray[np.bool_]
    boxes: NDArray[np.float64]
    scored: ScoredSequence


def chosen_tracker(
    model: str | None, *, colours: bool = False, left: Leaving | None = None
) -> RecurrentTracker:
    """The tracker, with or without its identity embedding."""
    torch.set_num_threads(1)
    left = left or leaving()
    loaded = load_model(model)
    return RecurrentTracker(
        TorchEngine(loaded.model, torch.device("cpu")),
        loaded.details,
        knobs=left.knobs,
        rules=left.rules,
        calibration=Calibration.from_header(loaded.calibration, "the weights"),
        identity=None if colours or loaded.identity is None else without_torch(loaded.identity),
    )


def draw(
    kind: str, number: int, frames: int, *, validation: bool
) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.float64], list[Detections]]:
    """A sequence of people who come back: frames, boxes, visibility, detections."""
    generator = Generator(
        seed=SEED + KINDS.index(kind) - (VALIDATION_APART if validation else 0),
        objects=(5, 8),
        size=(0.14, 0.3),
        frame_rate=(10.0, 20.0),
        camera=0.0,
        street=0.8,
        alike=float(kind == "look-alikes"),
        scenery=0.2,
        leaving=0.0,
        scaling=0.1,
    )
    upright = 0  # sequences of people before this one
    candidate = -1
    while upright <= number:
        candidate += 1
        upright += generator.scene(candidate, 2).sprites[0].kind == "walker"
    rng = np.random.default_rng([generator.seed, 9, candidate])
    scene = Absences().put_into(generator.scene(candidate, frames), rng)
    labelled = list(scene.frames())
    boxes = np.array([item.boxes for item in labelled])
    visibility = np.array([item.visibility for item in labelled])
    flat, size = boxes.reshape(-1, 4), (generator.width, generator.height)
    visibility = np.where(inside_frame(flat, *size).reshape(visibility.shape), visibility, 0)
    tracks = as_tracks(boxes, visibility)
    found = noisy_detections(tracks, *size, rng, "fair", length=frames)
    return np.stack([item.frame for item in labelled]), boxes, visibility, found


def as_tracks(boxes: NDArray[np.float64], visibility: NDArray[np.float64]) -> Tracks:
    """The truth, of who is in the picture."""
    frame, who = np.nonzero(visibility > 0)
    return Tracks.from_columns(frame, who + 1, boxes[frame, who], visibility=visibility[frame, who])


def follow(
    name: str,
    tracker: RecurrentTracker,
    frames: NDArray[np.uint8],
    boxes: NDArray[np.float64],
    visibility: NDArray[np.float64],
    found: list[Detections],
) -> Run:
    """Track a sequence of this name, and lay what is said on the truth."""
    tracker.reset()
    identity = np.full(visibility.shape, -1, np.int64)
    rows: list[tuple[int, int]] = []
    said_boxes: list[NDArray[np.float32]] = []
    for t, frame in enumerate(frames):
        said = tracker.update(frame, found[t])
        shown = said.select(np.isin(said.state, (ACTIVE, PREDICTED)))
        shared = pairwise_iou(boxes[t], shown.xyxy.astype(float))
        shared[visibility[t] < SEEN] = 0
        while shared.size and shared.max() >= ON:
            n, m = (int(k) for k in np.unravel_index(shared.argmax(), shared.shape))
            identity[t, n] = shown.tracker_id[m]
            shared[n], shared[:, m] = 0, 0
        rows += [(t, int(track)) for track in shown.tracker_id]
        said_boxes += list(shown.xyxy)
    table = np.array(rows, np.int64).reshape(-1, 2)
    result = Tracks.from_columns(table[:, 0], table[:, 1], np.array(said_boxes).reshape(-1, 4))
    truth = as_tracks(boxes, visibility)
    scored = ScoredSequence.from_tracks(name, truth, result, length=len(frames))
    return Run(identity, visibility >= SEEN, boxes, scored)


def usual(ids: NDArray[np.int64]) -> int:
    """The identity that most of these frames have; -1 where there is none."""
    there = ids[ids >= 0]
    return int(np.bincount(there).argmax()) if len(there) else -1


def count_returns(run: Run) -> Counter[str]:
    """Returns behind a gap: right, wrong (an identity that was another's), new, or not found."""
    found: Counter[str] = Counter()
    for n in range(run.seen.shape[1]):
        there = np.flatnonzero(run.seen[:, n])
        for last, back in pairwise(there.tolist()):
            if back - last <= AWAY:
                continue
            before = usual(run.identity[max(0, last - NEAR) : last + 1, n])
            after = usual(run.identity[back : back + NEAR, n])
            if before < 0 or after < 0:
                found["not found"] += before >= 0
                continue
            known = after in run.identity[:back]
            kind = "right" if after == before else "wrong" if known else "new"
            found[kind] += 1
    return found


def count_crossings(run: Run) -> Counter[str]:
    """Of two who meet and part: both kept their identities, they were exchanged, or else."""
    found: Counter[str] = Counter()
    count = run.seen.shape[1]
    for i in range(count):
        for j in range(i + 1, count):
            both = run.seen[:, i] | run.seen[:, j]
            shared = np.array([pairwise_iou(b[[i]], b[[j]])[0, 0] for b in run.boxes]) * both
            met = None
            for t in range(1, len(shared)):
                if shared[t] >= MET and met is None:
                    met = t
                elif met is not None and shared[t] < APART:
                    before = [usual(run.identity[max(0, met - NEAR) : met, n]) for n in (i, j)]
                    after = [usual(run.identity[t : t + NEAR, n]) for n in (i, j)]
                    met = None
                    if -1 in before or -1 in after:
                        continue
                    same = before == after
                    exchanged = before == after[::-1] and before[0] != before[1]
                    found["kept" if same else "exchanged" if exchanged else "other"] += 1
    return found


def summary(found: list[Counter[str]]) -> dict[str, float]:
    """Recall and precision of returns and their F1, and the share of crossings that are kept."""
    total: Counter[str] = Counter()
    for one in found:
        total.update(one)
    right, wrong = total["right"], total["wrong"]
    there = right + wrong + total["new"] + total["not found"]
    crossings = total["kept"] + total["exchanged"] + total["other"]
    return {
        "returns": float(there),
        "recall": right / max(there, 1),
        "precision": right / max(right + wrong, 1),
        "F1": 2 * right / max(right + wrong + there, 1),
        "crossings": float(crossings),
        "kept": total["kept"] / max(crossings, 1),
        "exchanged": total["exchanged"] / max(crossings, 1),
    }


def interval(found: list[Counter[str]], name: str) -> tuple[float, float]:
    """95 % interval of a number of `summary`, by drawing sequences anew."""
    rng = np.random.default_rng(0)
    values = [
        summary([found[k] for k in rng.integers(0, len(found), len(found))])[name]
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def measure_returns(args: argparse.Namespace) -> None:
    """Measure and print, sequence after sequence."""
    if bad := [one for one in args.knob if "=" not in one]:
        raise ConfigError(f"--knob {bad[0]}: expected NAME=VALUE")
    pairs = (one.split("=", 1) for one in args.knob)
    changes: dict[str, Any] = {name: yaml.safe_load(value) for name, value in pairs}
    left = leaving(args.returns, args.end_after, make_knobs(changes))
    tracker = chosen_tracker(args.model, colours=args.colours, left=left)
    every, runs = [], []
    for number in range(args.first, args.first + args.sequences):
        drawn = draw(args.kind, number, args.frames, validation=args.validation)
        run = follow(str(number), tracker, *drawn)
        every.append(count_returns(run) + count_crossings(run))
        runs.append(run.scored)
        told = ", ".join(f"{name} {value:.3f}" for name, value in summary(every[-1:]).items())
        print(f"{number}: {told}", flush=True)
    print("all:", ", ".join(f"{name} {value:.3f}" for name, value in summary(every).items()))
    for name in ("F1", "kept"):
        low, high = interval(every, name)
        print(f"{name}: 95 % interval {low:.3f} to {high:.3f}")
    rows = evaluate(runs, PlainRules()).rows
    score = next(row.scores for row in rows if row.sequence == COMBINED)
    print(", ".join(f"{name} {score[name] or 0:.1f}" for name in ("HOTA", "AssA", "IDF1", "IDSW")))
    if args.json:
        args.json.write_text(json.dumps([dict(one) for one in every], indent=1) + "\n")
