"""Displacement errors (ADE, FDE) and IoU of boxes that were predicted rather than seen.

Conventions: T judged frames, N objects, boxes xyxy pixels. A *pair* is one object in one judged
frame in which it is labelled; only pairs count. Displacements are distances between box centres, in
pixels or in sizes; the size of a box is sqrt(w h) of the true box in that frame.

Source: ADE and FDE, Pellegrini et al. 2009 and Alahi et al. 2016 (Social LSTM), sec. 4: mean
displacement over the predicted frames, and that of the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.boxes import area, iou, pairwise_iou, xyxy_to_cxcywh
from mohart.errors import check_shape


@dataclass(frozen=True)
class ForecastErrors:
    """One number per object [N], float64; NaN for objects without a pair.

    Attributes:
        iou: mean IoU over the object's pairs, 0..1.
        iou_end: IoU in its last pair (IoU at t + k where the object is labelled to the end).
        ade: mean displacement, pixels.
        fde: displacement in its last pair, pixels.
        ade_sizes: mean displacement in sizes.
        fde_sizes: displacement in its last pair in sizes.
    """

    iou: Floats
    iou_end: Floats
    ade: Floats
    fde: Floats
    ade_sizes: Floats
    fde_sizes: Floats


def displacement(boxes: NDArray[Any], truth: NDArray[Any]) -> Floats:
    """Distance between the centres: [..., 4], [..., 4] -> [...] in the boxes' unit."""
    gap = xyxy_to_cxcywh(boxes)[..., :2] - xyxy_to_cxcywh(truth)[..., :2]
    distance: Floats = np.hypot(gap[..., 0], gap[..., 1])
    return distance


def forecast_errors(
    boxes: NDArray[Any], truth: NDArray[Any], present: NDArray[np.bool_]
) -> ForecastErrors:
    """Compare predicted boxes with the truth.

    Args:
        boxes: [T, N, 4] predicted.
        truth: [T, N, 4]; whatever stands where the object is not labelled does no harm.
        present: [T, N] bool, where the truth is known.

    Raises:
        ShapeError: the shapes do not fit together.
    """
    check_shape(boxes=(boxes, "T N 4"), truth=(truth, "T N 4"), present=(present, "T N"))
    is_pair = present.astype(bool)
    unit = np.array([0.0, 0.0, 1.0, 1.0])
    said = np.where(is_pair[..., None], boxes, unit).astype(np.float64)
    true = np.where(is_pair[..., None], truth, unit).astype(np.float64)
    overlap, pixels = iou(said, true), displacement(said, true)
    sizes = pixels / np.sqrt(np.maximum(area(true), 1e-9))
    return ForecastErrors(
        iou=_mean(overlap, is_pair),
        iou_end=_last(overlap, is_pair),
        ade=_mean(pixels, is_pair),
        fde=_last(pixels, is_pair),
        ade_sizes=_mean(sizes, is_pair),
        fde_sizes=_last(sizes, is_pair),
    )


def taken(boxes: NDArray[Any], truth: NDArray[Any], present: NDArray[np.bool_]) -> Floats:
    """Share of the frames in which a box lies on another object more than on its own.

    Args:
        boxes: [T, N, 4] predicted.
        truth: [T, N, 4]; whatever stands where the object is not labelled does no harm.
        present: [T, N] bool, where the truth is known.

    Returns:
        [N] over the frames in which the object is labelled; NaN where there are none.

    Raises:
        ShapeError: the shapes do not fit together.
    """
    check_shape(boxes=(boxes, "T N 4"), truth=(truth, "T N 4"), present=(present, "T N"))
    there = present.astype(bool)
    unit = np.array([0.0, 0.0, 1.0, 1.0])
    true = np.where(there[..., None], truth, unit).astype(np.float64)
    said = np.asarray(boxes, np.float64)
    overlap = np.stack([pairwise_iou(a, b) for a, b in zip(said, true, strict=True)])
    overlap = np.where(there[:, None, :], overlap, 0.0)  # [T, N said, N true]
    own = np.diagonal(overlap, axis1=1, axis2=2)
    return _mean((overlap.max(2) > own).astype(np.float64), there)


def _mean(values: Floats, is_pair: NDArray[np.bool_]) -> Floats:
    """[T, N] -> [N] means over pairs."""
    count = is_pair.sum(0)
    total = np.where(is_pair, values, 0).sum(0)
    means: Floats = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    return means


def _last(values: Floats, is_pair: NDArray[np.bool_]) -> Floats:
    """[T, N] -> [N] values of the last pairs."""
    length, count = is_pair.shape
    result = np.full(count, np.nan)
    for n in np.flatnonzero(is_pair.any(0)):
        result[n] = values[length - 1 - int(np.argmax(is_pair[::-1, n])), n]
    return result
