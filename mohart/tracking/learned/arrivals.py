"""Detections that no track explains: somebody who comes back, or somebody new.

Conventions: N tracks, M detections, S strangers among them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.tracking.learned import association, belief, correction
from mohart.tracking.learned.doubt import Doubts
from mohart.tracking.learned.evidence import Evidence, Strangers
from mohart.tracking.learned.gallery import Gallery
from mohart.tracking.learned.knobs import RULES, Knobs
from mohart.tracking.learned.looks import blend_looks, describe_templates
from mohart.tracking.learned.objects import TENTATIVE_ID, Objects, fresh_objects
from mohart.tracking.learned.state import NetworkState

Rows = NDArray[np.int64]
RETURN = 0.3  # how far colours move with a detection when somebody comes back


def bring_back(
    objects: Objects,
    evidence: Evidence,
    strangers: Strangers,
    gallery: Gallery,
    now: int,
    doubts: Doubts,
    knobs: Knobs,
) -> Objects:
    """Strangers who were here before have their old identity (re-identification).

    Args:
        objects: N.
        evidence: what the detector says about this frame.
        strangers: S.
        gallery: of those who are away; who is back is taken out of it.
        now: frame of the clock.
        doubts: of the video's lures.
        knobs: how detections are used.
    """
    if not len(gallery):
        return objects
    boxes = evidence.found.xyxy[strangers.rows].astype(np.float64)
    templates = describe_templates(strangers.state.memories[0][0])
    looks = evidence.looks[strangers.rows]
    ids, similar = gallery.fit(boxes, looks, templates, now, strangers.identity, knobs.alike)
    least = knobs.same if strangers.identity.shape[1] else knobs.alike
    known, places = association.assign(np.where(similar >= least, similar, 0.0))
    back = []
    for place, track in sorted(zip(places.tolist(), ids[known].tolist(), strict=True)):
        row, old = strangers.rows[[place]], gallery.take(track).one
        fresh = strangers.state.select(np.array([place]))
        here = np.array([0])
        looks = blend_looks(old.looks, evidence.looks[row], RETURN)
        state = correction.renew_templates(fresh, here, old.state, fresh, correction.FRESH)
        sure = np.array([knobs.confirm])
        again = _appear(state, looks, evidence, row, track, sure, knobs, old.identity)
        again = doubts.resume(again, old)
        back.append(again.changed(votes=old.votes, identified=old.identified))
    return objects.join(*back)


def bear(
    objects: Objects, evidence: Evidence, strangers: Strangers, doubts: Doubts, knobs: Knobs
) -> Objects:
    """The other strangers are new (birth); tentative until they are believed."""
    new = np.flatnonzero(~np.isin(strangers.rows, objects.source))
    rows = strangers.rows[new]
    sure = belief.first_belief(evidence.found.confidence[rows], evidence.gap)
    state, looks = strangers.state.select(new), evidence.looks[rows]
    who = strangers.identity[new]
    fresh = _appear(state, looks, evidence, rows, TENTATIVE_ID, sure, knobs, who)
    return objects.join(doubts.begin(fresh, evidence.found.confidence[rows]))


def _appear(
    state: NetworkState,
    looks: NDArray[np.float32],
    evidence: Evidence,
    rows: Rows,
    tracker_id: int,
    sure: NDArray[np.float64],
    knobs: Knobs,
    identity: NDArray[np.float32],
) -> Objects:
    """Objects where these detections are."""
    fresh = fresh_objects(
        state,
        looks,
        RULES.start(len(rows), lost_after=knobs.predict_frames),
        tracker_id=np.full(len(rows), tracker_id),
        given=False,
        belief=sure,
        visibility=(0.5 + 0.5 * evidence.found.confidence[rows]).astype(np.float64),
        identity=identity,
    )
    return fresh.changed(source=rows)
