"""Kept results: one JSON file per scoreboard, set x tracker -> scores, and how they were measured.

A board is `docs/results/kept/NAME.json`:

    {"schema": 1, "title": "...", "order": "iou",
     "measured": {"a": {"commit", "date", "machine", "command"}},
     "sets":     [{"name", "title", "about"}],
     "results":  [{"set", "tracker", "measured": "a", "scores": {"iou": 0.7, "iou_low": 0.6, ...}}],
     "differences": [{"set", "subject", "rival", "score", "difference", "low", "high"}],
     "calibration": {"subject", "measured", "error", "states": {...}}}

`order` is the score by which trackers are ordered, the largest first. `differences` and
`calibration` may be missing. Scores that were not measured are missing, never 0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mohart.errors import FormatError, MissingDataError

KEPT = Path(__file__).parents[2] / "docs" / "results" / "kept"
SCHEMA = 1
MEASURED = ("commit", "date", "machine", "command")


@dataclass(frozen=True)
class Result:
    """The scores of one tracker on one set.

    Attributes:
        set: name of the set.
        tracker: name of the tracker.
        measured: letter of the run, a key of `Board.measured`.
        scores: name -> value, in the units of the protocol (IoU 0..1, HOTA 0..100).
    """

    set: str
    tracker: str
    measured: str
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Board:
    """One scoreboard, see the head of this file.

    Attributes:
        name: the file's, without `.json`.
        title: a few words.
        order: the score by which trackers are ordered.
        measured: letter -> commit, date, machine, command.
        sets: name -> title and what it is, in the order in which they are shown.
        results: all results.
        differences: a tracker against another one, paired.
        calibration: of one tracker; None where it was not measured.
    """

    name: str
    title: str
    order: str
    measured: Mapping[str, Mapping[str, str]]
    sets: Mapping[str, Mapping[str, str]]
    results: tuple[Result, ...]
    differences: tuple[Mapping[str, Any], ...] = ()
    calibration: Mapping[str, Any] | None = None
    _index: dict[tuple[str, str], Result] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._index.update({(found.set, found.tracker): found for found in self.results})

    def score(self, set_name: str, tracker: str, score: str) -> float | None:
        """One number, None where it was not measured.

        Raises:
            FormatError: the board has no such set.
        """
        if set_name not in self.sets:
            raise FormatError(f"{self.name}: no set '{set_name}'; known: {', '.join(self.sets)}")
        found = self._index.get((set_name, tracker))
        return None if found is None else found.scores.get(score)

    def on(self, set_name: str) -> list[Result]:
        """All results of a set, the best first."""
        rows = [found for found in self.results if found.set == set_name]
        return sorted(rows, key=lambda row: -row.scores.get(self.order, float("-inf")))

    def best_rival(self, set_name: str, subject: str, score: str) -> Result | None:
        """Who has most of a score but the subject; None where nobody was measured."""
        rows = [r for r in self.on(set_name) if r.tracker != subject and score in r.scores]
        return max(rows, key=lambda row: row.scores[score], default=None)


def load_board(path: Path) -> Board:
    """Read a kept file and check that it is whole.

    Raises:
        MissingDataError: it does not exist.
        FormatError: something in it is missing, repeated or unknown; names the file and what.
    """
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.json"))) or "none"
        raise MissingDataError(f"{path}: no such kept results; there are: {known}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise FormatError(f"{path}:{error.lineno}: not JSON: {error.msg}") from error
    return board_of(path, content)


def board_of(path: Path, content: Any) -> Board:
    """A board of its file's content.

    Raises:
        FormatError: something in it is missing, repeated or unknown; names the file and what.
    """
    try:
        return _board(path.stem, content)
    except (KeyError, TypeError, ValueError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise FormatError(f"{path}: {what}; tools/pages/kept.py says what it holds") from error


def _board(name: str, content: Any) -> Board:
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ValueError(f"expected an object with schema {SCHEMA}")
    sets = {item["name"]: {"title": item["title"], **item} for item in content["sets"]}
    results = tuple(
        Result(row["set"], row["tracker"], row["measured"], dict(row["scores"]))
        for row in content["results"]
    )
    for letter, run in content["measured"].items():
        for word in MEASURED:
            if not run.get(word):
                raise ValueError(f"measured {letter}: no {word}")
    seen = set()
    for row in results:
        what = f"{row.set}, {row.tracker}"
        if row.set not in sets:
            raise ValueError(f"{what}: no such set")
        if row.measured not in content["measured"]:
            raise ValueError(f"{what}: no run '{row.measured}'")
        if (row.set, row.tracker) in seen:
            raise ValueError(f"{what}: there twice")
        seen.add((row.set, row.tracker))
    return Board(
        name,
        content["title"],
        content["order"],
        content["measured"],
        sets,
        results,
        tuple(content.get("differences", ())),
        content.get("calibration"),
    )
