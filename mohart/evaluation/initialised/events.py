"""Moments at which trackers lose and find objects, as one table for all trackers."""

from __future__ import annotations

from typing import Any

import numpy as np

from mohart.evaluation.initialised.run import Answers
from mohart.evaluation.initialised.windows import Window
from mohart.metrics.overlap.events import find_overlap_events
from mohart.metrics.overlap.window import WindowOverlap

COLUMNS = (
    *("tracker", "sequence", "frame", "event", "truth_id", "previous_frame", "iou"),
    *("x1", "y1", "x2", "y2", "truth_x1", "truth_y1", "truth_x2", "truth_y2"),
)


class EventTable:
    """Collects the events of `run_windows`; give it `collect` as observer.

    Attributes:
        columns: name -> values, one per event. `sequence` is the window's name; `event` is one of
            `low`, `lost`, `recovered` (`mohart.metrics.overlap.events`); frames are those of the
            video, from 1, `previous_frame` the last one with IoU > 0.5; `x1 ...` is the tracker's
            box (None where it gave none), `truth_x1 ...` the true one, pixels.
    """

    def __init__(self) -> None:
        self.columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}

    def collect(
        self, tracker: str, window: Window, answers: Answers, overlap: WindowOverlap
    ) -> None:
        """Add the events of one tracker in one window."""
        events = find_overlap_events(overlap.iou)
        first = window.first_frame + 1
        boxes = answers.boxes[events.frame, events.object].astype(np.float64)
        truth = window.truth[events.frame, events.object]
        values = {
            "tracker": [tracker] * len(events),
            "sequence": [window.name] * len(events),
            "frame": (events.frame + first).tolist(),
            "event": events.kind.tolist(),
            "truth_id": window.ids[events.object].tolist(),
            "previous_frame": (events.previous + first).tolist(),
            "iou": [round(value, 6) for value in events.iou.tolist()],
        }
        for place, name in enumerate(("x1", "y1", "x2", "y2")):
            answered = boxes[:, place].round(3).tolist()
            values[name] = [value if np.isfinite(value) else None for value in answered]
            values[f"truth_{name}"] = truth[:, place].round(3).tolist()
        for name, column in self.columns.items():
            column += values[name]
