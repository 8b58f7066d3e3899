"""The folder of the page, and that one server alone uses it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mohart.errors import OutputError
from mohart.locks import locked


def app_folder() -> Path:
    """Where a user's data lie: `$XDG_DATA_HOME/mohart/app`, or below `~/.local/share`."""
    data = os.environ.get("XDG_DATA_HOME")
    base = Path(data) if data and Path(data).is_absolute() else Path.home() / ".local" / "share"
    return base / "mohart" / "app"


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Keep a second server away from a folder; it is made where it is missing.

    Raises:
        OutputError: another one uses it, or it cannot be made.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise OutputError(f"{folder}: is not a folder; choose another one with --folder")
    if not folder.exists():
        try:
            folder.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise OutputError(
                f"{folder}: cannot be made ({error.strerror}); choose another one with --folder"
            ) from error
    lock = locked(folder / ".mohart-app-lock", what=folder)
    try:
        lock.__enter__()
    except OutputError as error:
        raise OutputError(
            f"{folder}: another 'mohart app' uses it, or it cannot be written; end that one, or "
            f"choose another folder with --folder"
        ) from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)
