"""mohart.evaluation.initialised.run and events: answers, timing, moments of loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.evaluation.initialised.events import EventTable
from mohart.evaluation.initialised.run import Answers, run_windows
from mohart.evaluation.initialised.windows import Window, window_name
from mohart.metrics.overlap.window import WindowOverlap
from mohart.structures import ACTIVE, PREDICTED, TrackedObjects
from mohart.tracking.baselines.static import StaticTracker


class Forgetful:
    """Shifts all boxes by `shifts[t]` and drops the last object from frame 3 on."""

    name = "forgetful"

    def __init__(self, shifts: list[float]) -> None:
        self.shifts = shifts

    def init(self, frame_bgr: Any, boxes_xyxy: Any, ids: Any = None) -> TrackedObjects:
        self.t, self.boxes = 0, np.asarray(boxes_xyxy, np.float32)
        self.ids = np.arange(1, len(self.boxes) + 1)
        return self.said(slice(None))

    def update(self, frame_bgr: Any) -> TrackedObjects:
        self.t += 1
        return self.said(slice(None) if self.t < 3 else slice(None, -1))

    def reset(self) -> None:
        self.t = 0

    def said(self, rows: slice) -> TrackedObjects:
        boxes = (self.boxes + np.array([1, 0, 1, 0]) * self.shifts[self.t])[rows]
        count = len(boxes)
        states = np.full(count, PREDICTED if self.t else ACTIVE)
        return TrackedObjects(
            boxes.astype(np.float32), self.ids[rows], np.full(count, 0.5, np.float32), states
        )


def window(name: str = "v@0011", length: int = 6) -> Window:
    truth = np.tile([[0.0, 0, 10, 10], [20, 0, 30, 10]], (length, 1, 1))
    present = np.ones((length, 2), bool)
    present[4] = False
    frames = [np.zeros((48, 64, 3), np.uint8)] * length
    return Window(
        name=name, first_frame=10, frames=frames, ids=np.array([7, 9]), truth=truth, present=present
    )


def test_answers_and_counts() -> None:
    seen: list[tuple[str, Answers, WindowOverlap]] = []
    runs = run_windows(
        [window(), window("v@0017")],
        {"f": lambda: Forgetful([0, 0, 5, 5, 0, 0]), "s": StaticTracker},
        observe=lambda name, _, answers, overlap: seen.append((name, answers, overlap)),
    )
    assert [name for name, _, _ in seen] == ["f", "s", "f", "s"]
    _, answers, overlap = seen[0]
    assert answers.state.tolist()[1] == [PREDICTED, PREDICTED]
    assert answers.state.tolist()[3] == [PREDICTED, "lost"]  # dropped
    assert answers.confidence.tolist()[3] == [0.5, 0]
    np.testing.assert_allclose(overlap.iou[:, 0], [np.nan, 1, 1 / 3, 1 / 3, np.nan, 1])
    np.testing.assert_allclose(overlap.iou[:, 1], [np.nan, 1, 1 / 3, 0, np.nan, 0])
    assert [fields["pairs"] for fields in runs["f"].windows] == [8, 8]
    assert runs["s"].windows[0]["iou"] == 8
    assert runs["f"].frames == 12
    assert 0 < runs["f"].seconds < 5


def test_every_tracker_is_made_once_and_there_must_be_one() -> None:
    made: list[str] = []

    def make() -> StaticTracker:
        made.append("x")
        return StaticTracker()

    assert run_windows([], {"s": make})["s"].windows == []
    run_windows([window(), window()], {"s": make})
    assert made == ["x", "x"]
    with pytest.raises(ConfigError, match="at least one tracker"):
        run_windows([window()], {})


def test_event_table() -> None:
    table = EventTable()
    run_windows([window()], {"f": lambda: Forgetful([0, 0, 5, 5, 0, 0])}, observe=table.collect)
    columns = table.columns
    # frame 11 is the first of the window; 13 is t = 2 (IoU 1/3), object 9 is dropped at t = 3
    rows = list(
        zip(*(columns[n] for n in ("frame", "truth_id", "event", "previous_frame")), strict=True)
    )
    assert rows == [
        (13, 7, "low", 12),
        (13, 9, "low", 12),
        (14, 9, "lost", 12),
        (16, 7, "recovered", 12),
    ]
    assert columns["iou"] == [0.333333, 0.333333, 0, 1]
    assert columns["x1"] == [5, 25, None, 0]
    assert columns["truth_x1"] == [0, 20, 20, 0]
    assert set(columns["sequence"]) == {"v@0011"}
    assert len({len(values) for values in columns.values()}) == 1


def test_names_of_windows() -> None:
    assert [window_name("v", frame) for frame in (0, 60, 12_345)] == ["v@0001", "v@0061", "v@12346"]
