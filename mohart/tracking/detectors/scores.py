"""Detectors' scores of any scale -> scores in [0, 1]."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def unit_scores(scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], str]:
    """Scores in [0, 1], deterministic, never changing their order.

    Scores that are in [0, 1] already stay as they are. All others (margins of a classifier, as in
    part of MOT15's public detections, percentages, log-odds) are replaced by their rank in the
    file: the share of the scores that are lower, equal ones counted half. So 0.5 is the middle of
    the file whatever the scale was, and `--detector-score 0.5` keeps the better half. On the two
    MOT15 files of this kind with ground truth at hand (PETS09-S2L2, TUD-Stadtmitte) the share of
    correct boxes per tenth of the ranks rises steadily, from 0.47 to 0.95 and from 0.10 to 1.00.

    Args:
        scores: [K], finite.

    Returns:
        [K] in [0, 1], and a sentence that says what was done, empty where nothing was.

    >>> unit_scores(np.array([-1.0, 30.0, 30.0, 110.0]))[0].tolist()
    [0.125, 0.5, 0.5, 0.875]
    """
    if not len(scores) or (scores.min() >= 0 and scores.max() <= 1):
        return scores, ""
    values, index, counts = np.unique(scores, return_inverse=True, return_counts=True)
    lower = np.cumsum(counts) - counts
    ranks = ((lower + counts / 2) / len(scores))[index.reshape(-1)]
    note = (
        f"scores reach from {values[0]:.6g} to {values[-1]:.6g} and not from 0 to 1; every score "
        "is replaced by its rank in the file (0.5: the middle of the file)"
    )
    return ranks, note
