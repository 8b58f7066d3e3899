"""Results of the initialised protocol as `Scores`, like those of every other protocol."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mohart.metrics.overlap import MOVED_BELOW, Estimate
from mohart.metrics.rules import Protocol
from mohart.metrics.scores import COMBINED, Dataset, ScoreRow, Scores
from mohart.tracking.initialised import InitialisedResult, TrackerResult

CLASS = "object"


def initialised_scores(result: InitialisedResult, *, truth: Path) -> Scores:
    """One row per tracker, shares in percent.

    Args:
        result: of `evaluate_initialised`.
        truth: the ground truth file, for its hash.
    """
    protocol = Protocol(
        name="initialised",
        benchmark=f"windows of {result.window} frames, every {result.stride}",
        classes=(CLASS,),
        distractors=(),
        iou_threshold=None,
        ignore_rules=(
            f"objects whose start box is below {result.min_area:g} square pixels are left out",
            "frames in which an object is not labelled are left out",
            "the first frame of a window, in which the boxes are given, is left out",
            f"moved: IoU of the true box with the start box below {MOVED_BELOW}",
        ),
    )
    frames = result.windows * result.window
    return Scores(
        protocol=protocol,
        dataset=Dataset(
            name=result.source,
            split="all",
            sequences={result.source: frames},
            truth_sha256=hashlib.sha256(truth.read_bytes()).hexdigest(),
        ),
        rows=tuple(_row(name, tracker) for name, tracker in result.trackers.items()),
        notes=result.warnings,
    )


def _row(name: str, tracker: TrackerResult) -> ScoreRow:
    overlap = tracker.overlap
    estimates = {
        "IoU": overlap.mean_iou,
        "moved": overlap.mean_iou_moved,
        "succ@.5": overlap.success_50,
        "succ@.75": overlap.success_75,
        "AUC": overlap.success_auc,
        "survival": overlap.survival,
    }
    shares = {column: _percent(estimate.value) for column, estimate in estimates.items()}
    interval = _interval(overlap.mean_iou)
    return ScoreRow(
        tracker=name,
        class_name=CLASS,
        sequence=COMBINED,
        scores={**shares, **interval, "fps": tracker.fps, "pairs": overlap.pairs},
    )


def _interval(estimate: Estimate) -> dict[str, float | None]:
    return {"IoU low": _percent(estimate.low), "IoU high": _percent(estimate.high)}


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value
