"""Chunks on disk, in a hidden folder beside the result until that is complete.

* `.NAME.mohart-chunks/plan.json`: what is tracked, and how; chunks of another plan are removed
* `.NAME.mohart-chunks/000001/`: `tracks.txt`, `tracks.csv`, `fates.csv` of the frames of chunk 1;
  `border.npz`, the state of the tracker behind its last frame; `chunk.json`, see `Chunk`
* `.NAME.mohart-chunks/state/`: states that corrections go on from, as beside a result

The folder of a chunk is complete or not there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypedDict

from mohart.errors import FormatError, OutputError
from mohart.files import write_bytes, write_failure, write_text
from mohart.formats.text import read_text
from mohart.locks import locked

AWAY = "mohart-chunks"
PLAN, CHUNK, BORDER = "plan.json", "chunk.json", "border.npz"
BROKEN = "broken"  # the chunk in which a run broke off
LOCK_SECONDS = 60.0  # a worker that lost its master needs a moment to save


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """What is known behind the last frame of a chunk, of the whole run up to there.

    Attributes:
        last: zero-based number of its last frame.
        frames: of the run so far.
        ended: whether nothing comes behind it.
        interrupted: whether the run broke off in it.
        failure: why, where something failed; empty otherwise.
        damaged: whether the source has lost frames.
        states: how many objects are in which state.
        unfollowed: frame and id of ends of objects that were not followed there.
        counted: of detections, see `DetectionFeed.snapshot`; None without a detector.
        detections: the same for run.json.
        notes: of the source.
        warnings: what the user should know, were this the end.
        seconds: of the run so far.
    """

    last: int
    frames: int
    ended: bool
    interrupted: bool
    failure: str
    damaged: bool
    states: Mapping[str, int]
    unfollowed: list[tuple[int, int]]
    counted: Mapping[str, Any] | None
    detections: Mapping[str, Any] | None
    notes: list[str]
    warnings: list[str]
    seconds: float


class Tables(TypedDict):
    """What tables there are, as `ResultSink` takes it.

    Attributes:
        include_lost: rows of lost objects in tracks.txt.
        with_classes: classes in its column 8.
        fates: there is a fates.csv.
    """

    include_lost: bool
    with_classes: bool
    fates: bool


class ChunkStore:
    """The chunks of one run.

    Args:
        output: where the result shall appear.
    """

    def __init__(self, output: Path) -> None:
        output = output.absolute()
        self.folder = output.with_name(f".{output.name}.{AWAY}")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes out; the lock ends with the process, however it ends.

        Raises:
            OutputError: another process holds it for a minute.
        """
        with locked(self.folder / ".lock", LOCK_SECONDS, what=self.folder):
            yield

    def begin(self, plan: Mapping[str, Any]) -> list[Chunk]:
        """The chunks that are complete; those of another plan are removed.

        Raises:
            OutputError: the folder cannot be written.
        """
        text = json.dumps(plan, indent=1, sort_keys=True) + "\n"
        try:
            same = read_text(self.folder / PLAN) == text
        except (OSError, FormatError):
            same = False
        self._clear(all_of_it=not same)
        if not same:
            write_text(self.folder / PLAN, text)
        found: list[Chunk] = []
        while (chunk := self._read(len(found) + 1)) is not None:
            found.append(chunk)
        for path in self.folder.glob("[0-9]*"):
            if int(path.name) > len(found):
                shutil.rmtree(path)
        return found

    def path(self, number: int) -> Path:
        """Of a chunk, counted from 1."""
        return self.folder / f"{number:06d}"

    @property
    def broken(self) -> Path:
        """Of the chunk in which the run broke off."""
        return self.folder / BROKEN

    def new_part(self) -> Path:
        """An empty folder for the next chunk.

        Raises:
            OutputError: it cannot be made.
        """
        part = self.folder / ".part"
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
        except OSError as error:
            raise write_failure(part, error) from error
        return part

    def commit(self, part: Path, number: int, chunk: Chunk, border: bytes | None) -> None:
        """Let a chunk appear, completely.

        Args:
            part: its folder so far.
            number: counted from 1.
            chunk: what is known behind it.
            border: the tracker's state; None where nothing goes on from here.

        Raises:
            OutputError: it cannot be written.
        """
        if border is not None:
            write_bytes(part / BORDER, border)
        write_text(part / CHUNK, json.dumps(asdict(chunk)) + "\n")
        try:
            part.rename(self.broken if chunk.interrupted else self.path(number))
        except OSError as error:
            raise write_failure(self.folder, error) from error

    def amend(self, number: int, chunk: Chunk) -> None:
        """Say something else about a chunk."""
        write_text(self.path(number) / CHUNK, json.dumps(asdict(chunk)) + "\n")

    def border(self, number: int) -> bytes:
        """The tracker's state behind a chunk.

        Raises:
            OutputError: it cannot be read.
        """
        path = self.path(number) / BORDER
        try:
            return path.read_bytes()
        except OSError as error:
            raise OutputError(f"{path}: cannot be read ({error.strerror})") from error

    def remove(self) -> None:
        """The result is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self, number: int) -> Chunk | None:
        try:
            content = json.loads(read_text(self.path(number) / CHUNK))
            content["unfollowed"] = [(int(a), int(b)) for a, b in content["unfollowed"]]
            return Chunk(**content)
        except (OSError, ValueError, TypeError, KeyError):
            return None  # not there, or damaged: tracked again

    def _clear(self, *, all_of_it: bool) -> None:
        shutil.rmtree(self.broken, ignore_errors=True)
        if all_of_it and self.folder.is_dir():
            for path in [p for p in self.folder.iterdir() if p.is_dir()]:
                shutil.rmtree(path, ignore_errors=True)
