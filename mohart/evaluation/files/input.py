"""Files -> checked sequences: every problem is found before anything is counted.

Nothing here is repaired silently: what can be read in two ways is reported with the fix.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from mohart.errors import ConfigError, MohartError
from mohart.evaluation.files.frame_base import check_frame_base, check_reach
from mohart.evaluation.files.kitti_split import choose_split
from mohart.evaluation.files.labels import (
    LabelFile,
    all_alike,
    check_frames,
    check_mot_classes,
    check_truth,
    read_class_names,
    read_kitti_labels,
    read_mot_labels,
)
from mohart.evaluation.files.pairing import ResultFiles, SequenceFiles, pair_files
from mohart.evaluation.files.results import find_kitti_truth, find_mot_truth, find_results
from mohart.formats.mot.seqinfo import scan_seqinfo
from mohart.formats.problems import Problem
from mohart.metrics.evaluate import ScoredSequence
from mohart.metrics.filtering import Benchmark, KittiClass
from mohart.metrics.labels import Labels
from mohart.metrics.rules import KittiRules, MotRules

_BENCHMARK_NAME = re.compile(r"MOT(15|16|17|20)-")


@dataclass(frozen=True, kw_only=True)
class ScoringInput:
    """Everything that is needed to score, or what stands against it.

    Attributes:
        sequences: by name.
        rules: the benchmark's.
        dataset: name of the truth.
        split: which part of it.
        tracker: name of the results.
        first_frame: number of the first frame in the files.
        problems: of all files; with an error among them nothing may be scored.
        notes: what was decided, one sentence each.
    """

    sequences: tuple[ScoredSequence, ...]
    rules: MotRules | KittiRules
    dataset: str
    split: str
    tracker: str
    first_frame: int
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    @property
    def errors(self) -> list[Problem]:
        """Problems that stand against scoring."""
        return [problem for problem in self.problems if problem.severity == "error"]


def load_mot(
    truth: Path,
    results: Path,
    *,
    benchmark: str = "auto",
    allow_missing: bool = False,
    allow_unknown: bool = False,
) -> ScoringInput:
    """MOTChallenge files, checked; what is in them never raises.

    Args:
        truth: folder or file, see `mohart.evaluation.files.results`.
        results: likewise.
        benchmark: `mot15`, `mot16`, `mot17`, `mot20`, or `auto`: by the names of the sequences,
            otherwise MOT17's rules where the truth has classes and MOT15's where it has none.
        allow_missing: score sequences without results as misses.
        allow_unknown: leave out results of sequences that have no truth.

    Raises:
        MissingDataError: no truth or no results there.
        ConfigError: the benchmark cannot be told, or a folder can be read in two ways.
    """
    truths = find_mot_truth(truth)
    found = pair_files(truths, find_results(results, truths), allow_unknown=allow_unknown)
    files = {s.name: read_mot_labels(s.truth, "gt") for s in found.sequences}
    named = {s.name: names for s in found.sequences if (names := read_class_names(s.truth))}
    files |= {name: all_alike(files[name]) for name in named}
    rules_of, notes = _benchmark(files) if benchmark == "auto" else (benchmark, [])
    rules = MotRules(cast(Benchmark, rules_of))
    problems, lengths, more = [], {}, []
    for sequence in found.sequences:
        length, wrong = _mot_length(sequence.truth)
        problems += wrong + check_truth(files[sequence.name], rules.benchmark)
        lengths[sequence.name] = length
        if length is None:
            more.append(sequence.name)
    if more:
        notes.append(f"no seqinfo.ini for {_listed(more)}: taken to end with the truth's last row")
    notes += [
        f"labels.txt of {name} names the classes "
        f"({_listed(names)}): all are scored alike, only the flag ignores"
        for name, names in named.items()
    ]
    alike = {s.results for s in found.sequences if s.name in named}

    def read_results(path: Path) -> LabelFile:
        file = read_mot_labels(path, "results")
        return all_alike(file) if path in alike else file

    loaded = _load(found, files, lengths, read_results, allow_missing)
    for file in loaded.results:
        problems += check_mot_classes(file, "results", rules.benchmark)
    return ScoringInput(
        sequences=loaded.sequences,
        rules=rules,
        dataset=truth.absolute().name,
        split="all",
        tracker=_tracker_name(results),
        first_frame=1,
        problems=(*found.problems, *loaded.problems, *problems),
        notes=(*found.notes, *notes, *loaded.notes),
    )


def load_kitti(
    truth: Path,
    results: Path,
    *,
    classes: Sequence[str] = ("car", "pedestrian"),
    split: str | None = None,
    seqmap: Path | None = None,
    allow_missing: bool = False,
    allow_unknown: bool = False,
) -> ScoringInput:
    """KITTI tracking files, checked; what is in them never raises.

    Args:
        truth: folder or file, see `mohart.evaluation.files.results`.
        results: likewise.
        classes: of `car` and `pedestrian`.
        split: see `mohart.evaluation.files.kitti_split`.
        seqmap: a map file.
        allow_missing: score sequences without results as misses.
        allow_unknown: leave out results of sequences that have no truth.

    Raises:
        MissingDataError: no truth or no results there.
        ConfigError: an unknown class or split, or a folder can be read in two ways.
        FormatError: the map is damaged.
    """
    rules = KittiRules(cast(tuple[KittiClass, ...], tuple(classes)))
    truths = find_kitti_truth(truth)
    chosen = choose_split(truths, split=split, seqmap=seqmap)
    given = find_results(results, truths)
    left_out = {n for n in given if n in truths and n not in chosen.lengths}
    used = {n: p for n, p in given.items() if n not in left_out} or given
    found = pair_files(
        {name: truths[name] for name in chosen.lengths}, used, allow_unknown=allow_unknown
    )
    files = {s.name: read_kitti_labels(s.truth, "gt") for s in found.sequences}
    loaded = _load(
        found, files, chosen.lengths, lambda path: read_kitti_labels(path, "results"), allow_missing
    )
    notes = list(found.notes)
    unknown = [name for name, length in chosen.lengths.items() if length is None]
    if unknown:
        notes.append(f"no seqmap for {_listed(unknown)}: taken to end with the truth's last row")
    return ScoringInput(
        sequences=loaded.sequences,
        rules=rules,
        dataset=truth.absolute().name,
        split=chosen.name,
        tracker=_tracker_name(results),
        first_frame=0,
        problems=(*found.problems, *loaded.problems),
        notes=(*notes, *loaded.notes),
    )


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    sequences: tuple[ScoredSequence, ...]
    results: tuple[LabelFile, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def _load(
    found: ResultFiles,
    truths: Mapping[str, LabelFile],
    lengths: Mapping[str, int | None],
    read: Callable[[Path], LabelFile],
    allow_missing: bool,
) -> _Loaded:
    """Results beside their truth, and what is wrong with both."""
    sequences, files, problems, missing, empty = [], [], [], [], []
    for sequence in found.sequences:
        truth = truths[sequence.name]
        problems += truth.problems
        results = _results(sequence, read)
        if sequence.results is None:
            missing.append(sequence.name)
            if not allow_missing:
                what = f"no results for sequence '{sequence.name}'"
                fix = "add them, or give --allow-missing to score the sequence as misses"
                problems.append(Problem(sequence.truth, None, what, fix))
        else:
            files.append(results)
            problems += results.problems
        given = lengths.get(sequence.name)
        frames = truth.labels.frame if len(truth.labels) else results.labels.frame
        length = given or int(frames.max(initial=-1)) + 1
        if not length:
            empty.append(sequence.name)
            length = 1
        source = "by its seqinfo.ini or seqmap" if given else "by the truth's last row"
        for file in (truth, results):
            problems += check_frames(file, length, source=source)
        if any(p.severity == "error" for p in (*truth.problems, *results.problems)):
            continue
        problems += [*check_frame_base(truth, results), *check_reach(truth, results)]
        if max(truth.labels.frame.max(initial=0), results.labels.frame.max(initial=0)) < length:
            scored = ScoredSequence(
                name=sequence.name, length=length, truth=truth.labels, results=results.labels
            )
            sequences.append(scored)
    notes = []
    if missing and allow_missing:
        notes.append(f"scored as misses, without results: {_listed(missing)}")
    if empty:
        notes.append(f"without objects, results and a known length: {_listed(empty)}")
    return _Loaded(
        sequences=tuple(sequences),
        results=tuple(files),
        problems=tuple(problems),
        notes=tuple(notes),
    )


def _results(sequence: SequenceFiles, read: Callable[[Path], LabelFile]) -> LabelFile:
    """The results, or none where there is no file."""
    if sequence.results is not None:
        file = read(sequence.results)
        if len(file.labels) or file.problems:
            return file
        what, fix = "no rows", "every object of the sequence counts as missed"
        return file._replace(problems=[Problem(sequence.results, None, what, fix, "warning")])
    nothing = np.zeros(0, np.int64)
    return LabelFile(sequence.truth, Labels.empty(), nothing, 0, False, [])


def _mot_length(truth: Path) -> tuple[int | None, list[Problem]]:
    """Frames by the sequence's `seqinfo.ini`, None where there is none or it is damaged."""
    folder = truth.parent.parent if truth.parent.name == "gt" else truth.parent
    path = folder / "seqinfo.ini"
    if truth.stem != "gt" or not path.is_file():
        return None, []
    try:
        info, problems = scan_seqinfo(path)
    except MohartError as error:
        return None, [Problem(path, None, str(error).removeprefix(f"{path}: "), "correct it")]
    wrong = [problem for problem in problems if problem.severity == "error"]
    return (info.length if info else None), wrong


def _benchmark(files: Mapping[str, LabelFile]) -> tuple[Benchmark, list[str]]:
    """The benchmark by the sequences' names, otherwise by the truth's columns."""
    by_name = {f"mot{m[1]}" for name in files if (m := _BENCHMARK_NAME.match(name))}
    unnamed = [f for n, f in files.items() if not _BENCHMARK_NAME.match(n) and len(f.labels)]
    by_columns = {"mot17" if f.has_classes else "mot15" for f in unnamed}
    found = by_name or by_columns
    if len(by_name | by_columns) > 1:
        raise ConfigError(
            f"the sequences look like {' and '.join(sorted(by_name | by_columns))}; give one "
            f"benchmark's folder, or --benchmark"
        )
    chosen = cast(Benchmark, next(iter(found), "mot15"))
    how = "their names" if by_name else "the truth's columns"
    return chosen, [f"benchmark {chosen}, by {how}"]


def _tracker_name(results: Path) -> str:
    path = results.absolute()
    path = path.parent if path.name == "data" else path
    return path.stem if path.is_file() else path.name


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
