"""Lines of numbers in text files, with their line numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mohart.errors import FormatError, MissingDataError

Line = tuple[int, list[str]]


def read_text(path: Path) -> str:
    """Text of a UTF-8 file, with or without byte order mark.

    Raises:
        MissingDataError: there is no such file, or it may not be read.
        FormatError: it is not text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path}: expected a text file, found binary data at byte {error.start}; "
            "is this the right file?"
        ) from error
    except FileNotFoundError as error:
        raise MissingDataError(f"{path}: no such file; check the path") from error
    except OSError as error:
        raise MissingDataError(
            f"{path}: cannot be read ({error.strerror}); expected a text file"
        ) from error


def split_line(line: str) -> list[str]:
    """Fields of one line: at commas where there are any, otherwise at white space.

    One comma at the end is forgiven; an empty field between two commas is kept, as an error that
    the caller will report.

    >>> split_line("1, 2,3,")
    ['1', '2', '3']
    >>> split_line("1 2   3")
    ['1', '2', '3']
    """
    if "," not in line:
        return line.split()
    return [field.strip() for field in line.strip().removesuffix(",").split(",")]


def read_lines(path: Path) -> list[Line]:
    """(line number from 1, fields) of every line that is not blank.

    Raises:
        MissingDataError: there is no such file, or it may not be read.
        FormatError: it is not text.
    """
    return split_lines(read_text(path))


def split_lines(text: str) -> list[Line]:
    """(line number from 1, fields) of every line that is not blank."""
    lines = text.splitlines()
    return [(n, split_line(line)) for n, line in enumerate(lines, 1) if line.strip()]


def as_numbers(fields: Sequence[str]) -> list[float] | None:
    """The fields as floats (`nan` and `inf` included), or None where one is not a number."""
    try:
        return [float(field) for field in fields]
    except ValueError:
        return None


def whole_number(text: str) -> int | None:
    """A number written in the digits 0 to 9 alone, at most 15 of them; None for anything else.

    >>> whole_number("042"), whole_number("²"), whole_number("1" * 400), whole_number("-1")
    (42, None, None, None)
    """
    fine = text.isascii() and text.isdigit() and len(text) <= 15
    return int(text) if fine else None
