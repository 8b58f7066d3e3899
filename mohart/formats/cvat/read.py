"""CVAT "for video 1.1" XML <-> Annotation.

Conventions: frames from 0, boxes as corners `xtl ytl xbr ybr`, pixels from 0. A track's boxes stand
at its key frames: between two of them the box moves in a straight line, after the last one it stays
to the end of the video, and from a box with `outside="1"` on there is none. Attributes that a box
does not name are those of the box before. Boxes that the file lists are taken as they are, whether
key frames or not. `occluded` without an attribute `visibility` is visibility 0.5.
Written: every box a key frame, `outside` behind every gap, and the attributes visibility, ignored
and confidence where a track has values other than 1, 0 and 1.

Source: CVAT manual, "XML annotation format", version 1.1; interpolation as in CVAT's TrackManager.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mohart.errors import FormatError
from mohart.formats.annotation import Annotation, extra_name, plain_text
from mohart.formats.class_names import (
    DETRAC_CLASSES,
    KITTI_CLASSES,
    MOT_CLASSES,
    numbers_of,
    vocabulary_of,
)
from mohart.formats.markup import read_markup
from mohart.formats.problems import Problem
from mohart.formats.rows import (
    MAX_FRAMES,
    Checked,
    DamagedFileError,
    Header,
    Row,
    check_rows,
    make_annotation,
)

OCCLUDED = 0.5
OWN_ATTRIBUTES = ("visibility", "ignored", "confidence")
OTHER_SHAPES = ("polygon", "polyline", "points", "ellipse", "cuboid", "skeleton", "mask")
CORNERS = ("xtl", "ytl", "xbr", "ybr")
VOCABULARIES = (MOT_CLASSES, KITTI_CLASSES, DETRAC_CLASSES)
MAX_BOXES = 5_000_000


@dataclass
class _Found:
    """What has been read so far."""

    meta: dict[str, str] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)  # label -> number in order of appearance
    rows: list[Row] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    element: list[int] = field(default_factory=list)  # which <track> a row belongs to
    outside: list[bool] = field(default_factory=list)
    attributes: list[dict[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    tracks: int = 0
    track: Mapping[str, str] | None = None
    attribute: str = ""
    shapes: int = 0
    rotated: int = 0


def read_cvat(path: Path) -> Annotation:
    """A CVAT "for video" file.

    Returns:
        One row for every frame in which an object is there, interpolated boxes among them.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is no such file; a DamagedFileError has all problems.
    """
    found = _Found()

    def start(names: tuple[str, ...], attributes: Mapping[str, str], line: int) -> None:
        if len(names) == 1 and names[0] != "annotations":
            raise FormatError(
                f"{path}:{line}: expected <annotations>, found <{names[0]}>; export "
                "as 'CVAT for video 1.1'"
            )
        if names[1:] == ("image",):
            raise FormatError(
                f"{path}:{line}: this is 'CVAT for images', which has no identities; "
                "export as 'CVAT for video 1.1'"
            )
        if names[1:] == ("track",):
            found.track, found.tracks = attributes, found.tracks + 1
        elif names[1:] == ("track", "box"):
            _add_box(path, found, attributes, line)
        elif names[1:] == ("track", "box", "attribute"):
            found.attribute = attributes.get("name", "")
        elif len(names) == 3 and names[1] == "track" and names[2] in OTHER_SHAPES:
            found.shapes += 1

    def end(names: tuple[str, ...], text: str) -> None:
        if names[1:] == ("track", "box", "attribute") and found.attributes:
            found.attributes[-1][found.attribute] = plain_text(text)
        elif len(names) > 3 and names[1] == "meta":
            key = "/".join(names[3:])
            if key == "labels/label/name":
                found.labels.setdefault(plain_text(text) or "unnamed", len(found.labels) + 1)
            elif len(names) <= 5:
                found.meta[key] = text
        elif names[1:] == ("meta", "project"):
            found.meta["project"] = "yes"

    read_markup(path, start, end)
    if found.meta.get("project"):
        raise FormatError(f"{path}:1: a project with several tasks; export the tasks one by one")
    return _annotation(path, found)


def _add_box(path: Path, found: _Found, box: Mapping[str, str], line: int) -> None:
    track = found.track or {}
    label = plain_text(track.get("label", "")) or "unnamed"
    outside = box.get("outside", "0")
    if outside not in ("0", "1") or box.get("occluded", "0") not in ("0", "1"):
        what = f"outside and occluded must be 0 or 1, got '{outside}', '{box.get('occluded')}'"
        found.problems.append(Problem(path, line, what, "correct the box"))
    left, top, right, bottom = (box.get(name) for name in CORNERS)
    found.rows.append(
        Row(
            frame=box.get("frame"),
            track_id=track.get("id"),
            box=(left, top, right, bottom),
            visibility=OCCLUDED if box.get("occluded") == "1" else None,
            class_id=found.labels.setdefault(label, len(found.labels) + 1),
        )
    )
    found.lines.append(line)
    found.element.append(found.tracks)
    found.outside.append(outside == "1")
    found.attributes.append({})
    found.rotated += box.get("rotation", "0").strip("0.") != ""


def _annotation(path: Path, found: _Found) -> Annotation:
    rows = list(_with_attributes(found))
    lines = np.array(found.lines, np.int64)
    listed = check_rows(path, rows, lines, box="xyxy", first_frame=0, more=found.problems[:1])
    element = np.array(found.element, np.int64)
    outside = np.array(found.outside, bool)
    header, first, step, stop = _header(path, found)
    full, held = _interpolated(path, listed, element, outside, (first, step, stop))
    names = {number: name for name, number in found.labels.items()}
    classes = vocabulary_of(names.values(), *VOCABULARIES)
    numbers = numbers_of(classes)
    class_id = np.array([numbers[names[n]] for n in full.class_id.tolist()], np.int64)
    unread = []
    if found.shapes:
        unread.append(f"shapes: {found.shapes} are no boxes, dropped")
    if found.rotated:
        unread.append(f"rotation: dropped ({found.rotated} boxes)")
    header["unread"] = tuple(unread)
    if held:
        header["assumed"] = (
            f'{held} tracks without a last outside="1" stay to the end of the video, as in CVAT',
        )
    return make_annotation(path, full._replace(class_id=class_id), classes, header)


def _with_attributes(found: _Found) -> Iterator[Row]:
    """The rows with their attributes, or those of the box before in the same track."""
    before: dict[str, str] = {}
    track = 0
    for row, attributes, element in zip(found.rows, found.attributes, found.element, strict=True):
        before = attributes if element != track else {**before, **attributes}
        track = element
        extras = {extra_name(n): t for n, t in before.items() if n not in OWN_ATTRIBUTES}
        yield row._replace(
            visibility=before.get("visibility") or row.visibility,
            ignored=before.get("ignored"),
            confidence=before.get("confidence") or None,
            extras=extras,
        )


def _header(path: Path, found: _Found) -> tuple[Header, int, int, int | None]:
    """What the meta part says, and the grid of frames: first, step, last (None: not known)."""
    meta = found.meta

    def whole(key: str) -> int | None:
        text = meta.get(key, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    first = whole("start_frame") or 0
    step_text = meta.get("frame_filter", "").replace(" ", "").removeprefix("step=")
    step = int(step_text) if step_text.isascii() and step_text.isdigit() else 1
    step = min(max(step, 1), MAX_FRAMES)
    size, stop = whole("size"), whole("stop_frame")
    if stop is None and size:
        stop = first + (size - 1) * step
    stop = None if stop is None or stop >= MAX_FRAMES else stop
    width, height = whole("original_size/width"), whole("original_size/height")
    header = Header(
        name=plain_text(meta.get("name", "")) or path.stem,
        width=width or None,
        height=height or None,
        length=None if stop is None else stop + 1,
    )
    return header, first, step, stop


def _interpolated(
    path: Path,
    listed: Checked,
    element: NDArray[np.int64],
    outside: NDArray[np.bool_],
    grid: tuple[int, int, int | None],
) -> tuple[Checked, int]:
    """Boxes of all frames, and how many tracks were held to the end."""
    first, step, stop = grid
    rank = np.lexsort((listed.frame, element))
    here = listed.frame[rank]
    goes_on = np.r_[element[rank][1:] == element[rank][:-1], False][: len(rank)]
    after = np.where(goes_on, np.roll(rank, -1), rank)  # the next box of the track, or itself
    twice = goes_on & (listed.frame[after] == here)
    if twice.any():
        k = int(after[np.argmax(twice)])
        what = f"a track has two boxes in frame {listed.frame[k]}"
        raise DamagedFileError([Problem(path, int(listed.lines[k]), what, "remove one")])
    end = np.where(goes_on, listed.frame[after], np.maximum(here, -1 if stop is None else stop) + 1)
    next_on_grid = here + step - (here - first) % step
    between = np.maximum(-(-(end - next_on_grid) // step), 0)
    seen = ~outside[rank]
    count = np.where(seen, 1 + between, 0)
    if count.sum() > MAX_BOXES:
        raise FormatError(f"{path}:1: {count.sum()} boxes between key frames; is <size> right?")
    place = np.repeat(np.arange(len(rank)), count)
    step_number = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
    frame = np.where(step_number == 0, here[place], next_on_grid[place] + (step_number - 1) * step)
    share = (frame - here[place]) / np.maximum(end - here, 1)[place]
    boxes = listed.boxes[rank][place]
    moved = boxes + share[:, None] * (listed.boxes[after][place] - boxes)
    held = int((seen & ~goes_on & (between > 0)).sum())
    return _take(listed, rank[place])._replace(frame=frame, boxes=moved), held


def _take(rows: Checked, which: NDArray[np.int64]) -> Checked:
    """The chosen rows, one by one."""
    lines = np.asarray(rows.lines, np.int64)[which]
    extras = [rows.extras[int(k)] for k in which]
    return Checked(
        lines,
        rows.frame[which],
        rows.track_id[which],
        rows.boxes[which],
        rows.confidence[which],
        rows.visibility[which],
        rows.ignored[which],
        rows.class_id[which],
        extras,
    )
