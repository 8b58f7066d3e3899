"""KITTI tracking labels -> Tracks; `formats.kitti.annotation` writes them.

Conventions: a row is `frame id type truncated occluded alpha left top right bottom` and seven 3D
values, separated by spaces, followed by a score in results; frames and pixels count from 0, boxes
are already corners. `occluded` becomes visibility: 0 fully visible 1.0, 1 partly 0.6, 2 largely
0.3, 3 unknown 0.0 (these values are ours, the format knows the words only); -1 is "not said", 1.0.
`truncated` has no place in Tracks; `read_kitti_labels` returns it beside them.

Source: KITTI tracking devkit, readme.txt; class numbers as in TrackEval `kitti_2d_box.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.errors import ConfigError, did_you_mean
from mohart.formats.kitti.scan import CLASSES as CLASSES
from mohart.formats.kitti.scan import DONT_CARE as DONT_CARE
from mohart.formats.kitti.scan import KINDS as KINDS
from mohart.formats.kitti.scan import VISIBILITY as VISIBILITY
from mohart.formats.kitti.scan import Kind as Kind
from mohart.formats.kitti.scan import KittiTable, scan_kitti_table
from mohart.formats.problems import Problem, raise_first_error
from mohart.structures import Tracks


class KittiLabels(NamedTuple):
    """Tracks and what Tracks have no column for, row by row.

    Attributes:
        tracks: K rows.
        truncated: [K] float64, 0 not, 1 partly, 2 largely outside the image; -1 not said.
        occluded: [K] int64, 0 to 3, -1 not said.
        problems: what is wrong with the file; empty unless scanned.
    """

    tracks: Tracks
    truncated: NDArray[np.float64]
    occluded: NDArray[np.int64]
    problems: list[Problem]


def scan_kitti(path: Path, *, kind: Kind = "gt") -> KittiLabels:
    """Rows and problems of a KITTI label file; the file's content never raises.

    Raises:
        MissingDataError: there is no such file.
        FormatError: the file is not text.
    """
    table = scan_kitti_table(path, kind=kind)
    return _labels(table)


def _labels(table: KittiTable) -> KittiLabels:
    """Columns as Tracks; all rows are sorted alike."""
    order = np.lexsort((table.ids, table.values[:, 0]))
    values, ids = table.values[order], table.ids[order]
    counts, classes = table.counts[order], table.class_id[order]
    occluded = values[:, 3].astype(np.int64)
    visibility = np.array([VISIBILITY.get(int(number), 1.0) for number in occluded])
    rows = np.arange(len(values))
    score = np.where(counts >= 18, values[rows, counts - 2], 1.0)
    boxes = values[:, 5:9].copy()
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2])
    tracks = Tracks.from_columns(
        values[:, 0],
        ids,
        boxes,
        confidence=np.where(score == -1, 1.0, score),
        visibility=visibility,
        ignored=classes == DONT_CARE,
        class_id=classes,
    )
    return KittiLabels(tracks, values[:, 2].copy(), occluded, table.problems)


def read_kitti_labels(path: Path, *, kind: Kind = "gt") -> KittiLabels:
    """Tracks with truncation and occlusion beside them, see `read_kitti`.

    Raises:
        MissingDataError: there is no such file.
        FormatError: a row is not what the format says; names path and line.
        ConfigError: `kind` is unknown.
    """
    if kind not in KINDS:
        raise ConfigError(f"kind: '{kind}' is unknown{did_you_mean(kind, KINDS)}")
    labels = scan_kitti(path, kind=kind)
    raise_first_error(labels.problems)
    return labels


def read_kitti(path: Path, *, kind: Kind = "gt") -> Tracks:
    """Tracks from a KITTI tracking label file.

    Args:
        path: the file.
        kind: `gt` has 17 columns; `results` have a score as the last of 18 (19 are accepted: some
            published results carry one placeholder too many; without score the confidence is 1).

    Returns:
        Frames as in the file, `class_id` from `CLASSES`; DontCare rows are ignored and have id
        -1. The score keeps the tracker's own scale. A result whose right edge lies left of its
        left edge (trackers clip at the image border) becomes a box of width 0.

    Raises:
        MissingDataError: there is no such file.
        FormatError: a row is not what the format says; names path and line.
        ConfigError: `kind` is unknown.
    """
    return read_kitti_labels(path, kind=kind).tracks
