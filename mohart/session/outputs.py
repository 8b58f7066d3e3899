"""A folder of results that appears under its name only when it is complete."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import TracebackType

from mohart.errors import OutputError

RESULT_NAMES = frozenset({"tracks.txt", "video.mp4", "fates.csv", "run.json"})


class OutputFolder:
    """Collects files in a hidden folder beside `path`, and moves it there in the end.

    Use it as a context manager: `part` is the folder to write into; leaving normally completes it,
    leaving by an exception removes it and touches nothing else.

    Args:
        path: the folder that shall appear.
        overwrite: whether a folder of earlier results may be replaced, in the end and at once. A
            folder that holds anything but results of `mohart track` is never replaced.

    Raises:
        OutputError: `path` exists and may not be replaced, or nothing can be written there.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self.path = path.absolute()
        self.overwrite = overwrite
        self.part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        check_output(self.path, overwrite=overwrite)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(self.part, ignore_errors=True)
            self.part.mkdir()
        except OSError as error:
            raise write_failure(self.path, error) from error

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._complete()
        finally:
            shutil.rmtree(self.part, ignore_errors=True)
        if isinstance(error, OutputError) and str(self.part) in str(error):
            # the user never asked for the hidden folder: name the one that was asked for
            raise OutputError(str(error).replace(str(self.part), str(self.path))) from error

    def _complete(self) -> None:
        old = self.part.with_suffix(".old")
        try:
            check_output(self.path, overwrite=self.overwrite)  # hours may have passed
            if self.path.exists():
                self.path.rename(old)
            self.part.rename(self.path)
        except OutputError:
            raise
        except OSError as error:
            if old.exists() and not self.path.exists():
                old.rename(self.path)
            raise write_failure(self.path, error) from error
        shutil.rmtree(old, ignore_errors=True)


def check_output(path: Path, *, overwrite: bool) -> None:
    """Make sure that a folder of results may appear at `path`.

    Raises:
        OutputError: something is there, and it may not be replaced.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise OutputError(f"{path}: is not a folder; choose another one with -o")
    if not path.exists():
        return
    if not overwrite:
        raise OutputError(
            f"{path}: exists already; choose another folder with -o, or give --overwrite"
        )
    strangers = sorted(p.name for p in path.iterdir() if p.name not in RESULT_NAMES)
    if strangers:
        raise OutputError(
            f"{path}: will not be replaced, because it holds something else than results of "
            f"'mohart track': {', '.join(strangers[:3])}; choose another folder with -o"
        )


def write_failure(path: Path, error: OSError) -> OutputError:
    """What to tell when writing failed: `out/x: cannot write: No space left on device; ...`."""
    hints = {
        errno.ENOSPC: "free some space or choose another disk with -o",
        errno.EACCES: "choose a folder that you may write to with -o",
        errno.EROFS: "choose a folder that you may write to with -o",
    }
    hint = hints.get(error.errno or 0, "choose another folder with -o")
    return OutputError(f"{path}: cannot write: {error.strerror or error}; {hint}")
