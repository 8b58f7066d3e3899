"""Which results belong to which truth, by the names of the sequences.

MOT17 has every video three times, `-DPM`, `-FRCNN` and `-SDP`: the same video with other public
detections. Results of one detector are scored on its sequences alone, and a mixture is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mohart.errors import did_you_mean
from mohart.formats.problems import Problem

DETECTORS = ("DPM", "FRCNN", "SDP")
_VARIANT = re.compile(rf"(?P<video>MOT17-\d+)-(?P<detector>{'|'.join(DETECTORS)})")


@dataclass(frozen=True, kw_only=True)
class SequenceFiles:
    """What there is of a sequence.

    Attributes:
        name: of the sequence.
        truth: the file.
        results: the file, None where it is missing.
    """

    name: str
    truth: Path
    results: Path | None


@dataclass(frozen=True, kw_only=True)
class ResultFiles:
    """Truth and results, paired.

    Attributes:
        sequences: by name.
        problems: results that belong to no sequence, detectors that are mixed.
        notes: what was decided, one sentence each.
    """

    sequences: tuple[SequenceFiles, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def pair_files(
    truths: Mapping[str, Path], results: Mapping[str, Path], *, allow_unknown: bool = False
) -> ResultFiles:
    """Which results belong to which truth.

    Args:
        truths: sequence -> ground truth.
        results: name -> results; one file for one sequence may have any name.
        allow_unknown: leave out results without truth instead of reporting them.
    """
    if len(truths) == len(results) == 1:
        (name, truth), (other, file) = next(iter(truths.items())), next(iter(results.items()))
        if not _is_another_sequence(other, name):
            files = SequenceFiles(name=name, truth=truth, results=file)
            return ResultFiles(sequences=(files,), problems=(), notes=())
    problems = _mixed_detectors(results)
    truths, notes = _one_detector(truths, results)
    chosen = {name: results.get(name) or _by_video(name, results) for name in truths}
    used = {path for path in chosen.values() if path}
    for name, path in results.items():
        if path not in used and not allow_unknown:
            what = f"results for '{name}', but the truth has no such sequence"
            fix = f"rename or remove it, or give --allow-unknown{did_you_mean(name, truths)}"
            problems.append(Problem(path, None, what, fix))
    return ResultFiles(
        sequences=tuple(
            SequenceFiles(name=name, truth=truths[name], results=chosen[name])
            for name in sorted(truths)
        ),
        problems=tuple(problems),
        notes=tuple(notes),
    )


def _is_another_sequence(other: str, name: str) -> bool:
    """Whether lone results are named after a sequence of the same data that is not this one."""
    both_numbers = other.isdigit() and name.isdigit()
    is_mot = re.fullmatch(r"MOT\d\d-\d+.*", other) is not None
    return (both_numbers or is_mot) and video_of(other) != video_of(name)


def _one_detector(
    truths: Mapping[str, Path], results: Mapping[str, Path]
) -> tuple[Mapping[str, Path], list[str]]:
    """The truth of the detectors that the results are for."""
    in_truth = _detectors(truths)
    in_results = _detectors(results)
    if in_results:
        fitting = [d for d in in_results if d in in_truth]
        if fitting and set(fitting) < set(in_truth):
            kept = {n: p for n, p in truths.items() if (_detector(n) or fitting[0]) in fitting}
            return kept, [
                f"scored on the {' and '.join(fitting)} sequences, which the results are for"
            ]
        return truths, []
    videos = {video_of(name) for name in results}
    double = len(in_truth) > 1 and any(_detector(n) and video_of(n) in videos for n in truths)
    if double:  # MOT17-02.txt for MOT17-02-DPM, -FRCNN, -SDP, whose truth is the same
        first = "FRCNN" if "FRCNN" in in_truth else in_truth[0]
        kept = {n: p for n, p in truths.items() if (_detector(n) or first) == first}
        return kept, [f"results name no detector; scored on the {first} sequences"]
    return truths, []


def _mixed_detectors(results: Mapping[str, Path]) -> list[Problem]:
    """A results folder has one detector, or each of them for the same videos."""
    detectors = _detectors(results)
    videos = {d: {video_of(n) for n in results if _detector(n) == d} for d in detectors}
    if len({frozenset(found) for found in videos.values()}) <= 1:
        return []
    listed = "; ".join(f"{d}: {', '.join(sorted(found))}" for d, found in videos.items())
    folder = next(iter(results.values())).parent
    what = f"results mix detectors of MOT17 ({listed})"
    return [Problem(folder, None, what, "give the results of one detector, or all of each")]


def _by_video(name: str, results: Mapping[str, Path]) -> Path | None:
    """Results under the name of the video without, or with another, detector."""
    fitting = [p for n, p in results.items() if video_of(n) == video_of(name)]
    if _detector(name):
        return results.get(video_of(name))
    return fitting[0] if len(fitting) == 1 else None


def _detectors(names: Iterable[str]) -> list[str]:
    return sorted({detector for name in names if (detector := _detector(name))})


def _detector(name: str) -> str | None:
    match = _VARIANT.fullmatch(name)
    return match["detector"] if match else None


def video_of(name: str) -> str:
    """The sequence's name without the detector.

    >>> video_of("MOT17-02-FRCNN"), video_of("TUD-Campus")
    ('MOT17-02', 'TUD-Campus')
    """
    match = _VARIANT.fullmatch(name)
    return match["video"] if match else name
