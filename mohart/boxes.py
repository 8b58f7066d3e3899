"""The box geometry of the house, for numpy arrays and torch tensors alike.

Conventions: `boxes` are xyxy, float, pixels; the origin is the top-left corner of pixel (0, 0), so
width = x2 - x1 and the centre of that pixel is (0.5, 0.5). Every function works on the last axis
and returns the library and dtype of its argument.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

SMALLEST_FRAME = 16  # pixels a side, from which shares of it can be told from pixels
MOST_SHARE = 1.5  # of a box that reaches beyond the frame

Array = Any  # a numpy array or a torch tensor; torch is never imported here


def _library(x: Array) -> Any:
    if isinstance(x, np.ndarray):
        return np
    return sys.modules["torch"] if type(x).__module__.startswith("torch") else np


def _at_least(x: Array, least: float) -> Array:
    # numpy's `clip` takes several times as long, and a tracker asks dozens of times a frame
    return np.maximum(x, x.dtype.type(least)) if isinstance(x, np.ndarray) else x.clip(min=least)


def xywh_to_xyxy(boxes_xywh: Array) -> Array:
    """[..., 4] left, top, width, height -> xyxy."""
    xp = _library(boxes_xywh)
    return xp.concatenate([boxes_xywh[..., :2], boxes_xywh[..., :2] + boxes_xywh[..., 2:]], axis=-1)


def xyxy_to_xywh(boxes: Array) -> Array:
    """[..., 4] xyxy -> left, top, width, height."""
    xp = _library(boxes)
    return xp.concatenate([boxes[..., :2], boxes[..., 2:] - boxes[..., :2]], axis=-1)


def cxcywh_to_xyxy(boxes_cxcywh: Array) -> Array:
    """[..., 4] centre x, centre y, width, height -> xyxy."""
    xp = _library(boxes_cxcywh)
    centre, half = boxes_cxcywh[..., :2], boxes_cxcywh[..., 2:] / 2
    return xp.concatenate([centre - half, centre + half], axis=-1)


def xyxy_to_cxcywh(boxes: Array) -> Array:
    """[..., 4] xyxy -> centre x, centre y, width, height."""
    xp = _library(boxes)
    low, high = boxes[..., :2], boxes[..., 2:]
    return xp.concatenate([(low + high) / 2, high - low], axis=-1)


def area(boxes: Array) -> Array:
    """[..., 4] -> [...] area, 0 for boxes with a negative side."""
    size = _at_least(boxes[..., 2:] - boxes[..., :2], 0)
    return size[..., 0] * size[..., 1]


def intersection(a: Array, b: Array) -> Array:
    """Common area of boxes that broadcast: [..., 4], [..., 4] -> [...]."""
    xp = _library(a)
    low = xp.maximum(a[..., :2], b[..., :2])
    high = xp.minimum(a[..., 2:], b[..., 2:])
    size = _at_least(high - low, 0)
    return size[..., 0] * size[..., 1]


def iou(a: Array, b: Array) -> Array:
    """Intersection over union of boxes that broadcast.

    Args:
        a: [..., 4] boxes.
        b: [..., 4] boxes in the same unit; leading axes broadcast against those of `a`.

    Returns:
        [...] in [0, 1]; 0 where both boxes are empty, with a finite gradient there.

    Source: PASCAL VOC overlap, Everingham et al. 2010, sec. 4.2, without its "+1" pixel.
    """
    common = intersection(a, b)
    union = area(a) + area(b) - common
    return common / _at_least(union, 1e-9)


def giou(a: Array, b: Array) -> Array:
    """Generalised IoU in [-1, 1] of boxes that broadcast: [..., 4], [..., 4] -> [...].

    Source: Rezatofighi et al. 2019, eq. 1; unlike IoU it has a gradient for disjoint boxes.
    """
    xp = _library(a)
    common = intersection(a, b)
    union = area(a) + area(b) - common
    hull = xp.maximum(a[..., 2:], b[..., 2:]) - xp.minimum(a[..., :2], b[..., :2])
    hull_area = (hull[..., 0] * hull[..., 1]).clip(min=1e-9)
    return common / union.clip(min=1e-9) - (hull_area - union) / hull_area


def pairwise_iou(a: Array, b: Array) -> Array:
    """Every box in `a` with every box in `b`: [..., M, 4], [..., N, 4] -> IoU [..., M, N]."""
    return iou(a[..., :, None, :], b[..., None, :, :])


def clip_to_frame(boxes: Array, width: float, height: float) -> Array:
    """The part of every box that lies inside the frame; an empty box where nothing does."""
    xp = _library(boxes)
    if xp is np:
        sides = np.array([width, height, width, height], boxes.dtype)
        return np.minimum(np.maximum(boxes, boxes.dtype.type(0)), sides)
    x = boxes[..., 0::2].clip(0, width)
    y = boxes[..., 1::2].clip(0, height)
    return xp.stack([x[..., 0], y[..., 0], x[..., 1], y[..., 1]], -1)


def are_shares(boxes: Array, width: int, height: int) -> bool:
    """Whether boxes seem to be in shares of the frame, 0 to 1, where pixels are expected.

    All of them would lie in the frame's first pixel, which nobody means.

    Args:
        boxes: [N, 4] xyxy.
        width: of the frame, pixels.
        height: of the frame, pixels.

    >>> are_shares(np.array([[0.125, 0.25, 0.275, 0.4833]]), 160, 120)
    True
    >>> are_shares(np.array([[0.0, 0.0, 1.0, 1.0], [20.0, 30.0, 44.0, 58.0]]), 160, 120)
    False
    """
    if not len(boxes) or min(width, height) < SMALLEST_FRAME:
        return False
    return bool((np.abs(boxes) <= MOST_SHARE).all())
