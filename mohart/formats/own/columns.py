"""mohart's own tables: one row per box, the same columns in CSV, JSON lines and Parquet.

Conventions: `frame` from 0, boxes as corners `x1 y1 x2 y2`, numbers in full precision. The columns
`confidence visibility ignored class_id class_name` may be missing; every other column is an extra.
JSON lines may start with a line `{"video": {...}}` and Parquet has it as metadata `video`: name,
width, height, frame_rate, length. CSV has no place for it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from mohart.errors import FormatError, did_you_mean
from mohart.formats.annotation import Annotation, Losses, Rendered, extra_name, plain_text
from mohart.formats.class_names import numbers_of, vocabulary_of
from mohart.formats.coco.video import attribute_value
from mohart.formats.json_lines import parse_json
from mohart.formats.problems import Problem
from mohart.formats.rows import (
    DamagedFileError,
    Header,
    Row,
    check_rows,
    make_annotation,
)
from mohart.formats.text import read_text

REQUIRED = ("frame", "track_id", "x1", "y1", "x2", "y2")
IDENTITY = "track_id"
OPTIONAL = ("confidence", "visibility", "ignored", "class_id", "class_name")
COLUMNS = REQUIRED + OPTIONAL
VIDEO = ("name", "width", "height", "frame_rate", "length")


def read_csv(path: Path, *, identities: bool = True) -> Annotation:
    """A CSV file with a header line.

    Args:
        path: the file.
        identities: whether there must be ids; without, they are not read.

    Raises:
        MissingDataError: there is no such file.
        FormatError: a column is missing; a DamagedFileError has all problems.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    header: list[str] = []
    lines: list[int] = []
    entries: list[dict[str, object]] = []
    problems: list[Problem] = []
    try:
        for fields in reader:
            if not fields:
                continue
            if not header:
                header = [field.strip() for field in fields]
                _check_columns(path, reader.line_num, header, required_columns(identities))
                continue
            if len(fields) != len(header) and not problems:
                what = f"expected {len(header)} columns as in the header, got {len(fields)}"
                problems.append(Problem(path, reader.line_num, what, "correct the line"))
            entries.append(dict(zip(header, fields, strict=False)))
            lines.append(reader.line_num)
    except csv.Error as error:
        raise FormatError(
            f"{path}:{reader.line_num}: not CSV ({error}); check the quotes"
        ) from error
    if not header:
        raise FormatError(f"{path}:1: an empty file; expected the columns {','.join(REQUIRED)}")
    return annotation_of_entries(path, entries, lines, {}, problems, identities=identities)


def required_columns(identities: bool) -> tuple[str, ...]:
    """The columns that must be there, with or without identities."""
    return tuple(name for name in REQUIRED if identities or name != IDENTITY)


def _check_columns(path: Path, line: int, names: Sequence[str], required: Sequence[str]) -> None:
    """Raise where a needed column is missing, or a name is there twice."""
    for name in required:
        if name not in names:
            hint = did_you_mean(name, [n for n in names if n not in COLUMNS] or ["none"])
            raise FormatError(f"{path}:{line}: no column '{name}'{hint}; see docs/guide/formats.md")
    twice = [name for k, name in enumerate(names) if name in names[:k]]
    if twice:
        raise FormatError(f"{path}:{line}: column '{twice[0]}' is there twice; rename one")


def read_jsonl(path: Path, *, identities: bool = True) -> Annotation:
    """A file with one JSON object per line.

    Args:
        path: the file.
        identities: whether there must be ids; without, they are not read.

    Raises:
        MissingDataError: there is no such file.
        FormatError: a line is not JSON; a DamagedFileError has all problems.
    """
    video: object = {}
    lines: list[int] = []
    entries: list[dict[str, object]] = []
    problems: list[Problem] = []
    for line, text in enumerate(read_text(path).split("\n"), 1):
        if not text.strip():
            continue
        content = parse_json(text, path, line)
        if not isinstance(content, dict):
            if not problems:
                problems.append(Problem(path, line, "expected an object {...}", "one box a line"))
            continue
        if "video" in content and not entries and "frame" not in content:
            video = content["video"]
            continue
        missing = [name for name in required_columns(identities) if name not in content]
        if missing and not problems:
            what = f"no '{missing[0]}'{did_you_mean(missing[0], list(content) or ['none'])}"
            problems.append(Problem(path, line, what, "see docs/guide/formats.md"))
        entries.append(content)
        lines.append(line)
    return annotation_of_entries(path, entries, lines, video, problems, identities=identities)


def annotation_of_entries(
    path: Path,
    entries: Sequence[Mapping[str, object]],
    lines: Sequence[int],
    video: object,
    problems: Sequence[Problem] = (),
    *,
    identities: bool = True,
    box: Literal["xyxy", "xywh"] = "xyxy",
    first_frame: Literal[0, 1] = 0,
) -> Annotation:
    """The record of rows that are mappings column -> value.

    Args:
        path: the file.
        entries: K rows.
        lines: K lines (or row numbers from 1) in the file.
        video: what the file says about the video; anything but a mapping is refused.
        problems: what is wrong already.
        identities: whether ids are read.
        box: what `x1` to `y2` are: corners, or left, top, width, height.
        first_frame: what the file calls the first frame.

    Raises:
        DamagedFileError: a row is not what an annotation can be; has all problems.
    """
    unread: dict[str, int] = {}
    names: dict[object, str] = {}
    unnumbered = {
        plain_text(entry["class_name"]): 0
        for entry in entries
        if _absent(entry.get("class_id")) and not _absent(entry.get("class_name"))
    }
    numbers = numbers_of(vocabulary_of(unnumbered))
    rows = []
    for entry in entries:
        label = plain_text(entry.get("class_name"))
        class_id = entry.get("class_id")
        if _absent(class_id):
            class_id = numbers.get(label, 1)
        if label and not isinstance(class_id, (list, dict)):
            names.setdefault(_whole(class_id), label)
        extras = {}
        for name, value in entry.items():
            if isinstance(value, (list, dict)):
                unread[str(name)] = unread.get(str(name), 0) + 1
            elif name not in COLUMNS and plain_text(value):
                extras[extra_name(name)] = plain_text(value)
        x1, y1, x2, y2 = (entry.get(side) for side in ("x1", "y1", "x2", "y2"))
        rows.append(
            Row(
                frame=entry.get("frame"),
                track_id=entry.get("track_id"),
                box=(x1, y1, x2, y2),
                confidence=_said(entry.get("confidence")),
                visibility=_said(entry.get("visibility")),
                ignored=_said(entry.get("ignored")),
                class_id=class_id,
                extras=extras,
            )
        )
    header = _header(path, video, {plain_text(name): n for name, n in unread.items()})
    checked = check_rows(
        *(path, rows, lines), box=box, first_frame=first_frame, more=problems, identities=identities
    )
    classes = {number: label for number, label in names.items() if isinstance(number, int)}
    return make_annotation(path, checked, classes, header)


def _absent(value: object) -> bool:
    return value is None or value == ""


def _said(value: object) -> object:
    """A value, None where the cell is empty."""
    return None if _absent(value) else value


def _whole(value: object) -> object:
    """A class number as int, whatever its type; the value itself where it is none."""
    try:
        number = float(value) if isinstance(value, (int, float, str)) else None
    except (ValueError, OverflowError):
        return None
    return int(number) if number is not None and number == number and abs(number) < 1e15 else None


def _header(path: Path, video: object, unread: Mapping[str, int]) -> Header:
    if not isinstance(video, dict):
        problem = Problem(path, 1, "video: expected an object {...}", "see docs/guide/formats.md")
        raise DamagedFileError([problem])
    found: dict[str, Any] = {}
    for name in VIDEO[1:]:
        value = video.get(name)
        if value is None:
            continue
        fine = isinstance(value, (int, float)) and 0 < value <= 1_000_000
        if not fine or (name != "frame_rate" and value != int(value)):
            what = f"video: {name} must be a number above 0, got {str(value)[:40]!r}"
            raise DamagedFileError([Problem(path, 1, what, "correct or remove it")])
        found[name] = float(value) if name == "frame_rate" else int(value)
    texts = tuple(f"{name}: no single value, dropped ({n} boxes)" for name, n in unread.items())
    name = plain_text(video.get("name", "")) or path.stem
    return Header(
        name=name,
        width=found.get("width"),
        height=found.get("height"),
        frame_rate=found.get("frame_rate"),
        length=found.get("length"),
        unread=texts,
    )


def video_of(record: Annotation) -> dict[str, object]:
    """What is known about the video, for the first line or the metadata of a table."""
    facts = {name: getattr(record, name) for name in VIDEO}
    return {name: value for name, value in facts.items() if value not in (None, "")}


def entries_of(record: Annotation) -> Iterator[dict[str, object]]:
    """Rows as mappings column -> value, extras as texts."""
    tracks = record.tracks
    columns = zip(
        tracks.frame.tolist(),
        tracks.track_id.tolist(),
        tracks.boxes.tolist(),
        tracks.confidence.tolist(),
        tracks.visibility.tolist(),
        tracks.ignored.tolist(),
        tracks.class_id.tolist(),
        record.row_names,
        strict=True,
    )
    for k, (frame, track, box, score, seen, ignored, class_id, name) in enumerate(columns):
        values = (frame, track, *box, score, seen, ignored, class_id, name)
        entry: dict[str, object] = dict(zip(COLUMNS, values, strict=True))
        yield entry | {extra: texts[k] for extra, texts in record.extras.items()}


def render_csv(record: Annotation) -> Rendered:
    """CSV with a header line; size, rate and length of the video are lost."""
    losses = Losses(record, "CSV")
    losses.header()
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*COLUMNS, *record.extras])
    for entry in entries_of(record):
        entry["ignored"] = int(bool(entry["ignored"]))
        writer.writerow(entry.values())
    return Rendered(file.getvalue(), losses.found)


def render_jsonl(record: Annotation) -> Rendered:
    """JSON lines, the first one about the video; nothing is lost."""
    losses = Losses(record, "JSON lines")
    lines = [json.dumps({"video": video_of(record)})]
    for entry in entries_of(record):
        for name in record.extras:
            entry[name] = attribute_value(str(entry[name])) if entry[name] else None
        lines.append(json.dumps({key: v for key, v in entry.items() if v is not None}))
    return Rendered("\n".join(lines) + "\n", losses.found)
