"""The scoreboard as text: a table per set, then the summary."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mohart.evaluation.scoreboard.board import Board, is_settled, times_ahead
from mohart.evaluation.scoreboard.overview import format_overview
from mohart.metrics.compare import FEW_SEQUENCES
from mohart.metrics.text_table import format_columns

FEW_WINDOWS = 10


def format_scoreboard(board: Board) -> str:
    """All tables, without a line break at the end."""
    overview = board.get("overview")
    parts = [format_overview(overview)] if overview else []
    if overview:
        board = _without(board, overview["videos"])
    parts += [_set_table(entry) for entry in board["sets"]]
    parts += [_summary(board)] if board["summary"] else []
    parts += [_endurance(board)] if board["endurance"] else []
    parts += [_calibration(board)] if board["calibration"] else []
    parts += [_notes(board)]
    return "\n\n".join(parts)


def _without(board: Board, names: Collection[str]) -> Board:
    """The board without the sets that the overview tells."""
    return {
        **board,
        "sets": [entry for entry in board["sets"] if entry["name"] not in names],
        **{
            part: [row for row in board[part] if row["set"] not in names]
            for part in ("summary", "endurance")
        },
    }


def _set_table(entry: Mapping[str, Any]) -> str:
    cells = [["tracker", "IoU", "95 % CI", "succ@.5", "succ@.75", "survival", "fps", "cpu fps"]]
    rows = entry["trackers"]
    several = len({row["run"] for row in rows.values()}) > 1
    for name, row in rows.items():
        mark = f" {row['run']}" if several else ""
        cells.append(
            [
                name,
                _three(row["iou"]["value"]),
                _interval(row["iou"]) if entry["windows"] > 1 else "-",
                *(_three(row[key]["value"]) for key in ("success_50", "success_75", "survival")),
                *(f"{row[key]:,.0f}{mark}" for key in ("fps", "fps_cpu")),
            ]
        )
    title = (
        f"{entry['name']} ({entry['about']}): {entry['windows']} windows, "
        f"{entry['objects']} objects, {entry['pairs']:,} boxes"
    )
    return f"{title}\n{format_columns(cells)}"


def _interval(score: Mapping[str, Any]) -> str:
    return f"{_three(score['low'])}-{_three(score['high'])}"


def _summary(board: Board) -> str:
    cells = [["set", "windows", board["subject"], "best rival", "IoU", "difference", "95 %", ""]]
    for row in board["summary"]:
        interval = "-"
        if row["low"] is not None:
            interval = f"{row['low']:+.3f} to {row['high']:+.3f}"
        cells.append(
            [
                row["set"],
                str(row["windows"]),
                _three(row["subject_iou"]),
                row["rival"],
                _three(row["rival_iou"]),
                f"{row['difference']:+.3f}",
                interval,
                "*" if is_settled(row) else "",
            ]
        )
    ahead, surely = times_ahead(board["summary"])
    sets = len(board["summary"])
    return (
        f"{board['subject']} against the best rival of each set (mean IoU, paired over windows; "
        f"* does not contain 0,\nin at least {FEW_SEQUENCES} windows)\n{format_columns(cells)}\n"
        f"ahead in {ahead} of {sets} sets, in {surely} of them with a *"
    )


def _endurance(board: Board) -> str:
    tables = []
    for name in dict.fromkeys(row["set"] for row in board["endurance"]):
        rows = [row for row in board["endurance"] if row["set"] == name]
        early, late = (
            f"IoU {row[0]}-{row[1]}" for row in (rows[0]["early_frames"], rows[0]["late_frames"])
        )
        cells = [[name, early, late, "kept", "95 % CI"]]
        for row in rows:
            interval = f"{_three(row['low'])}-{_three(row['high'])}"
            values = [_three(row[key]) for key in ("early", "late", "ratio")]
            cells.append([row["tracker"], *values, interval])
        tables.append(format_columns(cells))
    return "IoU early and late in long windows (means over these frames), and their ratio\n" + (
        "\n\n".join(tables)
    )


def _calibration(board: Board) -> str:
    found = board["calibration"]
    bins = [["confidence", "answers", "mean", "held"]]
    for row in found["reliability"]:
        span = f"{row['low']:.1f}-{row['high']:.1f}"
        bins.append([span, f"{row['answers']:,}", _three(row["confidence"]), _three(row["held"])])
    meanings = {
        "held": "seen, box on it",
        "astray": "seen, box elsewhere",
        "hidden": "hidden or outside",
    }
    states = [["the object is", "answers", "active", "predicted", "lost"]]
    for name, row in found["states"].items():
        shares = [_three(row[word]) for word in ("active", "predicted", "lost")]
        states.append([f"{name} ({meanings[name]})", f"{row['answers']:,}", *shares])
    return (
        f"calibration of {board['subject']} over the generated sets: expected calibration error "
        f"{_three(found['error'])} (10 bins)\nevent: {found['event']}\n{format_columns(bins)}\n\n"
        f"what its states are worth (shares of the answers)\n{format_columns(states)}"
    )


def _notes(board: Board) -> str:
    notes = [
        "95 % CI: bootstrap over windows, the same draws for all trackers",
        "fps: frames per second of the tracker alone; cpu fps: per second of all threads' CPU time",
    ]
    few = [entry["name"] for entry in board["sets"] if entry["windows"] < FEW_WINDOWS]
    if few:
        notes.append(f"fewer than {FEW_WINDOWS} windows, intervals too narrow: {', '.join(few)}")
    if len(board["runs"]) > 1:
        runs = [f"{n} = {run['time']} on {run['host']}" for n, run in board["runs"].items()]
        notes.append(
            f"speeds come from different runs ({'; '.join(runs)}); compare fps only where the "
            f"letter is the same"
        )
    return "\n".join(notes)


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
