"""Re-identification by a learned embedding: what is remembered of each object, and who is not who.

Every few frames the head reads the templates and colours that the tracker has anyway. The mean of
what it said of an object while it stood alone in plain view is what is remembered of it (r in
mohart.model.routing). A lost object that seems to be back has to be like its own mean, the more the
longer it was lost; where it is not, it is not seen.

Conventions: N rows of `Objects`; E numbers of an embedding, 0 where there is no head.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import pairwise_iou
from mohart.tracking.learned.embedding import Embedding
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.gallery import LEARNED, TEMPLATE
from mohart.tracking.learned.knobs import RULES, UNSEEN
from mohart.tracking.learned.looks import describe_templates
from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.state import NetworkState, holds_looks

EVERY = 5  # frames between looks at who an object is
MOST = 40  # looks in a mean; from then on it follows
ALONE = 0.2  # IoU with others up to which an object stands alone
LIKE_ITSELF = 0.3  # similarity with its own mean from which a look is added to it
STRANGE = 0.2  # similarity with its own mean below which who seems to be back is somebody else, ...
LATER, STRANGEST = 1 / 250, 0.6  # ... what every frame of being lost adds to that, and the most
Embedded = NDArray[np.float32]


class Identifier:
    """Says who is who; without a head it says nothing.

    Args:
        head: reads templates and colours; None: there is none for these weights.
    """

    def __init__(self, head: Embedding | None = None) -> None:
        self.head = head

    @property
    def width(self) -> int:
        """E."""
        return 0 if self.head is None else self.head.width

    def first(self, state: NetworkState, looks: NDArray[np.float32]) -> Embedded:
        """[N, E] of objects that the network was just started on, with colours [N, D]."""
        return self._describe(state, looks, 0)

    def latest(self, state: NetworkState, looks: NDArray[np.float32]) -> Embedded:
        """[N, E] of what they looked like lately."""
        return self._describe(state, looks, -1)

    def compared(self, state: NetworkState, looks: NDArray[np.float32]) -> Embedded:
        """[N, F] of unit length, whose products say who is like whom, also without a head.

        Colours, templates and, with a head, embeddings, in the shares of the gallery.
        """
        templates = describe_templates(state.memories[0][0])
        share = TEMPLATE if templates.any() else 0.0
        usual = np.concatenate([looks * (1 - share) ** 0.5, templates * share**0.5], 1)
        if self.head is None:
            return usual
        learned = self.first(state, looks)
        return np.concatenate([usual * (1 - LEARNED) ** 0.5, learned * LEARNED**0.5], 1)

    def _describe(self, state: NetworkState, looks: NDArray[np.float32], which: int) -> Embedded:
        memory = state.memories[0][0]
        if self.head is None or not len(memory) or not holds_looks(memory):
            return np.zeros((len(memory), self.width), np.float32)
        return self.head(memory[:, which], looks)


def recognise(objects: Objects, picture: Picture, engine: Engine, says: Identifier) -> Objects:
    """After a look: who seems to be somebody else is not seen; what is remembered grows.

    Args:
        objects: N, as the network sees them in this frame.
        picture: the frame.
        engine: looks once more at lost objects that seem to be back.
        says: who is who.
    """
    if not says.width or not len(objects):
        return objects
    seen = objects.visibility >= RULES.seen
    back = np.flatnonzero(seen & objects.life.lost)
    if len(back):
        least = np.minimum(STRANGE + LATER * objects.life.lost_frames[back], STRANGEST)
        strange = back[_likeness(objects, back, picture, engine, says) < least]
        visibility = objects.visibility.copy()
        visibility[strange] = np.minimum(visibility[strange], UNSEEN)
        objects = objects.changed(visibility=visibility)
    rows = np.flatnonzero(seen & ~objects.life.lost & (objects.age % EVERY == 0))
    if not len(rows):
        return objects
    shared = pairwise_iou(objects.boxes[rows].astype(float), objects.boxes.astype(float))
    shared[np.arange(len(rows)), rows] = 0
    rows = rows[shared.max(1, initial=0) <= ALONE]
    latest = says.latest(objects.state.select(rows), picture.looks(objects.boxes[rows]))
    own = (latest * objects.identity[rows]).sum(1) >= LIKE_ITSELF
    own |= objects.identified[rows] == 0
    return remember(objects, rows[own], latest[own])


def _likeness(
    objects: Objects, rows: NDArray[np.int64], picture: Picture, engine: Engine, says: Identifier
) -> NDArray[np.float32]:
    """[K] how much these look like themselves where they seem to be, in a look of its own."""
    boxes = objects.boxes[rows]
    state = engine.start(picture, boxes[None])
    fresh = says.first(state, picture.looks(boxes))
    alike: NDArray[np.float32] = (fresh * objects.identity[rows]).sum(1)
    return alike


def remember(objects: Objects, rows: NDArray[np.int64], latest: Embedded) -> Objects:
    """The means of these rows with one look more each."""
    count = np.minimum(objects.identified[rows], MOST)
    mean = objects.identity[rows] * count[:, None] + latest
    length = np.linalg.norm(mean, axis=1, keepdims=True)
    identity, identified = objects.identity.copy(), objects.identified.copy()
    identity[rows] = mean / np.maximum(length, 1e-9)
    identified[rows] += 1
    return objects.changed(identity=identity, identified=identified)
