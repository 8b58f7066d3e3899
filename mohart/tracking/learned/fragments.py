"""Looks at the tracks of a finished result, chosen where each stands alone, and their means."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import clip_to_frame, pairwise_iou
from mohart.structures import Tracks
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.identify import Identifier
from mohart.tracking.learned.picture import Picture
from mohart.tracking.linking import Fragment

LOOKS = 12  # at each track, at most
ALONE = 0.2  # IoU with others from which a box is looked at only where there is no better one
SMALLEST = 4.0  # pixels, of both sides of what can be looked at


def choose_looks(tracks: Tracks) -> NDArray[np.int64]:
    """Rows to be looked at: of every identity some, spread over its time, where it stands alone."""
    crowded = np.zeros(len(tracks))
    starts = np.unique(tracks.frame, return_index=True)[1]
    for begin, end in zip(starts, [*starts[1:], len(tracks)], strict=True):
        shared = pairwise_iou(tracks.boxes[begin:end], tracks.boxes[begin:end])
        np.fill_diagonal(shared, 0)
        crowded[begin:end] = shared.max(1, initial=0)
    chosen = []
    for track in np.unique(tracks.track_id):
        rows = np.flatnonzero(tracks.track_id == track)
        for part in np.array_split(rows, min(LOOKS, len(rows))):
            best = part[np.argsort(crowded[part], kind="stable")]
            chosen.append(int(part[len(part) // 2] if crowded[best[-1]] <= ALONE else best[0]))
    return np.sort(np.array(chosen, np.int64))


class FragmentLooks:
    """Takes in frames in order, and gives the fragments in the end.

    Args:
        tracks: the result.
        engine: looks.
        says: who is who; without a head, colours and templates do.
    """

    def __init__(self, tracks: Tracks, engine: Engine, says: Identifier) -> None:
        self._tracks, self._engine, self._says = tracks, engine, says
        self._rows = choose_looks(tracks)
        self._sums: dict[int, tuple[NDArray[np.float64], int]] = {}

    @property
    def frames(self) -> list[int]:
        """Those that are needed, zero-based, in order."""
        return [int(frame) for frame in np.unique(self._tracks.frame[self._rows])]

    def add(self, frame: int, frame_bgr: NDArray[np.uint8]) -> None:
        """Look at a frame, zero-based."""
        rows = self._rows[self._tracks.frame[self._rows] == frame]
        height, width = frame_bgr.shape[:2]
        inside = clip_to_frame(self._tracks.boxes[rows], width, height)
        large = ((inside[:, 2:] - inside[:, :2]) >= SMALLEST).all(1)
        rows, boxes = rows[large], inside[large].astype(np.float32)
        if not len(rows):
            return
        picture = Picture(frame_bgr)
        state = self._engine.start(picture, boxes[None])
        found = self._says.compared(state, picture.looks(boxes))
        for row, one in zip(rows, found, strict=True):
            track = int(self._tracks.track_id[row])
            total, count = self._sums.get(track, (np.zeros(len(one)), 0))
            self._sums[track] = total + one, count + 1

    def fragments(self) -> list[Fragment]:
        """Every identity, with the mean of its looks."""
        found = []
        for track in np.unique(self._tracks.track_id).tolist():
            rows = np.flatnonzero(self._tracks.track_id == track)
            total, looks = self._sums.get(track, (np.zeros(0), 0))
            length = max(float(np.linalg.norm(total)), 1e-9)
            found.append(
                Fragment(
                    track_id=track,
                    first=int(self._tracks.frame[rows[0]]),
                    last=int(self._tracks.frame[rows[-1]]),
                    first_box=self._tracks.boxes[rows[0]],
                    last_box=self._tracks.boxes[rows[-1]],
                    identity=(total / length).astype(np.float32),
                    looks=looks,
                )
            )
        return found
