"""Paired bootstrap: differences of two trackers on the same sequences, with intervals.

Sequences are drawn with replacement, the same ones for both trackers, and the combined scores of
each draw are computed from summed counts. So a difference that hangs on one sequence gets a wide
interval, and what makes a sequence hard for both cancels out. Under the initialised protocol the
sequences are the windows.

Source: Efron and Tibshirani 1993, sec. 13.3 (percentile interval), on paired differences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mohart.aliases import Floats
from mohart.errors import ConfigError, did_you_mean
from mohart.metrics.counting import combine
from mohart.metrics.overlap import counts as overlap_counts
from mohart.metrics.scores import COMBINED, COUNTS, published
from mohart.metrics.text_table import format_columns

FEW_SEQUENCES = 5
DAMAGED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
Fields = Mapping[str, Any]
Rows = Mapping[tuple[str, str], Fields]  # (class, sequence) -> fields


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One score of two trackers, over all sequences.

    Attributes:
        class_name: of the objects.
        score: its column.
        first: value of the first tracker, in percent or as a count.
        second: value of the second.
        low: 2.5 % percentile of second minus first; None with one sequence.
        high: 97.5 % percentile.
    """

    class_name: str
    score: str
    first: float
    second: float
    low: float | None
    high: float | None

    @property
    def difference(self) -> float:
        """Second minus first."""
        return self.second - self.first


def compare(
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    *,
    trackers: tuple[str | None, str | None] = (None, None),
    seed: int = 0,
    resamples: int = 1000,
) -> list[Difference]:
    """Differences of all scores between two results, as `Scores.to_dict` gives them.

    Args:
        first: one result.
        second: the other, under the same protocol on the same truth; may be the same file.
        trackers: whose rows to take from the first and from the second; None: the only one's.
        seed: of the bootstrap; the same seed gives the same interval.
        resamples: number of draws, at least 1.

    Raises:
        ConfigError: protocol, truth or rows differ, a file holds something else, it has no such
            tracker, or several and none is chosen, or resamples is below 1.
    """
    if resamples < 1:
        raise ConfigError(f"resamples: expected at least 1, got {resamples}")
    sides = zip((first, second), ("first", "second"), trackers, strict=True)
    rows = [_rows(*side) for side in sides]
    check_comparable(first, second)
    if rows[0].keys() != rows[1].keys():
        raise ConfigError("the two results do not have the same rows; score both again")
    is_initialised = first["protocol"].get("name") == overlap_counts.PROTOCOL
    score = _overlap_scores if is_initialised else _trackeval_scores
    found = []
    try:
        for class_name in dict.fromkeys(name for name, _ in rows[0]):
            names = sorted(s for c, s in rows[0] if c == class_name and s != COMBINED)
            weights = np.ones((1, len(names)))
            if len(names) > 1:  # drawing from one sequence says nothing
                draws = overlap_counts.draw_windows(len(names), seed=seed, resamples=resamples)
                weights = np.concatenate([weights, draws])
            both = [score([side[class_name, name] for name in names], weights) for side in rows]
            found += _differences(class_name, both[0], both[1])
    except ConfigError:
        raise
    except DAMAGED as error:
        raise ConfigError(f"a result's counts are damaged ({error}); score it again") from error
    return found


def units(content: Mapping[str, Any]) -> tuple[int, str]:
    """How many sequences, or windows, a result was drawn from, and which of the two.

    Raises:
        ConfigError: the result does not say.
    """
    try:
        count = len(content["dataset"]["sequences"])
        is_initialised = content["protocol"]["name"] == overlap_counts.PROTOCOL
    except DAMAGED as error:
        raise ConfigError(f"a result is damaged (it lacks {error}); score it again") from error
    return count, "windows" if is_initialised else "sequences"


def _differences(
    class_name: str, first: Mapping[str, Floats], second: Mapping[str, Floats]
) -> list[Difference]:
    """From scores [1 + R]: of all sequences, then of every draw."""
    found = []
    for score, a in first.items():
        b = second[score]
        if not (np.isfinite(a[0]) and np.isfinite(b[0])):
            continue  # nothing to average, such as pairs of moved objects where none moves
        samples = (b - a)[1:]
        samples = samples[np.isfinite(samples)]
        low, high = np.percentile(samples, [2.5, 97.5]).tolist() if len(samples) else (None, None)
        found.append(
            Difference(
                class_name=class_name,
                score=score,
                first=float(a[0]),
                second=float(b[0]),
                low=low,
                high=high,
            )
        )
    return found


def _overlap_scores(sequences: Sequence[Fields], weights: Floats) -> dict[str, Floats]:
    """Percent [R] for rows of weights [R, W]; NaN where nothing can be averaged."""
    stacked = overlap_counts.stack_counts(sequences)
    sums = overlap_counts.weigh_counts(stacked, weights)
    return {name: 100 * shares for name, shares in overlap_counts.overlap_scores(sums).items()}


def _trackeval_scores(sequences: Sequence[Fields], weights: Floats) -> dict[str, Floats]:
    """Percent and counts [R] for rows of weights [R, W], by TrackEval's own combination."""
    drawn = []
    for row in weights.astype(np.int64):
        together = combine([sequences[n] for n in np.repeat(np.arange(len(row)), row).tolist()])
        drawn.append({name: float(value or 0) for name, value in published(together).items()})
    return {name: np.array([scores[name] for scores in drawn]) for name in drawn[0]}


def check_comparable(first: Mapping[str, Any], second: Mapping[str, Any]) -> None:
    """Make sure that two results mean the same.

    Raises:
        ConfigError: names what differs in protocol or data.
    """
    for part in ("protocol", "dataset"):
        a, b = first.get(part), second.get(part)
        if not isinstance(a, Mapping) or not isinstance(b, Mapping):
            raise ConfigError(f"a result without {part}; expected files of mohart eval --json")
        for name in sorted(a.keys() | b.keys()):
            if part == "dataset" and name in ("name", "split"):
                continue  # words; the hash of the truth decides
            if a.get(name) != b.get(name):
                values = " and ".join(_short(x.get(name)) for x in (a, b))
                raise ConfigError(
                    f"{part}s differ in {name} ({values}); score both under the same rules on the "
                    f"same data"
                )


def format_differences(differences: list[Difference]) -> str:
    """A text table per class, without a line break at the end."""
    tables = []
    for class_name in dict.fromkeys(d.class_name for d in differences):
        cells = [[class_name, "first", "second", "difference", "95 % interval", ""]]
        for d in (d for d in differences if d.class_name == class_name and d.score != "truths"):
            places = 0 if d.score in COUNTS else 3
            interval, mark = "-", ""
            if d.low is not None and d.high is not None:
                interval = f"{d.low:+.{places}f} to {d.high:+.{places}f}"
                mark = "*" if d.low > 0 or d.high < 0 else ""
            numbers = [f"{d.first:.{places}f}", f"{d.second:.{places}f}"]
            cells.append([d.score, *numbers, f"{d.difference:+.{places}f}", interval, mark])
        tables.append(format_columns(cells))
    return "\n\n".join(tables)


def _rows(
    content: Mapping[str, Any], which: str, tracker: str | None
) -> dict[tuple[str, str], dict[str, Any]]:
    """(class, sequence) -> fields of one tracker, arrays as numpy."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    try:
        names = list(dict.fromkeys(row["tracker"] for row in content["rows"]))
        chosen = _choose(names, which, tracker)
        for row in content["rows"]:
            if row["tracker"] != chosen:
                continue
            if not row["fields"]:
                raise ConfigError(
                    f"the {which} result has no counts to draw from; it was written by an earlier "
                    f"version, score it again"
                )
            fields = {name: _plain(value) for name, value in row["fields"].items()}
            found[row["class"], row["sequence"]] = fields
    except ConfigError:
        raise
    except DAMAGED as error:
        what = f"it lacks {error}" if isinstance(error, KeyError) else f"damaged: {error}"[:100]
        raise ConfigError(f"the {which} file is no result of mohart eval --json ({what})") from None
    if not any(sequence != COMBINED for _, sequence in found):
        raise ConfigError(f"the {which} result has no sequences")
    return found


def _plain(value: Any) -> Any:
    """A count as it is, a list as an array.

    Raises:
        TypeError: something else than numbers, or too large for one.
    """
    if value is None or isinstance(value, (str, bool)):
        return value
    array = np.array(value)  # raises where lists differ in length
    if array.dtype.kind not in "iuf":
        raise TypeError(f"a count is no number: {str(value)[:40]}")
    return array if isinstance(value, list) else value


def _choose(names: list[str], which: str, tracker: str | None) -> str | None:
    """The tracker whose rows to take; None where the file has no rows."""
    if tracker is not None and tracker not in names:
        raise ConfigError(
            f"the {which} result has no tracker '{tracker}'{did_you_mean(tracker, names)}"
        )
    if tracker is None and len(names) > 1:
        raise ConfigError(
            f"the {which} result holds several trackers ({', '.join(names)}); choose with "
            f"--compare-trackers FIRST SECOND"
        )
    return tracker or next(iter(names), None)


def _short(value: Any) -> str:
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
