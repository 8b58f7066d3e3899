"""Measured speeds as one record, and as text."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mohart.cores import usable_cores
from mohart.evaluation.speed.race import Lap, ratio
from mohart.metrics.text_table import format_columns
from mohart.versions import versions

PARTS = ("glimpse", "network", "belief")


def speed_record(
    laps: Sequence[Lap],
    around: Sequence[dict[str, Any]],
    *,
    width: int,
    height: int,
    rounds: int,
    threads: int,
) -> dict[str, Any]:
    """Everything that was measured, ready for JSON.

    `compared` of a row is how many times as long as the first tracker it takes for as many objects.
    """
    first = {lap.objects: lap for lap in laps[::-1]}  # of each number, the first lap
    rows = [{**lap.to_dict(), "compared": ratio(first[lap.objects], lap)} for lap in laps]
    return {
        "size": [width, height],
        "rounds": rounds,
        "clock": "processor time of the process",
        "machine": machine_line(threads),
        "versions": versions(),
        "trackers": rows,
        "around": list(around),
    }


def machine_line(threads: int) -> str:
    """The processor, cores that may be used, threads of each tracker."""
    extras = [name for name in ("avx2", "avx512f", "avx512_vnni", "amx_int8") if name in _flags()]
    each = f"{threads} thread{'s' * (threads != 1)} each"
    said = f"{_processor()}, {usable_cores()} cores usable, {each}"
    return f"{said}; {', '.join(extras)}" if extras else said


def format_speed(record: dict[str, Any]) -> str:
    """Two tables, without a line break at the end."""
    width, height = record["size"]
    cells = [["objects", "tracker", "fastest", "p50", "p95", "compared", *PARTS]]
    for row in record["trackers"]:
        parts = [row["parts"].get(part) for part in PARTS]
        cells.append(
            [
                str(row["objects"]),
                row["tracker"],
                *(f"{row[f'{key}_ms']:,.2f}" for key in ("fastest", "p50", "p95")),
                f"{row['compared']:.2f}x",
                *("" if part is None else f"{part['p50_ms']:.2f}" for part in parts),
            ]
        )
    beside = [["stage", "objects", "p50", "p95"]]
    for row in record["around"]:
        count = "" if row["objects"] is None else str(row["objects"])
        beside.append([row["stage"], count, f"{row['p50_ms']:,.2f}", f"{row['p95_ms']:,.2f}"])
    return "\n".join(
        [
            record["machine"],
            f"milliseconds of processor time per frame of {width}x{height}; parts: p50",
            "",
            format_columns(cells),
            "",
            format_columns(beside),
            "",
            "compared: how many times as long as the first tracker takes, by pairs in turn",
        ]
    )


def _processor() -> str:
    for line in _cpuinfo():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def _flags() -> set[str]:
    lines = (line.partition(":") for line in _cpuinfo())
    return {flag for name, _, value in lines if name.strip() == "flags" for flag in value.split()}


def _cpuinfo() -> list[str]:
    """Of Linux; empty elsewhere."""
    path = Path("/proc/cpuinfo")
    return path.read_text("utf-8").splitlines() if path.is_file() else []
