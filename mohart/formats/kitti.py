"""KITTI tracking labels <-> Tracks.

Conventions: a row is `frame id type truncated occluded alpha left top right bottom` and seven 3D
values, separated by spaces, followed by a score in results; frames and pixels count from 0, boxes
are already corners. `occluded` becomes visibility: 0 fully visible 1.0, 1 partly 0.6, 2 largely
0.3, 3 unknown 0.0 (these values are ours, the format knows the words only); -1 is "not said", 1.0.
`truncated` has no place in Tracks; `read_kitti_labels` returns it beside them.

Source: KITTI tracking devkit, readme.txt; class numbers as in TrackEval `kitti_2d_box.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.errors import ConfigError, did_you_mean
from mohart.formats.problems import LineProblems, Problem, raise_first_error
from mohart.formats.text import as_numbers, read_lines, write_text
from mohart.structures import Tracks

Kind = Literal["gt", "results"]
KINDS = ("gt", "results")
CLASSES = {
    "Car": 1,
    "Van": 2,
    "Truck": 3,
    "Pedestrian": 4,
    "Person": 5,
    "Cyclist": 6,
    "Tram": 7,
    "Misc": 8,
    "DontCare": 9,
}
ALIASES = {"Person_sitting": "Person"}
DONT_CARE = CLASSES["DontCare"]
VISIBILITY = {-1: 1.0, 0: 1.0, 1: 0.6, 2: 0.3, 3: 0.0}
COLUMNS = {"gt": (17, 17), "results": (17, 19)}
EXPECTED_COLUMNS = (
    "frame id type truncated occluded alpha left top right bottom h w l X Y Z ry [score]"
)
UNKNOWN_3D = "-1 -1 -1 -1000 -1000 -1000 -10"

_IDS = {name.lower(): number for name, number in CLASSES.items()} | {
    alias.lower(): CLASSES[name] for alias, name in ALIASES.items()
}
_NAMES = {number: name for name, number in CLASSES.items()}


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
    raw = read_lines(path)
    low, high = COLUMNS[kind]
    lines = [line for line, _ in raw]
    wrong_count = np.array([not low <= len(fields) <= high for _, fields in raw], bool)
    numbers = [as_numbers(fields[:2] + fields[3:]) for _, fields in raw]
    not_numbers = np.array([n is None for n in numbers], bool) & ~wrong_count
    unknown = np.array([len(f) > 2 and f[2].lower() not in _IDS for _, f in raw], bool)
    unknown &= ~wrong_count
    expected = f"{low}" if low == high else f"{low} to {high}"
    problems = LineProblems(path, lines)
    problems.add(
        wrong_count,
        lambda row: f"expected {expected} columns ({EXPECTED_COLUMNS}), got {len(raw[row][1])}",
        "separate the values by spaces",
    )
    problems.add(
        not_numbers,
        lambda row: f"expected numbers beside the type, got '{' '.join(raw[row][1])}'",
        "remove headers and comments",
    )
    problems.add(
        unknown,
        lambda row: f"unknown type '{raw[row][1][2]}'",
        f"known: {', '.join(CLASSES)}",
    )
    kept = np.flatnonzero(~(wrong_count | not_numbers | unknown))
    values = np.full((len(kept), 18), np.nan)
    for row, source in enumerate(kept):
        found = numbers[source] or []
        values[row, : len(found)] = found
    counts = np.array([len(raw[row][1]) for row in kept], np.int64)
    classes = np.array([_IDS[raw[row][1][2].lower()] for row in kept], np.int64)
    kept_lines = np.array([lines[row] for row in kept], np.int64)
    usable, more = _check_values(path, values, classes, kept_lines, kind)
    return _labels(values[usable], counts[usable], classes[usable], problems.found + more)


def _check_values(
    path: Path,
    values: NDArray[np.float64],
    classes: NDArray[np.int64],
    lines: NDArray[np.int64],
    kind: Kind,
) -> tuple[NDArray[np.bool_], list[Problem]]:
    """Rows whose frame, id and box are usable, and the problems of all rows."""
    infinite = np.asarray(~np.isfinite(values[:, :9]).all(axis=1), bool)
    with np.errstate(invalid="ignore"):
        fractional = ~infinite & np.any(values[:, :2] != np.floor(values[:, :2]), axis=1)
        usable = ~infinite & ~fractional
        low_frame = usable & (values[:, 0] < 0)
        labelled = usable & (classes != DONT_CARE)
        low_id = labelled & (values[:, 1] < 0)
        size = values[:, 7:9] - values[:, 5:7]
        negative = usable & (size < 0).any(axis=1)
        occluded = values[:, 3]
        bad_occluded = usable & ~np.isin(occluded, list(VISIBILITY))
    keys = np.column_stack([np.where(labelled, values[:, 0], -1), values[:, 1], classes])
    keys[~labelled] = np.arange(len(values))[~labelled, None]
    keys[~labelled, 2] = -1
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    earlier = first[inverse.reshape(-1)]
    again = labelled & (earlier != np.arange(len(values)))

    def pair(row: int) -> str:
        return f"frame {int(values[row, 0])}, id {int(values[row, 1])}"

    problems = LineProblems(path, lines)
    problems.add(
        infinite, lambda row: "a value is not finite (nan or inf)", "remove or repair the row"
    )
    problems.add(
        fractional,
        lambda row: f"frame {values[row, 0]:g}, id {values[row, 1]:g} must be whole numbers",
        "check the order of the columns",
    )
    problems.add(
        low_frame,
        lambda row: f"frame {int(values[row, 0])}, but KITTI frames count from 0",
        "correct the frame numbers",
    )
    problems.add(
        low_id,
        lambda row: f"{pair(row)}: only DontCare rows have a negative id",
        "give every object a number",
    )
    problems.add(
        again,
        lambda row: f"{pair(row)} is there twice, first at line {lines[earlier[row]]}",
        "an object has one box per frame; remove one",
    )
    problems.add(
        bad_occluded,
        lambda row: f"{pair(row)}: occluded {occluded[row]:g} is none of 0, 1, 2, 3",
        "column 5 is the occlusion, -1 where it is not known",
    )
    if kind == "gt":
        problems.add(
            negative,
            lambda row: f"{pair(row)}: size {size[row, 0]:g} x {size[row, 1]:g} is negative",
            "columns 7 to 10 are left, top, right, bottom",
        )
    return usable, problems.found


def _labels(
    values: NDArray[np.float64],
    counts: NDArray[np.int64],
    classes: NDArray[np.int64],
    problems: list[Problem],
) -> KittiLabels:
    """Columns as Tracks; all rows are sorted alike."""
    order = np.lexsort((values[:, 1], values[:, 0]))
    values, counts, classes = values[order], counts[order], classes[order]
    occluded = values[:, 3].astype(np.int64)
    visibility = np.array([VISIBILITY.get(int(number), 1.0) for number in occluded])
    rows = np.arange(len(values))
    score = np.where(counts >= 18, values[rows, counts - 2], 1.0)
    boxes = values[:, 5:9].copy()
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2])
    tracks = Tracks.from_columns(
        values[:, 0],
        values[:, 1],
        boxes,
        confidence=np.where(score == -1, 1.0, score),
        visibility=visibility,
        ignored=classes == DONT_CARE,
        class_id=classes,
    )
    return KittiLabels(tracks, values[:, 2].copy(), occluded, problems)


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


def write_kitti(
    path: Path,
    tracks: Tracks,
    *,
    kind: Kind = "results",
    truncated: NDArray[np.float64] | None = None,
) -> None:
    """Write tracks as KITTI labels, completely or not at all; 3D values are "not known".

    Args:
        path: the file.
        tracks: `class_id` from `CLASSES`.
        kind: `gt` (17 columns; the visibility becomes the nearest occlusion) or `results` (18).
        truncated: [K] for `gt`; 0 where not given.

    Raises:
        ConfigError: `kind` is unknown, or a class has no name in KITTI.
        OutputError: the file cannot be written.
    """
    if kind not in KINDS:
        raise ConfigError(f"kind: '{kind}' is unknown{did_you_mean(kind, KINDS)}")
    strange = sorted(set(tracks.class_id.tolist()) - set(_NAMES))
    if strange:
        known = ", ".join(f"{number} {name}" for number, name in _NAMES.items())
        raise ConfigError(f"{path}: class {strange[0]} has no name in KITTI; known: {known}")
    rows = []
    for k in range(len(tracks)):
        name = _NAMES[int(tracks.class_id[k])]
        said = kind == "gt" and name != "DontCare"
        occluded = str(_nearest_occlusion(float(tracks.visibility[k]))) if said else "-1"
        cut = f"{0 if truncated is None else truncated[k]:g}" if said else "-1"
        box = " ".join(f"{pixel:.6f}" for pixel in tracks.boxes[k])
        score = f" {tracks.confidence[k]:.6f}" if kind == "results" else ""
        start = f"{tracks.frame[k]} {tracks.track_id[k]} {name} {cut} {occluded} -10"
        rows.append(f"{start} {box} {UNKNOWN_3D}{score}\n")
    write_text(path, "".join(rows))


def _nearest_occlusion(visibility: float) -> int:
    """0 to 3, the level whose visibility is nearest."""
    return min(range(4), key=lambda level: abs(VISIBILITY[level] - visibility))
