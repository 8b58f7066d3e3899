"""What a detector says about a frame, against the tracks that are there.

Every function takes objects and evidence; none changes an object. Axis letters: N tracks, M
detections.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.structures import BORN, DROPPED, MATCHED, TENTATIVE, Detections, Fates
from mohart.tracking.learned import association
from mohart.tracking.learned.knobs import RULES, Knobs
from mohart.tracking.learned.looks import LENGTH
from mohart.tracking.learned.objects import TENTATIVE_ID, Objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.state import NetworkState

Rows = NDArray[np.int64]


class Evidence(NamedTuple):
    """A detector's answer.

    Attributes:
        found: M detections.
        used: rows of those that are not dropped at once.
        looks: [M, D] colours; 0 where a detection is not used.
        why: [M] why it was dropped, empty as long as it was not; filled in place.
        gap: frames since the detector was asked last.
    """

    found: Detections
    used: Rows
    looks: NDArray[np.float32]
    why: NDArray[np.object_]
    gap: int


class Strangers(NamedTuple):
    """Detections that no track explains: their rows, the network's state of them, who they are.

    Attributes:
        rows: [S] of the detections.
        state: of S objects.
        identity: [S, E] embeddings; E is 0 without a head.
    """

    rows: Rows
    state: NetworkState
    identity: NDArray[np.float32]


def take_in(found: Detections, picture: Picture, gap: int, knobs: Knobs) -> Evidence:
    """Which detections are used at all (score, NMS), and what they look like."""
    used, why = association.sift(found, knobs.min_score, knobs.duplicate_overlap)
    looks = np.zeros((len(found), LENGTH), np.float32)
    looks[used] = picture.looks(found.xyxy[used])
    return Evidence(found, used, looks, why, gap)


def hidden_frames(objects: Objects) -> Rows:
    """[N] frames in a row without being seen, this one included."""
    return objects.life.hidden_frames + (objects.visibility < RULES.seen)


def match(objects: Objects, evidence: Evidence, knobs: Knobs) -> tuple[Rows, Rows]:
    """Data association: rows of objects, and the row of the detection that belongs to each."""
    tracks = association.Tracked(
        objects.boxes.astype(np.float64),
        objects.visibility,
        hidden_frames(objects),
        objects.looks,
        objects.class_id,
    )
    fits = association.affinity(
        tracks,
        evidence.found.select(evidence.used),
        evidence.looks[evidence.used],
        min_overlap=knobs.min_overlap,
        sure=knobs.birth_score,
        alike=knobs.alike,
    )
    rows, columns = association.assign(fits)
    return rows, evidence.used[columns]


def unexplained(objects: Objects, evidence: Evidence, knobs: Knobs) -> Rows:
    """Detections that may be somebody else; the others are told why not."""
    found, why = evidence.found, evidence.why
    left = np.setdiff1d(evidence.used, objects.source)
    weak = found.confidence[left] < knobs.birth_score
    why[left[weak]] = f"score below {knobs.birth_score:g} and no track there"
    left = left[~weak]
    rows = np.flatnonzero((objects.source >= 0) & objects.confirmed)
    owner = association.explained(
        found.xyxy[left].astype(np.float64), objects.boxes[rows].astype(np.float64)
    )
    for n, row in zip(left[owner >= 0], rows[owner[owner >= 0]], strict=True):
        why[n] = f"lies on track {objects.tracker_id[row]}, which another detection fed"
    return left[owner < 0]


def fates(objects: Objects, evidence: Evidence, fresh: NDArray[np.bool_]) -> Fates:
    """What became of every detection; `fresh` [N] are those who were confirmed in this frame."""
    count = len(evidence.found)
    kind, owner = np.full(count, DROPPED, "<U9"), np.full(count, TENTATIVE_ID)
    fed = np.flatnonzero(objects.source >= 0)
    source = objects.source[fed]
    owner[source] = objects.tracker_id[fed]
    kind[source] = np.where(objects.confirmed[fed], MATCHED, TENTATIVE)
    kind[source[fresh[fed]]] = BORN
    return Fates(kind, owner, evidence.why.astype(np.str_))
