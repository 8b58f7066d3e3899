"""TrackEval's metric classes, fed from memory.

The counts of CLEAR and Identity, all final scores and the combination of sequences are computed by
the `trackeval` package; the counts of HOTA by `metrics/hota.py`, which the tests hold equal to it.

Conventions: *fields* are TrackEval's own, by its names: ratios in [0, 1], arrays over 19 values.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from functools import cache
from typing import Any

import numpy as np

from mohart.errors import MissingDataError
from mohart.metrics.association import Rows
from mohart.metrics.filtering import Filtered
from mohart.metrics.hota import hota_counts

Fields = Mapping[str, Any]


@cache
def trackeval_metrics() -> tuple[Any, Any, Any]:
    """TrackEval's HOTA, CLEAR and Identity.

    Raises:
        MissingDataError: the package is not installed.
    """
    try:
        with redirect_stdout(io.StringIO()):  # it prints about optional parts and settings
            from trackeval.metrics import CLEAR, HOTA, Identity

            quiet = {"PRINT_CONFIG": False}
            return HOTA(), CLEAR(dict(quiet)), Identity(dict(quiet))
    except ImportError as error:
        raise MissingDataError(
            f"scores need the package trackeval ({error}); try: pip install 'mohart[eval]'"
        ) from None


def count_sequence(kept: Filtered, length: int) -> Fields:
    """All fields of one sequence and class.

    Args:
        kept: the rows that are scored.
        length: of the sequence, frames.
    """
    hota, clear, identity = trackeval_metrics()
    truth_id, result_id = contiguous(kept.truth.track_id), contiguous(kept.results.track_id)
    found = kept.found
    occupied = np.flatnonzero(np.diff(found.truth_start) + np.diff(found.result_start))
    data = {
        "num_timesteps": length,
        "num_gt_ids": _number(truth_id),
        "num_tracker_ids": _number(result_id),
        "num_gt_dets": len(truth_id),
        "num_tracker_dets": len(result_id),
        "gt_ids": [truth_id[found.truth_start[f] : found.truth_start[f + 1]] for f in occupied],
        "tracker_ids": [
            result_id[found.result_start[f] : found.result_start[f + 1]] for f in occupied
        ],
        "similarity_scores": [found.matrix(f) for f in occupied],
    }
    # frames without any row add nothing to any count; their number is in num_timesteps
    counts = hota_counts(found, truth_id, result_id)
    fields = {
        **hota.combine_sequences({"": counts}),
        **clear.eval_sequence(data),
        **identity.eval_sequence(data),
    }
    overview = {
        "Dets": len(result_id),
        "GT_Dets": len(truth_id),
        "IDs": _number(result_id),
        "GT_IDs": _number(truth_id),
    }
    return {**fields, **overview, "Frames": length}


def combine(sequences: Sequence[Fields]) -> Fields:
    """All fields of several sequences together, from summed counts (never means of scores)."""
    named = dict(enumerate(sequences))
    fields: dict[str, Any] = {}
    for metric in trackeval_metrics():
        fields |= metric.combine_sequences(named)
    for name in ("Dets", "GT_Dets", "IDs", "GT_IDs", "Frames"):
        fields[name] = sum(sequence[name] for sequence in sequences)
    return fields


def contiguous(track_id: Rows) -> Rows:
    """Identities renumbered 0, 1, ... in ascending order."""
    return np.unique(track_id, return_inverse=True)[1].reshape(-1)


def _number(ids: Rows) -> int:
    return int(ids.max()) + 1 if len(ids) else 0
