"""Sequences in memory -> `Scores`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

from mohart.aliases import Progress
from mohart.errors import ConfigError
from mohart.metrics.counting import Fields, combine, count_sequence
from mohart.metrics.filtering import Filtered
from mohart.metrics.labels import Labels
from mohart.metrics.rules import Rules
from mohart.metrics.scores import COMBINED, Dataset, ScoreRow, Scores, published
from mohart.structures import Tracks

Observer = Callable[[str, "ScoredSequence", Filtered], None]


@dataclass(frozen=True, kw_only=True)
class ScoredSequence:
    """A video's truth and a tracker's results for it.

    Attributes:
        name: of the sequence.
        length: number of frames.
        truth: every row, also those that are not scored.
        results: likewise; an (frame, id) must not be there twice.
    """

    name: str
    length: int
    truth: Labels
    results: Labels

    def __post_init__(self) -> None:
        for what in ("truth", "results"):
            labels: Labels = getattr(self, what)
            if len(labels) and not 0 <= labels.frame[0] <= labels.frame[-1] < self.length:
                raise ConfigError(
                    f"{self.name}: the {what} has frames {labels.frame[0]} to {labels.frame[-1]}, "
                    f"the sequence 0 to {self.length - 1}"
                )

    @classmethod
    def from_tracks(
        cls, name: str, truth: Tracks, results: Tracks, *, length: int | None = None
    ) -> ScoredSequence:
        """A sequence from Tracks; the length is that of the longer one where not given."""
        last = max((int(t.frame[-1]) for t in (truth, results) if len(t)), default=-1)
        return cls(
            name=name,
            length=last + 1 if length is None else length,
            truth=Labels.from_tracks(truth),
            results=Labels.from_tracks(results),
        )


def evaluate(
    sequences: Sequence[ScoredSequence],
    rules: Rules,
    *,
    tracker: str = "tracker",
    dataset: str = "unnamed",
    split: str = "all",
    observe: Observer | None = None,
    progress: Progress | None = None,
) -> Scores:
    """Scores of one tracker.

    Args:
        sequences: in any order; the rows come by name.
        rules: the benchmark's.
        tracker: its name.
        dataset: name of the data.
        split: which part of the data the sequences are.
        observe: called with class, sequence and the rows that are scored, for event lists.
        progress: called with sequences done and in all.

    Raises:
        ConfigError: no sequence, or two of the same name.
        MissingDataError: trackeval is not installed.
    """
    names = [sequence.name for sequence in sequences]
    if not names or len(set(names)) < len(names):
        raise ConfigError(
            f"expected sequences with different names, got {', '.join(names) or 'none'}"
        )
    ordered = sorted(sequences, key=lambda sequence: sequence.name)
    found: dict[str, list[tuple[Fields, dict[str, int]]]] = {name: [] for name in rules.classes}
    for n, sequence in enumerate(ordered):
        for class_name in rules.classes:
            kept = rules.apply(sequence.truth, sequence.results, class_name)
            counted = count_sequence(kept, sequence.length)
            found[class_name].append((counted, dict(kept.ignored)))
            if observe:
                observe(class_name, sequence, kept)
        if progress:
            progress(n + 1, len(ordered))

    rows = []
    for class_name, counted_rows in found.items():
        together = combine([counted for counted, _ in counted_rows])
        labelled = [
            *((s.name, *row) for s, row in zip(ordered, counted_rows, strict=True)),
            (COMBINED, together, _sum([ignored for _, ignored in counted_rows])),
        ]
        rows += [
            ScoreRow(
                tracker=tracker,
                class_name=class_name,
                sequence=name,
                scores=published(counted),
                fields=counted,
                ignored=ignored,
            )
            for name, counted, ignored in labelled
        ]
    return Scores(
        protocol=rules.protocol(),
        dataset=Dataset(
            name=dataset,
            split=split,
            sequences={sequence.name: sequence.length for sequence in ordered},
            truth_sha256=truth_hash(ordered),
        ),
        rows=tuple(rows),
    )


def truth_hash(sequences: Iterable[ScoredSequence]) -> str:
    """SHA-256 over names, lengths and all columns of the truth."""
    digest = hashlib.sha256()
    for sequence in sequences:
        digest.update(f"{sequence.name}\n{sequence.length}\n{len(sequence.truth)}\n".encode())
        for column in fields(sequence.truth):
            digest.update(getattr(sequence.truth, column.name).tobytes())
    return digest.hexdigest()


def _sum(counts: Sequence[dict[str, int]]) -> dict[str, int]:
    return {rule: sum(count[rule] for count in counts) for rule in counts[0]}
