"""Two trackers on the same sequences: differences with a paired bootstrap interval.

Sequences are drawn with replacement, the same ones for both trackers, and the combined scores of
each draw are computed from summed counts. So a difference that hangs on one sequence gets a wide
interval, and what makes a sequence hard for both cancels out.

Source: Efron and Tibshirani 1993, sec. 13.3 (percentile interval), on paired differences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mohart.errors import ConfigError
from mohart.metrics.counting import combine
from mohart.metrics.scores import COMBINED, SHARES, published
from mohart.metrics.text_table import format_columns

FEW_SEQUENCES = 5
Rows = Mapping[tuple[str, str], Mapping[str, Any]]  # (class, sequence) -> fields


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
    first: Mapping[str, Any], second: Mapping[str, Any], *, seed: int = 0, resamples: int = 1000
) -> list[Difference]:
    """Differences of all scores between two results, as `Scores.to_dict` gives them.

    Args:
        first: one result.
        second: the other, under the same protocol on the same truth.
        seed: of the bootstrap; the same seed gives the same interval.
        resamples: number of draws, at least 1.

    Raises:
        ConfigError: protocol, truth or rows differ, a file holds something else, or resamples is
            below 1.
    """
    if resamples < 1:
        raise ConfigError(f"resamples: expected at least 1, got {resamples}")
    rows = [_rows(content, which) for content, which in ((first, "first"), (second, "second"))]
    check_comparable(first, second)
    if rows[0].keys() != rows[1].keys():
        raise ConfigError("the two results do not have the same rows; score both again")
    try:
        return [
            difference
            for class_name in dict.fromkeys(name for name, _ in rows[0])
            for difference in _differences(
                class_name, rows[0], rows[1], np.random.default_rng(seed), resamples
            )
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"a result's counts are damaged ({error}); score it again") from error


def _differences(
    class_name: str,
    first: Rows,
    second: Rows,
    generator: np.random.Generator,
    resamples: int,
) -> list[Difference]:
    """All scores of one class."""
    names = sorted(s for c, s in first if c == class_name and s != COMBINED)
    draws = generator.integers(0, len(names), (resamples, len(names)))

    def combined(side: Rows, chosen: Iterable[str]) -> dict[str, float]:
        fields = combine([side[class_name, name] for name in chosen])
        return {score: float(value or 0) for score, value in published(fields).items()}

    samples = []
    for draw in draws if len(names) > 1 else []:
        drawn = [names[n] for n in draw]
        a, b = combined(first, drawn), combined(second, drawn)
        samples.append({score: b[score] - a[score] for score in a})
    totals = combined(first, names), combined(second, names)
    found = []
    for score in totals[0]:
        values = [sample[score] for sample in samples]
        low, high = np.percentile(values, [2.5, 97.5]).tolist() if values else (None, None)
        found.append(
            Difference(
                class_name=class_name,
                score=score,
                first=totals[0][score],
                second=totals[1][score],
                low=low,
                high=high,
            )
        )
    return found


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
            places = 3 if d.score in SHARES else 0
            interval, mark = "-", ""
            if d.low is not None and d.high is not None:
                interval = f"{d.low:+.{places}f} to {d.high:+.{places}f}"
                mark = "*" if d.low > 0 or d.high < 0 else ""
            numbers = [f"{d.first:.{places}f}", f"{d.second:.{places}f}"]
            cells.append([d.score, *numbers, f"{d.difference:+.{places}f}", interval, mark])
        tables.append(format_columns(cells))
    return "\n\n".join(tables)


def _rows(content: Mapping[str, Any], which: str) -> dict[tuple[str, str], dict[str, Any]]:
    """(class, sequence) -> fields, arrays as numpy."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    try:
        for row in content["rows"]:
            if not row["fields"]:
                raise ConfigError(
                    f"the {which} result has no counts to draw from; --compare takes results of "
                    f"eval mot and eval kitti"
                )
            fields = {
                n: np.array(v) if isinstance(v, list) else v for n, v in row["fields"].items()
            }
            found[row["class"], row["sequence"]] = fields
    except (KeyError, TypeError) as error:
        raise ConfigError(
            f"the {which} file is no result of mohart eval --json (it lacks {error})"
        ) from None
    if not any(sequence != COMBINED for _, sequence in found):
        raise ConfigError(f"the {which} result has no sequences")
    return found


def _short(value: Any) -> str:
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
