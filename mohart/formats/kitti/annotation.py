"""KITTI tracking labels <-> Annotation: classes by name, and the columns Tracks have no place for.

Conventions: as in `formats.kitti.tracks` (frames and pixels from 0, boxes as corners). The extras
`truncated`, `occlusion_level`, `alpha` and seven of the 3D box hold the texts of the file, where
the file knows the value.

Source: KITTI tracking devkit, readme.txt.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mohart.errors import ConfigError, did_you_mean
from mohart.formats.annotation import Annotation, Losses, Rendered, exact, fresh_ids
from mohart.formats.class_names import KITTI_CLASSES, nearest_class
from mohart.formats.kitti.tracks import CLASSES, DONT_CARE, KINDS, VISIBILITY, Kind, scan_kitti
from mohart.formats.rows import DamagedFileError, Header, Row, check_rows, make_annotation
from mohart.formats.text import as_numbers, read_lines

EXTRAS_BEFORE = ("truncated", "occlusion_level", "alpha")
EXTRAS_AFTER = ("height_3d", "width_3d", "length_3d", "x_3d", "y_3d", "z_3d", "rotation_y")
EXTRAS = EXTRAS_BEFORE + EXTRAS_AFTER
UNKNOWN = dict(zip(EXTRAS, (-1, -1, -10, -1, -1, -1, -1000, -1000, -1000, -10), strict=True))
UNKNOWN_3D = {-1.0, -10.0, -1000.0}
MISC = CLASSES["Misc"]


def read_kitti_annotation(path: Path, *, kind: Kind = "gt") -> Annotation:
    """A KITTI tracking label file.

    Args:
        path: the file.
        kind: `gt` (17 columns) or `results` (a score as the last column), see
            `formats.kitti.tracks`.

    Returns:
        Rows as `formats.kitti.tracks.read_kitti` gives them, the other columns as extras.

    Raises:
        MissingDataError: there is no such file.
        FormatError: a row is not what the format says; a DamagedFileError has all problems.
        ConfigError: `kind` is unknown.
    """
    if kind not in KINDS:
        raise ConfigError(f"kind: '{kind}' is unknown{did_you_mean(kind, KINDS)}")
    errors = [p for p in scan_kitti(path, kind=kind).problems if p.severity == "error"]
    if errors:
        raise DamagedFileError(errors)
    found = read_lines(path)
    rows = [_row(fields) for _, fields in found]
    lines = [line for line, _ in found]
    checked = check_rows(path, rows, lines, box="xyxy", first_frame=0)
    return make_annotation(path, checked, KITTI_CLASSES, Header(name=path.stem))


def _row(fields: list[str]) -> Row:
    class_id = nearest_class(fields[2], KITTI_CLASSES) or MISC
    left, top, right, bottom = map(float, fields[6:10])
    score = float(fields[-1]) if len(fields) >= 18 else 1.0
    solid = fields[10:17]
    if {float(value) for value in solid} <= UNKNOWN_3D:
        solid = [""] * 7
    texts = zip(EXTRAS, [*fields[3:6], *solid], strict=True)
    extras = {
        name: text for name, text in texts if text and float(text) != UNKNOWN[name]
    }  # a 3D value may be -1 by chance: then the whole 3D box says so
    if any(solid):
        extras |= dict(zip(EXTRAS_AFTER, solid, strict=True))
    return Row(
        frame=fields[0],
        track_id=-1 if class_id == DONT_CARE else fields[1],
        box=(left, top, max(left, right), max(top, bottom)),
        confidence=1.0 if score == -1 else score,
        visibility=VISIBILITY.get(int(float(fields[4])), 1.0),
        ignored=int(class_id == DONT_CARE),
        class_id=class_id,
        extras=extras,
    )


def render_kitti(record: Annotation, *, kind: Kind = "gt") -> Rendered:
    """KITTI labels with six decimals.

    The visibility becomes the nearest of KITTI's levels, unless the extra `occlusion_level` says
    the same. A class without a name in KITTI becomes Misc.

    Raises:
        ConfigError: `kind` is unknown.
    """
    if kind not in KINDS:
        raise ConfigError(f"kind: '{kind}' is unknown{did_you_mean(kind, KINDS)}")
    tracks = record.tracks
    losses = Losses(record, "a KITTI results file" if kind == "results" else "KITTI")
    names, numbers = _classes(record, losses)
    region = numbers == DONT_CARE
    losses.columns(*(("confidence",) if kind == "gt" else ()))
    losses.rows(tracks.ignored & ~region, "ignored", "ignores DontCare only, mark dropped")
    losses.rows(region & ~tracks.ignored, "ignored", "ignores every DontCare, mark added")
    losses.rows(region & record.has_identity, "identity", "has none for DontCare, ids dropped")
    nameless = ~region & ~record.has_identity
    losses.rows(nameless, "identity", "needs one, boxes without got new ids")
    levels = _levels(record, region, kind, losses)
    losses.extras(*EXTRAS)
    for name in EXTRAS:
        said = record.extras.get(name, ())
        wrong = [text != "" and not _is_number(text) for text in said]
        losses.rows(np.array(wrong, bool), name, "has numbers only, dropped")
    losses.header()
    ids = np.where(region, -1, fresh_ids(record, nameless)).tolist()
    text = {name: record.extras.get(name, [""] * len(tracks)) for name in EXTRAS}
    rows = []
    for k, (frame, box) in enumerate(
        zip(tracks.frame.tolist(), tracks.boxes.tolist(), strict=True)
    ):
        truncated = _token(text["truncated"][k], UNKNOWN["truncated"])
        alpha = _token(text["alpha"][k], UNKNOWN["alpha"])
        solid = " ".join(_token(text[name][k], UNKNOWN[name]) for name in EXTRAS_AFTER)
        corners = " ".join(f"{pixel:.6f}" for pixel in box)
        score = f" {exact(tracks.confidence[k])}" if kind == "results" else ""
        start = f"{frame} {ids[k]} {names[k]} {truncated} {levels[k]} {alpha}"
        rows.append(f"{start} {corners} {solid}{score}\n")
    return Rendered("".join(rows), losses.found)


def _is_number(text: str) -> bool:
    values = as_numbers([text]) if text.isascii() and "_" not in text else None
    return values is not None and bool(np.isfinite(values[0]))


def _token(text: str, fallback: float) -> str:
    """A number for the file, the fallback where the text is none."""
    return text if _is_number(text) else f"{fallback:g}"


def _classes(record: Annotation, losses: Losses) -> tuple[list[str], NDArray[np.int64]]:
    """KITTI's names of the classes of all rows, and their numbers."""
    table = {name: nearest_class(name, KITTI_CLASSES) for name in sorted(set(record.row_names))}
    missing = [name for name, class_id in table.items() if class_id is None]
    if missing:
        lost = np.array([table[name] is None for name in record.row_names], bool)
        losses.rows(lost, "class", f"has no {', '.join(missing)}, they become Misc")
    losses.class_numbers({name: found for name, found in table.items() if found is not None})
    numbers = np.array([table[name] or MISC for name in record.row_names], np.int64)
    return [KITTI_CLASSES[int(class_id)] for class_id in numbers], numbers


def _levels(record: Annotation, region: NDArray[np.bool_], kind: Kind, losses: Losses) -> list[int]:
    """Occlusion of every row: 0 to 3, -1 where it is not said."""
    tracks = record.tracks
    said = record.extras.get("occlusion_level", [""] * len(tracks))
    levels, changed, replaced = [], np.zeros(len(tracks), bool), np.zeros(len(tracks), bool)
    for k, visibility in enumerate(tracks.visibility.tolist()):
        given = int(said[k]) if said[k] in ("-1", "0", "1", "2", "3") else None
        if given is not None and VISIBILITY[given] == visibility:
            levels.append(given)
        elif (region[k] or kind == "results") and visibility == 1:
            levels.append(-1)
        else:
            levels.append(min(range(4), key=lambda level: abs(VISIBILITY[level] - visibility)))
            changed[k] = VISIBILITY[levels[-1]] != visibility
        replaced[k] = given is not None and levels[-1] != given
    losses.rows(replaced, "occlusion_level", "writes the level of the visibility instead")
    losses.rows(changed, "visibility", "has 1, 0.6, 0.3 and 0 only, rounded to these")
    return levels
