"""The video on the command line: a path, or the number of a camera."""

from __future__ import annotations

from pathlib import Path

from mohart.errors import MissingDataError

MOST_CAMERAS = 100


def check_source(text: str) -> None:
    """Make sure that a number names a camera that there may be.

    Raises:
        MissingDataError: it is a number of another kind, such as `3000000000` or `²`, and no file
            has that name.
    """
    if not text.isnumeric() or Path(text).exists():
        return
    if not (text.isascii() and len(text) < 10 and int(text) < MOST_CAMERAS):
        raise MissingDataError(
            f"{text[:40]}: no such file or folder, and cameras count from 0 to {MOST_CAMERAS - 1}"
        )
