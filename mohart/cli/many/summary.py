"""What came out of many videos: a table on the terminal and in summary.csv, and the exit code."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from mohart.cli.terminal.say import counted
from mohart.files import write_text

TABLE = "summary.csv"
COMPLETE, DAMAGED, FAILED = "complete", "damaged", "failed"
INTERRUPTED, MISSING = "interrupted", "missing"
LONGEST = 40  # rows on the terminal; then only those that are not complete


@dataclass(frozen=True)
class Row:
    """One video.

    Attributes:
        name: of the video and its folder.
        state: `complete`, `damaged` (tracked, but the source is damaged in part), `failed`,
            `interrupted` or `missing` (not begun).
        frames: that were tracked.
        objects: that were followed.
        seconds: that it took, 0 where it was complete before.
        attempts: how often it was begun in this sitting.
        where: the machine.
        message: warnings of attempts that were lost, and why it failed.
    """

    name: str
    state: str
    frames: int = 0
    objects: int = 0
    seconds: float = 0.0
    attempts: int = 0
    where: str = ""
    message: str = ""


def row_of(
    name: str, code: int | None, report: Mapping[str, Any], message: str = "", **more: Any
) -> Row:
    """A row.

    Args:
        name: of the video.
        code: exit code of its run; None where there was no answer.
        report: content of its run.json; may be empty.
        message: what it said.
        **more: further columns.
    """
    states = {0: COMPLETE, 3: DAMAGED, 130: INTERRUPTED}
    state = FAILED if code is None else states.get(code, FAILED)
    frames, objects = int(report.get("frames", 0)), int(report.get("objects", 0))
    return Row(name, state, frames, objects, message=message, **more)


def exit_code(rows: Sequence[Row], *, stopped: bool) -> int:
    """0 all complete, 3 some not, 4 all failed, 130 stopped by a signal."""
    states = {row.state for row in rows}
    if stopped:
        return 130
    if states == {FAILED}:
        return 4
    return 0 if states <= {COMPLETE} else 3


def write_summary(folder: Path, rows: Sequence[Row]) -> None:
    """Write summary.csv."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(Row)])
    writer.writerows(list(asdict(row).values()) for row in rows)
    write_text(folder / TABLE, text.getvalue())


def as_json(rows: Sequence[Row]) -> str:
    """All rows."""
    return json.dumps([asdict(row) for row in rows], indent=2)


def as_text(rows: Sequence[Row], seconds: float) -> str:
    """A table of all rows, or of those that are not complete where they are many, and the sum."""
    shown = rows if len(rows) <= LONGEST else [row for row in rows if row.state != COMPLETE]
    lines = [("video", "state", "frames", "objects", "frames/s", "attempts", "where", "")]
    for row in shown:
        rate = f"{row.frames / row.seconds:.1f}" if row.seconds else ""
        numbers = (str(row.frames), str(row.objects), rate, str(row.attempts or ""))
        lines.append((row.name, row.state, *numbers, row.where, row.message))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = [
        "  ".join(
            cell.rjust(width) if 2 <= n <= 5 else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    if not shown:
        text = []
    states = [row.state for row in rows]
    counts = ", ".join(f"{states.count(s)} {s}" for s in dict.fromkeys(states))
    frames = sum(row.frames for row in rows if row.seconds)
    rate = f", {frames / seconds:.1f} frames/s" if frames and seconds > 0 else ""
    text.append(f"{counted(len(rows), 'video')}: {counts}{rate}")
    return "\n".join(text)
