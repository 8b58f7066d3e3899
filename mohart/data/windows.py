"""Training crops: a few frames of a sequence, cut around objects and brought to one size.

Conventions: cropping uses whole pixels, and both frames and boxes are scaled about the corner of
pixel (0, 0), so boxes stay exact. Objects keep their amodal boxes, which may reach outside.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.boxes import area, clip_to_frame
from mohart.data.sequence import Sequence
from mohart.errors import ConfigError, MissingDataError
from mohart.structures import Tracks

MIN_HEIGHT_PX, MAX_HEIGHT_PX = 20.0, 120.0  # of the object the crop is about, after scaling
MAX_ZOOM = 2.0


class ClipArrays(NamedTuple):
    """One training example, not yet a batch.

    Attributes:
        frames: [T, H, W, 3] uint8, BGR.
        boxes: [T, N, 4] float32, xyxy pixels of the window; 0 where absent.
        visibility: [T, N] float32 in [0, 1]: that of the labels times the part of the box (as far
            as it is in the frame) that is inside the window; 0 where absent.
        present: [T, N] bool; False where the object is padding or not labelled.
        facts: [T, N, `mohart.facts.WIDTH`], NaN where unknown; None where nobody asked.
    """

    frames: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    visibility: NDArray[np.float32]
    present: NDArray[np.bool_]
    facts: NDArray[np.float32] | None = None


def mirror(
    frames: NDArray[np.uint8], boxes: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Left and right exchanged.

    Args:
        frames: [T, H, W, 3].
        boxes: [T, N, 4] xyxy pixels.

    Returns:
        A view of the frames, and boxes of their own.
    """
    width = frames.shape[2]
    flipped = boxes[..., [2, 1, 0, 3]] * np.array([-1, 1, -1, 1], np.float32)
    return frames[:, :, ::-1], flipped + np.array([width, 0, width, 0], np.float32)


class _Crop(NamedTuple):
    """Which pixels of the frame the window shows."""

    left: int
    top: int
    width: int
    height: int


def sample_window(
    sequence: Sequence,
    rng: np.random.Generator,
    *,
    length: int,
    objects: int,
    width: int,
    height: int,
    min_visibility: float = 0.3,
) -> ClipArrays:
    """A random window of a sequence: random start, random object, random zoom.

    A sequence shorter than `length` is played forth and back (0 1 2 3 2 1 0 1 ...) until the
    window is full, so that four frames are enough for a clip of any length. The window has a fixed
    place in the frame and never reaches outside it. It holds the first object wholly, at a height
    of 20 to 120 pixels in the result, never enlarged more than twice; the other objects are drawn
    from those whose centre is inside the window at its first frame.

    Args:
        sequence: with frames and tracks.
        rng: the only source of chance; the same state gives the same window.
        length: T, frames.
        objects: N; fewer objects are padded as absent, more are drawn at random.
        width: of the result, pixels.
        height: of the result, pixels.
        min_visibility: of every chosen object at the first frame, in [0, 1].

    Raises:
        ConfigError: a size is not positive.
        MissingDataError: no labelled object fits these conditions, or the frames are not there.
        FormatError: a frame cannot be decoded.
    """
    if min(length, objects, width, height) < 1:
        raise ConfigError(
            f"window: expected positive sizes, got length {length}, objects {objects}, "
            f"{width}x{height} pixels"
        )
    tracks = sequence.tracks.select(~sequence.tracks.ignored)
    rows, zooms = _candidates(sequence, tracks, length, width, height, min_visibility)
    start = int(rng.choice(np.unique(tracks.frame[rows])))
    pick = int(rng.choice(np.flatnonzero(tracks.frame[rows] == start)))
    zoom = math.exp(rng.uniform(*np.log(zooms[pick])))
    crop = _place_crop(sequence, tracks.boxes[rows[pick]], zoom, width, height, rng)
    ids = _choose_objects(sequence, tracks, int(rows[pick]), crop, objects, min_visibility, rng)

    order = _playing_order(sequence.length, start, length, rng)
    begin, end = int(order.min()), int(order.max()) + 1
    boxes, visibility, present = tracks.dense(ids, begin, end)
    visibility = visibility * _part_inside(boxes, crop, sequence)
    scale = np.array([width / crop.width, height / crop.height] * 2)
    moved = (boxes - np.array([crop.left, crop.top] * 2)) * scale
    boxes = np.where(present[..., None], moved, 0.0)
    frames = [_show(frame, crop, width, height) for frame in sequence.frames(begin, end)]

    chosen, empty = order - begin, (0, objects - len(ids))
    return ClipArrays(
        frames=np.stack(frames)[chosen],
        boxes=np.pad(boxes, [(0, 0), empty, (0, 0)])[chosen].astype(np.float32),
        visibility=np.pad(visibility, [(0, 0), empty])[chosen].astype(np.float32),
        present=np.pad(present, [(0, 0), empty])[chosen],
    )


def _candidates(
    sequence: Sequence, tracks: Tracks, length: int, width: int, height: int, min_visibility: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows [K] that a window can start with and be about, and the zooms [K, 2] that suit them."""
    if sequence.width < 1:
        raise MissingDataError(f"sequence '{sequence.name}': there are labels only, no frames")
    boxes = tracks.boxes
    inside = clip_to_frame(boxes, sequence.width, sequence.height)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    seen = (centre >= 0).all(axis=1) & (centre < [sequence.width, sequence.height]).all(axis=1)
    seen &= (area(inside) > 0) & (tracks.visibility >= min_visibility)
    if sequence.length >= length:
        seen &= tracks.frame <= sequence.length - length
    rows = np.flatnonzero(seen)
    box_height = boxes[rows, 3] - boxes[rows, 1]
    inside_size = inside[rows, 2:] - inside[rows, :2]
    low = np.maximum(
        MIN_HEIGHT_PX / box_height, max(width / sequence.width, height / sequence.height)
    )
    whole = (np.array([width, height]) / inside_size).min(axis=1)
    high = np.minimum(np.minimum(MAX_HEIGHT_PX / box_height, whole), MAX_ZOOM)
    fits = low <= high
    if not fits.any():
        raise MissingDataError(
            f"sequence '{sequence.name}': no window of {length} frames and {width}x{height} "
            f"pixels: of {len(tracks)} labelled boxes, {len(rows)} are visible enough and early "
            f"enough, and none of these can be shown {MIN_HEIGHT_PX:g} to {MAX_HEIGHT_PX:g} "
            "pixels high inside it; try another window size or leave the sequence out"
        )
    return rows[fits], np.stack([low, high], -1)[fits]


def _place_crop(
    sequence: Sequence,
    box: NDArray[np.float64],
    zoom: float,
    width: int,
    height: int,
    rng: np.random.Generator,
) -> _Crop:
    """A crop of the right size at a random place inside the frame, around the box."""
    inside = clip_to_frame(box, sequence.width, sequence.height)
    corner, size = [], []
    for axis, (frame_px, window_px) in enumerate(
        [(sequence.width, width), (sequence.height, height)]
    ):
        crop_px = min(frame_px, math.ceil(window_px / zoom))
        low = max(0, math.ceil(inside[axis + 2] - crop_px))
        high = min(frame_px - crop_px, math.floor(inside[axis]))
        low = min(low, max(high, 0))  # rounding can leave no room when the box fills the crop
        corner.append(int(rng.integers(low, max(high, low) + 1)))
        size.append(crop_px)
    return _Crop(*corner, *size)


def _choose_objects(
    sequence: Sequence,
    tracks: Tracks,
    row: int,
    crop: _Crop,
    objects: int,
    min_visibility: float,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Ids [<= objects] in random order: that of the row, and others seen in the first frame."""
    now = tracks.at(int(tracks.frame[row]))
    centre = (now.boxes[:, :2] + now.boxes[:, 2:]) / 2
    low = np.array([crop.left, crop.top])
    high = low + np.array([crop.width, crop.height])
    fits = (centre >= low).all(axis=1) & (centre < high).all(axis=1)
    fits &= now.visibility * _part_inside(now.boxes, crop, sequence) >= min_visibility
    others = now.track_id[fits & (now.track_id != tracks.track_id[row])]
    others = rng.permutation(others)[: objects - 1]
    return rng.permutation(np.append(others, tracks.track_id[row]))


def _playing_order(
    available: int, start: int, length: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """[T] frame numbers from `start` on; forth and back where there are too few frames."""
    if available >= length:
        return np.arange(start, start + length)
    period = max(1, 2 * (available - 1))
    phase = start if rng.random() < 0.5 else period - start
    step = (phase + np.arange(length)) % period
    return np.where(step < available, step, period - step)


def _part_inside(
    boxes: NDArray[np.float64], crop: _Crop, sequence: Sequence
) -> NDArray[np.float64]:
    """[...] share of each box's area within the frame that is also within the crop."""
    in_frame = area(clip_to_frame(boxes, sequence.width, sequence.height))
    corner = np.array([crop.left, crop.top] * 2)
    in_crop = area(clip_to_frame(boxes - corner, crop.width, crop.height))
    return np.asarray(in_crop / np.maximum(in_frame, 1e-9), np.float64)


def _show(frame: NDArray[np.uint8], crop: _Crop, width: int, height: int) -> NDArray[np.uint8]:
    """[height, width, 3]: the crop at the size of the window."""
    pixels = frame[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]
    shrinks = crop.width > width or crop.height > height
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.array(cv2.resize(pixels, (width, height), interpolation=how), np.uint8)
