"""Trainings that are rows of a table: written after each, read when the command goes on."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from mohart.errors import FormatError
from mohart.formats.text import read_text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Trial = TypeVar("Trial", bound=DataclassInstance)


def trials_to_csv(kind: type[Trial], trials: Sequence[Trial]) -> str:
    """A line per trial, sorted, under the names of the fields."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([f.name for f in fields(kind)])
    writer.writerows(sorted(astuple(trial) for trial in trials))
    return text.getvalue()


def trials_from_csv(kind: type[Trial], path: Path, *, table: str) -> list[Trial]:
    """What `trials_to_csv` wrote.

    Args:
        kind: a dataclass of texts and numbers.
        path: of the file.
        table: what it is, for the error.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it holds something else.
    """
    kinds: dict[str, Any] = get_type_hints(kind)
    try:
        return [
            kind(**{name: convert(row[name]) for name, convert in kinds.items()})
            for row in csv.DictReader(io.StringIO(read_text(path)))
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path}: no table of {table} ({error}); remove it") from error
