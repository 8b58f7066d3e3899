"""States of a tracker beside its results, from which a run can go on: a bounded number of files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mohart.errors import OutputError
from mohart.files import write_bytes, write_failure
from mohart.tracking.corrections import Resumable
from mohart.tracking.protocol import Tracker

if TYPE_CHECKING:
    from mohart.session.follow import Earlier

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
        self._earlier: dict[int, Path] = {}
        self._most = MOST

    def is_turn(self, number: int) -> bool:
        """Whether the state behind a frame, zero-based, is kept."""
        return number != self._start and self._is_turn(number)

    def take(self, number: int, tracker: Resumable) -> None:
        """Keep the state behind a frame, zero-based, if it is its turn.

        Raises:
            OutputError: it cannot be written.
        """
        if self.is_turn(number):
            snapshot = tracker.snapshot()
            self._most = min(self._most, max(4, MOST_BYTES // len(snapshot)))
            self._keep(number, snapshot)

    def carry_over(self, folder: Path, last: int) -> None:
        """Take those of an earlier run, up to a frame, each when its frame is passed.

        A state never lies beside a table that does not reach as far.
        """
        numbers = [number for number in snapshot_frames(folder) if number <= last]
        self._earlier = dict.fromkeys(numbers, folder)
        gaps = [b - a for a, b in zip([self._start, *numbers], numbers, strict=False)]
        self._every = max([self._every, *gaps])

    def take_up(self, last: int) -> None:
        """Go on in the folder of a run that has come to a frame; states behind it are removed."""
        for number in snapshot_frames(self._folder):
            if number <= last:
                self._kept.append(number)
            else:
                self._path(number).unlink(missing_ok=True)
        gaps = [b - a for a, b in zip([self._start, *self._kept], self._kept, strict=False)]
        self._every = max([self._every, *gaps])

    def is_carried(self, number: int) -> bool:
        """Whether the earlier run has the state behind a frame."""
        return number in self._earlier

    def carry(self, number: int) -> None:
        """Take that state over.

        Raises:
            OutputError: it cannot be copied.
        """
        self._keep(number, read_snapshot(self._earlier[number], number))

    def _keep(self, number: int, snapshot: bytes) -> None:
        path = self._path(number)
        write_bytes(path, snapshot)
        self._kept.append(number)
        try:
            while len(self._kept) > self._most:
                self._every *= 2
                for old in [n for n in self._kept if not self._is_turn(n)]:
                    self._path(old).unlink()
                    self._kept.remove(old)
        except OSError as error:
            raise write_failure(path, error) from error

    def _is_turn(self, number: int) -> bool:
        return (number - self._start) % self._every == 0

    def _path(self, number: int) -> Path:
        return self._folder / _name(number)


class StateKeeper:
    """Keeps the states of one tracker in one run, those of an earlier run among them.

    Args:
        folder: of the results.
        start: zero-based number of the first frame.
        tracker: any; states are kept where it has some.
        earlier: the first part of the run, if it was made before.

    Attributes:
        notes: what the user should know.
    """

    def __init__(self, folder: Path, start: int, tracker: Tracker, earlier: Earlier | None) -> None:
        self.notes: list[str] = []
        self._tracker = tracker if isinstance(tracker, Resumable) else None
        self._folder = folder
        self._states = Snapshots(folder, start)
        self._behind = -1 if earlier is None else earlier.last
        if earlier and earlier.folder:
            self._states.carry_over(earlier.folder, earlier.last)

    def take_up(self, last: int) -> None:
        """Go on in a folder whose run has come to a frame, zero-based."""
        self._states.take_up(last)

    def is_turn(self, number: int) -> bool:
        """Whether there is something to keep behind a frame, zero-based."""
        if self._tracker is None:
            return False
        if number <= self._behind:
            return self._states.is_carried(number)
        return self._states.is_turn(number)

    def keep(self, number: int) -> None:
        """Keep it; where there is no place for it, none is kept any more."""
        assert self._tracker is not None  # noqa: S101  # else it is nobody's turn
        try:
            if number <= self._behind:
                self._states.carry(number)
            else:
                self._states.take(number, self._tracker)
        except OutputError as error:
            self._tracker = None
            why = str(error).replace(f"{self._folder}/", "")
            self.notes.append(f"no states to go on from are kept from frame {number + 1}: {why}")


def snapshot_frames(folder: Path) -> list[int]:
    """Zero-based frames behind which the state is kept in a folder of results, ascending."""
    names = [path.stem for path in (folder / FOLDER).glob("*.npz")]
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
    return f"{number + 1:06d}.npz"
