"""motmetrics' own CLEAR and ID summary, which differs from TrackEval's on purpose.

It keeps pairings over gaps, counts fragmentations among the frames in which a truth exists, and
gives MOTP as a distance; docs and papers that used it are compared with this table, not with the
official one. Overlaps are ours: motmetrics 1.4.0 cannot compute them under numpy 2.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from mohart.errors import MissingDataError
from mohart.metrics.filtering import MATCH_IOU, Filtered
from mohart.metrics.text_table import format_columns

METRICS = (
    *("mota", "motp", "idf1", "idp", "idr", "num_switches", "num_fragmentations"),
    *("mostly_tracked", "partially_tracked", "mostly_lost", "num_false_positives", "num_misses"),
)
OVERALL = "OVERALL"


def summarise(
    sequences: Mapping[str, Filtered], lengths: Mapping[str, int]
) -> dict[str, dict[str, float | None]]:
    """Summary per sequence and OVERALL, as motmetrics computes it.

    Args:
        sequences: name -> rows that are scored.
        lengths: name -> number of frames; empty frames are shown to motmetrics as well.

    Returns:
        sequence -> metric by motmetrics' name; ratios in [0, 1], `motp` a distance (1 - IoU); None
        where motmetrics divides by 0.

    Raises:
        MissingDataError: motmetrics is not installed.
    """
    try:
        import motmetrics
    except ImportError as error:
        raise MissingDataError(
            f"--metrics motmetrics needs the package ({error}); try: pip install 'mohart[eval]'"
        ) from None
    names = list(sequences)
    with warnings.catch_warnings():
        # motmetrics 1.4.0 uses what pandas has deprecated; its numbers are not affected
        for category in (DeprecationWarning, FutureWarning, PendingDeprecationWarning):
            warnings.simplefilter("ignore", category)
        accumulators = [_accumulate(motmetrics, sequences[n], lengths[n]) for n in names]
        table = motmetrics.metrics.create().compute_many(
            accumulators, names=names, metrics=list(METRICS), generate_overall=True
        )
    return {
        str(name): {metric: _number(table.loc[name, metric]) for metric in METRICS}
        for name in table.index
    }


def format_summary(summary: Mapping[str, Mapping[str, float | None]]) -> str:
    """The summary as text, columns aligned, without a line break at the end."""
    cells = [["sequence", *METRICS]]
    cells += [[name, *(_cell(n, row[n]) for n in METRICS)] for name, row in summary.items()]
    return format_columns(cells)


def _accumulate(motmetrics: Any, kept: Filtered, length: int) -> Any:
    accumulator = motmetrics.MOTAccumulator(auto_id=False)
    found = kept.found
    place = {int(frame): f for f, frame in enumerate(found.frame)}
    for frame in range(length):
        f = place.get(frame)
        if f is None:
            accumulator.update([], [], np.zeros((0, 0)), frameid=frame)
            continue
        iou = found.matrix(f)
        distance = np.where(iou >= MATCH_IOU, 1 - iou, np.nan)
        accumulator.update(
            kept.truth.track_id[found.truth_start[f] : found.truth_start[f + 1]],
            kept.results.track_id[found.result_start[f] : found.result_start[f + 1]],
            distance,
            frameid=frame,
        )
    return accumulator


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    counts = name.startswith(("num_", "mostly", "partially"))
    return f"{value:.0f}" if counts else f"{value:.4f}"
