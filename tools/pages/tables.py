"""Kept results as Markdown: the tables of the scoreboard page and of the README."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pages.kept import Board

SUBJECT = "mohart"
NAMES = {
    "csrt": "CSRT",
    "vit": "ViT",
    "mil": "MIL",
    "medianflow": "MedianFlow",
    "mosse": "MOSSE",
    "kcf": "KCF",
    "trackers:botsort": "trackers: BoT-SORT",
    "trackers:mcbyte": "trackers: McByte",
    "trackers:cbiou": "trackers: C-BIoU",
    "trackers:ocsort": "trackers: OC-SORT",
    "trackers:sort": "trackers: SORT",
    "trackers:bytetrack": "trackers: ByteTrack",
    "v2:nano": "NanoTrack v2",
    "v3:nano": "NanoTrack v3",
}


VIEWS = ("coasted", "filled")  # what is made of a tracker's answers; in front of a score's name


class Column(NamedTuple):
    """A column of a table of one set.

    Attributes:
        head: what stands above it.
        score: which score it shows.
        digits: behind the point.
    """

    head: str
    score: str
    digits: int


COLUMNS = (
    Column("IoU", "iou", 3),
    Column("95 %", "iou_low", 3),  # shown with iou_high
    Column("success at 0.5", "success_50", 3),
    Column("at 0.75", "success_75", 3),
    Column("survival", "survival", 3),
    Column("IoU early", "iou_early", 3),
    Column("IoU late", "iou_late", 3),
    Column("late / early", "iou_kept", 2),
    Column("HOTA", "HOTA", 1),
    Column("IDF1", "IDF1", 1),
    Column("switches", "IDSW", 0),
    Column("coasted: HOTA", "coasted_HOTA", 1),
    Column("filled (offline): HOTA", "filled_HOTA", 1),
)


def display(tracker: str) -> str:
    """A tracker's name as it is printed."""
    return NAMES.get(tracker, tracker)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def number(value: float | None, digits: int, *, bold: bool = False) -> str:
    """`0.717`, `**0.717**`, or `-` where nothing was measured."""
    if value is None:
        return "-"
    text = f"{value:,.{digits}f}"
    return f"**{text}**" if bold else text


def signed(low: float | None, middle: float | None, high: float | None, digits: int) -> str:
    """`+0.113 (+0.073 to +0.165)`, without what is not known."""
    if middle is None:
        return "-"
    text = f"{middle:+.{digits}f}"
    if low is None or high is None:
        return text
    return f"{text} ({low:+.{digits}f} to {high:+.{digits}f})"


def set_tables(board: Board) -> str:
    """Every set with all its trackers, the best first; columns that nobody has are left out."""
    parts = []
    for name, about in board.sets.items():
        found = board.on(name)
        if not found:
            continue
        shown = [c for c in COLUMNS if any(c.score in row.scores for row in found)]
        rows = []
        for result in found:
            own = result.tracker == SUBJECT
            cells = [f"**{SUBJECT}**" if own else display(result.tracker)]
            for column in shown:
                value = result.scores.get(column.score)
                if column.score == "iou_low":
                    high = result.scores.get("iou_high")
                    cells.append("-" if value is None else f"{value:.3f}-{high:.3f}")
                else:
                    bold = own and column.score == board.order
                    cells.append(number(value, column.digits, bold=bold))
            rows.append([*cells, result.measured])
        head = ["tracker", *(column.head for column in shown), "run"]
        parts.append(f"{about['title']}: {about['about']}\n\n{markdown(head, rows)}")
    return "\n\n".join(parts)


def summary(board: Board) -> str:
    """One row per set: the subject, its best rival by the board's order, the paired difference."""
    digits = next(column.digits for column in COLUMNS if column.score == board.order)
    rows = []
    for name, about in board.sets.items():
        rival = board.best_rival(name, SUBJECT, board.order)
        own = board.score(name, SUBJECT, board.order)
        if rival is None or own is None:
            continue
        other = rival.scores[board.order]
        wanted = (name, rival.tracker, board.order)
        known = [d for d in board.differences if (d["set"], d["rival"], d["score"]) == wanted]
        found = known[0] if known else {"difference": own - other, "low": None, "high": None}
        words = signed(found["low"], found["difference"], found["high"], digits)
        rows.append(
            [
                about["title"],
                number(own, digits, bold=True),
                f"{display(rival.tracker)} {number(other, digits)}",
                words,
            ]
        )
    return markdown(["set", SUBJECT, "best rival", "difference (paired, 95 %)"], rows)


def differences(board: Board) -> str:
    """The subject minus every rival, paired, on the sets where that was measured for several."""
    parts = []
    for name, about in board.sets.items():
        own = [d for d in board.differences if d["set"] == name]
        pairs = list(dict.fromkeys((_view(d["score"])[0], d["rival"]) for d in own))
        if len(pairs) < 2:
            continue
        bare = list(dict.fromkeys(_view(d["score"])[1] for d in own))
        shown = [c for c in COLUMNS if c.score in (*bare, "IDSW")]
        subject = [number(board.score(name, SUBJECT, c.score), c.digits, bold=True) for c in shown]
        rows = [[f"**{SUBJECT}**", *subject, *[""] * len(bare)]]
        for view, rival in pairs:
            cells = [display(rival) + (f", {view}" if view else "")]
            prefix = f"{view}_" if view else ""
            cells += [number(board.score(name, rival, prefix + c.score), c.digits) for c in shown]
            for score in bare:
                found = [d for d in own if (d["rival"], d["score"]) == (rival, prefix + score)]
                words = [signed(d["low"], d["difference"], d["high"], 1) for d in found]
                cells.append(words[0] if words else "-")
            rows.append(cells)
        heads = [f"{SUBJECT} minus it: {score}" for score in bare]
        head = ["tracker", *(column.head for column in shown), *heads]
        parts.append(f"{about['title']}: {about['about']}\n\n{markdown(head, rows)}")
    return "\n\n".join(parts)


def _view(score: str) -> tuple[str, str]:
    """`filled_HOTA` -> `filled`, `HOTA`; `HOTA` -> empty, `HOTA`."""
    view, _, bare = score.rpartition("_")
    return (view, bare) if view in VIEWS else ("", score)


def calibration(board: Board) -> str:
    """How true the subject's confidence is, and what its states are worth.

    Raises:
        ValueError: the board has no calibration.
    """
    found = board.calibration
    if found is None:
        raise ValueError(f"{board.name} has no calibration")
    states = list(next(iter(found["states"].values()))["shares"])
    rows = [
        [
            kind,
            f"{row['answers']:,}",
            *(f"{row['shares'][state]:.2f}" for state in states),
        ]
        for kind, row in found["states"].items()
    ]
    who, error = found["subject"], found["error"]
    table = markdown(["the object is", "answers", *states], rows)
    said = f"Expected calibration error of {who}'s confidence: **{error:.3f}**"
    return f"{said} (run {found['measured']}).\n\n{table}"


def runs(board: Board) -> str:
    """When, where and by which command the results were measured."""
    parts = []
    for letter, run in board.measured.items():
        note = f" {run['note']}" if run.get("note") else ""
        parts.append(
            f"Run {letter}, commit {run['commit']}, {run['date']}, {run['machine']}.{note}\n\n"
            f"```\n{run['command']}\n```"
        )
    return "\n\n".join(parts)


def matrix(board: Board) -> str:
    """One table for all sets: a row each, a column for every tracker, the best of a row in bold."""
    totals = dict.fromkeys(dict.fromkeys(row.tracker for row in board.results), 0.0)
    for row in board.results:
        totals[row.tracker] += row.scores.get(board.order, 0.0)
    names = sorted(totals, key=lambda tracker: -totals[tracker])
    rows = []
    for name, about in board.sets.items():
        values = [board.score(name, tracker, board.order) for tracker in names]
        best = max((value for value in values if value is not None), default=None)
        cells = [number(value, 3, bold=value is not None and value == best) for value in values]
        rows.append([about["title"], *cells])
    return markdown(["IoU", *(display(name) for name in names)], rows)
