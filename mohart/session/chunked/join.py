"""Chunks become the folder of results that one run would have left."""

from __future__ import annotations

import csv
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mohart.draw import Overlay
from mohart.errors import OutputError
from mohart.files import write_failure, write_text
from mohart.folders import OutputFolder
from mohart.formats.keyframes import write_keyframes
from mohart.keyframes import Keyframes
from mohart.regions import Regions
from mohart.session.audible import Pace
from mohart.session.chunked.store import Chunk, ChunkStore, Tables
from mohart.session.events import HEADER as EVENT_HEADER
from mohart.session.events import EventCounter
from mohart.session.interruption import Interrupts
from mohart.session.report import Report
from mohart.session.run import goes_further
from mohart.session.sink import TRACKED, ResultSink
from mohart.session.snapshots import FOLDER
from mohart.session.table import no_objects, read_table
from mohart.session.tally import Tally
from mohart.session.timing import Stages
from mohart.structures import TrackedObjects
from mohart.video import FrameSource


@dataclass(frozen=True, kw_only=True)
class Joint:
    """What is joined.

    Attributes:
        output: the folder to make.
        store: of the chunks.
        chunks: all of them; the last one is ended or broken.
        keyframes: that were in use.
        facts: of the source and the run, for the report.
        rows: what tables there are, as `ResultSink` takes it.
        details: put into run.json.
        stages: of this sitting.
        overlay: what is written on the pictures of video.mp4.
        overwrite: whether an earlier result may be replaced.
        regions: whose events are counted; None wants none.
    """

    output: Path
    store: ChunkStore
    chunks: list[Chunk]
    keyframes: Keyframes
    facts: Mapping[str, Any]
    rows: Tables
    details: Mapping[str, Any]
    stages: Stages
    overlay: Overlay
    overwrite: bool
    regions: Regions | None = None

    @property
    def folders(self) -> list[Path]:
        """Of all chunks, in order."""
        whole = [self.store.path(n + 1) for n in range(len(self.chunks))]
        return [p for p in (*whole, self.store.broken) if p.is_dir()]


def join_chunks(
    joint: Joint,
    *,
    reopen: Callable[[], FrameSource] | None,
    shown: Callable[[int], None],
    interrupts: Interrupts,
) -> Report:
    """Write the folder, and remove the chunks where the run is complete.

    Args:
        joint: what is joined.
        reopen: opens the source for video.mp4; None without one.
        shown: told about frames done, those that were tracked among them.
        interrupts: nothing interrupts the last moment, in which the folder appears.

    Raises:
        OutputError: the folder exists, or cannot be written; the chunks stay.
        KeyboardInterrupt: Ctrl-C; the chunks stay.
    """
    end, began = joint.chunks[-1], time.perf_counter()
    with OutputFolder(joint.output, TRACKED, overwrite=joint.overwrite) as folder:
        names = ("tracks.txt", "tracks.csv", *(["fates.csv"] if joint.rows["fates"] else []))
        try:
            counts = {name: _concatenate(joint.folders, name, folder.part) for name in names}
            states = joint.store.folder / FOLDER
            if states.is_dir():
                shutil.copytree(states, folder.part / FOLDER)
            counter = _count_events(joint, folder.part) if joint.regions else None
        except OSError as error:
            raise write_failure(folder.path, error) from error
        write_keyframes(folder.part / "keyframes.csv", joint.keyframes)
        failure, told, tally = end.failure, list[str](), _count(joint)
        if reopen is not None:
            undrawn, told = _draw(joint, reopen, folder.part, shown)
            failure = undrawn or failure
        interrupts.close()
        if end.interrupted and folder.replaces and not goes_further(joint.output, end.last):
            folder.divert(f"{joint.output.name}-interrupted")  # a complete result is worth more
        report = Report(
            output=folder.path,
            **joint.facts,
            last_frame=end.last + 1,
            objects=len(tally),
            rows=counts["tracks.txt"],
            states=end.states,
            interrupted=end.interrupted,
            failure=failure.replace(str(folder.part), str(folder.path)),
            damaged=end.damaged,
            frames_per_second=round(end.frames / (end.seconds + time.perf_counter() - began), 2),
            timings=joint.stages.to_dict(),
            warnings=(*end.warnings, *tally.shared(), *told),
            per_object=tally.rows(),
            detections=end.detections,
            events=counter.to_dict() if counter else None,
            details=joint.details,
        )
        write_text(folder.part / "run.json", json.dumps(report.to_dict(), indent=2) + "\n")
        folder.complete()
    if not end.interrupted:
        joint.store.remove()
    return report


def _concatenate(folders: list[Path], name: str, target: Path) -> int:
    """A table of all chunks; its number of lines. The header of a CSV comes once."""
    count = 0
    with (target / name).open("wb") as out:
        for n, folder in enumerate(folders):
            with (folder / name).open("rb") as lines:
                if n and name.endswith(".csv"):
                    next(lines, None)
                for line in lines:
                    out.write(line)
                    count += 1
    return count


def _count(joint: Joint) -> Tally:
    """What became of every object, as one run counts it."""
    tally = Tally(joint.facts["every"])
    for number, tracks in _tracks(joint, joint.facts["first_frame"] - 1):
        tally.add(number, tracks)
    return tally


def _count_events(joint: Joint, target: Path) -> EventCounter:
    """events.csv, as one run counts: tables hold boxes as they are."""
    assert joint.regions is not None  # noqa: S101  # else nobody asks
    counter = EventCounter(joint.regions)
    with (target / "events.csv").open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file, lineterminator="\n")
        write.writerow(EVENT_HEADER)
        for number, tracks in _tracks(joint, joint.facts["first_frame"] - 1):
            write.writerows(counter.add(number, tracks))
    return counter


def _last(folder: Path) -> int:
    """The last frame of a chunk, zero-based."""
    return int(json.loads((folder / "chunk.json").read_text("utf-8"))["last"])


def _draw(
    joint: Joint, reopen: Callable[[], FrameSource], target: Path, shown: Callable[[int], None]
) -> tuple[str, list[str]]:
    """video.mp4, as one run draws it frame by frame.

    Returns:
        Why there is none, if so; and what the user should know of it.
    """
    facts, done = joint.facts, joint.chunks[-1].frames
    every, number = facts["every"], facts["first_frame"] - 1
    size = facts["width"], facts["height"], facts["frame_rate"] / every
    away = target / "drawn"
    away.mkdir()
    told: list[str] = []
    with (
        reopen() as source,
        ResultSink(away, joint.stages, pictured=size, overlay=joint.overlay) as sink,
    ):
        source.skip(number)
        frame, pace = source.read(), Pace(source, every)
        for place, tracks in pace.watch(_tracks(joint, number)):
            if frame is None:
                break
            sink.add(place, frame, tracks)
            shown(done + sink.frames)
            source.skip(every - 1)
            frame = source.read()
        sink.close()
        failure = sink.failure
        told = pace.keep_sound(away / "video.mp4", sink.frames)
    with suppress(FileNotFoundError):
        (away / "video.mp4").rename(target / "video.mp4")
    shutil.rmtree(away)
    if failure and (target / "video.mp4").is_file():
        raise OutputError(failure)
    return failure, told


def _tracks(joint: Joint, number: int) -> Iterator[tuple[int, TrackedObjects]]:
    """Frame after frame from `number` on, what was said."""
    every = joint.facts["every"]
    for folder in joint.folders:
        table, last = read_table(folder / "tracks.csv"), _last(folder)
        while number <= last:
            yield number, table.get(number) or no_objects()
            number += every
