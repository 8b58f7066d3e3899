"""Folders of results: the one place that decides what a verb may put where, and may replace.

* A folder that does not exist is made beside its name and moved there when it is complete.
* An empty one is filled; it stays the same folder: it may be a mount, or somebody's current one.
* One with content is replaced only with `--overwrite`, and only if the same verb wrote it and
  nothing else lies in it. The old one stays until the new one is complete.
* What a killed process leaves is set aside, so that it can be gone on with, until the folder is
  complete.
* One process at a time: a second one is refused at once, before it has worked for hours.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType

from mohart.errors import OutputError
from mohart.files import write_failure
from mohart.locks import locked

PART, OLD, LOCK = "mohart-part", "mohart-old", "mohart-lock"
KILLED = "mohart-killed"  # what a process that was killed had written
# left by file browsers and by writers that were killed; nobody's work
JUNK = (".DS_Store", "Thumbs.db", "desktop.ini", ".*.[0-9]*.part", f".{LOCK}")


@dataclass(frozen=True)
class Kind:
    """What the folders of a verb look like.

    Attributes:
        verb: for messages, such as `mohart track`.
        names: patterns of everything that it writes, relative to the folder: `img1/*.jpg`.
        mark: the file that tells whose folder it is.
        said: text that stands in `mark`.
        instead: what else one may do where it exists, for messages.
    """

    verb: str
    names: tuple[str, ...]
    mark: str
    said: str
    instead: str = ""

    def wrote(self, folder: Path) -> bool:
        """Whether the mark is there."""
        try:
            return self.said in (folder / self.mark).read_text("utf-8", errors="replace")
        except OSError:
            return False

    def strangers(self, folder: Path) -> list[str]:
        """Names in the folder that the verb never writes."""
        found = []
        for place, folders, files in os.walk(folder):  # follows no links
            inside = Path(place).relative_to(folder)
            links = [name for name in folders if (Path(place) / name).is_symlink()]
            mine = [name for name in (*files, *links) if not _matches(name, JUNK)]
            found += [(inside / name).as_posix() for name in mine]
        return sorted(name for name in found if not _matches(name, self.names))


def check_folder(path: Path, kind: Kind, *, overwrite: bool) -> None:
    """Make sure that a folder of results may appear at `path`.

    Raises:
        OutputError: something is there, and it may not be replaced.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise OutputError(f"{path}: is not a folder; choose another one with -o")
    if not path.exists() or _is_empty(path):
        return
    if not overwrite:
        raise OutputError(
            f"{path}: exists already; choose another folder with -o, or give --overwrite"
            f"{kind.instead}"
        )
    here = Path.cwd()
    if path.resolve() in (here, *here.parents) or os.path.ismount(path):
        raise OutputError(
            f"{path}: is not replaced, because it is the current folder, one above it, or a mount; "
            f"choose another one with -o"
        )
    strangers = kind.strangers(path)
    if strangers or not kind.wrote(path):
        why = f": {', '.join(strangers[:3])}" if strangers else f" (no {kind.mark} of it)"
        raise OutputError(
            f"{path}: will not be replaced, because it holds something else than results of "
            f"'{kind.verb}'{why}; choose another folder with -o"
        )


class OutputFolder:
    """Collects files in a hidden folder, and lets them appear at `path` together.

    Use it as a context manager. `part` is the folder to write into. Leaving normally completes it,
    unless `complete` was called before; leaving by an exception before that removes what was
    written and touches nothing else. The folder is locked for other processes all the time.

    Args:
        path: the folder that shall appear.
        kind: what it holds.
        overwrite: whether an earlier one may be replaced, in the end and at once.

    Attributes:
        path: the folder, as a whole path.
        asked: the same, also after `divert`.
        keep_aside: whether what a killed process left outlives the completion.

    Raises:
        OutputError: `path` may not be replaced, another process is writing to it, or nothing can
            be written there.
    """

    def __init__(self, path: Path, kind: Kind, *, overwrite: bool = False) -> None:
        self.path, self.kind, self.overwrite = path.absolute(), kind, overwrite
        self.asked = self.path
        check_folder(self.path, kind, overwrite=overwrite)
        self._held = ExitStack()
        self._done = self._kept = self.keep_aside = False

    def __enter__(self) -> OutputFolder:
        self._held.enter_context(lock_folder(self.path))
        try:
            _recover(self.path)
            check_folder(self.path, self.kind, overwrite=self.overwrite)
            self.part = self._new_part()
        except OSError as error:
            self._held.close()
            raise error if isinstance(error, OutputError) else self._failure(error) from error
        return self

    def _new_part(self) -> Path:
        inside = self.path.is_dir() and _is_empty(self.path)
        part = self.path / f".{PART}" if inside else _beside(self.path, PART)
        set_aside(self.path, self.kind)
        part.mkdir(parents=True)
        return part

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None and not self._done:
                self.complete()
        finally:
            if not self._kept:
                shutil.rmtree(self.part, ignore_errors=True)
            self._held.close()
        if isinstance(error, OutputError) and str(self.part) in str(error):
            # the user never asked for the hidden folder: name the one that was asked for
            raise OutputError(str(error).replace(str(self.part), str(self.path))) from error

    def complete(self) -> None:
        """Let the folder appear as it is now; the lock stays until the end of the `with`.

        Raises:
            OutputError: something else has appeared there, or cannot be moved away.
        """
        check_folder(self.path, self.kind, overwrite=self.overwrite)  # hours may have passed
        try:
            if self.part.parent == self.path:
                _fill(self.path, self.part, last=self.kind.mark)
            else:
                _swap(self.path, self.part)
        except OSError as error:
            raise self._failure(error) from error
        self._done = True
        if not self.keep_aside:
            for left in _aside(self.asked):
                shutil.rmtree(left, ignore_errors=True)

    def keep(self) -> None:
        """Leave what was written where it is, hidden, as a killed process does."""
        self._kept = True

    @property
    def replaces(self) -> bool:
        """Whether something is at `path` that completing would replace."""
        return self.path.exists() and not _is_empty(self.path)

    def divert(self, name: str) -> None:
        """Let the folder appear under another name beside `path`, which stays as it is.

        Raises:
            OutputError: something is there that may not be replaced.
        """
        path = self.path.with_name(name)
        check_folder(path, self.kind, overwrite=self.overwrite)
        self.path = path

    def _failure(self, error: OSError) -> OutputError:
        return write_failure(self.path, error)


def set_aside(path: Path, kind: Kind) -> Path | None:
    """What a killed process has left of a folder of results, moved out of the way; None if nothing.

    Only what bears the mark of its verb can be gone on with; the rest is removed. Of two such, the
    one that has grown further, by its tables, stays. The caller holds the lock.
    """
    path = path.absolute()
    for part, aside in zip(_parts(path), _aside(path), strict=True):
        if part.is_dir() and kind.wrote(part) and _bytes(part) >= _bytes(aside):
            shutil.rmtree(aside, ignore_errors=True)
            part.rename(aside)
        shutil.rmtree(part, ignore_errors=True)
    return next((aside for aside in _aside(path) if aside.is_dir()), None)


def _parts(path: Path) -> tuple[Path, Path]:
    return _beside(path, PART), path / f".{PART}"


def _aside(path: Path) -> tuple[Path, Path]:
    return _beside(path, KILLED), path / f".{KILLED}"


def _bytes(folder: Path) -> int:
    """Of the tables in it."""
    return sum(file.stat().st_size for file in folder.glob("*.csv"))


@contextmanager
def lock_folder(path: Path) -> Iterator[None]:
    """Keep other processes of mohart from writing a folder of results; it need not exist.

    Raises:
        OutputError: one is at it.
    """
    path = path.absolute()
    beside = os.access(path.parent, os.W_OK) or not path.parent.exists()
    with locked(_beside(path, LOCK) if beside else path / f".{LOCK}", what=path):
        yield


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f".{path.name}.{what}")


def _is_empty(folder: Path) -> bool:
    ours = (f".{PART}", f".{KILLED}", *JUNK)
    return all(_matches(path.name, ours) for path in folder.iterdir())


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _recover(path: Path) -> None:
    """Put the old folder back where a process was killed between the two moves of a swap."""
    old = _beside(path, OLD)
    if old.is_dir() and not path.exists():
        old.rename(path)
    shutil.rmtree(old, ignore_errors=True)


def _fill(path: Path, part: Path, *, last: str) -> None:
    """Move everything into an existing folder; the mark comes last."""
    for entry in sorted(part.iterdir(), key=lambda p: p.name == last.split("/")[0]):
        entry.rename(path / entry.name)


def _swap(path: Path, part: Path) -> None:
    """Replace a folder by another one."""
    old = _beside(path, OLD)
    try:
        if path.exists():
            path.rename(old)
        part.rename(path)
    except OSError:
        if old.exists() and not path.exists():
            old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)
