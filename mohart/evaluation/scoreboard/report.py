"""The scoreboard as one picture: all trackers on all sets, the differences, the calibration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mohart.evaluation.scoreboard.board import Board, is_settled
from mohart.plots import check_plot, new_figure, plain_axes, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUBJECT, BETTER, WORSE, OPEN = "#d1495b", "#2b7a78", "#8a1c2c", "#8f9c9b"
RIVALS = (
    *("#17252a", "#2b7a78", "#e08e0b", "#5b5bd6", "#8a5a44", "#c154c1", "#7f7f7f", "#5aa02c"),
    "#00a6d6",
)
MARKS = "osD^vP*X<>"
ROW_INCHES, HEAD_INCHES = 0.42, 1.9


def draw_scoreboard(path: Path, board: Board) -> None:
    """Write the picture.

    Left: mean IoU of every tracker on every set, with the subject's 95 % interval. Middle: the
    subject's difference to the best rival, with its paired interval. Right, where it is known: how
    often the subject's box is on the object, by confidence.

    Args:
        path: a png, svg or pdf file; replaced if it exists, and never left half written.
        board: see `mohart.evaluation.scoreboard.board.build_scoreboard`.

    Raises:
        MissingDataError: matplotlib is not installed.
        ConfigError: another suffix.
        OutputError: the file cannot be written.
    """
    check_plot(path)
    height = HEAD_INCHES + ROW_INCHES * max(len(board["sets"]), 6)
    widths = [6, 4, 3.4] if board["calibration"] else [6, 4]
    figure = new_figure(1.1 * sum(widths), height, dpi=110)
    parts = figure.subplots(1, len(widths), width_ratios=widths)
    _draw_scores(parts[0], board)
    _draw_differences(parts[1], board)
    if board["calibration"]:
        _draw_reliability(parts[2], board)
    save_figure(figure, path)


def _draw_scores(axes: Axes, board: Board) -> None:
    """One row per set, the first at the top."""
    subject, sets = board["subject"], board["sets"]
    names = list(dict.fromkeys(name for entry in sets for name in entry["trackers"]))
    rivals = [name for name in sorted(names) if name != subject]
    for name in [*rivals, *([subject] if subject in names else [])]:
        is_subject = name == subject
        colour = SUBJECT if is_subject else RIVALS[rivals.index(name) % len(RIVALS)]
        mark = "o" if is_subject else MARKS[rivals.index(name) % len(MARKS)]
        found = [
            (entry["trackers"][name]["iou"], -place)
            for place, entry in enumerate(sets)
            if name in entry["trackers"]
        ]
        found = [(iou, place) for iou, place in found if iou["value"] is not None]
        if is_subject:
            for iou, place in found:
                axes.plot(
                    [iou["low"], iou["high"]], [place, place], color=colour, linewidth=4, alpha=0.35
                )
        axes.plot(
            [iou["value"] for iou, _ in found],
            [place for _, place in found],
            mark,
            color=colour,
            markersize=8 if is_subject else 5,
            label=name,
        )
    axes.set_yticks([-n for n in range(len(sets))], [_label(entry) for entry in sets])
    axes.set(xlim=(0, 1), ylim=(0.5 - len(sets), 0.5))
    axes.set_title("mean IoU, boxes given in the first frame")
    axes.legend(fontsize=7, frameon=False, ncols=5, loc="upper center", bbox_to_anchor=(0.5, -0.06))
    plain_axes(axes)


def _label(entry: dict[str, Any]) -> str:
    return f"{entry['name']} ({entry['windows']})"


def _draw_differences(axes: Axes, board: Board) -> None:
    place_of = {entry["name"]: -place for place, entry in enumerate(board["sets"])}
    for row in board["summary"]:
        place, low, high = place_of[row["set"]], row["low"], row["high"]
        colour = OPEN
        if low is not None:
            if is_settled(row):
                colour = BETTER if low > 0 else WORSE
            axes.plot([low, high], [place, place], color=colour, linewidth=3)
        axes.plot(row["difference"], place, "o", color=colour, markersize=7)
        axes.annotate(row["rival"], (row["difference"], place + 0.2), fontsize=7, ha="center")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks([-n for n in range(len(place_of))], [""] * len(place_of))
    axes.set(ylim=(0.5 - len(place_of), 0.5))
    axes.set_title(f"{board['subject']} minus the best rival, paired 95 % intervals")
    plain_axes(axes)


def _draw_reliability(axes: Axes, board: Board) -> None:
    found = board["calibration"]
    rows = [row for row in found["reliability"] if row["answers"]]
    answers = np.array([row["answers"] for row in rows], np.float64)
    sizes = 20 + 300 * answers / max(answers.sum(), 1)
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8)
    confidence = [row["confidence"] for row in rows]
    held = [row["held"] for row in rows]
    axes.plot(confidence, held, color=SUBJECT, linewidth=1)
    axes.scatter(confidence, held, sizes, color=SUBJECT, alpha=0.7)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel=f"confidence of {board['subject']}")
    error = found["error"]
    axes.set_title("box on the object" + (f" (error {error:.3f})" if error is not None else ""))
    plain_axes(axes)
