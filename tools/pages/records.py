"""Records of experiments: what each must say, and the table of all of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from mohart.errors import FormatError
from pages.tables import markdown

FIELDS = (
    "Question",
    "Expected",
    "Verdict",
    "Date",
    "Commit",
    "Machine",
    "Seeds",
    "Superseded by",
)


class Record(NamedTuple):
    """The head of a record.

    Attributes:
        path: the file, `0001-title.md`.
        title: without its number.
        fields: `FIELDS` -> text.
    """

    path: Path
    title: str
    fields: dict[str, str]


def read_record(path: Path) -> Record:
    """The head of a record.

    Raises:
        FormatError: its title lacks the file's number, or a field is missing or empty.
    """
    text = path.read_text(encoding="utf-8")
    number = path.name[:4]
    title = re.match(rf"# {number}\. (.+)\n", text)
    if title is None:
        raise FormatError(f"{path}:1: expected a title '# {number}. ...'")
    fields = dict(re.findall(r"^\| ([A-Z][a-z ]+) \| (.+?) \|$", text, re.MULTILINE))
    for name in FIELDS:
        if not fields.get(name):
            raise FormatError(f"{path}: the table at its head lacks '{name}'")
    return Record(path, title[1], fields)


def experiments(folder: Path) -> str:
    """All records of a folder as one table, in the order of their numbers.

    Raises:
        FormatError: a record is not whole, or two have one number.
    """
    paths = sorted(folder.glob("[0-9][0-9][0-9][0-9]-*.md"))
    numbers = [path.name[:4] for path in paths]
    for number in numbers:
        if numbers.count(number) > 1:
            raise FormatError(f"{folder}: two records have the number {number}")
    rows = []
    for record in map(read_record, paths):
        name, verdict = record.path.name, record.fields["Verdict"]
        rows.append(
            [
                f"[{name[:4]}]({name})",
                record.title,
                record.fields["Date"],
                verdict,
                record.fields["Superseded by"],
            ]
        )
    return markdown(["record", "about", "date", "verdict", "superseded by"], rows)
