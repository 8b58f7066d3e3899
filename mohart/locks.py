"""Locks between processes: files that are held as long as a process lives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.errors import OutputError
from mohart.files import write_failure

if TYPE_CHECKING:
    from filelock import BaseFileLock


@contextmanager
def locked(path: Path, seconds: float = 0.0, *, what: Path | None = None) -> Iterator[None]:
    """Hold a lock, a file that is made where it is missing; it ends with the process.

    Args:
        path: of the file; removed in the end.
        seconds: to wait for another process.
        what: is locked, for the message; the file's folder where not given.

    Raises:
        OutputError: another process holds it for longer, or it cannot be made.
    """
    from filelock import FileLock, Timeout  # imports asyncio; few runs need it

    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _acquire(lock, path, time.monotonic() + seconds)
    except Timeout:
        raise OutputError(
            f"{what or path.parent}: another process of mohart is writing here; wait for it, or "
            f"choose another folder with -o"
        ) from None
    except OSError as error:
        raise write_failure(what or path.parent, error) from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file; it is empty and taken up again
            path.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: BaseFileLock, path: Path, deadline: float) -> None:
    """Take the lock, on the file that has the name and not on one that its holder just removed."""
    while True:
        path.touch()
        before = _inode(path)
        lock.acquire(timeout=max(deadline - time.monotonic(), 0), poll_interval=0.1)
        if before is not None and before == _inode(path):
            return
        lock.release()


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
