"""Entrances: who comes into the frame grows at its edge.

A detector sees of somebody who enters what is in the frame. Until it looks again the network moves
that box further in, as it was: the part that has followed is left out. So of whom the detector last
found at an edge, and who has moved away from there by less than about its own length, what is said
reaches to the edge. What is followed, and matched, stays as the network sees it.

Measured: docs/experiments/0079-a-still-camera.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Boxes

EDGE = 1.0  # pixels from the frame's edge within which a detection ends at it
WHOLE = 0.8  # sizes further in, from which it has come in wholly


def at_edges(boxes: Boxes, frame: tuple[int, int]) -> NDArray[np.bool_]:
    """[N, 4] which edges (left, top, right, bottom) of a frame boxes [N, 4] xyxy pixels end at.

    Args:
        boxes: [N, 4] xyxy pixels.
        frame: height and width.
    """
    return inset(boxes, frame) <= EDGE


def reach_edges(boxes: Boxes, cut: NDArray[np.bool_], frame: tuple[int, int]) -> Boxes:
    """The boxes [N, 4], those that come in as far as the edge that they come from.

    Args:
        boxes: [N, 4] xyxy pixels.
        cut: [N, 4] edges at which the detector found each last.
        frame: height and width.
    """
    if not cut.any():
        return np.array(boxes)
    further = inset(boxes, frame)
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], (1, 2))
    enters = cut & (further > 0) & (further < WHOLE * sides)
    height, width = frame
    return np.where(enters, np.array([0, 0, width, height], boxes.dtype), boxes)


def inset(boxes: Boxes, frame: tuple[int, int]) -> Boxes:
    """[N, 4] pixels by which boxes lie inside the frame's edges; negative outside."""
    height, width = frame
    return np.concatenate([boxes[:, :2], np.array([width, height], boxes.dtype) - boxes[:, 2:]], 1)
