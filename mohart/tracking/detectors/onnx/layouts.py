"""Output decoding of detection networks: layouts are told by shapes, recognised, then decoded.

Conventions: K proposals, C classes, A anchor points; boxes xyxy in pixels of the network's input.

| layout | outputs | boxes |
|---|---|---|
| `yolox` | [1, A, 5 + C] | offset from the cell and log size in strides, objectness, classes |
| `yolov5` | [1, A, 5 + C] | centre and size in pixels, objectness, classes |
| `yolov8` | [1, 4 + C, A] or [1, A, 4 + C] | centre and size in pixels, classes |
| `rows6` | [1, K, 6] | corners, score, class; overlaps removed inside |
| `rows7` | [K, 7] | picture, corners, class, score; overlaps removed inside |
| `dets_labels` | [1, K, 5] and [1, K] | corners, score; class; overlaps removed inside |
| `ssd` | [1, 1, K, 7] | picture, class, score, corners in 0..1; overlaps removed inside |
| `boxes_scores` | [1, K, 4] and [1, K, C] | corners; classes, the first one the background |
| `boxes_scores_labels` | [1, K, 4], [1, K], [1, K] | corners; score; class; as `dets_labels` |

Source: YOLOX (Ge et al. 2021) and its deployment notes; ultralytics' and MMDeploy's documentation
of exported outputs; TensorFlow Object Detection API, "exporting"; OpenCV, DetectionOutput layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import cxcywh_to_xyxy
from mohart.errors import ConfigError, did_you_mean

STRIDES = ((8, 16, 32), (8, 16, 32, 64), (16, 32))
ANCHORS_PER_CELL = 3  # of YOLOv5
LARGEST_CLASS = 2.0**31
NORMALISED = 2.0  # corners that reach no further are in 0..1: no object is two pixels large
PRESET_OF = {
    "yolox": "yolox",
    "yolov5": "yolo",
    "yolov8": "yolo",
    "rows6": "yolo",
    "rows7": "yolo",
    "dets_labels": "rtmdet",
    "ssd": "ssd",
    "boxes_scores": "ssd",
    "boxes_scores_labels": "ssd",
}
LAYOUTS = tuple(PRESET_OF)
OVERLAPPING = ("yolox", "yolov5", "yolov8", "boxes_scores")  # overlaps are still in the output

Array = NDArray[Any]


class Proposals(NamedTuple):
    """Boxes of a network before overlaps are removed.

    Attributes:
        boxes: [M, 4] xyxy in pixels of the input.
        scores: [M] in [0, 1].
        classes: [M] int64.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: NDArray[np.int64]


def recognise(outputs: Sequence[Array], size: tuple[int, int], classes: int | None = None) -> str:
    """The layout of outputs that a network gave for an empty picture.

    Args:
        outputs: all of them.
        size: width, height of the input.
        classes: how many the network has, where it is known.

    Returns:
        One of `LAYOUTS`.

    Raises:
        ConfigError: none fits; names the shapes.
    """
    shapes = [output.shape for output in outputs]
    tables = _tables(outputs)
    if len(tables) == 1:
        found = _recognise_one(tables[0], size, classes)
    else:
        found = _recognise_many(tables)
    if found is None:
        listed = " and ".join(str(list(shape)) for shape in shapes)
        raise ConfigError(
            f"outputs {listed} are of no layout that is known ({', '.join(LAYOUTS)}); say "
            "layout=NAME if it is one of them, or call the network in a function of your own and "
            "give --detector MODULE:FUNCTION"
        )
    return found


def _recognise_one(output: Array, size: tuple[int, int], classes: int | None) -> str | None:
    shape = output.shape
    if len(shape) == 4 and shape[-1] == 7:
        return "ssd"
    if len(shape) == 2 and shape[1] == 7:
        return "rows7"
    if len(shape) != 3 or shape[0] != 1:
        return None
    rows, columns = shape[1:]
    cells = {_cells(size, strides) for strides in STRIDES}
    if columns in cells or (columns > rows and rows > 4 and columns > 100):
        return "yolov8"
    if rows in cells:
        if classes is not None and columns == 4 + classes:
            return "yolov8"
        return "yolox" if _is_raw(output[0], size) else "yolov5"
    if columns == 6 and rows not in {ANCHORS_PER_CELL * count for count in cells}:
        return "rows6"
    return "yolov5" if columns > 5 and rows > columns else None


def _is_raw(rows: Array, size: tuple[int, int]) -> bool:
    """Whether centres are offsets from cells, a few of them, and not pixels all over the input."""
    return float(np.median(np.abs(rows[:, :2]))) < min(size) / 16


def _tables(outputs: Sequence[Array]) -> list[Array]:
    """Outputs without the maps that segmentation networks and early YOLOv5 have beside them."""
    return [output for output in outputs if output.ndim < 4] or list(outputs)


def _recognise_many(outputs: Sequence[Array]) -> str | None:
    shapes = [output.shape for output in outputs]
    plain = [shape[1:] if len(shape) > 1 and shape[0] == 1 else shape for shape in shapes]
    tables = sorted(shape[1] for shape in plain if len(shape) == 2)
    columns = sum(len(shape) == 1 for shape in plain)
    if tables == [5] and columns:
        return "dets_labels"
    if tables == [4] and columns >= 2:
        return "boxes_scores_labels"
    if len(tables) == 2 and 4 in tables and len(shapes) == 2:
        # DETR's outputs have the same shapes, but log-odds and centres: not taken for corners
        scores = next((o for o in outputs if o.shape[-1] != 4), outputs[1])
        return "boxes_scores" if np.allclose(scores.sum(-1), 1, atol=0.01) else None
    return None


def decode(
    layout: str,
    outputs: Sequence[Array],
    names: Sequence[str],
    size: tuple[int, int],
    lowest: float,
    classes: int | None = None,
) -> Proposals:
    """The boxes in a network's outputs.

    Args:
        layout: one of `LAYOUTS`.
        outputs: all of them.
        names: of the outputs.
        size: width, height of the input.
        lowest: proposals with a lower score are left out.
        classes: how many the network has, where it is known: what follows in the columns of YOLO
            (masks, key points) is no class.

    Raises:
        ConfigError: the outputs are not of this layout, or there is none of this name.
    """
    if layout not in LAYOUTS:
        raise ConfigError(f"layout: unknown '{layout}'{did_you_mean(layout, LAYOUTS)}")
    try:
        if layout in ("yolox", "yolov5", "yolov8"):
            table = np.asarray(_tables(outputs)[0][0], np.float32)
            return _dense(layout, table, size, lowest, classes)
        if layout == "boxes_scores":
            boxes, scores = _boxes_scores(outputs)
            return _best(boxes, scores, lowest, size)
        boxes, scores, labels = _listed(layout, outputs, names)
    except (IndexError, ValueError) as error:
        listed = " and ".join(str(list(output.shape)) for output in outputs)
        raise ConfigError(f"layout={layout}: outputs {listed} do not have it") from error
    kept = (scores >= lowest) & np.isfinite(boxes).all(1)
    return Proposals(_pixels(boxes[kept], size), scores[kept].clip(0, 1), labels[kept])


def _cells(size: tuple[int, int], strides: Sequence[int]) -> int:
    return sum(-(-size[0] // stride) * -(-size[1] // stride) for stride in strides)


def _grid(size: tuple[int, int], count: int) -> tuple[Array, Array]:
    """Left-upper corners [A, 2] in cells, and strides [A, 1], of A cells.

    Raises:
        ValueError: no known strides give so many.
    """
    for strides in STRIDES:
        if _cells(size, strides) == count:
            grids, steps = [], []
            for stride in strides:
                rows, columns = -(-size[1] // stride), -(-size[0] // stride)
                y, x = np.mgrid[:rows, :columns]
                grids.append(np.stack([x.ravel(), y.ravel()], 1))
                steps.append(np.full((rows * columns, 1), stride))
            return np.concatenate(grids).astype(np.float32), np.concatenate(steps)
    raise ValueError(f"{count} cells fit no strides")


def _dense(
    layout: str, table: Array, size: tuple[int, int], lowest: float, count: int | None
) -> Proposals:
    """A proposal per anchor: YOLOX, YOLOv5, YOLOv8."""
    if layout == "yolov8" and table.shape[0] < table.shape[1]:
        table = table.T
    first = 4 if layout == "yolov8" else 5
    scores = _probabilities(table[:, first : first + count if count else None])
    classes = scores.argmax(1) if scores.shape[1] else np.zeros(len(table), np.int64)
    best = scores[np.arange(len(table)), classes] if scores.shape[1] else np.ones(len(table))
    if layout != "yolov8":
        best = best * _probabilities(table[:, 4:5])[:, 0]
    kept = np.flatnonzero(best >= lowest)
    boxes = table[kept, :4].astype(np.float64)
    if layout == "yolox":
        grid, strides = _grid(size, len(table))
        boxes[:, :2] = (boxes[:, :2] + grid[kept]) * strides[kept]
        boxes[:, 2:] = np.exp(boxes[:, 2:].clip(max=20)) * strides[kept]
    boxes = _pixels(np.asarray(cxcywh_to_xyxy(boxes)), size)
    return Proposals(boxes, best[kept].astype(np.float64), classes[kept].astype(np.int64))


def _probabilities(values: Array) -> Array:
    """Values as they are where all are in [0, 1], otherwise taken as log-odds."""
    if not values.size or (values.min() >= 0 and values.max() <= 1):
        return values
    probabilities: Array = 1 / (1 + np.exp(-values.clip(-60, 60)))
    return probabilities


def _boxes_scores(outputs: Sequence[Array]) -> tuple[Array, Array]:
    """Boxes [K, 4] and class scores [K, C] without the background."""
    tables = [np.asarray(output[0], np.float64) for output in outputs]
    boxes, scores = tables if tables[0].shape[1] == 4 else tables[::-1]
    outside = scores.min(initial=0) < 0 or scores.max(initial=0) > 1
    if outside:
        powers = np.exp(scores - scores.max(1, keepdims=True))
        scores = powers / powers.sum(1, keepdims=True)
    return boxes, scores[:, 1:]


def _best(boxes: Array, scores: Array, lowest: float, size: tuple[int, int]) -> Proposals:
    classes = scores.argmax(1)
    best = scores[np.arange(len(scores)), classes]
    kept = best >= lowest
    return Proposals(_pixels(boxes[kept], size), best[kept], classes[kept].astype(np.int64))


def _listed(
    layout: str, outputs: Sequence[Array], names: Sequence[str]
) -> tuple[Array, Array, NDArray[np.int64]]:
    """Boxes [K, 4], scores [K] and classes [K] of layouts that list their final boxes."""
    if layout == "dets_labels":
        dets = max((o for o in outputs if o.shape[-1:] == (5,)), key=lambda o: o.ndim)
        labels = next(o for o in outputs if o.shape == dets.shape[:-1])
        table = np.concatenate([dets.reshape(-1, 5), labels.reshape(-1, 1)], 1)
        corners, score, label = slice(0, 4), 4, 5
    elif layout == "boxes_scores_labels":
        table = _named_columns(outputs, names)
        corners, score, label = slice(0, 4), 4, 5
    else:
        table = outputs[0].reshape(-1, 6 if layout == "rows6" else 7)
        corners, score, label = {
            "rows6": (slice(0, 4), 4, 5),
            "rows7": (slice(1, 5), 6, 5),
            "ssd": (slice(3, 7), 2, 1),
        }[layout]
    table = np.asarray(table, np.float64)
    known = (
        np.abs(table[:, label]) < LARGEST_CLASS
    )  # what is no number that a class can have is none
    return table[:, corners], table[:, score], np.where(known, table[:, label], -1).astype(np.int64)


def _named_columns(outputs: Sequence[Array], names: Sequence[str]) -> Array:
    """Boxes, score and class as [K, 6]; TensorFlow's order of corners is y, x."""
    boxes = next(o for o in outputs if o.shape[-1] == 4 and o.ndim > 1).reshape(-1, 4)
    columns = {
        n: o.reshape(-1) for n, o in zip(names, outputs, strict=True) if o.size == len(boxes)
    }
    scores = next((n for n in columns if "score" in n.lower()), None)
    labels = next((n for n in columns if "label" in n.lower() or "class" in n.lower()), None)
    if scores is None or labels is None:  # not named: scores are the ones with fractions
        order = sorted(columns, key=lambda n: bool((columns[n] == np.round(columns[n])).all()))
        scores, labels = order[0], order[1]
    if any("detection_boxes" in name for name in names):
        boxes = boxes[:, [1, 0, 3, 2]]
    return np.concatenate([boxes, columns[scores][:, None], columns[labels][:, None]], 1)


def _pixels(boxes: Array, size: tuple[int, int]) -> NDArray[np.float64]:
    """Boxes in pixels of the input; those in 0..1 are multiplied by its size."""
    boxes = np.asarray(boxes, np.float64)
    if len(boxes) and boxes.max() <= NORMALISED:
        boxes = boxes * [*size, *size]
    return boxes
