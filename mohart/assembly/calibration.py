"""The last step of a training: from what the network says to a probability that it is so.

The tracker is rolled out on generated sequences like those of `mohart bench`, of other seeds. Every
answer is compared with the truth (visible, and the box overlaps it by more than 0.3), and a
logistic regression is fitted. It stands in the header of the file of weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mohart.assembly.weights import load_model
from mohart.boxes import iou
from mohart.errors import ConfigError
from mohart.metrics.calibration import HELD_ABOVE, count_answers, expected_calibration_error
from mohart.model.tracker import MohartModel
from mohart.structures import ACTIVE
from mohart.synth.scenes.strata import STRATA, Drawn, Stratum
from mohart.tracking.learned.looks import describe_looks
from mohart.tracking.learned.sight import LEAST, MOST, SURE, Calibration, running_mean
from mohart.training.calibrate import fit_odds
from mohart.training.checkpoint import load_checkpoint, save_checkpoint

SEEN = 0.25  # visibility from which an object can be seen, as in training
APART = 900_000  # from the seeds of the benchmark, and from those of training and validation
LONGEST = 200  # frames

Progress = Callable[[int, int], None]
Evidence = tuple[NDArray[np.float64], NDArray[np.bool_]]  # [K, 3] and [K], see `_collect`


@dataclass(frozen=True)
class Calibrated:
    """What came out.

    Attributes:
        calibration: of the file now.
        answers: that it was fitted on.
        before: expected calibration error of the network's own word, in [0, 1], on sequences that
            the fit of the other half has not seen; None with fewer than two of a stratum.
        after: of the calibrated answers, on the same.
    """

    calibration: Calibration
    answers: int
    before: float | None
    after: float | None


def is_calibrated(path: Path) -> bool:
    """Whether a file of weights has a calibration.

    Raises:
        CheckpointError: it is damaged.
    """
    return load_checkpoint(path).about.get("calibration") is not None


def calibrate_weights(path: Path, *, sequences: int, progress: Progress) -> Calibrated:
    """Fit a calibration and write it into the file, which is replaced in the end and at once.

    Args:
        path: weights of `mohart train`.
        sequences: generated ones, of every stratum.
        progress: called with sequences done and their number.

    Raises:
        ConfigError: fewer than one sequence.
        CheckpointError: the file is damaged.
        TrainingError: there is nothing to learn from, as all answers are right, or all are wrong.
        OutputError: it cannot be written.
    """
    if sequences < 1:
        raise ConfigError(f"--sequences: expected at least 1, got {sequences}")
    model = load_model(path).model.eval()
    halves: list[list[Evidence]] = [[], []]
    total = len(STRATA) * sequences
    with torch.inference_mode():
        for k, stratum in enumerate(_strata()):
            for n in range(sequences):
                halves[n % 2].append(_collect(model, stratum.draw(n)))
                progress(k * sequences + n + 1, total)
    parts = [_together(half) for half in halves if half]
    calibration = _calibration(_together(parts))
    before = after = None
    if len(parts) == 2:
        crossed = list(zip(parts, parts[::-1], strict=True))
        before = float(np.mean([_error(Calibration(), tested) for _, tested in crossed]))
        after = float(np.mean([_error(_calibration(one), other) for one, other in crossed]))
    saved = load_checkpoint(path)
    save_checkpoint(path, saved.tensors, {**saved.about, "calibration": asdict(calibration)})
    return Calibrated(calibration, sum(len(held) for _, held in parts), before, after)


def _strata() -> list[Stratum]:
    """Those of the benchmark, of other seeds."""
    return [
        replace(
            stratum,
            frames=min(stratum.frames, LONGEST),
            generator=replace(stratum.generator, seed=stratum.generator.seed + APART),
        )
        for stratum in STRATA
    ]


def _collect(model: MohartModel, drawn: Drawn) -> Evidence:
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


def _together(parts: list[Evidence]) -> Evidence:
    evidence, held = zip(*parts, strict=True)
    return np.concatenate(evidence), np.concatenate(held)


def _calibration(part: Evidence) -> Calibration:
    """Fitted, and rounded as it is stored."""
    logit, mean, looks, offset = (round(float(w), 4) for w in fit_odds(*part))
    return Calibration(logit=logit, mean=mean, looks=looks, offset=offset)


def _error(calibration: Calibration, part: Evidence) -> float:
    """Expected calibration error of answers."""
    evidence, held = part
    sure = calibration.probability(*evidence.T)
    answers = np.concatenate([sure[:1], sure])[:, None]  # the first row is not counted
    truth = np.concatenate([held[:1], held])[:, None]
    everybody = np.ones_like(truth)
    counts = count_answers(answers, np.full(answers.shape, ACTIVE), truth.astype(float), everybody)
    return expected_calibration_error(counts) or 0.0
