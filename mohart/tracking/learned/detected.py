"""Who was found by a detector: boxes, colours and templates follow what it says.

Axis letters: N tracks (rows of `Objects`), M detections, K pairs of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.tracking.learned import association, correction
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.entrances import at_edges
from mohart.tracking.learned.evidence import Evidence, hidden_frames
from mohart.tracking.learned.looks import blend_looks
from mohart.tracking.learned.objects import Objects, read_boxes
from mohart.tracking.learned.picture import Picture

Rows = NDArray[np.int64]
ALONE = 1.3  # share of a detection that lies in detections, itself included: little of it is hidden
FOLLOW = 0.1  # how far colours move with a detection


def follow_detections(
    objects: Objects,
    picture: Picture,
    evidence: Evidence,
    pairs: tuple[Rows, Rows],
    error: correction.DetectorError,
    engine: Engine,
) -> Objects:
    """Move boxes towards detections; all the way where the object was out of sight.

    Args:
        objects: N, after a look at this frame.
        picture: this frame.
        evidence: what the detector says about it.
        pairs: rows [K] of objects, and of the detections that they belong to.
        error: how exact this detector is; learns from the pairs.
        engine: computes the network.
    """
    rows, sources = pairs
    age = objects.template_age + evidence.gap
    if not len(rows):
        return objects.changed(template_age=age)
    boxes = evidence.found.xyxy[sources]
    share = error.shares(objects.boxes[rows], boxes, hidden_frames(objects)[rows] > 0, evidence.gap)
    state = correction.correct_boxes(objects.state, rows, boxes, share, engine.aim)
    source, looks, visibility, cut = (
        column.copy() for column in (objects.source, objects.looks, objects.visibility, objects.cut)
    )
    source[rows], cut[rows] = sources, at_edges(boxes, objects.state.frame)
    told = np.isin(np.arange(len(objects)), rows)[:, None]  # a detector tells their shape
    every = evidence.found.xyxy[evidence.used]
    alone = association.cover(boxes, every).sum(1) < ALONE
    clear = rows[alone]
    looks[clear] = blend_looks(looks[clear], evidence.looks[sources[alone]], FOLLOW)
    believed = 0.5 + 0.5 * evidence.found.confidence[sources]
    visibility[rows] = np.maximum(visibility[rows], believed)
    objects = objects.changed(
        state=state, boxes=read_boxes(state), template_age=age, source=source, cut=cut,
        looks=looks, visibility=visibility, life=objects.life.find(source >= 0),
        drawn_size=np.where(told, 0, objects.drawn_size).astype(np.float32),
    )  # fmt: skip
    return correction.renew(
        objects, clear, boxes[alone],
        lambda at: engine.start(picture, np.asarray(at, np.float32)[None]),
    )  # fmt: skip
