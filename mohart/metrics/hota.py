"""The counts behind HOTA: detections, associations and localisation at 19 thresholds.

Source: Luiten et al. 2021, sec. 4; TrackEval 1.3.0 `metrics/hota.py`. Differs: TrackEval loops over
the 19 thresholds in every frame; here a match is filed once, under the highest threshold it
passes, which is five times as fast and gives the same counts. The scores from these counts, and
the combination of sequences, are TrackEval's own (`metrics/scores.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.metrics.association import EPS, Overlaps, Rows, best_pairs

THRESHOLDS = np.arange(0.05, 0.99, 0.05)


def hota_counts(found: Overlaps, truth_id: Rows, result_id: Rows) -> dict[str, Floats]:
    """Counts at every threshold.

    Args:
        found: overlaps of the rows that are scored.
        truth_id: [G] identities 0, 1, ... without gap.
        result_id: [R] likewise.

    Returns:
        `HOTA_TP`, `HOTA_FN`, `HOTA_FP`, and `AssA`, `AssRe`, `AssPr`, `LocA` as means over the
        true positives; each [19], in the names and units of TrackEval.
    """
    truth, result = best_pairs(found, _alignment(found, truth_id, result_id) * found.iou)
    frame = np.searchsorted(found.truth_start, truth, "right") - 1
    width = np.diff(found.result_start)[frame]
    column = result - found.result_start[frame]
    place = found.pair_start[frame] + (truth - found.truth_start[frame]) * width + column
    iou = found.iou[place]
    level = np.searchsorted(THRESHOLDS - EPS, iou, "right")  # thresholds passed, 0 to 19
    size = len(THRESHOLDS) + 1
    matches = _from_top(np.bincount(level, minlength=size))
    counts = {
        "HOTA_TP": matches,
        "HOTA_FN": len(truth_id) - matches,
        "HOTA_FP": len(result_id) - matches,
    }
    located = _from_top(np.bincount(level, weights=iou, minlength=size))
    counts["LocA"] = np.maximum(1e-10, located) / np.maximum(1e-10, matches)

    results = int(result_id.max()) + 1 if len(result_id) else 0
    keys, pair = np.unique(truth_id[truth] * results + result_id[result], return_inverse=True)
    filed = np.bincount(pair * size + level, minlength=len(keys) * size)
    both = _from_top(filed.reshape(len(keys), size))  # [K, 19] frames in which the two are matched
    of_truth, of_result = keys // max(results, 1), keys % max(results, 1)
    in_truth = np.bincount(truth_id)[of_truth][:, None]
    in_result = np.bincount(result_id)[of_result][:, None]
    for name, size_of_union in (
        ("AssA", in_truth + in_result - both),
        ("AssRe", in_truth),
        ("AssPr", in_result),
    ):
        total = (both * (both / np.maximum(1, size_of_union))).sum(0)
        counts[name] = total / np.maximum(1, matches)
    return counts


def _alignment(found: Overlaps, truth_id: Rows, result_id: Rows) -> Floats:
    """[P] how well the two whole tracks of every pair fit together, in [0, 1]."""
    rows, columns = np.zeros(len(truth_id)), np.zeros(len(result_id))
    for f in np.flatnonzero(np.diff(found.pair_start)):
        # Summed frame by frame: another order of summation could decide ties differently.
        matrix = found.matrix(f)
        rows[found.truth_start[f] : found.truth_start[f + 1]] = matrix.sum(1)
        columns[found.result_start[f] : found.result_start[f + 1]] = matrix.sum(0)
    results = int(result_id.max()) + 1 if len(result_id) else 0
    truths = int(truth_id.max()) + 1 if len(truth_id) else 0
    together: NDArray[np.float64] = np.zeros(truths * results)
    for pairs, truth, result in found.chunks():
        iou = found.iou[pairs]
        some = np.flatnonzero(iou > 0)
        iou, truth, result = iou[some], truth[some], result[some]
        union = columns[result] + rows[truth] - iou
        share = iou / np.where(union > EPS, union, np.inf)
        np.add.at(together, truth_id[truth] * results + result_id[result], share)
    together = together.reshape(truths, results)
    union = np.bincount(truth_id)[:, None] + np.bincount(result_id)[None] - together
    aligned = (together / union).reshape(-1)
    alignment = np.empty(len(found.iou))
    for pairs, truth, result in found.chunks():
        alignment[pairs] = aligned[truth_id[truth] * results + result_id[result]]
    return alignment


def _from_top(filed: NDArray[np.floating] | NDArray[np.int64]) -> Floats:
    """[..., 20] per number of thresholds passed -> [..., 19] per threshold: all that pass it."""
    reached: Floats = np.cumsum(filed[..., ::-1], axis=-1)[..., ::-1][..., 1:].astype(np.float64)
    return reached
