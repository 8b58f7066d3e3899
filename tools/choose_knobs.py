"""Score settings of tracking with detections on generated scenes: how the defaults were chosen.

Usage: python tools/choose_knobs.py [KNOB=VALUE[,KNOB=VALUE] ...] [--every 1,5,10] [--uncalibrated]

Each argument is one setting, changes of Knobs in mohart/tracking/learned/knobs.py; none: the
defaults. Three kinds of scenes (--kinds), three of each (--scenes), with detectors that err, taking
turns (--presets): `people` (few, large frames, 6 to 9 frames per second), `cars` (streets, 20 to
30), `crowd` (tools/benchmark_online.py's validation crowds, with their own detectors). Drawn once
and kept in --work. One scene says little: settings can differ by 4 points on it and be level on
twelve.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import yaml
from numpy.typing import NDArray

from mohart.assembly.weights import load_model
from mohart.cli.terminal.progress import show_progress
from mohart.data.sequence import Sequence
from mohart.errors import MohartError
from mohart.metrics.evaluate import ScoredSequence, evaluate
from mohart.metrics.rules import PlainRules
from mohart.metrics.scores import COMBINED
from mohart.structures import ACTIVE, PREDICTED, Detections, Tracks
from mohart.synth.detections.noise import noisy_detections
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.online import crowded_sequence
from mohart.tracking.learned.knobs import Knobs
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.learned.sight import Calibration
from mohart.tracking.learned.torch_engine import TorchEngine

STREETS = {
    "people": (
        "walker",
        160,
        Generator(
            seed=1_000_777,
            width=640,
            height=480,
            objects=(8, 14),
            size=(0.12, 0.24),
            frame_rate=(6, 9),
            camera=0.0,
            alike=0.3,
            scenery=0.5,
            leaving=0.3,
            scaling=0.0,
            passing=0.6,
        ),
    ),
    "cars": (
        "vehicle",
        200,
        Generator(
            seed=1_000_888,
            objects=(8, 16),
            size=(0.1, 0.4),
            frame_rate=(20, 30),
            camera=0.1,
            alike=0.3,
            scenery=0.1,
            leaving=0.5,
            scaling=0.1,
            passing=0.7,
            street=1.0,
        ),
    ),
}
COLUMNS = ("HOTA", "DetA", "AssA", "LocA", "MOTA", "IDF1", "IDSW", "FP", "FN")


class Scene(NamedTuple):
    """A video in memory, its truth, and what a detector says about every frame."""

    frames: NDArray[np.uint8]
    tracks: Tracks
    detections: list[Detections]


def draw(kind: str, count: int, presets: list[str]) -> Iterator[Scene]:
    """The scenes of a kind; streets are those among the generator's with the right objects."""
    if kind == "crowd":
        for n in range(count):
            crowd = crowded_sequence(n, "validation", frames=120)
            yield _scene(crowd.sequence, crowd.detections)
        return
    wanted, length, generator = STREETS[kind]
    done = number = 0
    while done < count:
        scene = generator.scene(number, 4)
        if scene.sprites[0].kind == wanted and scene.ground is not None:
            street = generator.sequence(number, length, f"{kind}-{number}")
            rng = np.random.default_rng(number)
            size = street.width, street.height
            preset = presets[done % len(presets)]
            yield _scene(street, noisy_detections(street.tracks, *size, rng, preset, length=length))
            done += 1
        number += 1


def _scene(sequence: Sequence, detections: list[Detections]) -> Scene:
    return Scene(np.stack(list(sequence.frames())), sequence.tracks, detections)


def scenes(kind: str, count: int, presets: list[str], work: Path) -> list[Scene]:
    """Drawn, or read from an earlier call."""
    kept = work / f"{kind}-{count}-{'-'.join(presets)}.pickle"
    if not kept.is_file():
        work.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps([tuple(scene) for scene in draw(kind, count, presets)]))
    return [Scene(*parts) for parts in pickle.loads(kept.read_bytes())]


def follow(tracker: RecurrentTracker, scene: Scene, every: int) -> Tracks:
    """What is said to be there, active or predicted."""
    rows: list[tuple[int, int]] = []
    boxes: list[NDArray[np.float32]] = []
    for t, frame in enumerate(scene.frames):
        said = tracker.update(frame, scene.detections[t] if t % every == 0 else None)
        for n in np.flatnonzero(np.isin(said.state, (ACTIVE, PREDICTED))):
            rows.append((t, int(said.tracker_id[n])))
            boxes.append(said.xyxy[n])
    frame_ids = np.array(rows, np.int64).reshape(-1, 2)
    return Tracks.from_columns(frame_ids[:, 0], frame_ids[:, 1], np.array(boxes).reshape(-1, 4))


def main(argv: list[str] | None = None) -> int:
    """Print a row per setting, kind and rate of detections, and the mean HOTA of each setting."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("settings", nargs="*", default=[""], metavar="KNOB=VALUE,...")
    parser.add_argument("--every", default="1,10", metavar="K,...")
    parser.add_argument("--kinds", default="people,cars,crowd", metavar="KIND,...")
    parser.add_argument("--presets", default="fair,weak,strong", metavar="NAME,...")
    parser.add_argument("--scenes", type=int, default=3, metavar="N", help="of each kind")
    parser.add_argument("--uncalibrated", action="store_true", help="the network's word alone")
    parser.add_argument("--work", type=Path, default=Path("out/knobs"), metavar="DIR")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    loaded, device = load_model(), torch.device("cpu")
    said = None if args.uncalibrated else loaded.calibration
    rates = [int(k) for k in args.every.split(",")]
    try:
        calibration = Calibration.from_header(said, "the shipped weights")
        with show_progress("drawing", "kinds") as progress:
            data: dict[str, list[Scene]] = {}
            kinds = args.kinds.split(",")
            for kind in kinds:
                data[kind] = scenes(kind, args.scenes, args.presets.split(","), args.work)
                progress(len(data), len(kinds))
    except MohartError as error:
        parser.exit(2, f"error: {error}\n")
    print("setting".ljust(30), "kind  ", "every", *(name.rjust(6) for name in COLUMNS))
    for setting in args.settings:
        changes: dict[str, Any] = {
            name: yaml.safe_load(value)
            for name, value in (pair.split("=") for pair in setting.split(",") if pair)
        }
        total = []
        for kind, found in data.items():
            for every in rates:
                tracker = RecurrentTracker(
                    TorchEngine(loaded.model, device),
                    knobs=replace(Knobs(), **changes),
                    calibration=calibration,
                )
                scored = []
                for n, scene in enumerate(found):
                    tracker.reset()
                    result = follow(tracker, scene, every)
                    scored.append(
                        ScoredSequence.from_tracks(
                            f"{kind}{n}", scene.tracks, result, length=len(scene.frames)
                        )
                    )
                rows = evaluate(scored, PlainRules()).rows
                score = next(row.scores for row in rows if row.sequence == COMBINED)
                values = [f"{score[name] or 0:6.4g}" for name in COLUMNS]
                print((setting or "default").ljust(30), kind.ljust(6), f"{every:5}", *values)
                total.append(float(score["HOTA"] or 0))
        print(f"{setting or 'default'}: mean HOTA {np.mean(total):.2f}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
