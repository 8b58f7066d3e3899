"""States of a tracker beside its results, from which a run can go on: a bounded number of files."""

from __future__ import annotations

from pathlib import Path

from mohart.errors import OutputError
from mohart.files import write_failure
from mohart.tracking.corrections import Resumable

FOLDER = "state"
EVERY = 50  # frames, at first
MOST = 40  # files; then every second one goes, and the distance doubles
MOST_BYTES = 256 << 20


class Snapshots:
    """Keeps the state of a tracker now and then.

    Args:
        folder: of the results; files go to `state/` in it.
        start: zero-based number of the first frame of the run.
        every: frames between two at first.
    """

    def __init__(self, folder: Path, start: int, every: int = EVERY) -> None:
        self._folder, self._start, self._every = folder / FOLDER, start, every
        self._kept: list[int] = []
        self._most = MOST

    def take(self, number: int, tracker: Resumable) -> None:
        """Keep the state behind a frame, zero-based, if it is its turn.

        Raises:
            OutputError: it cannot be written.
        """
        if number == self._start or not self._is_turn(number):
            return
        snapshot = tracker.snapshot()
        self._most = min(self._most, max(4, MOST_BYTES // len(snapshot)))
        path = self._path(number)
        try:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(snapshot)
            self._kept.append(number)
            while len(self._kept) > self._most:
                self._every *= 2
                for old in [n for n in self._kept if not self._is_turn(n)]:
                    self._path(old).unlink()
                    self._kept.remove(old)
        except OSError as error:
            raise write_failure(path, error) from error

    def carry_over(self, folder: Path, last: int) -> None:
        """Take those of an earlier run, up to a frame.

        Raises:
            OutputError: one cannot be copied.
        """
        try:
            for number in snapshot_frames(folder):
                if number <= last:
                    self._folder.mkdir(exist_ok=True)
                    data = (folder / FOLDER / _name(number)).read_bytes()
                    self._path(number).write_bytes(data)
                    self._kept.append(number)
        except OSError as error:
            raise write_failure(self._folder, error) from error
        gaps = [b - a for a, b in zip([self._start, *self._kept], self._kept, strict=False)]
        self._every = max([self._every, *gaps])

    def _is_turn(self, number: int) -> bool:
        return (number - self._start) % self._every == 0

    def _path(self, number: int) -> Path:
        return self._folder / _name(number)


def snapshot_frames(folder: Path) -> list[int]:
    """Zero-based frames behind which the state is kept in a folder of results, ascending."""
    names = [path.stem for path in (folder / FOLDER).glob("*.pt")]
    return sorted(int(name) - 1 for name in names if name.isdigit())


def read_snapshot(folder: Path, number: int) -> bytes:
    """The state behind a frame, zero-based.

    Raises:
        OutputError: it cannot be read.
    """
    path = folder / FOLDER / _name(number)
    try:
        return path.read_bytes()
    except OSError as error:
        raise OutputError(f"{path}: cannot be read ({error.strerror})") from error


def _name(number: int) -> str:
    return f"{number + 1:06d}.pt"
