"""Scores by attribute (speed, scale change, occlusion): under which conditions boxes are lost.

Counts like those of `mohart.metrics.overlap.counts`: sums over pairs, so that windows add up. See
`mohart.metrics.overlap.window` for windows and pairs; T frames, N objects.

| count | over the window's pairs |
|---|---|
| `centre_error` | sum of the distance of the centres in sizes of the true box, 3 at most each |
| `centre_near` | pairs in which it is at most half a size |
| `speed_pairs`, `speed_iou` | [3] pairs and sum of IoU by speed of the true box in sizes a frame |
| `growth_pairs`, `growth_iou` | [3] by how far its size is from that at the start |
| `covered_pairs`, `covered_iou` | [2] by whether another labelled box covers a quarter of it |

Source: centre error normalised by the size: Mueller et al. 2018 (TrackingNet), sec. 3.3; attributes
of sequences: Wu et al. 2013 (OTB), table 2, here for every frame by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.boxes import area, intersection

SPEED_FROM = (0.05, 0.2)  # sizes per frame: calm, quick, fast
GROWTH_FROM = (1.1, 1.5)  # factor on the side: kept, changed, much changed
COVERED_FROM = 0.25  # share of a box under another one
FARTHEST = 3.0  # sizes; a lost box counts as this far away
GROUPS: Mapping[str, tuple[str, ...]] = {
    "speed": (
        f"under {SPEED_FROM[0]:g} sizes a frame",
        f"{SPEED_FROM[0]:g} to {SPEED_FROM[1]:g}",
        f"above {SPEED_FROM[1]:g}",
    ),
    "growth": (
        f"size within {GROWTH_FROM[0]:g} times the start's",
        f"{GROWTH_FROM[0]:g} to {GROWTH_FROM[1]:g} times",
        f"beyond {GROWTH_FROM[1]:g} times",
    ),
    "covered": ("free", f"covered to {COVERED_FROM:.0%} or more by another"),
}


def count_conditions(
    boxes: NDArray[np.floating[Any]], truth: Floats, present: NDArray[np.bool_], overlap: Floats
) -> dict[str, Any]:
    """The counts of one window, plain numbers and lists.

    Args:
        boxes: [T, N, 4] xyxy, a tracker's answer; not finite where it has none.
        truth: [T, N, 4] xyxy.
        present: [T, N] bool, where the truth is known.
        overlap: [T, N] IoU, NaN where there is no pair.
    """
    is_pair = np.isfinite(overlap)
    size = np.sqrt(np.maximum(area(truth), 1.0))
    away = np.linalg.norm(_centres(boxes.astype(np.float64)) - _centres(truth), axis=-1) / size
    away = np.minimum(np.nan_to_num(away, nan=FARTHEST, posinf=FARTHEST), FARTHEST)[is_pair]
    counts: dict[str, Any] = {
        "centre_error": float(away.sum()),
        "centre_near": int((away <= 0.5).sum()),
    }
    groups = {
        "speed": np.searchsorted(SPEED_FROM, _speed(truth, present), side="right"),
        "growth": np.searchsorted(GROWTH_FROM, _growth(truth), side="right"),
        "covered": (_covered(truth, present) >= COVERED_FROM).astype(int),
    }
    for name, group in groups.items():
        kinds, shares = group[is_pair], overlap[is_pair]
        number = len(GROUPS[name])
        counts[f"{name}_pairs"] = np.bincount(kinds, minlength=number).tolist()
        counts[f"{name}_iou"] = np.bincount(kinds, shares, minlength=number).tolist()
    return counts


def condition_scores(windows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Scores over windows that have these counts.

    Returns:
        `centre_error` in sizes and `centre_near` as a share (None without pairs), and for each of
        `GROUPS` a list of `{"group", "pairs", "iou"}`.
    """
    pairs = sum(counts["pairs"] for counts in windows)
    found: dict[str, Any] = {
        name: sum(counts[name] for counts in windows) / pairs if pairs else None
        for name in ("centre_error", "centre_near")
    }
    for name, labels in GROUPS.items():
        rows = []
        for k, label in enumerate(labels):
            count = sum(counts[f"{name}_pairs"][k] for counts in windows)
            total = sum(counts[f"{name}_iou"][k] for counts in windows)
            rows.append({"group": label, "pairs": count, "iou": total / count if count else None})
        found[name] = rows
    return found


def _centres(boxes: Floats) -> Floats:
    middle: Floats = (boxes[..., :2] + boxes[..., 2:]) / 2
    return middle


def _speed(truth: Floats, present: NDArray[np.bool_]) -> Floats:
    """[T, N] sizes per frame since the object was labelled last; 0 at the start."""
    speed = np.zeros(truth.shape[:2])
    last = np.zeros(truth.shape[1], int)
    size = np.sqrt(np.maximum(area(truth), 1.0))
    centre = _centres(truth)
    columns = np.arange(truth.shape[1])
    for t in range(1, len(truth)):
        moved = np.linalg.norm(centre[t] - centre[last, columns], axis=-1)
        speed[t] = moved / (t - last) / size[last, columns]
        last = np.where(present[t], t, last)
    return speed


def _growth(truth: Floats) -> Floats:
    """[T, N] at least 1: factor between the side now and at the start, whichever is larger."""
    size = np.sqrt(np.maximum(area(truth), 1.0))
    ratio = size / size[:1]
    larger: Floats = np.maximum(ratio, 1 / ratio)
    return larger


def _covered(truth: Floats, present: NDArray[np.bool_]) -> Floats:
    """[T, N] largest share of a box that lies under one other labelled box."""
    if truth.shape[1] < 2:
        return np.zeros(truth.shape[:2])
    shared = intersection(truth[:, :, None], truth[:, None])  # [T, N, N]
    counts = present[:, None, :] & ~np.eye(truth.shape[1], dtype=bool)
    shared = np.where(counts, shared, 0)
    share: Floats = shared.max(-1) / np.maximum(area(truth), 1.0)
    return share
