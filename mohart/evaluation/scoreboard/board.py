"""Many trackers on many sets: tables with intervals, and how one of them does against the best.

Works on the contents of result files under the initialised protocol. The best rival of a set is the
one with the highest mean IoU on it, so the differences are to the disadvantage of the subject.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mohart.metrics.calibration import (
    add_answers,
    expected_calibration_error,
    reliability_table,
    state_shares,
)
from mohart.metrics.compare import FEW_SEQUENCES, compare
from mohart.metrics.overlap.counts import draw_windows, ratio, stack_counts, weigh_counts
from mohart.metrics.overlap.summary import summarise_counts
from mohart.metrics.scores import COMBINED

Content = Mapping[str, Any]
Board = dict[str, Any]

LONG = 100  # frames of a window from which on its two ends are compared
EARLY, AROUND = 30, 2  # frame of the window, from 1, and frames to either side of it


def build_scoreboard(
    results: Mapping[str, Mapping[str, Content]],
    about: Mapping[str, str],
    *,
    subject: str = "mohart",
    seed: int = 0,
    resamples: int = 1000,
) -> Board:
    """All numbers, ready for JSON.

    Args:
        results: set -> tracker -> content of its result file, see
            `mohart.evaluation.scoreboard.measure.measure`.
        about: set -> what it is.
        subject: the tracker that the others are compared with; it need not be there.
        seed: of the bootstrap; windows are drawn, the same ones for all trackers.
        resamples: number of draws.

    Returns:
        `sets`: per set its trackers, the best first; `summary`: per set the subject, its best rival
        and the paired difference; `endurance`: IoU early and late in long windows; `calibration` of
        the subject over the sets that know what is hidden (None without any); `runs`: letter ->
        when and where speeds were measured.

    Raises:
        ConfigError: results of a set do not belong together.
    """
    runs = _runs(results)
    letters = {_stamp(stamp): letter for letter, stamp in runs.items()}
    sets, summary, endurance = [], [], []
    for name, contents in results.items():
        rows = {
            tracker: _tracker_row(content, letters, seed, resamples)
            for tracker, content in contents.items()
        }
        ordered = dict(sorted(rows.items(), key=lambda item: -(item[1]["iou"]["value"] or 0)))
        size = {key: next(iter(rows.values()))[key] for key in ("windows", "objects", "pairs")}
        sets.append({"name": name, "about": about[name], **size, "trackers": ordered})
        rivals = [tracker for tracker in ordered if tracker != subject]
        if subject in rows and rivals:
            summary.append(_against(name, contents, subject, rivals[0], rows, seed, resamples))
        endurance += _endurance(name, contents, seed, resamples)
    return {
        "subject": subject,
        "sets": sets,
        "summary": summary,
        "endurance": endurance,
        "calibration": _calibration(results, subject),
        "runs": runs,
    }


def window_fields(content: Content) -> list[dict[str, Any]]:
    """Counts of every window of a result file with one tracker, in the order of the file."""
    return [row["fields"] for row in content["rows"] if row["sequence"] != COMBINED]


def _tracker_row(
    content: Content, letters: Mapping[str, str], seed: int, resamples: int
) -> dict[str, Any]:
    windows = window_fields(content)
    summary = summarise_counts(windows, seed=seed, resamples=resamples)
    frames, seconds, cpu_seconds = (
        sum(fields[name] for fields in windows) for name in ("frames", "seconds", "cpu_seconds")
    )
    return {
        "iou": vars(summary.mean_iou),
        "success_50": vars(summary.success_50),
        "success_75": vars(summary.success_75),
        "survival": vars(summary.survival),
        "fps": frames / max(seconds, 1e-9),
        "fps_cpu": frames / max(cpu_seconds, 1e-9),
        "run": letters[_stamp(content["measured"])],
        "windows": summary.windows,
        "objects": summary.objects,
        "pairs": summary.pairs,
    }


def _against(
    name: str,
    contents: Mapping[str, Content],
    subject: str,
    rival: str,
    rows: Mapping[str, Any],
    seed: int,
    resamples: int,
) -> dict[str, Any]:
    """Subject minus rival in mean IoU, paired over windows."""
    found = compare(contents[rival], contents[subject], seed=seed, resamples=resamples)
    iou = next(difference for difference in found if difference.score == "IoU")
    return {
        "set": name,
        "windows": rows[subject]["windows"],
        "subject_iou": rows[subject]["iou"]["value"],
        "rival": rival,
        "rival_iou": rows[rival]["iou"]["value"],
        "difference": iou.difference / 100,
        "low": None if iou.low is None else iou.low / 100,
        "high": None if iou.high is None else iou.high / 100,
    }


def _endurance(
    name: str, contents: Mapping[str, Content], seed: int, resamples: int
) -> list[dict[str, Any]]:
    """Mean IoU around frame 30 and over the last five frames of long windows, and their ratio."""
    length = max(next(iter(contents.values()))["dataset"]["sequences"].values())
    if length < LONG:
        return []
    early = slice(EARLY - 1 - AROUND, EARLY + AROUND)
    late = slice(length - 1 - 2 * AROUND, length)
    rows = []
    for tracker, content in contents.items():
        stacked = stack_counts(window_fields(content))
        count = len(stacked["pairs"])
        draws = draw_windows(count, seed=seed, resamples=resamples)
        sums = weigh_counts(stacked, np.concatenate([np.ones((1, count)), draws]))
        means = [
            ratio(sums["iou_at"][:, part].sum(1), sums["pairs_at"][:, part].sum(1))
            for part in (early, late)
        ]
        kept = ratio(means[1], np.where(means[0] > 0, means[0], 0))
        edges = kept[1:][np.isfinite(kept[1:])]
        low, high = np.percentile(edges, [2.5, 97.5]).tolist() if len(edges) else (None, None)
        rows.append(
            {
                "set": name,
                "tracker": tracker,
                "early_frames": [early.start + 1, early.stop],
                "late_frames": [late.start + 1, late.stop],
                "early": _number(means[0][0]),
                "late": _number(means[1][0]),
                "ratio": _number(kept[0]),
                "low": low,
                "high": high,
            }
        )
    return sorted(rows, key=lambda row: -(row["late"] or 0))


def _calibration(
    results: Mapping[str, Mapping[str, Content]], subject: str
) -> dict[str, Any] | None:
    """Of the subject, over all sets that know what is hidden, and set by set."""
    by_set = {
        name: contents[subject]["calibration"]
        for name, contents in results.items()
        if subject in contents and contents[subject]["calibration"]
    }
    if not by_set:
        return None
    counts = add_answers(list(by_set.values()))
    return {
        "event": "the object is more than 25 % visible and the IoU of the box is above 0.3",
        "error": expected_calibration_error(counts),
        "error_by_set": {name: expected_calibration_error(one) for name, one in by_set.items()},
        "reliability": reliability_table(counts),
        "states": state_shares(counts),
    }


def _runs(results: Mapping[str, Mapping[str, Content]]) -> dict[str, Any]:
    """Letter -> when and where, the earliest first; from the 27th on they have two letters."""
    stamps = [content["measured"] for contents in results.values() for content in contents.values()]
    unique = {
        _stamp(stamp): stamp for stamp in sorted(stamps, key=lambda stamp: str(stamp["time"]))
    }
    return {_letters(n): stamp for n, stamp in enumerate(unique.values())}


def _stamp(measured: Mapping[str, Any]) -> str:
    return f"{measured['time']} {measured['host']}"


def _letters(n: int) -> str:
    """0 -> `a`, 25 -> `z`, 26 -> `aa`."""
    more, last = divmod(n, 26)
    return (_letters(more - 1) if more else "") + string.ascii_lowercase[last]


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def times_ahead(summary: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Number of sets in which the subject is ahead, and in how many of them beyond doubt."""
    ahead = [row for row in summary if row["difference"] > 0]
    return len(ahead), sum(map(is_settled, ahead))


def is_settled(row: Mapping[str, Any]) -> bool:
    """Whether a difference's interval is without 0, and of enough windows to mean something."""
    if row["windows"] < FEW_SEQUENCES or row["low"] is None:
        return False
    return bool(row["low"] > 0 or row["high"] < 0)
