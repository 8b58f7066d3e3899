"""Going on from a run that was made before: its frames up to the first one that changes.

A run is determined by source, tracker, start and keyframes. What comes before the first keyframe
that differs is the same, so it is taken from the earlier run's table, and the tracker goes on from
the last of its states that was kept before that.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mohart.errors import ConfigError, FormatError, MissingDataError, MohartError
from mohart.folders import lock_folder, set_aside
from mohart.formats.keyframes import read_keyframes
from mohart.formats.text import read_text
from mohart.keyframes import Keyframes
from mohart.session.report import UNFINISHED
from mohart.session.sink import TRACKED
from mohart.session.snapshots import read_snapshot, snapshot_frames
from mohart.session.table import no_objects, read_table
from mohart.structures import TrackedObjects
from mohart.versions import __version__

LARGEST = 2**53  # frame
TABLE, KEYFRAMES, REPORT = "tracks.csv", "keyframes.csv", "run.json"


@dataclass(frozen=True)
class PastRun:
    """What a folder of results says of its run.

    Attributes:
        folder: of the results.
        report: content of run.json.
        keyframes: that were in use.
    """

    folder: Path
    report: dict[str, Any]
    keyframes: Keyframes

    @property
    def start(self) -> int:
        """Zero-based number of its first frame."""
        return int(self.report["first_frame"]) - 1

    @property
    def last(self) -> int:
        """Zero-based number of its last frame; of a killed run that of its last state."""
        said = int(self.report["last_frame"]) - 1
        return max([said, *snapshot_frames(self.folder)]) if self.killed else said

    @property
    def killed(self) -> bool:
        """Whether its process ended without completing anything."""
        return bool(self.report.get(UNFINISHED))

    @property
    def options(self) -> dict[str, Any]:
        """Of the command line, by name."""
        options: dict[str, Any] = self.report["options"]
        return options


@dataclass
class EarlierRun:
    """The first frames of a past run, and the tracker's state behind them.

    Attributes:
        folder: of its results.
        last: zero-based number of the last frame that is taken over.
        snapshot: the state behind that frame.
    """

    folder: Path | None
    last: int
    snapshot: bytes
    _table: dict[int, TrackedObjects] = field(repr=False, default_factory=dict)

    def at(self, frame: int) -> TrackedObjects:
        """What was said about a frame, zero-based."""
        return self._table.get(frame) or no_objects()


def read_run(folder: Path) -> PastRun:
    """A folder that `mohart track` wrote.

    Raises:
        MissingDataError: there is no such folder, or it lacks what going on needs.
        FormatError: a file of it is damaged.
    """
    for name in (REPORT, TABLE):
        if not (folder / name).is_file():
            raise MissingDataError(
                f"{folder}: no {name}, so there is no run of 'mohart track' to go on from; was it "
                "made by an older version? Track again"
            )
    try:
        report = json.loads(read_text(folder / REPORT))
    except (ValueError, RecursionError) as error:  # FormatError is one, and says more
        if isinstance(error, MohartError):
            raise
        raise FormatError(f"{folder / REPORT}: cannot be read as JSON ({error})") from error
    if not _is_report(report):
        raise MissingDataError(f"{folder / REPORT}: not the report of a run of 'mohart track'")
    empty = not _has_rows(folder / KEYFRAMES)
    keyframes = Keyframes.empty() if empty else read_keyframes(folder / KEYFRAMES, frame="all")[0]
    return PastRun(folder, report, keyframes)


def read_report(folder: Path) -> dict[str, Any] | None:
    """Content of the run.json of a run that is complete or was interrupted; None without one."""
    try:
        report = json.loads(read_text(folder / REPORT))
    except (MohartError, OSError, ValueError):
        return None
    return report if isinstance(report, dict) and "interrupted" in report else None


def find_run(folder: Path, *, corrected: bool) -> PastRun:
    """The run to go on with: that in a folder, or one that was killed while it wrote there.

    A killed run is gone on with, unless the folder holds a complete one that shall be corrected.

    Args:
        folder: of the results; there need be none yet.
        corrected: whether keyframes are given.

    Raises:
        MissingDataError, FormatError: as for `read_run`.
        OutputError: a process is at it.
    """
    with lock_folder(folder):
        aside = set_aside(folder, TRACKED)
    killed = None
    if aside is not None:
        with suppress(MohartError):  # damaged: as if it were not there
            killed = read_run(aside)
    if killed is None:
        return read_run(folder)
    try:
        whole = read_run(folder)
    except MohartError:
        return killed
    if corrected and not whole.report["interrupted"]:
        return whole
    further = whole.report["interrupted"] and whole.last >= killed.last
    return whole if further else killed


def check_same(past: PastRun, *, size: tuple[int, int], model: Any) -> None:
    """Make sure that a past run can be gone on with.

    Args:
        past: the run.
        size: width and height of the source's frames now.
        model: what the tracker says about its model now (`details`), ready for JSON.

    Raises:
        ConfigError: another size, or another model.
    """
    old = past.report["width"], past.report["height"]
    if tuple(old) != size:
        raise ConfigError(
            f"{past.folder}: its frames were {old[0]}x{old[1]}, now the source has "
            f"{size[0]}x{size[1]}; is it another video? Track it anew"
        )
    before, now = past.report.get("model"), json.loads(json.dumps(model))
    same = computed_anywhere(before) == computed_anywhere(now)
    if not same or past.report.get("versions", {}).get("mohart") != __version__:
        raise ConfigError(
            f"{past.folder}: was made with another model or version of mohart; track anew, into "
            "another folder or with --overwrite"
        )


def computed_anywhere(model: Any) -> Any:
    """What a tracker says about its model, but for the engine: all of them keep the same state.

    Nor does it matter how the weights were trained, which run.json leaves out, nor what they are
    called: their hash says which they are.
    """
    if not isinstance(model, dict):
        return model
    named = {"engine", "weights"} if "sha256" in model else {"engine"}
    same = {name: value for name, value in model.items() if name not in named}
    if isinstance(same.get("config"), dict):
        same["config"] = same["config"].get("model")
    return same


def take_over(past: PastRun, changed: int | None) -> EarlierRun | None:
    """The frames of a past run that stay; None where no state is kept that early.

    Args:
        past: the run.
        changed: zero-based first frame that is to be tracked anew; None: nothing changes, and it
            is gone on with from its end.

    Raises:
        FormatError: the table is damaged.
        OutputError: a state cannot be read.
    """
    limit = past.last if changed is None else changed - 1
    kept = [number for number in snapshot_frames(past.folder) if number <= limit]
    if not kept:
        return None
    last = kept[-1]
    table = read_table(past.folder / TABLE, last=last)
    return EarlierRun(past.folder, last, read_snapshot(past.folder, last), table)


def _is_report(content: Any) -> bool:
    """Whether what going on needs is there, and of its kind."""
    if not isinstance(content, dict) or not isinstance(content.get("options"), dict):
        return False
    frames = [content.get(name) for name in ("first_frame", "last_frame", "width", "height")]
    whole = all(isinstance(n, int) and 0 < n < LARGEST for n in frames)
    return whole and isinstance(content.get("interrupted"), bool)


def _has_rows(path: Path) -> bool:
    return path.is_file() and len(read_text(path).splitlines()) > 1
