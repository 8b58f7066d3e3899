"""Detection input: whatever a detector returns -> `Detections`, checked.

Conventions: boxes xyxy in pixels of the frame. Nothing is dropped in silence: what can not be used
is an error here, what is not wanted gets a fate from the tracker.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.errors import ConfigError, ShapeError
from mohart.formats.rows import MAX_NUMBER, MAX_PIXEL
from mohart.structures import UNKNOWN_CLASS, Detections

SCORE_SLACK = 1e-3  # by which rounding may exceed 0..1: one step of float16
EXPECTED = (
    "expected an array [M, 4] (x1, y1, x2, y2), [M, 5] (and score) or [M, 6] (and class), or an "
    "object with .xyxy and perhaps .confidence and .class_id"
)


def round_scores(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores [K] of which those just outside 0..1 are what was meant.

    A softmax in float16 or float32, or a quantised network, says 1.0000001 or -1e-9.

    >>> round_scores(np.array([1.0000001192, -1e-9, 0.5, 70.0])).tolist()
    [1.0, 0.0, 0.5, 70.0]
    """
    meant = np.clip(scores, 0.0, 1.0)
    return np.where(np.abs(scores - meant) <= SCORE_SLACK, meant, scores)


def as_detections(given: Any) -> Detections:
    """Check detections and bring them to the house's types.

    Args:
        given: `Detections`; an array or list of rows x1, y1, x2, y2[, score[, class]]; or anything
            with `xyxy` [M, 4] and, where it is known, `confidence` [M] and `class_id` [M], such as
            supervision's Detections. An empty list means that nothing was found. A score that is
            not given is 1, a class -1.

    Returns:
        Copies, float32 and int64; the caller may change its own.

    Raises:
        ShapeError: not one of these shapes.
        ConfigError: a value that is not finite, x1 > x2 or y1 > y2, or a score outside 0..1; the
            message names the row, counted from 0 as `source_index` counts.
    """
    if hasattr(given, "xyxy"):
        boxes, scores, classes = (
            getattr(given, name, None) for name in ("xyxy", "confidence", "class_id")
        )
    else:
        boxes, scores, classes = _columns(given)
    corners = _array("xyxy", boxes)
    if corners.size == 0:
        corners = corners.reshape(0, 4)
    if corners.ndim != 2 or corners.shape[1] != 4:
        raise ShapeError(f"detections: xyxy is {list(corners.shape)}; {EXPECTED}")
    count = len(corners)
    score = _column("confidence", scores, count, 1.0)
    kind = _column("class_id", classes, count, float(UNKNOWN_CLASS))
    score = round_scores(score)
    rules = (
        (np.isfinite(corners).all(1) & np.isfinite(score) & np.isfinite(kind), "is not finite"),
        ((corners[:, 2:] >= corners[:, :2]).all(1), "has x1 > x2 or y1 > y2 (not width, height)"),
        ((score >= 0) & (score <= 1), "has a score outside 0..1; scale the detector's scores"),
        (kind == np.round(kind), "has a class that is not a whole number"),
        (np.abs(kind) <= MAX_NUMBER, "has a class that is no number of a class"),
        ((np.abs(corners) <= MAX_PIXEL).all(1), "is no place in a picture (pixels)"),
    )
    for good, what in rules:
        if not good.all():
            row = int(np.argmin(good))
            values = [f"{v:.6g}" for v in (*corners[row], score[row], kind[row])]
            raise ConfigError(f"detection {row} [{', '.join(values)}] {what}")
    return Detections(corners.astype(np.float32), score.astype(np.float32), kind.astype(np.int64))


def _columns(given: Any) -> tuple[Any, Any, Any]:
    """Boxes, scores and classes of an array of rows."""
    rows = _array("rows", given)
    if rows.size == 0:
        return np.zeros((0, 4)), None, None
    if rows.ndim != 2 or rows.shape[1] not in (4, 5, 6):
        raise ShapeError(f"detections are {list(rows.shape)}; {EXPECTED}")
    width = rows.shape[1]
    return rows[:, :4], rows[:, 4] if width > 4 else None, rows[:, 5] if width > 5 else None


def _array(name: str, values: Any) -> NDArray[np.float64]:
    try:
        return np.array(values, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ShapeError(f"detections: {name} are no array of numbers; {EXPECTED}") from error


def _column(name: str, values: Any, count: int, default: float) -> NDArray[np.float64]:
    if values is None:
        return np.full(count, default)
    column = _array(name, values).reshape(-1)
    if len(column) != count:
        raise ShapeError(f"detections: {count} boxes, but {len(column)} of {name}")
    return column
