"""Many real videos as one yardstick: every tracker on every video, each video weighing the same.

Videos differ far more than the windows of one video, so means, intervals, wins and losses are over
videos. What happens under which conditions is over all boxes of all videos together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.evaluation.scoreboard.board import Content, window_fields
from mohart.metrics.overlap.conditions import GROUPS, condition_scores
from mohart.metrics.overlap.summary import summarise_counts
from mohart.metrics.text_table import format_columns

Overview = dict[str, Any]
FEWEST = 3  # videos that are worth an overview
BEHIND = 0.02  # IoU by which one may be behind on a video without losing it


def build_overview(
    results: Mapping[str, Mapping[str, Content]],
    *,
    subject: str = "mohart",
    seed: int = 0,
    resamples: int = 2000,
) -> Overview | None:
    """All numbers, ready for JSON; None for fewer than three videos with something to compare.

    Args:
        results: video -> tracker -> content of its result file; the same trackers for all.
        subject: the tracker that the others are compared with; it need not be there.
        seed: of the bootstrap over videos, the same draws for all pairs.
        resamples: number of draws.

    Returns:
        `videos`: names; `left_out`: those where no object is followed, which have no numbers and
        weigh nothing; `trackers`: by name, the best mean first, each with `iou` per video, `mean`
        IoU, `success_50`, `success_75` (means over videos), `centre_error`, `centre_near`, and
        IoU by `speed`, `growth` and `covered`; `against`: per rival the difference of the subject
        in mean IoU with its 95 % interval, videos won, level (within 0.02) and lost.
    """
    left_out = [
        video for video, found in results.items() if not all(map(_compares, found.values()))
    ]
    results = {video: found for video, found in results.items() if video not in left_out}
    if len(results) < FEWEST:
        return None
    names = list(next(iter(results.values())))
    trackers = {
        name: _row({video: found[name] for video, found in results.items()}) for name in names
    }
    ordered = dict(sorted(trackers.items(), key=lambda item: -item[1]["mean"]))
    against = {}
    if subject in trackers:
        draws = np.random.default_rng(seed).integers(0, len(results), (resamples, len(results)))
        own = np.array(list(trackers[subject]["iou"].values()))
        for rival in (name for name in ordered if name != subject):
            other = np.array(list(trackers[rival]["iou"].values()))
            against[rival] = _difference(own - other, draws)
    return {
        "subject": subject,
        "videos": list(results),
        "left_out": left_out,
        "trackers": ordered,
        "against": against,
    }


def format_overview(overview: Overview) -> str:
    """The tables, without a line break at the end."""
    trackers = overview["trackers"]
    names = list(trackers)
    cells = [["IoU", *names]]
    for video in overview["videos"]:
        values = [trackers[name]["iou"][video] for name in names]
        best = max(values)
        cells.append([video, *(f"{v:.3f}{'*' if v == best else ' '}" for v in values)])
    for key, title in (
        ("mean", "mean"),
        ("success_50", "success at 0.5"),
        ("success_75", "success at 0.75"),
    ):
        cells.append([title, *(f"{trackers[name][key]:.3f} " for name in names)])
    cells.append(
        ["centre error, sizes", *(f"{trackers[name]['centre_error']:.3f} " for name in names)]
    )
    for kind in GROUPS:
        for k, row in enumerate(trackers[names[0]][kind]):
            if row["pairs"]:
                ious = [trackers[name][kind][k]["iou"] for name in names]
                title = f"{row['group']} ({row['pairs']:,})"
                cells.append([title, *(f"{value:.3f} " for value in ious)])
    count = len(overview["videos"])
    parts = [
        f"{count} real videos, each weighing the same (* the best on a video); the lower rows: IoU "
        f"under conditions, over all boxes\n{format_columns(cells)}"
    ]
    if overview["left_out"]:
        parts.append(f"left out, nobody is followed in them: {', '.join(overview['left_out'])}")
    if overview["against"]:
        cells = [["against", "difference", "95 %", "ahead", "level", "behind"]]
        for rival, row in overview["against"].items():
            cells.append(
                [
                    rival,
                    f"{row['difference']:+.3f}",
                    f"{row['low']:+.3f} to {row['high']:+.3f}",
                    *(str(row[key]) for key in ("ahead", "level", "behind")),
                ]
            )
        parts.append(
            f"{overview['subject']} in mean IoU (paired bootstrap over videos; level: within "
            f"{BEHIND:g})\n{format_columns(cells)}"
        )
    return "\n\n".join(parts)


def _compares(content: Content) -> bool:
    """Whether there is a box to compare with, in any window."""
    return any(fields["pairs"] for fields in window_fields(content))


def _row(by_video: Mapping[str, Content]) -> dict[str, Any]:
    summaries = {
        video: summarise_counts(window_fields(c), seed=0, resamples=1)
        for video, c in by_video.items()
    }
    windows = [fields for content in by_video.values() for fields in window_fields(content)]
    return {
        "iou": {video: one.mean_iou.value for video, one in summaries.items()},
        **{
            name: float(np.mean([getattr(one, field).value for one in summaries.values()]))
            for name, field in (
                ("mean", "mean_iou"),
                ("success_50", "success_50"),
                ("success_75", "success_75"),
            )
        },
        **condition_scores(windows),
    }


def _difference(by_video: NDArray[np.float64], draws: NDArray[np.int64]) -> dict[str, Any]:
    low, high = np.percentile(by_video[draws].mean(1), [2.5, 97.5]).tolist()
    return {
        "difference": float(by_video.mean()),
        "low": low,
        "high": high,
        "ahead": int((by_video > BEHIND).sum()),
        "level": int((abs(by_video) <= BEHIND).sum()),
        "behind": int((by_video < -BEHIND).sum()),
    }
