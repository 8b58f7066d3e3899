"""Which moments of a result are worth a closer look: the most doubtful ones, and crossings."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import pairwise_iou
from mohart.report.results import UNKNOWN
from mohart.structures import ACTIVE, PREDICTED, Tracks

MOST = 8
APART = 15  # frames between two moments
DOUBT = 0.8  # confidence under which an object is doubtful
CROSSING = 0.2  # IoU of two boxes from which they are said to cross


class Moment(NamedTuple):
    """A frame to look at.

    Attributes:
        frame: zero-based.
        ids: of those it is about.
        why: in words.
    """

    frame: int
    ids: tuple[int, ...]
    why: str


def choose_moments(tracks: Tracks, state: NDArray[np.str_], most: int = MOST) -> list[Moment]:
    """Half of them doubtful, half crossings, as far as there are any; in the order of time.

    Args:
        tracks: K rows of a result.
        state: [K] str; lost objects are nobody's doubt.
        most: how many, at most.
    """
    if not len(tracks):
        return []
    first = int(tracks.frame.min())  # nothing is looked at there: boxes are given
    here = np.isin(state, (ACTIVE, PREDICTED, UNKNOWN)) & (tracks.frame > first)
    rows = tracks.select(here)
    crossings = _crossings(rows)
    doubts = _doubts(rows)
    chosen: list[Moment] = []
    _pick(chosen, crossings, most // 2)
    _pick(chosen, doubts, most)
    _pick(chosen, crossings, most)
    if not chosen and len(rows):
        middle = int(np.median(rows.frame))
        chosen = [Moment(middle, (), "in the middle of the video")]
    return sorted(chosen)


def _pick(chosen: list[Moment], candidates: list[Moment], most: int) -> None:
    """The best candidates that are not too near to what is chosen."""
    for moment in candidates:
        if len(chosen) >= most:
            return
        if all(abs(moment.frame - other.frame) >= APART for other in chosen):
            chosen.append(moment)


def _doubts(tracks: Tracks) -> list[Moment]:
    """Rows whose confidence is low, the lowest first."""
    order = np.argsort(tracks.confidence, kind="stable")
    order = order[tracks.confidence[order] < DOUBT][: 40 * MOST]
    return [
        Moment(
            int(tracks.frame[row]),
            (int(tracks.track_id[row]),),
            f"identity {tracks.track_id[row]} is doubtful "
            f"({100 * float(np.clip(tracks.confidence[row], 0, 1)):.0f} %)",
        )
        for row in order
    ]


def _crossings(tracks: Tracks) -> list[Moment]:
    """Every pair where it overlaps most, the largest overlap first."""
    best: dict[tuple[int, int], tuple[float, int]] = {}
    frames, starts = np.unique(tracks.frame, return_index=True)
    stops = np.append(starts[1:], len(tracks))[: len(starts)]
    for frame, low, high in zip(frames, starts, stops, strict=True):
        if high - low < 2:
            continue
        boxes, ids = tracks.boxes[low:high], tracks.track_id[low:high]
        overlap = np.triu(pairwise_iou(boxes, boxes), 1)
        for i, j in zip(*np.nonzero(overlap >= CROSSING), strict=True):
            pair = int(ids[i]), int(ids[j])
            if overlap[i, j] > best.get(pair, (0.0, 0))[0]:
                best[pair] = float(overlap[i, j]), int(frame)
    found = sorted(best.items(), key=lambda item: (-item[1][0], item[1][1]))
    return [
        Moment(frame, pair, f"identities {pair[0]} and {pair[1]} cross (IoU {overlap:.2f})")
        for pair, (overlap, frame) in found
    ]
