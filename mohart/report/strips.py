"""Thumbnails around errors: what was there before, in it and after, cut while the video passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Frame
from mohart.metrics.labels import Labels
from mohart.palette import colour_bgr
from mohart.report.encoder import Encoder
from mohart.report.truth import ErrorRow
from mohart.structures import Tracks

TILE = 96  # pixels, of a thumbnail
AROUND = 1.9  # sides of a thumbnail, in longer sides of the box
WHITE, BLACK, OUTSIDE = (255, 255, 255), (17, 17, 17), 60


Done = tuple[int, tuple[int, ...], bytes]  # index of the error, frames of its tiles, WebP


def strip_frames(row: ErrorRow, length: int) -> tuple[int, ...]:
    """Up to five zero-based frames that show an error: before, in it and after."""
    middle = (row.first + row.last) // 2
    if row.count == 1:
        wanted = {row.first + step for step in (-2, -1, 0, 1, 2)}
    else:
        wanted = {row.first - 1, row.first, middle, row.last, row.last + 1}
    return tuple(sorted(frame for frame in wanted if 0 <= frame < length))


class Thumbnails:
    """Strips on their way: tiles are cut as their frames pass.

    Args:
        errors: to be shown.
        length: frames of the video.
        tracks: of the result, drawn on the tiles.
        truth: drawn on the tiles; None without.
        encoder: of the finished strips.

    Attributes:
        wanted: zero-based frame -> the errors that need it.
    """

    def __init__(
        self,
        errors: Sequence[ErrorRow],
        length: int,
        tracks: Tracks | Labels,
        truth: Labels | None,
        encoder: Encoder,
    ) -> None:
        self._errors, self._tracks, self._truth = errors, tracks, truth
        self._encoder = encoder
        self._frames = [strip_frames(row, length) for row in errors]
        self._tiles: dict[int, dict[int, NDArray[np.uint8]]] = {}
        self.wanted: dict[int, list[int]] = {}
        for index, frames in enumerate(self._frames):
            for frame in frames:
                self.wanted.setdefault(frame, []).append(index)

    def look(self, number: int, frame: Frame) -> list[Done]:
        """Cut what this frame is needed for; the strips that are complete now."""
        done = []
        for index in self.wanted.pop(number, []):
            tiles = self._tiles.setdefault(index, {})
            tiles[number] = self._cut(self._errors[index], number, frame)
            if number == self._frames[index][-1]:
                done.append(self._finish(index))
        return done

    def rest(self) -> list[Done]:
        """Strips whose last frames never came."""
        return [self._finish(index) for index in sorted(self._tiles)]

    def _finish(self, index: int) -> Done:
        tiles = self._tiles.pop(index)
        frames = tuple(sorted(tiles))
        return index, frames, self._encoder.encode(np.hstack([tiles[frame] for frame in frames]))

    def _cut(self, row: ErrorRow, number: int, frame: Frame) -> NDArray[np.uint8]:
        box = row.box_at(number)
        mine = _at(self._tracks, number)
        true = {} if self._truth is None else _at(self._truth, number)
        box = true.get(row.truth_id, mine.get(row.result_id, box))  # where it is in this frame
        longest = 2.0 * max(frame.shape[:2])
        side = AROUND * float(max(box[2] - box[0], box[3] - box[1]))
        side = round(min(max(side, 16.0), longest))
        left = round(float(box[0] + box[2] - side) / 2)
        top = round(float(box[1] + box[3] - side) / 2)
        scale = TILE / side
        tile = _square(frame, left, top, side)
        named = (row.result_id, row.previous_id)
        for track_id, other in mine.items():
            thick = 2 if track_id in named else 1
            _box(tile, other, left, top, scale, colour_bgr(track_id), thick)
        for truth_id, other in true.items():
            _dashed(tile, other, left, top, scale, 2 if truth_id == row.truth_id else 1)
        tile[:, -1] = 0
        return tile


def _square(frame: Frame, left: int, top: int, side: int) -> NDArray[np.uint8]:
    """A square part of a frame, grey where there is none, as a thumbnail."""
    height, width = frame.shape[:2]
    square = np.full((side, side, 3), OUTSIDE, np.uint8)
    x1, y1, x2, y2 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    if x1 < x2 and y1 < y2:
        square[y1 - top : y2 - top, x1 - left : x2 - left] = frame[y1:y2, x1:x2]
    how = cv2.INTER_AREA if side > TILE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (TILE, TILE), interpolation=how), np.uint8)


def _at(rows: Tracks | Labels, frame: int) -> Mapping[int, NDArray[np.float64]]:
    """Identity -> box of one frame."""
    low, high = np.searchsorted(rows.frame, [frame, frame + 1])
    return dict(zip(rows.track_id[low:high].tolist(), rows.boxes[low:high], strict=True))


def _corners(
    box: NDArray[np.float64], left: float, top: float, scale: float
) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = (np.clip(v, -400, 400) for v in (box - [left, top, left, top]) * scale)
    return round(float(x1)), round(float(y1)), round(float(x2)), round(float(y2))


def _box(
    tile: NDArray[np.uint8],
    box: NDArray[np.float64],
    left: float,
    top: float,
    scale: float,
    colour: tuple[int, int, int],
    thick: int,
) -> None:
    x1, y1, x2, y2 = _corners(box, left, top, scale)
    if thick > 1:
        cv2.rectangle(tile, (x1, y1), (x2, y2), BLACK, thick + 1)
    cv2.rectangle(tile, (x1, y1), (x2, y2), colour, thick)


def _dashed(
    tile: NDArray[np.uint8],
    box: NDArray[np.float64],
    left: float,
    top: float,
    scale: float,
    thick: int,
) -> None:
    """White dashes on black: the truth."""
    x1, y1, x2, y2 = _corners(box, left, top, scale)
    cv2.rectangle(tile, (x1, y1), (x2, y2), BLACK, 2 * thick - 1)
    for x in range(x1, x2, 8):
        for y in (y1, y2):
            cv2.line(tile, (x, y), (min(x + 4, x2), y), WHITE, 1)
    for y in range(y1, y2, 8):
        for x in (x1, x2):
            cv2.line(tile, (x, y), (x, min(y + 4, y2)), WHITE, 1)
