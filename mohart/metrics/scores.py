"""Scores of one tracker: per sequence and combined, as a record, a text table, CSV and JSON.

Conventions: shares are in percent, as the benchmarks publish them; MOTP is the mean IoU of the
matches. COMBINED comes from summed counts, so long sequences weigh more than short ones.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mohart.metrics.counting import Fields
from mohart.metrics.rules import Protocol
from mohart.metrics.text_table import format_columns

COMBINED = "COMBINED"
SHARES = ("HOTA", "DetA", "AssA", "LocA", "MOTA", "MOTP", "IDF1", "IDP", "IDR")
COUNTS = {
    "IDSW": "IDSW",
    "Frag": "Frag",
    "MT": "MT",
    "PT": "PT",
    "ML": "ML",
    "FP": "CLR_FP",
    "FN": "CLR_FN",
    "truths": "GT_Dets",
    "results": "Dets",
}


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """One line of the table.

    Attributes:
        tracker: whose.
        class_name: of the objects.
        sequence: its name, or COMBINED.
        scores: column -> percent or count; None where there is nothing to average.
        fields: TrackEval's fields (ratios in [0, 1]); for the initialised protocol the sums of
            `mohart.metrics.overlap.counts`.
        ignored: rule -> number of rows it took out.
    """

    tracker: str
    class_name: str
    sequence: str
    scores: Mapping[str, float | int | None]
    fields: Fields = field(default_factory=dict)
    ignored: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "tracker": self.tracker,
            "class": self.class_name,
            "sequence": self.sequence,
            "scores": dict(self.scores),
            "ignored": dict(self.ignored),
            "fields": {name: _plain(value) for name, value in self.fields.items()},
        }


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """What a tracker was scored on.

    Attributes:
        name: for people.
        split: which part of it.
        sequences: name -> number of frames.
        truth_sha256: of everything in the truth that can change a score.
    """

    name: str
    split: str
    sequences: Mapping[str, int]
    truth_sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "name": self.name,
            "split": self.split,
            "truth_sha256": self.truth_sha256,
            "frames": sum(self.sequences.values()),
            "sequences": dict(self.sequences),
        }


@dataclass(frozen=True, kw_only=True)
class Scores:
    """All rows with what they mean.

    Attributes:
        protocol: the rules.
        dataset: the truth.
        rows: per class the sequences by name, then COMBINED.
        notes: what the reader of the numbers should know, one sentence each.
    """

    protocol: Protocol
    dataset: Dataset
    rows: tuple[ScoreRow, ...]
    notes: tuple[str, ...] = ()

    def row(self, class_name: str, sequence: str = COMBINED) -> ScoreRow:
        """The row of a class and sequence; KeyError where there is none."""
        for row in self.rows:
            if (row.class_name, row.sequence) == (class_name, sequence):
                return row
        raise KeyError((class_name, sequence))

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "protocol": self.protocol.to_dict(),
            "dataset": self.dataset.to_dict(),
            "units": "scores: percent and counts; fields: ratios and counts, as in TrackEval",
            "notes": list(self.notes),
            "rows": [row.to_dict() for row in self.rows],
        }

    def table(self, class_name: str) -> str:
        """The rows of a class as text, columns aligned, without a line break at the end."""
        rows = [row for row in self.rows if row.class_name == class_name]
        names = list(rows[0].scores) if rows else []
        cells = [["sequence", *names]]
        cells += [[row.sequence, *(_cell(row.scores[name]) for name in names)] for row in rows]
        return format_columns(cells)

    def to_csv(self) -> str:
        """All rows as CSV with a header; percent with six decimals."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = list(self.rows[0].scores) if self.rows else []
        writer.writerow(["tracker", "class", "sequence", *names])
        for row in self.rows:
            values = [row.scores[name] for name in names]
            cells = [f"{v:.6f}" if isinstance(v, float) else v for v in values]
            writer.writerow([row.tracker, row.class_name, row.sequence, *cells])
        return text.getvalue()


def published(fields: Fields) -> dict[str, float | int | None]:
    """The columns of the table from TrackEval's fields: shares in percent, and counts."""
    shares = {name: 100 * float(np.mean(fields[name])) for name in SHARES}
    return {**shares, **{name: int(fields[source]) for name, source in COUNTS.items()}}


def _plain(value: Any) -> Any:
    """Numbers and lists of numbers without numpy."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _cell(value: float | int | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
