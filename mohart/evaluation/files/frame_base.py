"""Are the frames of the results those of the truth? Numbers alone cannot tell, overlaps can."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mohart.evaluation.files.labels import LabelFile
from mohart.formats.problems import Problem
from mohart.metrics.association import overlaps
from mohart.metrics.labels import Labels

ROWS = 500  # results looked at
LATE = 0.1  # share of the truth's frames behind the last result that is worth a word
GAIN = 0.05  # mean IoU that a shift of one frame must win to be reported


def check_frame_base(truth: LabelFile, results: LabelFile) -> list[Problem]:
    """A warning where the results fit better one frame earlier or later."""
    some = results.labels.select(np.arange(len(results.labels)) < ROWS)
    if not len(some):
        return []
    near = truth.labels.select(
        (truth.labels.frame >= some.frame[0] - 1) & (truth.labels.frame <= some.frame[-1] + 1)
    )
    fit = {shift: _mean_best_iou(near, some, shift) for shift in (-1, 0, 1)}
    best = max(fit, key=lambda shift: fit[shift])
    if best == 0 or fit[best] < fit[0] + GAIN:
        return []
    base = truth.first_frame
    what = (
        f"the boxes fit the truth better {'one frame later' if best > 0 else 'one frame earlier'} "
        f"(mean IoU {fit[best]:.2f}, as they are {fit[0]:.2f}); your frames look "
        f"{base - best}-based, these files are {base}-based"
    )
    fix = f"{'add 1 to' if best > 0 else 'subtract 1 from'} every frame number if that is so"
    return [Problem(results.path, None, what, fix, "warning")]


def check_reach(truth: LabelFile, results: LabelFile) -> list[Problem]:
    """A warning where the results end long before the truth does, as of a part of the video."""
    if not len(truth.labels) or not len(results.labels):
        return []
    first, last = int(truth.labels.frame.min()), int(truth.labels.frame.max())
    end = int(results.labels.frame.max())
    if last - end <= LATE * (last - first + 1):
        return []
    what = (
        f"they end in frame {end + results.first_frame}, the truth in frame "
        f"{last + truth.first_frame}; objects behind that count as missed"
    )
    fix = "if only a part was tracked, cut the truth to as many frames"
    return [Problem(results.path, None, what, fix, "warning")]


def _mean_best_iou(truth: Labels, results: Labels, shift: int) -> float:
    """Mean over results of the largest overlap with any truth of the frame."""
    moved = replace(results, frame=results.frame + shift)
    best = np.zeros(len(moved))
    found = overlaps(truth, moved)
    for pairs, _, row in found.chunks():
        np.maximum.at(best, row, found.iou[pairs])
    return float(best.mean())
