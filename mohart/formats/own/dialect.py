"""CSV as others write it: any header of `mohart.formats.dialects`, any delimiter, comments."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from mohart.errors import FormatError
from mohart.formats.annotation import Annotation
from mohart.formats.dialects import KNOWN, Header, read_header, split_table, to_xywh
from mohart.formats.own.columns import IDENTITY, REQUIRED, annotation_of_entries, read_csv
from mohart.formats.problems import Problem
from mohart.formats.text import as_numbers, read_text, split_line

SIDES = REQUIRED[2:]
OWN_NAMES = {"frame": "frame", "id": IDENTITY}  # of a header's meanings -> of mohart's columns


def read_any_csv(path: Path, *, identities: bool = True) -> Annotation:
    """A table of boxes with a header: mohart's own, or another that is known.

    Args:
        path: the file.
        identities: whether there must be ids; without, they are not read.

    Raises:
        MissingDataError: there is no such file.
        FormatError: the header is unknown or lacks a column; a DamagedFileError has all problems.
    """
    text = read_text(path)
    lines = split_table(text)
    own = {"frame", "x1"} <= set(split_line(text.lstrip().partition("\n")[0]))
    header = read_header(lines[0][1]) if lines else None
    if own or header is None:
        return read_csv(path, identities=identities)
    needed = ("frame", "id") if identities else ("frame",)
    for name in needed:
        if name not in header.columns:
            raise FormatError(
                f"{path}:{lines[0][0]}: no column '{name}' in the header "
                f"{','.join(header.names)[:80]}; known: {KNOWN}"
            )
    entries: list[dict[str, object]] = []
    numbers: list[int] = []
    problems: list[Problem] = []
    for line, fields in lines[1:]:
        if len(fields) != len(header.names) and not problems:
            what = f"expected {len(header.names)} columns as in the header, got {len(fields)}"
            problems.append(Problem(path, line, what, "correct the line"))
        entries.append(_entry(header, [*fields, *[""] * len(header.names)]))
        numbers.append(line)
    box: Literal["xyxy", "xywh"] = "xyxy" if header.box == "xyxy" else "xywh"
    return annotation_of_entries(
        path,
        entries,
        numbers,
        {},
        problems,
        identities=identities,
        box=box,
        first_frame=header.first_frame,
    )


def _entry(header: Header, fields: list[str]) -> dict[str, object]:
    """A row under mohart's own names of columns."""
    entry: dict[str, object] = {
        OWN_NAMES.get(name, name): fields[column] for name, column in header.columns.items()
    }
    if entry.get("class_id") and as_numbers([str(entry["class_id"])]) is None:
        entry.setdefault("class_name", entry["class_id"])  # `class` may be a name, too
        del entry["class_id"]
    box = [fields[column] for column in header.box_columns]
    values = as_numbers(box)
    if header.box == "cxcywh" and values is not None:
        box = [repr(value) for value in to_xywh(values, header.box)]
    entry |= dict(zip(SIDES, box, strict=True))
    return entry | {name: fields[column] for name, column in header.others.items()}
