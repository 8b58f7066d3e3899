"""The one table of the README: a few cells of the boards, and how to measure them."""

from __future__ import annotations

from typing import NamedTuple

from pages.kept import KEPT, Board, load_board
from pages.tables import SUBJECT, display, markdown, number


class Row(NamedTuple):
    """A row of the table.

    Attributes:
        task: what is asked of a tracker.
        board: name of the kept file.
        set: name of the set.
        score: which score is shown.
        unit: how the score is called.
        digits: behind the point.
        also: another score of the best rival, with words for it; empty for none.
    """

    task: str
    board: str
    set: str
    score: str
    unit: str
    digits: int
    also: tuple[str, str] | None = None


MOVED_ON = ("coasted_HOTA", "moved on at constant velocity")
ROWS = (
    Row("boxes drawn once, 17 videos of every kind, 100 frames", "real", "mean", "iou", "IoU", 3),
    Row("boxes drawn once, people (PETS), 60 frames", "boxes", "pets-60", "iou", "IoU", 3),
    Row("the same, 150 frames", "boxes", "pets-150", "iou", "IoU", 3),
    Row("boxes drawn once, vehicles (highway), 60 frames", "boxes", "highway-60", "iou", "IoU", 3),
    Row("a detector in every frame, PETS", "detections", "pets-every-1", "HOTA", "HOTA", 1),
    Row("in every 10th frame, PETS", "detections", "pets-every-10", "HOTA", "HOTA", 1, MOVED_ON),
    Row(
        "in every 10th frame, highway",
        "detections",
        "highway-every-10",
        "HOTA",
        "HOTA",
        1,
        MOVED_ON,
    ),
)


def headline() -> str:
    """The table, from the kept files.

    Raises:
        FormatError: a board lacks what the table shows.
        MissingDataError: a board is not there.
    """
    boards: dict[str, Board] = {
        name: load_board(KEPT / f"{name}.json") for name in dict.fromkeys(r.board for r in ROWS)
    }
    rows = []
    for row in ROWS:
        board = boards[row.board]
        own = board.score(row.set, SUBJECT, row.score)
        rival = board.best_rival(row.set, SUBJECT, row.score)
        cells = [row.task, row.unit, number(own, row.digits, bold=True)]
        if rival is None:
            cells.append("-")
        else:
            text = f"{_named(rival.tracker)} {number(rival.scores[row.score], row.digits)}"
            if row.also:
                score, words = row.also
                best = board.best_rival(row.set, SUBJECT, score)
                if best is not None:
                    value = number(best.scores[score], row.digits)
                    text += f"; {_named(best.tracker)} {words} {value}"
            cells.append(text)
        rows.append(cells)
    return markdown(["task, real video never trained on", "score", SUBJECT, "best rival"], rows)


def _named(tracker: str) -> str:
    """Whose tracker it is, where it is one of this project's own baselines."""
    own = {"iou", "sort", "bytetrack", "static", "velocity"}
    return f"{SUBJECT}'s `{tracker}`" if tracker in own else display(tracker).split(": ")[-1]
