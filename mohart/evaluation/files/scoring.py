"""Checked sequences -> scores, event lists, and motmetrics' summary, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mohart.aliases import Progress
from mohart.evaluation.files.input import ScoringInput
from mohart.metrics.evaluate import ScoredSequence, evaluate
from mohart.metrics.events import NOBODY, Events, find_events
from mohart.metrics.filtering import Filtered
from mohart.metrics.motmetrics_summary import summarise
from mohart.metrics.scores import Scores


@dataclass(frozen=True, kw_only=True)
class SequenceEvents:
    """Events of one class in one sequence.

    Attributes:
        class_name: of the objects.
        sequence: its name.
        length: of the sequence, frames.
        events: zero-based frames.
    """

    class_name: str
    sequence: str
    length: int
    events: Events


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What a scoring run found.

    Attributes:
        scores: all rows.
        events: per class and sequence; empty where not asked for.
        summaries: class -> sequence -> motmetrics' metrics; empty where not asked for.
    """

    scores: Scores
    events: tuple[SequenceEvents, ...]
    summaries: dict[str, dict[str, dict[str, float | None]]]


def score(
    files: ScoringInput,
    *,
    tracker: str | None = None,
    with_events: bool = False,
    with_motmetrics: bool = False,
    progress: Progress | None = None,
) -> Scored:
    """Score what was loaded without errors.

    Args:
        files: see `input`.
        tracker: its name; that of the results' folder where not given.
        with_events: collect the errors one by one.
        with_motmetrics: let motmetrics count as well.
        progress: called with sequences done and in all.

    Raises:
        ConfigError: no sequence is left.
        MissingDataError: trackeval (or motmetrics, where asked for) is not installed.
    """
    events: list[SequenceEvents] = []
    kept: dict[str, dict[str, Filtered]] = {}

    def observe(class_name: str, sequence: ScoredSequence, rows: Filtered) -> None:
        if with_motmetrics:
            kept.setdefault(class_name, {})[sequence.name] = rows
        if with_events:
            found = SequenceEvents(
                class_name=class_name,
                sequence=sequence.name,
                length=sequence.length,
                events=find_events(rows),
            )
            events.append(found)

    scores = evaluate(
        files.sequences,
        files.rules,
        tracker=tracker or files.tracker,
        dataset=files.dataset,
        split=files.split,
        observe=observe,
        progress=progress,
    )
    warnings = [str(problem) for problem in files.problems]
    lengths = {sequence.name: sequence.length for sequence in files.sequences}
    return Scored(
        scores=replace(scores, notes=(*files.notes, *warnings)),
        events=tuple(events),
        summaries={name: summarise(rows, lengths) for name, rows in kept.items()},
    )


def event_columns(found: Sequence[SequenceEvents], first_frame: int) -> dict[str, list[Any]]:
    """Events of all classes and sequences as columns of one table.

    Args:
        found: as `score` gives them.
        first_frame: number of the first frame in the scored files: 1 for MOT, 0 for KITTI.

    Returns:
        name -> values; None where an event has no such thing. Frames are numbered as in the
        scored files, `x1 y1 x2 y2` are pixels: of the truth for misses, otherwise of the result.
    """
    columns: dict[str, list[Any]] = {
        name: []
        for name in (
            *("sequence", "class", "frame", "event", "truth_id", "result_id"),
            *("previous_id", "previous_frame", "x1", "y1", "x2", "y2", "iou"),
        )
    }
    for part in found:
        events = part.events
        columns["sequence"] += [part.sequence] * len(events)
        columns["class"] += [part.class_name] * len(events)
        columns["frame"] += (events.frame + first_frame).tolist()
        columns["event"] += events.kind.tolist()
        for name in ("truth_id", "result_id", "previous_id"):
            ids = getattr(events, name).tolist()
            columns[name] += [None if value == NOBODY else value for value in ids]
        columns["previous_frame"] += [
            None if frame == NOBODY else frame + first_frame
            for frame in events.previous_frame.tolist()
        ]
        for name, values in zip(("x1", "y1", "x2", "y2"), events.boxes.T, strict=True):
            columns[name] += values.tolist()
        columns["iou"] += [round(value, 6) for value in events.iou.tolist()]
    return columns
