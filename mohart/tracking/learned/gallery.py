"""Re-identification: the gallery of tracks that ended and may come back, a bounded list.

Who is *away* is compared with detections that nobody explains: by colours, the network's first
look, and how far somebody can have gone in the meantime.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.tracking.learned.association import separation
from mohart.tracking.learned.looks import describe_templates
from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.packing import pack_objects, unpack_objects

MOST = 64  # who went first is forgotten first
LEARNED = 0.6  # share of the embedding in a similarity, where there is one, ...
TEMPLATE = 1 / 6  # ... and of the network's templates in the rest, which is colours
NEAR, PER_FRAME, FAR = 1.5, 0.15, 8.0  # sizes that somebody can have moved while away
OTHER_SIZE = 1.6  # nobody changes by more


class Away(NamedTuple):
    """One who is away.

    Attributes:
        one: what was known of the object, one row.
        template: [F] the network's first look, of unit length.
        since: frame of the clock.
    """

    one: Objects
    template: NDArray[np.float32]
    since: int


class Gallery:
    """Objects that are away, by identity, at most 64, for a while.

    Args:
        frames: how long they are remembered.
    """

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._away: OrderedDict[int, Away] = OrderedDict()

    def __len__(self) -> int:
        return len(self._away)

    def __contains__(self, track: int) -> bool:
        return track in self._away

    def leave(self, track: int, away: Away) -> None:
        """Remember somebody."""
        self._away[track] = away
        while len(self._away) > MOST:
            self._away.popitem(last=False)

    def take_in(self, objects: Objects, now: int) -> None:
        """N objects have left in frame `now`."""
        for row in range(len(objects)):
            one = objects.select(np.array([row]))
            template = describe_templates(one.state.memories[0][0])[0]
            self.leave(int(one.tracker_id[0]), Away(one, template, now))

    def drop(self, track: int) -> None:
        """Do not wait for somebody, if they are away at all."""
        self._away.pop(track, None)

    def pack(self) -> list[dict[str, Any]]:
        """Everybody as arrays and plain values, who went first first."""
        return [
            {
                "track": track,
                "one": pack_objects(away.one),
                "template": away.template,
                "since": away.since,
            }
            for track, away in self._away.items()
        ]

    def unpack(self, packed: list[dict[str, Any]]) -> None:
        """Who was there when it was packed, and nobody else."""
        self._away.clear()
        for row in packed:
            one = unpack_objects(row["one"])
            assert one is not None  # noqa: S101  # nobody is not packed
            self._away[row["track"]] = Away(one, row["template"], row["since"])

    def forget(self, now: int) -> None:
        """Those who are away for too long."""
        while self._away:
            track, away = next(iter(self._away.items()))
            if now - away.since <= self._frames:
                return
            del self._away[track]

    def fit(
        self,
        boxes: NDArray[np.float64],
        looks: NDArray[np.float32],
        templates: NDArray[np.float32],
        now: int,
        identity: NDArray[np.float32] | None = None,
        alike: float = 0.0,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Who of those who are away may be back, and where.

        Args:
            boxes: [M, 4] xyxy pixels, somebody unknown.
            looks: [M, D] of them.
            templates: [M, F] of them.
            now: frame of the clock.
            identity: [M, E] of them; E is 0 without a head that says it.
            alike: smallest similarity of colours and templates alone. Embeddings do not make up for
                less: on a real crowd they did, and people in black became one another.

        Returns:
            Identities [K], and [K, M] similarity up to 1: of colours, which count five times as
            much as the network's templates, and of the embeddings, where there are some; 0 where
            they can not be: not alike, too far for the time, another size.
        """
        ids = np.array(list(self._away), np.int64)
        if not len(ids) or not len(boxes):
            return ids, np.zeros((len(ids), len(boxes)))
        away = list(self._away.values())
        share = TEMPLATE if templates.any() else 0.0  # not every network keeps templates
        similar = np.concatenate([a.one.looks for a in away]) @ looks.T * (1 - share)
        similar = similar + np.stack([a.template for a in away]) @ templates.T * share
        usual = similar
        if identity is not None and identity.shape[1]:
            learned = np.concatenate([a.one.identity for a in away]) @ identity.T
            similar = similar + LEARNED * (learned - similar)
        before = np.concatenate([a.one.boxes for a in away]).astype(np.float64)
        distance, ratio = separation(before, boxes)
        gone = now - np.array([a.since for a in away])
        reach = np.minimum(NEAR + PER_FRAME * gone, FAR)[:, None]
        possible = (distance <= reach) & (ratio <= OTHER_SIZE) & (usual >= alike)
        return ids, np.where(possible, similar, 0.0).astype(np.float64)

    def take(self, track: int) -> Away:
        """They are back."""
        return self._away.pop(track)
