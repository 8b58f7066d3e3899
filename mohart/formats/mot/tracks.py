"""MOTChallenge text <-> Tracks.

Conventions: a row is `frame,id,left,top,width,height,confidence,...`; frames count from 1 in the
file and from 0 in Tracks. Left and top are taken as they are: the format nominally counts pixels
from 1, but shifting both sides of a comparison by one pixel changes no overlap, and nobody's
detector shifts. Ground truth has `flag,class,visibility` in columns 7 to 9 (MOT16, MOT17, MOT20)
or a flag followed by world coordinates or -1 (MOT15).

Source: Milan et al. 2016 (MOT16), table 6; Leal-Taixe et al. 2015 (MOT15), sec. 3.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import xywh_to_xyxy, xyxy_to_xywh
from mohart.errors import ConfigError, FormatError, did_you_mean
from mohart.files import write_text
from mohart.formats.mot.labels import labels_path
from mohart.formats.mot.scan import KINDS as KINDS
from mohart.formats.mot.scan import Kind as Kind
from mohart.formats.mot.scan import MotTable as MotTable
from mohart.formats.mot.scan import scan_mot as scan_mot
from mohart.formats.problems import raise_first_error
from mohart.structures import Tracks

Benchmark = Literal["mot15", "mot16", "mot17", "mot20", "auto"]
BENCHMARKS = ("mot15", "mot16", "mot17", "mot20", "auto")
PEDESTRIAN = 1


def read_mot(path: Path, *, kind: Kind = "gt", benchmark: Benchmark = "auto") -> Tracks:
    """Tracks from a MOTChallenge text file; commas or white space, blank lines are fine.

    Args:
        path: the file.
        kind: what the columns after the box mean. `gt`: flag, class, visibility; `results`:
            confidence; `det`: id -1 and a score, kept on the detector's own scale.
        benchmark: for `gt`: `mot15` has no classes; the others have class and visibility; `auto`
            decides by the columns (8 or 9 columns with a class from 1 on are MOT16 or later).

    Returns:
        Zero-based frames, xyxy boxes. `ignored` where the flag is 0 or the class is not
        pedestrian; with a `labels.txt` beside it where the flag is 0. Confidence is 1 for ground
        truth and where a file has none (or -1). In
        `results` and `det` column 8 is the class where it holds whole numbers (-1: class 1).

    Raises:
        MissingDataError: there is no such file.
        FormatError: a row is not what the format says; names path and line.
        ConfigError: `kind` or `benchmark` is unknown.
    """
    for name, value, known in (("kind", kind, KINDS), ("benchmark", benchmark, BENCHMARKS)):
        if value not in known:
            raise ConfigError(f"{name}: '{value}' is unknown{did_you_mean(value, known)}")
    table = scan_mot(path, kind=kind)
    raise_first_error(table.problems)
    return mot_tracks(path, table, kind=kind, benchmark=benchmark)


def mot_tracks(path: Path, table: MotTable, *, kind: Kind, benchmark: Benchmark) -> Tracks:
    """Tracks from scanned rows, see `read_mot`.

    Raises:
        FormatError: the benchmark has classes, but a row has none.
    """
    values, given = table.values, np.isfinite(table.values)
    seventh = np.where(given[:, 6], values[:, 6], 1.0)
    class_id = np.ones(len(values), np.int64)
    visibility = np.ones(len(values))
    ignored = np.zeros(len(values), bool)
    confidence = np.ones(len(values))
    if kind != "gt":
        confidence = np.where(seventh == -1, 1.0, seventh)
        whole = given[:, 7] & (values[:, 7] == np.floor(values[:, 7])) & (values[:, 7] >= -1)
        if whole.all():
            class_id = np.where(values[:, 7] == -1, 1, values[:, 7]).astype(np.int64)
    else:
        ignored = seventh == 0
        if _has_classes(path, table, benchmark):
            class_id = values[:, 7].astype(np.int64)
            visibility = np.where(given[:, 8], values[:, 8], 1.0)
            if not labels_path(path).is_file():
                ignored |= class_id != PEDESTRIAN
    return Tracks.from_columns(
        values[:, 0] - 1,
        table.ids,
        xywh_to_xyxy(values[:, 2:6]),
        confidence=confidence,
        visibility=visibility,
        ignored=ignored,
        class_id=class_id,
    )


def _has_classes(path: Path, table: MotTable, benchmark: Benchmark) -> bool:
    """Whether columns 8 and 9 are class and visibility."""
    column = table.values[:, 7]
    is_class = (column >= 1) & (column == np.floor(column))  # False for NaN
    if benchmark == "auto":
        return bool((is_class & (table.columns <= 9)).all())
    if benchmark == "mot15":
        return False
    if not is_class.all():
        row = int(np.argmin(is_class))
        raise FormatError(
            f"{path}:{table.lines[row]}: expected a class from 1 on in column 8 ({benchmark}), "
            "found none; for files without classes read as benchmark 'mot15' or 'auto'"
        )
    return True


def format_mot_row(
    frame: int,
    track_id: int,
    box: NDArray[np.floating],
    confidence: float = 1.0,
    class_id: int = -1,
) -> str:
    """One line of a results file, without the line break.

    Args:
        frame: zero-based.
        track_id: identity; -1 for a detection.
        box: [4] xyxy pixels.
        confidence: in [0, 1].
        class_id: -1 as MOTChallenge has it; official tools refuse others than -1 and 1.

    Returns:
        `frame,id,left,top,width,height,confidence,class,-1,-1`, two decimals for pixels, four for
        the confidence.

    >>> format_mot_row(0, 7, np.array([10.0, 20.0, 40.5, 60.0]), 0.9)
    '1,7,10.00,20.00,30.50,40.00,0.9000,-1,-1,-1'
    """
    return f"{_box_columns(frame, track_id, box)},{confidence:.4f},{class_id},-1,-1"


def _box_columns(frame: int, track_id: int, box: NDArray[np.floating]) -> str:
    pixels = np.round(xyxy_to_xywh(np.asarray(box, np.float64)), 2) + 0.0  # no "-0.00"
    return f"{int(frame) + 1},{int(track_id)}," + ",".join(f"{pixel:.2f}" for pixel in pixels)


def write_mot(path: Path, tracks: Tracks, *, kind: Kind = "results") -> None:
    """Write tracks as MOTChallenge text, completely or not at all.

    `gt` writes nine columns: flag (0 where ignored), class, visibility; a row of another class
    than pedestrian reads back as ignored, as the format has it. `results` writes ten with the
    confidence; `det` likewise with id -1 and the class in column 8 (-1 for class 1).

    Raises:
        ConfigError: `kind` is unknown.
        OutputError: the file cannot be written.
    """
    if kind not in KINDS:
        raise ConfigError(f"kind: '{kind}' is unknown{did_you_mean(kind, KINDS)}")
    rows = []
    for k in range(len(tracks)):
        frame, box = int(tracks.frame[k]), tracks.boxes[k]
        class_id, confidence = int(tracks.class_id[k]), float(tracks.confidence[k])
        if kind == "gt":
            flag = 0 if tracks.ignored[k] else 1
            columns = _box_columns(frame, int(tracks.track_id[k]), box)
            rows.append(f"{columns},{flag},{class_id},{tracks.visibility[k]:.4f}\n")
        elif kind == "results":
            rows.append(format_mot_row(frame, int(tracks.track_id[k]), box, confidence) + "\n")
        else:
            number = -1 if class_id == 1 else class_id
            rows.append(f"{_box_columns(frame, -1, box)},{confidence:.4f},{number},-1,-1\n")
    write_text(path, "".join(rows))
