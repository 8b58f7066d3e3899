"""Results of the initialised protocol as `Scores`, like those of every other protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mohart.evaluation.initialised.protocol import InitialisedResult
from mohart.metrics.overlap.counts import PROTOCOL, overlap_scores, sum_counts
from mohart.metrics.overlap.summary import Estimate
from mohart.metrics.overlap.window import MOVED_BELOW
from mohart.metrics.rules import Protocol
from mohart.metrics.scores import COMBINED, Dataset, ScoreRow, Scores

CLASS = "object"
TIMING = ("frames", "seconds", "cpu_seconds")
UNITS = (
    "scores: percent, frames per second and counts; fields: sums over the window's pairs, from "
    "which every score of any set of windows is a ratio (mohart.metrics.overlap.counts)"
)


def initialised_scores(result: InitialisedResult, *, truth: Path) -> Scores:
    """Per tracker one row for each window, then COMBINED; shares in percent.

    Args:
        result: of `evaluate_initialised`.
        truth: the ground truth file, for its hash.
    """
    protocol = initialised_protocol(
        f"windows of {result.window} frames, every {result.stride}",
        f"objects whose start box is below {result.min_area:g} square pixels are left out",
        "frames in which an object is not labelled are left out",
    )
    return Scores(
        protocol=protocol,
        dataset=Dataset(
            name=result.source,
            split="all",
            sequences=dict.fromkeys(result.window_names, result.window),
            truth_sha256=hashlib.sha256(truth.read_bytes()).hexdigest(),
        ),
        rows=tuple(
            row
            for name, tracker in result.trackers.items()
            for row in tracker_rows(
                name, result.window_names, tracker.windows, tracker.overlap.mean_iou
            )
        ),
        notes=result.warnings,
    )


def initialised_protocol(benchmark: str, *ignore_rules: str) -> Protocol:
    """The protocol, with what is left out in this benchmark."""
    return Protocol(
        name=PROTOCOL,
        benchmark=benchmark,
        classes=(CLASS,),
        distractors=(),
        iou_threshold=None,
        ignore_rules=(
            *ignore_rules,
            "the first frame of a window, in which the boxes are given, is left out",
            f"moved: IoU of the true box with the start box below {MOVED_BELOW}",
        ),
    )


def tracker_rows(
    tracker: str,
    window_names: Sequence[str],
    windows: Sequence[Mapping[str, Any]],
    mean_iou: Estimate,
) -> list[ScoreRow]:
    """One row per window, then COMBINED.

    Args:
        tracker: its name.
        window_names: of the W windows.
        windows: their counts and timing, see `TrackerRun.windows`.
        mean_iou: over all windows, for its interval.
    """
    together = sum_counts(windows)
    for name in TIMING:
        together[name] = sum(fields[name] for fields in windows)
    nothing = Estimate(None, None, None)
    named = [(*pair, nothing) for pair in zip(window_names, windows, strict=True)]
    return [
        ScoreRow(
            tracker=tracker,
            class_name=CLASS,
            sequence=name,
            scores=_published(fields, interval),
            fields=fields,
        )
        for name, fields, interval in (*named, (COMBINED, together, mean_iou))
    ]


def _published(fields: Mapping[str, Any], interval: Estimate) -> dict[str, float | int | None]:
    """The columns of the table, shares in percent."""
    sums = {name: np.asarray(value, np.float64) for name, value in fields.items()}
    shares = {name: _percent(float(value)) for name, value in overlap_scores(sums).items()}
    return {
        **shares,
        "IoU low": None if interval.low is None else 100 * interval.low,
        "IoU high": None if interval.high is None else 100 * interval.high,
        "fps": fields["frames"] / max(fields["seconds"], 1e-9),
        "pairs": fields["pairs"],
    }


def _percent(share: float) -> float | None:
    return None if np.isnan(share) else 100 * share
