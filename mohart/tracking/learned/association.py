"""Data association: gating, one cost table, the Hungarian assignment; and NMS before it (`sift`).

Axis letters: N tracks, M detections.

*Seen* tracks are where the network sees them: a detection that overlaps belongs to them. *Hidden*
tracks are somewhere around: a detection may be theirs if it is not too far, of about that size,
and looks like them. One assignment for both, so that a hidden track can not take what a seen one
explains better.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.boxes import area, intersection, pairwise_iou
from mohart.structures import UNKNOWN_CLASS, Detections

FAR = 2.0  # sizes: nobody is looked for further away
PER_FRAME = 0.1  # sizes by which the search for a hidden track grows per frame
HIDING = 0.5  # share of a box under another one from which a miss is no surprise
TWIN = 0.6  # IoU of two tracks that see one object
SAME_PLACE = 0.75  # share of a box on another one from which they are one object
OTHER_CLASS = 0.1  # taken off where the detector says another class


class Tracked(NamedTuple):
    """The tracks to be matched.

    Attributes:
        boxes: [N, 4] where they are expected or seen.
        visibility: [N] in 0..1, how surely the network sees them there.
        hidden_frames: [N] frames in a row without being seen.
        looks: [N, D].
        class_id: [N].
    """

    boxes: Floats
    visibility: Floats
    hidden_frames: NDArray[np.int64]
    looks: NDArray[np.float32]
    class_id: NDArray[np.int64]


def affinity(
    tracks: Tracked,
    found: Detections,
    looks: NDArray[np.float32],
    *,
    min_overlap: float,
    sure: float,
    alike: float,
) -> Floats:
    """How well detections fit tracks.

    Args:
        tracks: N.
        found: M detections.
        looks: [M, D] of the detections.
        min_overlap: smallest IoU of a seen track with its detection.
        sure: score from which a detection may also belong to a hidden track.
        alike: smallest similarity of looks for a hidden track without overlap.

    Returns:
        [N, M]; 0 where they can not belong together.
    """
    boxes = found.xyxy.astype(np.float64)
    overlap = pairwise_iou(tracks.boxes, boxes)
    similar = (tracks.looks @ looks.T).astype(np.float64)
    seen = tracks.visibility[:, None]
    # a weak detection says little by itself: it has to lie where the network looks
    weak = (found.confidence < sure)[None]
    # so does one that looks different: somebody passes by
    other_look = similar < alike - 0.2
    known = (tracks.class_id != UNKNOWN_CLASS)[:, None] & (found.class_id != UNKNOWN_CLASS)[None]
    other = known & (tracks.class_id[:, None] != found.class_id[None])  # a car may be a truck
    near = overlap >= np.where(weak | other_look | other, max(min_overlap, 0.5), min_overlap)
    fits = np.where(near, overlap * (0.5 + 0.5 * seen) + 0.2 * similar, 0.0)
    hidden = (tracks.hidden_frames > 0)[:, None] & ~weak & ~near & ~other
    away, ratio = separation(tracks.boxes, boxes)
    reach = np.minimum(0.5 + PER_FRAME * tracks.hidden_frames, FAR)[:, None]
    possible = hidden & (away <= reach) & (ratio <= 2.0) & (similar >= alike)
    fits = np.where(possible, 0.25 * (1 - away / (2 * FAR)) + 0.25 * similar, fits)
    return np.where(other & (fits > 0), np.maximum(fits - OTHER_CLASS, 1e-6), fits)


def assign(fits: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the pairs with the largest sum of affinities; pairs of 0 are left out."""
    from scipy.optimize import linear_sum_assignment  # takes half a second, only detections need it

    rows, columns = linear_sum_assignment(-fits)
    good = fits[rows, columns] > 0
    return rows[good].astype(np.int64), columns[good].astype(np.int64)


def cover(a: NDArray[Any], b: NDArray[Any]) -> Floats:
    """[N, M] share of every box of `a` [N, 4] that lies in each box of `b` [M, 4]."""
    shared = intersection(a[:, None], b[None])
    result: Floats = shared / np.maximum(area(a), 1e-9)[:, None]
    return result


def find_duplicates(found: Detections, overlap: float) -> NDArray[np.int64]:
    """[M] the better detection that says the same (NMS); -1 for those that stay.

    Args:
        found: M detections.
        overlap: IoU from which two of one class (or of no class) are the same.
    """
    better = np.full(len(found), -1, np.int64)
    alike = pairwise_iou(found.xyxy.astype(np.float64), found.xyxy.astype(np.float64)) > overlap
    for n in np.argsort(-found.confidence, kind="stable"):
        if better[n] < 0:
            rest = alike[n] & (better < 0) & (found.class_id == found.class_id[n])
            rest[n] = False
            better[rest] = n
    return better


def sift(
    found: Detections, min_score: float, overlap: float
) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Which detections are used at all.

    Args:
        found: M detections.
        min_score: lower ones are dropped.
        overlap: see `find_duplicates`.

    Returns:
        Rows of `found`, and [M] why not, empty for those that are used.
    """
    why = np.full(len(found), "", object)
    strong, real = found.confidence >= min_score, area(found.xyxy) > 0
    why[~strong] = f"score below {min_score:g}"
    why[~real] = "has no area"
    usable = strong & real
    kept = np.flatnonzero(usable)
    better = find_duplicates(found.select(kept), overlap)
    for n, other in zip(kept[better >= 0], kept[better[better >= 0]], strict=True):
        why[n] = f"the same as detection {other}"
    return kept[better < 0], why


def explained(boxes: Floats, tracks: Floats) -> NDArray[np.int64]:
    """[M] the track that a box lies on, or that lies under it, by more than 3/4; -1: none.

    Args:
        boxes: [M, 4] of detections that belong to no track.
        tracks: [N, 4] of tracks that have a detection.
    """
    if not len(tracks) or not len(boxes):
        return np.full(len(boxes), -1, np.int64)
    inside = np.maximum(cover(boxes, tracks), cover(tracks, boxes).T)
    owner: NDArray[np.int64] = np.where(inside.max(1) > SAME_PLACE, inside.argmax(1), -1)
    return owner


def blame(boxes: Floats, fed: NDArray[np.bool_], seen: NDArray[np.bool_]) -> Floats:
    """[N] how much it says against a track that it has no detection.

    1 in full view; 0.3 where it is hidden, or a track with a detection is in front of it; 2 where
    the network sees it just where another track has the detection: both see one object.

    Args:
        boxes: [N, 4].
        fed: [N] has a detection.
        seen: [N] the network sees it.
    """
    covered = twin = np.zeros(len(boxes), bool)
    if fed.any():
        covered = cover(boxes, boxes[fed]).max(1) > HIDING
        twin = pairwise_iou(boxes, boxes[fed]).max(1) > TWIN
    return np.where(twin & seen, 2.0, np.where(covered | ~seen, 0.3, 1.0))


def separation(boxes: Floats, others: Floats) -> tuple[Floats, Floats]:
    """[N, M] distances of centres in mean sizes, and ratios of sizes, >= 1."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    other = (others[:, :2] + others[:, 2:]) / 2
    size = np.sqrt(np.maximum(area(boxes), 1.0))[:, None]
    other_size = np.sqrt(np.maximum(area(others), 1.0))[None]
    away = np.linalg.norm(centre[:, None] - other[None], axis=-1) / ((size + other_size) / 2)
    return away, np.maximum(size / other_size, other_size / size)
