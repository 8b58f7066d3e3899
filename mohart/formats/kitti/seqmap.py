"""KITTI's sequence maps: which sequences a split has, and how long they are.

Conventions: a row is `0000 empty 000000 000154`: name, a word without meaning, first frame, and the
number of frames (not the last frame).
"""

from __future__ import annotations

from pathlib import Path

from mohart.errors import FormatError
from mohart.formats.text import read_lines

EXPECTED = "`0000 empty 000000 000154` (name, a word, first frame, number of frames)"


def read_seqmap(path: Path) -> dict[str, int]:
    """Sequence name -> number of frames, in the order of the file, at least one.

    Raises:
        MissingDataError: there is no such file.
        FormatError: a row is not what the format says, or a sequence is there twice.
    """
    found: dict[str, int] = {}
    for line, fields in read_lines(path):
        if len(fields) < 4 or not fields[3].isascii() or not fields[3].isdigit():
            raise FormatError(f"{path}:{line}: expected {EXPECTED}, got '{' '.join(fields)}'")
        if fields[0] in found:
            raise FormatError(f"{path}:{line}: sequence '{fields[0]}' is there twice; remove one")
        if not 0 < int(fields[3]) < 10**9:
            raise FormatError(f"{path}:{line}: {fields[3]} frames; expected at least 1")
        found[fields[0]] = int(fields[3])
    if not found:
        raise FormatError(f"{path}: no sequences; expected rows such as {EXPECTED}")
    return found
