"""Fit how surely an object is seen, and write it into the header of a file of weights.

Usage: python tools/calibrate.py [WEIGHTS] [--sequences N]

Rolls the tracker out on generated sequences like those of `mohart bench`, of other seeds, compares
every answer with the truth (visible, and the box overlaps it by more than 0.3) and fits a logistic
regression; half of the sequences are held out for the calibration error that is printed. WEIGHTS is
mohart/weights/default.safetensors unless given.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import mohart
from mohart.assembly.weights import load_model
from mohart.boxes import iou
from mohart.cli.terminal.progress import show_progress
from mohart.metrics.calibration import HELD_ABOVE, count_answers, expected_calibration_error
from mohart.model.tracker import MohartModel
from mohart.structures import ACTIVE
from mohart.synth.scenes.strata import STRATA, Drawn
from mohart.tracking.learned.looks import describe_looks
from mohart.tracking.learned.sight import LEAST, MOST, SURE, Calibration, running_mean
from mohart.training.calibrate import fit_odds
from mohart.training.checkpoint import load_checkpoint, save_checkpoint

SEEN = 0.25  # visibility from which an object can be seen, as in training
APART = 900_000  # from the seeds of the benchmark, and from those of training and validation
LONGEST = 200  # frames


def collect(model: MohartModel, drawn: Drawn) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Evidence [K, 3] (logit, its mean, looks) and whether the object was held [K]."""
    rows = np.flatnonzero(drawn.visibility[0] > SEEN)
    boxes = drawn.boxes[0][rows].astype(np.float32)
    pictures = [torch.from_numpy(frame)[None] for frame in drawn.frames]
    state = model.start(pictures[0], torch.from_numpy(boxes)[None])
    first, mean = describe_looks(drawn.frames[0], boxes), np.full(len(rows), SURE)
    evidence, held = [], []
    for t in range(1, len(pictures)):
        said, state = model.step(pictures[t], state)
        found = said.boxes[0].numpy()
        logit = np.clip(said.visibility[0].numpy().astype(np.float64), LEAST, MOST)
        mean = running_mean(mean, logit)
        similar = (describe_looks(drawn.frames[t], found) * first).sum(1)
        evidence.append(np.stack([logit, mean, similar], 1))
        overlap = iou(found.astype(np.float64), drawn.boxes[t][rows])
        held.append((drawn.visibility[t][rows] > SEEN) & (overlap > HELD_ABOVE))
    return np.concatenate(evidence), np.concatenate(held)


def calibrated(weights: NDArray[np.float64]) -> Calibration:
    """Weights in the order of `collect`, rounded as they are stored."""
    logit, mean, looks, offset = (round(float(w), 4) for w in weights)
    return Calibration(logit=logit, mean=mean, looks=looks, offset=offset)


def error_of(
    calibration: Calibration, evidence: NDArray[np.float64], held: NDArray[np.bool_]
) -> float:
    """Expected calibration error of answers."""
    sure = calibration.probability(*evidence.T)
    answers = np.concatenate([sure[:1], sure])[:, None]  # the first row is not counted
    truth = np.concatenate([held[:1], held])[:, None]
    everybody = np.ones_like(truth)
    counts = count_answers(answers, np.full(answers.shape, ACTIVE), truth.astype(float), everybody)
    return expected_calibration_error(counts) or 0.0


def main(argv: list[str] | None = None) -> int:
    """Fit, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    shipped = Path(mohart.__file__).parent / "weights" / "default.safetensors"
    parser.add_argument("weights", type=Path, nargs="?", default=shipped)
    parser.add_argument("--sequences", type=int, default=4, help="of every stratum (default 4)")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    model = load_model(args.weights).model.eval()
    halves: list[list[tuple[NDArray[np.float64], NDArray[np.bool_]]]] = [[], []]
    total = len(STRATA) * args.sequences
    with show_progress("calibration", "sequences") as progress, torch.inference_mode():
        for k, stratum in enumerate(STRATA):
            seed = stratum.generator.seed + APART
            other = replace(
                stratum, generator=replace(stratum.generator, seed=seed),
                frames=min(stratum.frames, LONGEST),
            )  # fmt: skip
            for n in range(args.sequences):
                halves[n % 2].append(collect(model, other.draw(n)))
                progress(k * args.sequences + n + 1, total)
    parts = [tuple(np.concatenate(x) for x in zip(*half, strict=True)) for half in halves if half]
    for fitted, tested in zip(parts, parts[::-1], strict=True):
        before, after = (
            error_of(c, *tested) for c in (Calibration(), calibrated(fit_odds(*fitted)))
        )
        print(f"held out: {len(tested[1])} answers, error {before:.3f}, calibrated {after:.3f}")
    everything = [np.concatenate(x) for x in zip(*parts, strict=True)]
    calibration = calibrated(fit_odds(everything[0], everything[1]))
    saved = load_checkpoint(args.weights)
    save_checkpoint(
        args.weights, saved.tensors, {**saved.about, "calibration": asdict(calibration)}
    )
    print(f"{args.weights.name}: {calibration}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
