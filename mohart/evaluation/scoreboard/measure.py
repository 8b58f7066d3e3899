"""Runs trackers on sets, and only where there is no result yet."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mohart.aliases import Progress
from mohart.errors import ConfigError
from mohart.evaluation.initialised.run import Answers, TrackerRun, run_windows
from mohart.evaluation.initialised.scores import UNITS, tracker_rows
from mohart.evaluation.initialised.windows import Window
from mohart.evaluation.scoreboard.key import tracker_identity
from mohart.evaluation.scoreboard.sets import BenchSet
from mohart.evaluation.scoreboard.store import Content, Kept, Store, stamp
from mohart.metrics.calibration import add_answers, count_answers
from mohart.metrics.overlap.summary import summarise_counts
from mohart.metrics.overlap.window import WindowOverlap
from mohart.metrics.scores import Dataset, Scores
from mohart.tracking.protocol import Tracker


@dataclass(frozen=True)
class _Task:
    """A set with the trackers that have no result on it yet."""

    bench_set: BenchSet
    kept: Mapping[str, Kept]
    missing: tuple[str, ...]


def measure(
    sets: Sequence[BenchSet],
    trackers: Mapping[str, Tracker],
    folder: Path,
    *,
    again: Collection[str] = (),
    progress: Progress | None = None,
) -> dict[str, dict[str, Content]]:
    """Results of every tracker on every set, from the folder where they are there.

    Sets are measured one after the other, all trackers that lack a result together on the same
    frames; their results are kept when the set is done. So a kill costs one set at most.

    Args:
        sets: with different names.
        trackers: by the name in tables.
        folder: of results; created with the first one.
        again: names of trackers that are measured whether there are results or not.
        progress: called with frames done and in all, over the sets that have to be measured.

    Returns:
        Set -> tracker -> content of its result file.

    Raises:
        ConfigError: results that are there belong to other windows.
        MohartError: whatever reading, drawing or tracking raises.
    """
    identities = {name: tracker_identity(tracker) for name, tracker in trackers.items()}
    tasks, store = [], Store(folder)
    for bench_set in sets:
        name, definition = bench_set.name, bench_set.definition()
        kept = {
            tracker: store.find(name, tracker, definition=definition, identity=identity)
            for tracker, identity in identities.items()
        }
        missing = tuple(t for t, one in kept.items() if t in again or not one.is_there)
        tasks.append(_Task(bench_set, kept, missing))
    total = sum(task.bench_set.frames() for task in tasks if task.missing)
    measured, done = stamp(), 0

    def advance(frames: int) -> None:
        nonlocal done
        done += frames
        if progress:
            progress(done, max(total, done))

    for task in tasks:
        if task.missing:
            made, before = {name: trackers[name] for name in task.missing}, done
            for name, content in _measure_set(task.bench_set, made, advance).items():
                task.kept[name].write(content, measured)
            advance(max(before + task.bench_set.frames() - done, 0))  # frames in no window
    return {
        task.bench_set.name: _same_truth(
            task.bench_set.name, {t: one.read() for t, one in task.kept.items()}
        )
        for task in tasks
    }


def _same_truth(name: str, contents: dict[str, Content]) -> dict[str, Content]:
    """The contents, if all were measured on the same windows."""
    by_truth = {c["dataset"]["truth_sha256"]: tracker for tracker, c in contents.items()}
    if len(by_truth) > 1:
        raise ConfigError(
            f"{name}: {' and '.join(by_truth.values())} were measured on different windows, though "
            f"the settings are the same; measure again with --again {','.join(contents)}"
        )
    return contents


def _measure_set(
    bench_set: BenchSet, trackers: Mapping[str, Tracker], advance: Callable[[int], None]
) -> dict[str, Content]:
    """Content of a result file per tracker, without when and by whom."""
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in trackers}
    lengths: dict[str, int] = {}
    digest = hashlib.sha256()

    def noted(windows: Iterator[Window]) -> Iterator[Window]:
        for window in windows:
            lengths[window.name] = len(window.frames)
            for column in (window.ids, window.truth, window.present):
                digest.update(column.tobytes())
            yield window
            del window  # its frames go before the next ones are made

    def observe(name: str, window: Window, said: Answers, overlap: WindowOverlap) -> None:
        if bench_set.knows_hidden:
            answers[name].append(
                count_answers(said.confidence, said.state, overlap.iou, window.present)
            )

    makers = {name: _giver(tracker) for name, tracker in trackers.items()}
    runs = run_windows(noted(bench_set.windows(advance)), makers, observe=observe)
    dataset = Dataset(
        name=bench_set.name, split="test", sequences=lengths, truth_sha256=digest.hexdigest()
    )
    return {
        name: {
            **_scores(bench_set, name, run, dataset).to_dict(),
            "units": UNITS,
            "calibration": add_answers(answers[name]) if bench_set.knows_hidden else None,
        }
        for name, run in runs.items()
    }


def _giver(tracker: Tracker) -> Callable[[], Tracker]:
    """Trackers are made once and used for all sets."""
    return lambda: tracker


def _scores(bench_set: BenchSet, name: str, run: TrackerRun, dataset: Dataset) -> Scores:
    mean_iou = summarise_counts(run.windows).mean_iou
    return Scores(
        protocol=bench_set.protocol(),
        dataset=dataset,
        rows=tuple(tracker_rows(name, list(dataset.sequences), run.windows, mean_iou)),
    )
