"""Appearance embedding for re-identification: colour histograms, which survive time and pose.

The network's templates say how exactly a box fits; they change with pose. Colours do not, so they
tell who came back (docs/experiments/0015 has the comparison).

Conventions: D numbers per object, unit length, so that a scalar product is a similarity in 0..1.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.boxes import clip_to_frame
from mohart.tracking.learned.state import holds_looks

BINS = 16  # per channel
PARTS = 2  # upper and lower half
MARGIN = (1 / 6, 1 / 10)  # of width and height: what is left out on every side, as background
LENGTH = PARTS * 3 * BINS
SMALL = 20_000  # numbers; in less, one count with bins for every part and channel is the fastest
# value and channel -> which of the bins of all channels
_BIN = (np.arange(256)[:, None] * BINS // 256 + BINS * np.arange(3)).astype(np.uint8)[:, None]


def describe_looks(frame_bgr: NDArray[np.uint8], boxes: NDArray[Any]) -> NDArray[np.float32]:
    """Square roots of colour histograms of the halves of every box.

    Args:
        frame_bgr: uint8 [H, W, 3].
        boxes: [N, 4] xyxy pixels; parts outside the frame do not count.

    Returns:
        [N, D] of unit length; the scalar product of two is their Bhattacharyya coefficient. 0
        where nothing of a box is inside.

    Source: colour histograms by parts, Perez et al. 2002, sec. 4; Lab colours.
    """
    height, width = frame_bgr.shape[:2]
    side = boxes[:, 2:] - boxes[:, :2]
    room = side * np.array(MARGIN)
    inner = np.concatenate([boxes[:, :2] + room, boxes[:, 2:] - room], 1)
    inner = np.rint(clip_to_frame(inner, width, height)).astype(np.int64)
    found = np.zeros((len(boxes), LENGTH), np.float32)
    for n, (x1, y1, x2, y2) in enumerate(inner):
        if y2 <= y1 or x2 <= x1:
            continue
        lab = cv2.cvtColor(np.ascontiguousarray(frame_bgr[y1:y2, x1:x2]), cv2.COLOR_BGR2LAB)
        middle = (y2 - y1) // 2
        found[n] = _count(np.asarray(lab, np.uint8), middle)
    size = np.maximum(inner[:, 2:] - inner[:, :2], 1)
    upper = size[:, 1] // 2
    rows = np.stack([np.maximum(upper, 1), size[:, 1] - upper], 1)
    shares = found.reshape(-1, PARTS, 3 * BINS) / (rows * size[:, :1] * PARTS * 3)[:, :, None]
    looks: NDArray[np.float32] = np.sqrt(shares.reshape(-1, LENGTH).astype(np.float32))
    return looks


def _count(lab: NDArray[np.uint8], middle: int) -> NDArray[np.float32]:
    """[D] how many pixels [h, w, 3] fall into each bin, those above row `middle` first."""
    if lab.size > SMALL and middle:
        halves = [half for half in (lab[:middle], lab[middle:]) for _ in range(3)]
        counts = [
            cv2.calcHist([half], [n % 3], None, [BINS], [0, 256]) for n, half in enumerate(halves)
        ]
        return np.asarray(np.concatenate(counts), np.float32).ravel()
    bins = np.asarray(cv2.LUT(lab, _BIN))
    bins[middle:] += 3 * BINS
    flat = bins.reshape(len(bins), -1)
    return np.asarray(cv2.calcHist([flat], [0], None, [LENGTH], [0, LENGTH]), np.float32).ravel()


def blend_looks(
    old: NDArray[np.float32], new: NDArray[np.float32], rate: float
) -> NDArray[np.float32]:
    """Looks [N, D] moved towards newer ones; a look of zeros takes the new one as it is."""
    step = np.where(old.any(1, keepdims=True), rate, 1.0).astype(np.float32)
    mixed = old + step * (new - old)
    length = np.linalg.norm(mixed, axis=1, keepdims=True)
    blended: NDArray[np.float32] = mixed / np.maximum(length, 1e-9)
    return blended


def describe_templates(memory: NDArray[Any]) -> NDArray[np.float32]:
    """The network's first looks as vectors.

    Args:
        memory: [N, ...] of templates; those of looks are [N, looks, C, k, k].

    Returns:
        [N, F] of unit length; the scalar product of two is the mean cosine over cells. [N, 1]
        zeros where it keeps no looks.
    """
    if not holds_looks(memory):
        return np.zeros((len(memory), 1), np.float32)
    cells = memory[:, 0].reshape(len(memory), memory.shape[2], -1)  # [N, C, k*k]
    length = np.sqrt(np.maximum((cells * cells).sum(1, keepdims=True), 1e-24))
    vectors: NDArray[np.float32] = cells / length / np.float32(cells.shape[2] ** 0.5)
    return vectors.reshape(len(memory), -1)
