"""CLEAR errors one by one: false positives, misses, identity switches and fragmentations.

CLEAR gives their numbers; here is where they are. The frames are matched once more exactly as
TrackEval's CLEAR does it, so that the lists are as long as the numbers say (the tests hold it).

Source: TrackEval 1.3.0 `metrics/clear.py`: the pairing of the frame before gets a bonus that
nothing outweighs, then the largest total IoU; a switch is a truth with another result than at its
last match, however long ago; a fragmentation is a truth that is matched again after it was not
matched in the last frame that had truths and results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.columns import Columns
from mohart.metrics.association import EPS, Mask, Rows
from mohart.metrics.filtering import MATCH_IOU, Filtered

Kind = Literal["false_positive", "miss", "switch", "fragmentation"]
KINDS: tuple[Kind, ...] = ("false_positive", "miss", "switch", "fragmentation")
CONTINUATION_BONUS = 1000.0
NOBODY = -1


@dataclass(frozen=True, kw_only=True)
class Events(Columns):
    """One row per event, sorted by frame.

    Attributes:
        kind: [K] str, see `KINDS`.
        frame: [K] int64, zero-based.
        truth_id: [K] int64; -1 for false positives.
        result_id: [K] int64; -1 for misses.
        previous_id: [K] int64, for a switch the result that the truth had before; otherwise -1.
        previous_frame: [K] int64, for a switch or fragmentation the frame of the last match;
            otherwise -1.
        boxes: [K, 4] float64, xyxy pixels: of the truth for misses, otherwise of the result.
        iou: [K] float64 with the matched box; for false positives and misses the largest with any
            box of the frame, 0 where there is none.
    """

    kind: NDArray[np.str_]
    frame: Rows
    truth_id: Rows
    result_id: Rows
    previous_id: Rows
    previous_frame: Rows
    boxes: Floats
    iou: Floats

    def count(self, kind: Kind) -> int:
        """Number of events of a kind."""
        return int((self.kind == kind).sum())


@dataclass(frozen=True, kw_only=True)
class Matching:
    """Who is matched with whom, frame by frame, as CLEAR does it.

    Attributes:
        truth: [M] rows of the truth, in the order of the frames.
        result: [M] rows of the results.
        resumed: [M] bool, the truth was not matched in the last frame with truths and results.
    """

    truth: Rows
    result: Rows
    resumed: Mask


def match(kept: Filtered, truth_id: Rows, result_id: Rows) -> Matching:
    """CLEAR's matching.

    Args:
        kept: the rows that are scored.
        truth_id: [G] identities 0, 1, ... without gap.
        result_id: [R] likewise.
    """
    from scipy.optimize import linear_sum_assignment

    found = kept.found
    last = np.full(int(truth_id.max(initial=-1)) + 1, NOBODY)
    truths, results, resumed = [], [], []
    for f in np.flatnonzero(np.diff(found.pair_start)):
        first_truth, first_result = found.truth_start[f], found.result_start[f]
        here = truth_id[first_truth : found.truth_start[f + 1]]
        there = result_id[first_result : found.result_start[f + 1]]
        iou = found.matrix(f)
        score = CONTINUATION_BONUS * (there[None] == last[here][:, None]) + iou
        score[iou < MATCH_IOU - EPS] = 0
        rows, columns = linear_sum_assignment(-score)
        real = score[rows, columns] > EPS
        rows, columns = rows[real], columns[real]
        truths.append(first_truth + rows)
        results.append(first_result + columns)
        resumed.append(last[here[rows]] == NOBODY)
        last[:] = NOBODY
        last[here[rows]] = there[columns]
    if not truths:
        nothing = np.zeros(0, np.int64)
        return Matching(truth=nothing, result=nothing, resumed=nothing.astype(bool))
    return Matching(
        truth=np.concatenate(truths),
        result=np.concatenate(results),
        resumed=np.concatenate(resumed),
    )


def find_events(kept: Filtered) -> Events:
    """All errors in the rows that are scored, sorted by frame and kind."""
    truth, results = kept.truth, kept.results
    truth_number = np.unique(truth.track_id, return_inverse=True)[1].reshape(-1)
    result_number = np.unique(results.track_id, return_inverse=True)[1].reshape(-1)
    pairs = match(kept, truth_number, result_number)
    best_of_truth, best_of_result = _largest_iou(kept)

    missed = np.ones(len(truth), bool)
    missed[pairs.truth] = False
    wrong = np.ones(len(results), bool)
    wrong[pairs.result] = False

    # the match before, of the same truth; the first match of a truth has none
    by_truth = np.argsort(truth_number[pairs.truth], kind="stable")
    same = truth_number[pairs.truth][by_truth][1:] == truth_number[pairs.truth][by_truth][:-1]
    before = np.full(len(by_truth), NOBODY)
    before[by_truth[1:][same]] = by_truth[:-1][same]
    switched = (before != NOBODY) & (
        result_number[pairs.result] != result_number[pairs.result][before]
        if len(before)
        else before.astype(bool)
    )
    broken = (before != NOBODY) & pairs.resumed
    parts = [
        _rows("false_positive", kept, results=np.flatnonzero(wrong), iou=best_of_result[wrong]),
        _rows("miss", kept, truths=np.flatnonzero(missed), iou=best_of_truth[missed]),
    ]
    kinds: tuple[tuple[Kind, Mask], ...] = (("switch", switched), ("fragmentation", broken))
    for kind, chosen in kinds:
        rows = np.flatnonzero(chosen)
        parts.append(
            _rows(
                kind,
                kept,
                truths=pairs.truth[rows],
                results=pairs.result[rows],
                iou=_iou_of(kept, pairs.truth[rows], pairs.result[rows]),
                before=(pairs.truth[before[rows]], pairs.result[before[rows]]),
            )
        )
    return _sorted(parts)


def _largest_iou(kept: Filtered) -> tuple[Floats, Floats]:
    """[G] and [R] largest overlap of every box with any box of the other side."""
    truth, result = np.zeros(len(kept.truth)), np.zeros(len(kept.results))
    for pairs, truth_row, result_row in kept.found.chunks():
        np.maximum.at(truth, truth_row, kept.found.iou[pairs])
        np.maximum.at(result, result_row, kept.found.iou[pairs])
    return truth, result


def _iou_of(kept: Filtered, truth: Rows, result: Rows) -> Floats:
    """[M] overlap of pairs given by their rows."""
    found = kept.found
    f = np.searchsorted(found.truth_start, truth, "right") - 1
    width = np.diff(found.result_start)[f]
    place = found.pair_start[f] + (truth - found.truth_start[f]) * width
    iou: Floats = found.iou[place + result - found.result_start[f]]
    return iou


def _rows(
    kind: Kind,
    kept: Filtered,
    *,
    truths: Rows | None = None,
    results: Rows | None = None,
    iou: Floats,
    before: tuple[Rows, Rows] | None = None,
) -> Events:
    """Events of one kind from rows of truth and results."""
    nobody = np.full(len(iou), NOBODY)
    side, rows = (kept.results, results) if results is not None else (kept.truth, truths)
    return Events(
        kind=np.full(len(iou), kind),
        frame=side.frame[rows],
        truth_id=nobody if truths is None else kept.truth.track_id[truths],
        result_id=nobody if results is None else kept.results.track_id[results],
        previous_id=kept.results.track_id[before[1]] if before and kind == "switch" else nobody,
        previous_frame=kept.truth.frame[before[0]] if before else nobody,
        boxes=side.boxes[rows],
        iou=iou,
    )


def _sorted(parts: Sequence[Events]) -> Events:
    together = parts[0].join(*parts[1:])
    return together.select(np.argsort(together.frame, kind="stable"))
