"""What is wrong with a file: found by the readers, raised by them or listed by `data check`.

A reader collects every problem of a file before it gives up, so that `mohart data check` can show
all of them at once and `read_...` can raise the first one; both speak from the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mohart.errors import FormatError

Severity = Literal["error", "warning"]
SHOWN_LINES = 5


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong on disk.

    Attributes:
        path: the file or folder.
        line: line in the file, from 1; None where the whole file or folder is meant.
        what: what was found and what was expected.
        fix: what to do about it.
        severity: `error` (the data cannot be trusted) or `warning` (readable, but look).
    """

    path: Path
    line: int | None
    what: str
    fix: str
    severity: Severity = "error"

    def __str__(self) -> str:
        where = str(self.path) if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.what}; {self.fix}"


class LineProblems:
    """Collects the problems of one file, one per kind, however many lines have it.

    So a file that is wrong throughout is one message and not ten thousand.

    Args:
        path: the file.
        lines: [K] line number of every row.
    """

    def __init__(self, path: Path, lines: Sequence[int] | NDArray[np.int64]) -> None:
        self.path = path
        self.lines = lines
        self.found: list[Problem] = []

    def add(
        self,
        bad: NDArray[np.bool_],
        what: Callable[[int], str],
        fix: str,
        severity: Severity = "error",
    ) -> None:
        """Report the rows where the mask [K] is True.

        Args:
            bad: [K] bool, the rows with this problem; nothing happens where there is none.
            what: index of the first bad row -> what is wrong with it.
            fix: what to do about it.
            severity: see `Problem`.
        """
        rows = np.flatnonzero(bad)
        if not len(rows):
            return
        more = ""
        if len(rows) > 1:
            named = ", ".join(str(int(self.lines[row])) for row in rows[1 : 1 + SHOWN_LINES])
            dots = ", ..." if len(rows) > 1 + SHOWN_LINES else ""
            count = len(rows) - 1
            more = f" (and {count} more line{'s' if count > 1 else ''}: {named}{dots})"
        first = int(rows[0])
        line = int(self.lines[first])
        self.found.append(Problem(self.path, line, what(first) + more, fix, severity))


def earlier_rows(*keys: NDArray[Any]) -> NDArray[np.int64]:
    """For every row the first row with the same keys; itself where there is none before it.

    >>> earlier_rows(np.array([5.0, 7.0, 5.0])).tolist()
    [0, 1, 0]
    """
    first = np.arange(len(keys[0]))
    order = np.lexsort(keys[::-1])  # stable: the first of equal rows comes first
    same = np.ones(max(len(order) - 1, 0), bool)
    for key in keys:
        same &= key[order[1:]] == key[order[:-1]]
    if same.any():
        group = np.maximum.accumulate(np.where(np.r_[False, same], 0, np.arange(len(order))))
        first[order] = order[group]
    return first


def raise_first_error(problems: Sequence[Problem]) -> None:
    """Turn the first error, if there is one, into an exception; warnings pass.

    Raises:
        FormatError: `path:line: what; fix`.
    """
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        first = min(errors, key=lambda problem: problem.line or 0)
        more = f" ({len(errors) - 1} more kinds of problem in this file)" if errors[1:] else ""
        raise FormatError(f"{first}{more}")
