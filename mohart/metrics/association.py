"""IoU per frame and Hungarian matching: which boxes overlap how much, and who is matched.

Conventions: F frames that have at least one row, G rows of the truth, R rows of the results, P
pairs of a truth and a result of the same frame. Pairs lie in one flat array, frame after frame,
each frame a matrix in row-major order: nothing is padded, and a rule is one operation on all pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.metrics.labels import Labels

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

EPS = float(np.finfo(np.float64).eps)
CHUNK_PAIRS = 1_000_000  # pairs worked on at once: bounds the memory for crowded sequences


@dataclass(frozen=True, kw_only=True)
class Overlaps:
    """IoU of all pairs of a sequence.

    Attributes:
        frame: [F] int64, zero-based, ascending.
        truth_start: [F + 1] int64; rows `truth_start[f]:truth_start[f + 1]` are in frame f.
        result_start: [F + 1] int64, likewise for the results.
        pair_start: [F + 1] int64, likewise for the pairs.
        iou: [P] float64 in [0, 1].
    """

    frame: Rows
    truth_start: Rows
    result_start: Rows
    pair_start: Rows
    iou: Floats

    def matrix(self, f: int | np.integer) -> Floats:
        """[truths, results] IoU of the f-th frame, a view."""
        rows = int(self.truth_start[f + 1] - self.truth_start[f])
        return self.iou[self.pair_start[f] : self.pair_start[f + 1]].reshape(
            rows, int(self.result_start[f + 1] - self.result_start[f])
        )

    def chunks(self) -> Iterator[tuple[slice, Rows, Rows]]:
        """Groups of frames: their pairs, and the truth and result row of each of those pairs."""
        results_here = np.diff(self.result_start)
        first, last = 0, len(self.frame)
        while first < last:
            limit = self.pair_start[first] + CHUNK_PAIRS
            stop = max(first + 1, int(np.searchsorted(self.pair_start, limit, "right")) - 1)
            truths = np.arange(self.truth_start[first], self.truth_start[stop])
            frame_of = np.repeat(
                np.arange(first, stop), np.diff(self.truth_start[first : stop + 1])
            )
            width = results_here[frame_of]  # pairs of every truth row
            pair_end = np.cumsum(width)
            pairs = slice(int(self.pair_start[first]), int(self.pair_start[stop]))
            shift = self.result_start[frame_of] - (pair_end - width)
            result = np.arange(pairs.stop - pairs.start) + np.repeat(shift, width)
            yield pairs, np.repeat(truths, width), result
            first = stop

    def keep(self, truth: Mask, result: Mask) -> Overlaps:
        """The pairs of rows that remain: masks [G] and [R]; frames stay, even if they get empty."""
        if truth.all() and result.all():
            return self
        truth_start = _starts_of_kept(self.truth_start, truth)
        result_start = _starts_of_kept(self.result_start, result)
        pair_start = _cumulative(np.diff(truth_start) * np.diff(result_start))
        iou = np.empty(pair_start[-1])
        done = 0
        for pairs, truth_row, result_row in self.chunks():
            kept = self.iou[pairs][truth[truth_row] & result[result_row]]
            iou[done : done + len(kept)] = kept
            done += len(kept)
        return replace(
            self,
            truth_start=truth_start,
            result_start=result_start,
            pair_start=pair_start,
            iou=iou,
        )


def overlaps(truth: Labels, results: Labels) -> Overlaps:
    """IoU of every truth with every result of the same frame.

    A box without area overlaps nothing, as in TrackEval (`_base_dataset.py`, box IoU).
    """
    frame = np.union1d(truth.frame, results.frame)
    truth_start = np.append(np.searchsorted(truth.frame, frame), len(truth))
    result_start = np.append(np.searchsorted(results.frame, frame), len(results))
    pair_start = _cumulative(np.diff(truth_start) * np.diff(result_start))
    found = Overlaps(
        frame=frame,
        truth_start=truth_start,
        result_start=result_start,
        pair_start=pair_start,
        iou=np.empty(pair_start[-1]),
    )
    for pairs, truth_row, result_row in found.chunks():
        found.iou[pairs] = _iou(truth.boxes, truth_row, results.boxes, result_row)
    return found


def _iou(a: Floats, a_row: Rows, b: Floats, b_row: Rows) -> Floats:
    """[P] IoU of the boxes `a[a_row]` and `b[b_row]`, column by column to spare memory."""
    ax0, ay0, ax1, ay1 = (column[a_row] for column in a.T)
    bx0, by0, bx1, by1 = (column[b_row] for column in b.T)
    width = np.minimum(ax1, bx1) - np.maximum(ax0, bx0)
    height = np.minimum(ay1, by1) - np.maximum(ay0, by0)
    common = np.maximum(width, 0) * np.maximum(height, 0)
    area_a = (ax1 - ax0) * (ay1 - ay0)
    area_b = (bx1 - bx0) * (by1 - by0)
    union = area_a + area_b - common
    empty = (area_a <= EPS) | (area_b <= EPS) | (union <= EPS)
    result: Floats = np.where(empty, 0, common) / np.where(empty, 1, union)
    return result


def assign(found: Overlaps, threshold: float) -> tuple[Rows, Rows]:
    """Pairs of the assignment with the largest total IoU, frame by frame, above a threshold.

    Returns:
        [M] truth rows and [M] result rows, in the order of the frames.

    Source: TrackEval `mot_challenge_2d_box.py`, `kitti_2d_box.py`, preprocessing: pairs below the
    threshold count 0 in the matrix, and matches that count 0 are none.
    """
    score = np.where(found.iou < threshold - EPS, 0, found.iou)
    return best_pairs(found, score)


def best_pairs(found: Overlaps, score: Floats) -> tuple[Rows, Rows]:
    """Pairs of the assignment with the largest total score, frame by frame.

    Most frames need no Hungarian algorithm: where no row has two candidates, all candidates are
    the answer. In the others the matrix is that of the official scripts, to the last bit.

    Args:
        found: the frames.
        score: [P], at least 0; pairs with 0 are no candidates.

    Returns:
        [M] truth rows and [M] result rows with a score above 0, in the order of the frames.
    """
    from scipy.optimize import linear_sum_assignment

    truth, result, pair = _candidates(found, score)
    frame = np.searchsorted(found.truth_start, truth, "right") - 1
    contested = np.zeros(len(found.frame), bool)
    by_result = np.argsort(result, kind="stable")
    contested[frame[1:][truth[1:] == truth[:-1]]] = True
    again = result[by_result][1:] == result[by_result][:-1]
    contested[frame[by_result][1:][again]] = True
    free = ~contested[frame]
    truths, results, order = [truth[free]], [result[free]], [pair[free]]
    for f in np.flatnonzero(contested):
        first, last = int(found.pair_start[f]), int(found.pair_start[f + 1])
        width = int(found.result_start[f + 1] - found.result_start[f])
        matrix = score[first:last].reshape(-1, width)
        rows, columns = linear_sum_assignment(-matrix)
        real = matrix[rows, columns] > EPS
        rows, columns = rows[real], columns[real]
        truths.append(rows + found.truth_start[f])
        results.append(columns + found.result_start[f])
        order.append(first + rows * width + columns)
    in_order = np.argsort(np.concatenate(order), kind="stable")
    return np.concatenate(truths)[in_order], np.concatenate(results)[in_order]


def _candidates(found: Overlaps, score: Floats) -> tuple[Rows, Rows, Rows]:
    """Truth row, result row and place of every pair with a score."""
    truths, results, places = [], [], []
    for pairs, truth_row, result_row in found.chunks():
        here = np.flatnonzero(score[pairs] > EPS)
        truths.append(truth_row[here])
        results.append(result_row[here])
        places.append(here + pairs.start)
    if not truths:
        return (np.zeros(0, np.int64),) * 3
    return np.concatenate(truths), np.concatenate(results), np.concatenate(places)


def _cumulative(counts: Rows) -> Rows:
    """[F] -> [F + 1] running sum that starts at 0."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])


def _starts_of_kept(start: Rows, kept: Mask) -> Rows:
    """Starts of the frames after the rows that are not kept are gone."""
    return _cumulative(kept.astype(np.int64))[start]
