"""The table of tracks: everything that is known of every object, one row each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.columns import Columns
from mohart.errors import CheckpointError
from mohart.structures import TENTATIVE, UNKNOWN_CLASS, Fates, TrackedObjects
from mohart.tracking.learned.drawn import as_drawn
from mohart.tracking.learned.entrances import at_edges, reach_edges
from mohart.tracking.learned.sight import SURE
from mohart.tracking.learned.state import NetworkState
from mohart.tracking.lifecycle import Lives

TENTATIVE_ID = -1
LIVELY = 0.7  # correlation with itself a while ago up to which a place may well have changed
NOBODY = -1  # no detection


@dataclass(frozen=True, kw_only=True)
class Objects(Columns):
    """All objects of a video, N, in the order of birth.

    Attributes:
        state: what the network carries, of one video.
        boxes: [N, 4] float32 xyxy pixels, those of `state`.
        tracker_id: [N] int64 identities; -1 while tentative.
        given: [N] bool, from `init`: never given up.
        belief: [N] float64 log odds that this is an object, see mohart.tracking.learned.belief.
        real: [N] float64 log odds that it is no place that fools the detector, see
            mohart.tracking.learned.doubt; the next four are parts of it.
        streak: [N] float64 log odds by when it was found, and by where it was first.
        score: [N] float64 running mean of the logits of its detections' scores.
        first_box: [N, 4] float32 where it was first, on the ground.
        walked: [N] float64 the furthest from there that it was found, in its sizes.
        still: [N] float64 running mean of how much its place looks as it did, -1 to 1.
        silent: [N] float64 looks in a row without it, each for as much as it says.
        found: [N] bool, when the detector looked last.
        cut: [N, 4] bool, edges of the frame (left, top, right, bottom) at which it found it last.
        source: [N] int64, row of the detection that fed it in this frame; -1: none.
        template_age: [N] int64 frames since the templates were renewed.
        mean_logit: [N] float64 running mean of what the network says.
        visibility: [N] float64 in 0..1, how surely it is seen.
        worth_search: [N] int64 frames in which it is looked for nearby if it vanishes.
        size: [N, 2] float32 width and height when it was seen last; 0: not yet.
        drawn_size: [N, 2] float32 width and height of what a person drew; 0: no shape is known.
        habit: [N, 4] float32, see mohart.tracking.learned.drawn.
        half_hidden: [N] bool, others lay in what was drawn, so its first look is doubtful.
        age: [N] int64 frames since it was drawn or born.
        together: [N] int64 frames in a row in which its box was another's, too.
        yields: [N] int64 it gives way to another: 1, it goes along its path; -1, it stays; 0: no.
        contested: [N] int64 looks in a row in which somebody who is lost looked more like it.
        odd: [N, 2] int64 looks in a row in which it looked more like itself at its usual size, and
            where its path led; the next two are what that is judged by.
        usual_size: [N, 2] float32 running mean of width and height; 0: not yet.
        way: [N, 3, 4] float32 boxes of every tenth frame, the oldest first.
        free_box: [N, 4] float32 its box when nobody was near last.
        free_speed: [N, 2] float32 pixels per frame then.
        free_age: [N] int64 frames since then.
        identity: [N, E] float32 mean embedding, of unit length; E is 0 without a head that says it.
        identified: [N] int64 looks in that mean.
        looks: [N, D] float32 colours, see mohart.tracking.learned.looks.
        votes: [N] of Counter, class -> detections.
        life: states, confidences and frames of being hidden.
    """

    state: NetworkState
    boxes: NDArray[np.float32]
    tracker_id: NDArray[np.int64]
    given: NDArray[np.bool_]
    belief: NDArray[np.float64]
    real: NDArray[np.float64]
    streak: NDArray[np.float64]
    score: NDArray[np.float64]
    first_box: NDArray[np.float32]
    walked: NDArray[np.float64]
    still: NDArray[np.float64]
    silent: NDArray[np.float64]
    found: NDArray[np.bool_]
    cut: NDArray[np.bool_]
    source: NDArray[np.int64]
    template_age: NDArray[np.int64]
    mean_logit: NDArray[np.float64]
    visibility: NDArray[np.float64]
    worth_search: NDArray[np.int64]
    size: NDArray[np.float32]
    drawn_size: NDArray[np.float32]
    habit: NDArray[np.float32]
    half_hidden: NDArray[np.bool_]
    age: NDArray[np.int64]
    together: NDArray[np.int64]
    yields: NDArray[np.int64]
    contested: NDArray[np.int64]
    odd: NDArray[np.int64]
    usual_size: NDArray[np.float32]
    way: NDArray[np.float32]
    free_box: NDArray[np.float32]
    free_speed: NDArray[np.float32]
    free_age: NDArray[np.int64]
    identity: NDArray[np.float32]
    identified: NDArray[np.int64]
    looks: NDArray[np.float32]
    votes: NDArray[np.object_]
    life: Lives

    @property
    def confirmed(self) -> NDArray[np.bool_]:
        """[N] who counts; once it does, always."""
        return np.asarray(self.tracker_id != TENTATIVE_ID)

    @property
    def class_id(self) -> NDArray[np.int64]:
        """[N] the class with most votes, the smaller number where two have as many."""
        best = [min(v, key=lambda c, v=v: (-v[c], c)) if v else UNKNOWN_CLASS for v in self.votes]  # type: ignore[misc]
        return np.array(best, np.int64)

    @property
    def nobody(self) -> NDArray[np.int64]:
        """[N] a column `source` without detections."""
        return np.full(len(self), NOBODY, np.int64)

    def said(self, fates: Fates | None = None) -> TrackedObjects:
        """What is said about a frame, and of its detections; copies."""
        shape = np.where(self.age[:, None] > 0, self.drawn_size, 0)  # what is drawn is exact
        boxes = as_drawn(self.boxes, shape, self.habit)
        between = (self.source == NOBODY) & ~self.given  # two looks of the detector
        return TrackedObjects(
            reach_edges(boxes, self.cut & between[:, None], self.state.frame),
            self.tracker_id.copy(),
            self.life.confidence.astype(np.float32),
            np.where(self.confirmed, self.life.state, TENTATIVE),
            self.class_id,
            self.source.copy(),
            fates,
        )

    def moved(self, state: NetworkState) -> Objects:
        """The same objects with another state; its boxes are read."""
        return self.changed(state=state, boxes=read_boxes(state))


def fresh_objects(
    state: NetworkState,
    looks: NDArray[np.float32],
    life: Lives,
    *,
    tracker_id: NDArray[np.int64],
    given: bool,
    belief: NDArray[np.float64],
    visibility: NDArray[np.float64],
    identity: NDArray[np.float32] | None = None,
) -> Objects:
    """Objects of which nothing else is known yet.

    Args:
        state: N objects that the network was just started on.
        looks: [N, D] of them.
        life: N.
        tracker_id: [N], -1 for tentative ones.
        given: a person has drawn them.
        belief: [N] to start from.
        visibility: [N] in 0..1.
        identity: [N, E] embedding of this look; None: E is 0.
    """
    count = len(life)
    votes = np.empty(count, object)
    votes[:] = [Counter() for _ in range(count)]
    return Objects(
        state=state,
        boxes=read_boxes(state),
        tracker_id=tracker_id,
        given=np.full(count, given),
        belief=belief,
        real=np.full(count, np.inf),
        streak=np.zeros(count),
        score=np.zeros(count),
        first_box=read_boxes(state),
        walked=np.zeros(count),
        still=np.full(count, LIVELY),
        silent=np.zeros(count),
        found=np.ones(count, bool),
        cut=at_edges(read_boxes(state), state.frame),
        source=np.full(count, NOBODY, np.int64),
        template_age=np.zeros(count, np.int64),
        mean_logit=np.full(count, SURE),
        visibility=visibility,
        worth_search=np.zeros(count, np.int64),
        size=np.zeros((count, 2), np.float32),
        drawn_size=np.zeros((count, 2), np.float32),
        habit=np.zeros((count, 4), np.float32),
        half_hidden=np.zeros(count, bool),
        age=np.zeros(count, np.int64),
        together=np.zeros(count, np.int64),
        yields=np.zeros(count, np.int64),
        contested=np.zeros(count, np.int64),
        odd=np.zeros((count, 2), np.int64),
        usual_size=np.zeros((count, 2), np.float32),
        way=np.zeros((count, 3, 4), np.float32),
        free_box=read_boxes(state),
        free_speed=np.zeros((count, 2), np.float32),
        free_age=np.zeros(count, np.int64),
        identity=np.zeros((count, 0), np.float32) if identity is None else identity,
        identified=np.full(count, 0 if identity is None else 1, np.int64),
        looks=looks,
        votes=votes,
        life=life,
    )


def read_boxes(state: NetworkState) -> NDArray[np.float32]:
    """[N, 4] float32 of one video.

    Raises:
        CheckpointError: see `read_answer`.
    """
    return read_answer(state.boxes[0]).astype(np.float32)


def read_answer(answer: NDArray[Any]) -> NDArray[Any]:
    """Numbers that the network says.

    Raises:
        CheckpointError: one is not finite, so its weights cannot be right.
    """
    if not np.isfinite(answer).all():
        raise CheckpointError(
            "the network's answer is not finite (nan or inf), so its weights are damaged; use "
            "others"
        )
    return answer
