"""Files that appear completely or not at all: written beside their name, moved there in the end.

Every file that mohart writes as a whole goes this way, so a kill, a full disk or an error leaves
the old file as it was. What may be replaced at all is decided by `check_file` here, and by
`mohart.folders` for folders.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from mohart.errors import MohartError, OutputError


class Replacement:
    """A file on its way: write to `part`, then `commit` it to its name, or `discard` it.

    As a context manager it commits where the block ends normally and discards otherwise.

    Args:
        path: the file that shall appear; one that is there is replaced at once. Its folder is
            created.

    Attributes:
        part: hidden, beside `path`.

    Raises:
        OutputError: its folder cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_failure(path, error) from error

    def commit(self) -> None:
        """Move the part to its name, once its bytes are on the disk.

        Raises:
            OutputError: that fails; the part is gone then.
        """
        try:
            with self.part.open("rb+") as file:
                os.fsync(file.fileno())
            self.part.replace(self.path)
        except OSError as error:
            self.discard()
            raise write_failure(self.path, error) from error

    def discard(self) -> None:
        """Remove the part."""
        with suppress(OSError):
            self.part.unlink(missing_ok=True)

    def __enter__(self) -> Path:
        """The part, to be written."""
        return self.part

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.commit()
            return
        self.discard()
        if isinstance(error, OSError) and not isinstance(error, MohartError):
            raise write_failure(self.path, error) from error


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file completely or not at all; folders are created.

    Raises:
        OutputError: the file cannot be written (permission, disk full, a folder of that name).
    """
    with Replacement(path) as part:
        part.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text completely or not at all; folders are created, line ends stay as they are.

    Raises:
        OutputError: see `write_bytes`.
    """
    write_bytes(path, text.encode("utf-8"))


def check_file(path: Path, *, overwrite: bool) -> None:
    """Make sure before the work that a file which the user names may be written in the end.

    A file is replaced only where it is named itself and the user says so; nothing else beside it
    is touched.

    Raises:
        OutputError: it exists and may not be replaced, or is no plain file.
    """
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; name a file")
    if not path.exists() and not path.is_symlink():
        return
    if not path.is_file():
        raise OutputError(f"{path}: is no plain file and is not replaced; choose another one")
    if not overwrite:
        raise OutputError(f"{path}: exists already; choose another file, or give --overwrite")


def write_failure(path: Path, error: OSError) -> OutputError:
    """What to tell when writing failed: `out/x: cannot be written (No space left ...); ...`."""
    hints = {
        errno.ENOSPC: "free some space or choose another disk",
        errno.EFBIG: "the file would be larger than allowed here",
        errno.EACCES: "choose a place that you may write to",
        errno.EROFS: "choose a place that you may write to",
        errno.EISDIR: "there is a folder of that name",
        errno.ENOTDIR: "a file has the name of one of its folders",
        errno.EEXIST: "a file has the name of one of its folders",
    }
    hint = hints.get(error.errno or 0, "choose another place")
    return OutputError(f"{path}: cannot be written ({error.strerror or error}); {hint}")
