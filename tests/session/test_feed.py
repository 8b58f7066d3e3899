from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mohart.errors import ConfigError, ShapeError
from mohart.session.feed import DetectionFeed
from mohart.structures import Fates, TrackedObjects
from mohart.tracking.detectors.protocol import SelectingDetector

FRAME = np.zeros((4, 4, 3), np.uint8)


class Counting:
    """Finds three things; remembers which frames it was shown and asked for."""

    name = "counting"
    remaining = 5

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.next = 0

    def __call__(self, frame: np.ndarray) -> Any:
        self.asked.append(self.next)
        self.next += 1
        return [[0, 0, 1, 1, 0.9], [0, 0, 2, 2, 0.1], [0, 0, 3, 3, 0.8]]

    def observe(self, frame: np.ndarray) -> None:
        self.next += 1

    def reset(self, frame: int) -> None:
        self.next = frame


def answer(fates: Fates | None) -> TrackedObjects:
    none = np.zeros(0)
    return TrackedObjects(none.reshape(0, 4), none.astype(int), none, none.astype(str), fates=fates)


def fates(*rows: tuple[str, int, str]) -> Fates:
    kind, number, why = zip(*rows, strict=True)
    return Fates(np.array(kind), np.array(number), np.array(why))


def test_it_asks_in_the_first_frame_and_every_third_after_it() -> None:
    detector = Counting()
    feed = DetectionFeed(SelectingDetector(detector), every=3)
    feed.start(4)
    looks = [feed.look(FRAME) for _ in range(8)]
    assert [look is not None for look in looks] == [True, False, False] * 2 + [True, False]
    assert detector.asked == [4, 7, 10]
    assert (feed.frames, feed.detections) == (3, 9)


def test_a_frame_that_starts_with_boxes_is_shown_and_not_counted() -> None:
    detector = Counting()
    feed = DetectionFeed(SelectingDetector(detector), every=2)
    feed.start(0)
    feed.observe(FRAME)
    for _ in range(3):
        feed.look(FRAME)
    assert detector.asked == [1, 3]


def test_every_row_of_the_detector_has_a_fate() -> None:
    feed = DetectionFeed(SelectingDetector(Counting(), score=0.5), every=1)
    look = feed.look(FRAME)
    assert look is not None
    found = feed.settle(look, answer(fates(("matched", 4, ""), ("dropped", -1, "duplicate"))), 6)
    assert [tuple(fate) for fate in found] == [
        (7, 0, "matched", 4, ""),
        (7, 1, "dropped", -1, "score below 0.5"),
        (7, 2, "dropped", -1, "duplicate"),
    ]
    counts = feed.to_dict()
    assert counts["fates"] == {"matched": 1, "dropped": 2}
    assert counts["dropped_because"] == {"score below 0.5": 1, "duplicate": 1}
    assert (counts["frames"], counts["detections"], counts["every"]) == (1, 3, 1)
    assert counts["detector"]["name"] == "counting"


def test_reasons_do_not_grow_with_the_video() -> None:
    feed = DetectionFeed(SelectingDetector(lambda frame: [[0, 0, 1, 1]] * 2))
    for t in range(150):
        look = feed.look(FRAME)
        assert look is not None
        rows = (("dropped", -1, f"lies on track {t}"), ("dropped", -1, f"reason {t}"))
        feed.settle(look, answer(fates(*rows)), t)
    counts = feed.to_dict()["dropped_because"]
    assert (counts["lies on a track"], counts["other reasons"]) == (150, 51)
    assert len(counts) == 20


def test_a_tracker_that_does_not_report() -> None:
    feed = DetectionFeed(SelectingDetector(Counting()))
    look = feed.look(FRAME)
    assert look is not None
    assert {fate.kind for fate in feed.settle(look, answer(None), 0)} == {"unreported"}
    with pytest.raises(ShapeError, match="given 3 detections, but reported the fates of 1"):
        feed.settle(look, answer(fates(("matched", 1, ""))), 0)


def test_warnings() -> None:
    feed = DetectionFeed(SelectingDetector(Counting()))
    feed.look(FRAME)
    assert feed.warnings(ended=True) == ["5 detections are of frames behind the end of the source"]
    assert feed.warnings(ended=False) == []
    blind = DetectionFeed(SelectingDetector(lambda frame: []))
    blind.look(FRAME)
    assert blind.warnings(ended=True) == ["the detector found nothing in any of 1 frames"]


def test_every_must_be_a_number_of_frames() -> None:
    with pytest.raises(ConfigError, match="at least 1 frame, got 0"):
        DetectionFeed(SelectingDetector(Counting()), every=0)
