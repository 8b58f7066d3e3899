"""The race: turns, warm-up, parts and paired ratios, with a clock that trackers move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import pytest

from mohart.evaluation.speed.race import FRAMES, LONG, WARM, Clock, race, ratio
from mohart.evaluation.speed.scene import OBJECT, Scene
from mohart.tracking.baselines.static import StaticTracker


class Slow(StaticTracker):
    """Takes milliseconds by the number of objects; the first frames take a second more."""

    def __init__(self, now: list[float], order: list[str], name: str, ms: float) -> None:
        super().__init__()
        self.now, self.order, self.label, self.ms = now, order, name, ms
        self.spent: dict[str, float] | None = None
        self.threads: set[int] = set()
        self.count = self.seen = 0

    def init(self, frame_bgr: Any, boxes_xyxy: Any, ids: Any = None) -> Any:
        self.count, self.seen = len(boxes_xyxy), 0
        return super().init(frame_bgr, boxes_xyxy, ids)

    def update(self, frame_bgr: Any, detections: Any = None, timestamp: Any = None) -> Any:
        self.seen += 1
        self.order.append(self.label)
        self.threads.add(cv2.getNumThreads())
        took = self.count * self.ms / 1e3 + (0.1 if self.seen <= WARM else 0)
        self.now[0] += took
        if self.spent is not None:
            self.spent["network"] += took / 4
        return super().update(frame_bgr, detections, timestamp)


class Parted(Slow):
    def time_parts(self, clock: Clock) -> Mapping[str, float]:
        self.spent = {"glimpse": 0.0, "network": 0.0}
        return self.spent


def test_turns_warm_up_parts_and_ratios() -> None:
    now, order = [0.0], list[str]()
    one, two = Parted(now, order, "a", 1.0), Slow(now, order, "b", 3.0)
    told: list[tuple[int, int | None]] = []
    laps = race(
        {"a": one, "b": two},
        [1, 4],
        width=160,
        height=120,
        rounds=3,
        clock=lambda: now[0],
        progress=lambda done, total: told.append((done, total)),
    )
    assert [(lap.tracker, lap.objects) for lap in laps] == [("a", 1), ("b", 1), ("a", 4), ("b", 4)]
    assert order[: 2 * WARM + FRAMES] == ["a"] * WARM + ["b"] * WARM + ["a"] * FRAMES
    assert [len(lap.frames) for lap in laps] == [3 * FRAMES] * 4
    np.testing.assert_allclose(laps[2].frames, 4.0)
    np.testing.assert_allclose(laps[3].rounds, 12.0)
    assert ratio(laps[2], laps[3]) == pytest.approx(3)
    said = laps[2].to_dict()
    assert (said["p50_ms"], said["p95_ms"], said["fastest_ms"]) == (4.0, 4.0, 4.0)
    assert {part: row["p50_ms"] for part, row in said["parts"].items()} == {
        "glimpse": 0.0,
        "network": 1.0,
        "belief": 3.0,
    }
    assert laps[3].parts == {}
    assert told[-1] == (8, 8)
    assert one.threads == two.threads == {1}


def test_a_turn_of_slow_frames_ends_early() -> None:
    now, order = [0.0], list[str]()
    slow = Slow(now, order, "a", 1e3 * LONG)
    [lap] = race({"a": slow}, [1], width=64, height=64, rounds=2, clock=lambda: now[0])
    assert len(lap.frames) == 2


def test_the_scene_moves_with_its_boxes() -> None:
    scene = Scene(320, 240, 3)
    np.testing.assert_allclose(scene.boxes[:, 2:] - scene.boxes[:, :2], [OBJECT] * 3)
    first, later = scene.frame(0), scene.frame(5)
    np.testing.assert_array_equal(first[:, :-5], later[:, 5:])
    np.testing.assert_array_equal(scene.frame(80), first)
    assert (scene.boxes[:, 2] + 40 <= 320).all()
