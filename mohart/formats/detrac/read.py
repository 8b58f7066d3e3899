"""UA-DETRAC XML <-> Annotation.

Conventions: frames from 1 (`num`), boxes as left, top, width, height. The class is the attribute
`vehicle_type`. Where an `<occlusion>` lists the covered parts of a box, the visibility is what they
leave of it. An `<ignored_region>` becomes a DontCare box without identity in every frame. The other
attributes are extras, and so are visibility, confidence and ignored where mohart writes them.

Source: UA-DETRAC, XML annotations of 2017; Wen et al. 2020, "UA-DETRAC: a new benchmark".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mohart.errors import FormatError
from mohart.formats.annotation import Annotation, extra_name, plain_text
from mohart.formats.class_names import (
    DETRAC_CLASSES,
    DONT_CARE_NAME,
    KITTI_CLASSES,
    MOT_CLASSES,
    numbers_of,
    vocabulary_of,
)
from mohart.formats.markup import read_markup
from mohart.formats.problems import Problem
from mohart.formats.rows import (
    MAX_FRAMES,
    Header,
    Row,
    check_rows,
    make_annotation,
)

SIDES = ("left", "top", "width", "height")
OWN_ATTRIBUTES = ("vehicle_type", "visibility", "ignored", "confidence")
MAX_REGION_BOXES = 5_000_000
WITH_REGION = {**DETRAC_CLASSES, len(DETRAC_CLASSES) + 1: DONT_CARE_NAME}
VOCABULARIES = (DETRAC_CLASSES, WITH_REGION, MOT_CLASSES, KITTI_CLASSES)


@dataclass
class _Found:
    """What has been read so far."""

    name: str = ""
    frame: str | None = None
    last_frame: int = 0
    track_id: str | None = None
    line: int = 0
    box: Mapping[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    covered: float = 0.0
    labels: dict[str, int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    regions: list[Mapping[str, str]] = field(default_factory=list)
    region_lines: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    parts: int = 0
    sequence: list[str] = field(default_factory=list)


def read_detrac(path: Path) -> Annotation:
    """A UA-DETRAC sequence.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is no such file; a DamagedFileError has all problems.
    """
    found = _Found()

    def start(names: tuple[str, ...], attributes: Mapping[str, str], line: int) -> None:
        inside = names[1:]
        if not inside and names[0] != "sequence":
            raise FormatError(
                f"{path}:{line}: expected <sequence>, found <{names[0]}>; this is not UA-DETRAC"
            )
        if not inside:
            found.name = plain_text(attributes.get("name", ""))
        elif inside == ("sequence_attribute",):
            found.sequence = sorted(attributes)
        elif inside == ("ignored_region", "box"):
            found.regions.append(attributes)
            found.region_lines.append(line)
        elif inside == ("frame",):
            _start_frame(path, found, attributes, line)
        elif inside[1:] == ("target_list", "target"):
            found.track_id, found.line = attributes.get("id"), line
            found.box, found.attributes, found.covered = {}, {}, 0.0
        elif inside[1:] == ("target_list", "target", "box"):
            found.box = attributes
        elif inside[1:] == ("target_list", "target", "attribute"):
            found.attributes = {name: plain_text(text) for name, text in attributes.items()}
        elif inside[-2:] == ("occlusion", "region_overlap"):
            found.parts += 1
            found.covered += _area(attributes)

    def end(names: tuple[str, ...], _: str) -> None:
        if names[2:] == ("target_list", "target"):
            _end_target(found)

    read_markup(path, start, end)
    return _annotation(path, found)


def _start_frame(path: Path, found: _Found, attributes: Mapping[str, str], line: int) -> None:
    found.frame = attributes.get("num")
    text = found.frame or ""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_FRAMES):
        what = f"frame num '{text}': expected a number from 1 to {MAX_FRAMES}"
        found.problems.append(Problem(path, line, what, "number the frames from 1"))
        found.frame = None
        return
    found.last_frame = max(found.last_frame, int(text[:9]))


def _area(box: Mapping[str, str]) -> float:
    """Size of a covered part; 0 where it does not say."""
    try:
        area = float(box.get("width", "0")) * float(box.get("height", "0"))
    except ValueError:
        return 0.0
    return area if np.isfinite(area) else 0.0


def _end_target(found: _Found) -> None:
    if found.frame is None:  # reported already
        return
    attributes = found.attributes
    label = attributes.get("vehicle_type") or DETRAC_CLASSES[1]
    left, top, width, height = (found.box.get(side) for side in SIDES)
    whole = _area(found.box)
    seen: object = attributes.get("visibility")
    if seen is None and found.covered > 0 and whole > 0:
        seen = min(max(1 - found.covered / whole, 0.0), 1.0)
    extras = {extra_name(n): text for n, text in attributes.items() if n not in OWN_ATTRIBUTES}
    found.rows.append(
        Row(
            frame=found.frame,
            track_id=found.track_id if found.track_id is not None else "nothing",
            box=(left, top, width, height),
            confidence=attributes.get("confidence"),
            visibility=seen,
            ignored=attributes.get("ignored"),
            class_id=found.labels.setdefault(label, len(found.labels) + 1),
            extras=extras,
        )
    )
    found.lines.append(found.line)


def _annotation(path: Path, found: _Found) -> Annotation:
    rows, lines = found.rows, found.lines
    if found.last_frame * len(found.regions) > MAX_REGION_BOXES:
        raise FormatError(
            f"{path}:1: {len(found.regions)} ignored regions in {found.last_frame} "
            "frames; is a frame number wrong?"
        )
    for region, line in zip(found.regions, found.region_lines, strict=True):
        number_ = found.labels.setdefault(DONT_CARE_NAME, len(found.labels) + 1)
        left, top, width, height = (region.get(side) for side in SIDES)
        box = (left, top, width, height)
        for frame in range(1, max(found.last_frame, 1) + 1):
            rows.append(Row(frame, None, box, ignored="1", class_id=number_))
            lines.append(line)
    checked = check_rows(path, rows, lines, box="xywh", first_frame=1, more=found.problems[:1])
    classes = vocabulary_of(found.labels, *VOCABULARIES)
    numbers = numbers_of(classes)
    table = np.array([0, *(numbers[label] for label in found.labels)], np.int64)
    unread = []
    if found.parts:
        unread.append(f"occlusion: {found.parts} covered parts are kept as visibility only")
    if found.sequence:
        unread.append(f"sequence_attribute: {', '.join(found.sequence)} dropped")
    header = Header(
        name=found.name or path.stem, length=found.last_frame or None, unread=tuple(unread)
    )
    checked = checked._replace(class_id=table[checked.class_id])
    return make_annotation(path, checked, classes, header)
