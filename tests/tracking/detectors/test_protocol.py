from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mohart.errors import ConfigError, ShapeError
from mohart.tracking.detectors.file import FileDetector
from mohart.tracking.detectors.motion import MotionDetector
from mohart.tracking.detectors.onnx.detector import OnnxDetector
from mohart.tracking.detectors.protocol import (
    Detector,
    SelectingDetector,
    WholeDetector,
    as_detector,
)
from mohart.tracking.detectors.wanted import class_numbers

FRAME = np.zeros((48, 64, 3), np.uint8)
ROWS = [[1, 2, 11, 12, 0.9, 0], [2, 2, 12, 12, 0.2, 2], [3, 2, 13, 12, 0.6, 2], [4, 2, 9, 9, 1, 7]]


def fixed(frame: np.ndarray) -> Any:
    return ROWS


class Following:
    """A detector with everything that a detector may have."""

    name, classes, details, notes, remaining = "mine", {2: "traffic light"}, {"a": 1}, ["n"], 3

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def __call__(self, frame: np.ndarray) -> Any:
        self.calls.append("asked")
        return ROWS

    def observe(self, frame: np.ndarray) -> None:
        self.calls.append("observed")

    def skip(self, frames: int) -> None:
        self.calls.append(f"{frames} skipped")

    def reset(self, frame: int) -> None:
        self.calls.append(frame)


def test_a_plain_function_is_a_detector() -> None:
    detector = SelectingDetector(fixed)
    assert detector.name == "fixed"
    assert (detector.classes, detector.notes, detector.remaining) == ({}, (), 0)
    assert detector(FRAME).xyxy.tolist() == [row[:4] for row in ROWS]
    detector.observe(FRAME)
    detector.skip(2)
    detector.reset(5)
    assert detector.details == {"name": "fixed", "score": None, "classes": None}


def test_whoever_has_all_members_is_taken_as_it_is_and_others_are_completed() -> None:
    whole, plain = Following(), as_detector(fixed)
    assert as_detector(whole) is whole
    assert isinstance(plain, Detector)
    assert as_detector(plain) is plain
    assert (plain.name, dict(plain.classes), dict(plain.details)) == ("fixed", {}, {})
    assert (plain.notes, plain.remaining) == ((), 0)


def test_a_detector_with_some_members_is_asked_for_those_when_they_are_needed() -> None:
    class Partly:
        remaining = 5

        def __call__(self, frame: np.ndarray) -> Any:
            self.remaining -= 1
            return ROWS

    detector = SelectingDetector(Partly())
    detector(FRAME)
    assert (detector.name, detector.remaining) == ("Partly", 4)


@pytest.mark.parametrize("kind", [FileDetector, MotionDetector, OnnxDetector])
def test_the_detectors_of_the_house_need_no_completing(kind: type) -> None:
    members = {"name", "observe", "reset", "remaining", "__call__"}
    assert members <= set(dir(kind))
    if kind is not FileDetector:
        assert issubclass(kind, WholeDetector)
    assert as_detector(MotionDetector()).__class__ is MotionDetector


def test_what_is_not_wanted_is_kept_back_and_told() -> None:
    detector = SelectingDetector(fixed, score=0.5, classes=["0", 2])
    look = detector.look(FRAME)
    assert look.why.tolist() == ["", "score below 0.5", "", "class not wanted"]
    assert look.rows.tolist() == [0, 2]
    assert look.kept.confidence.tolist() == pytest.approx([0.9, 0.6])
    assert len(detector(FRAME)) == 2


def test_a_score_that_is_exactly_the_least_one_is_kept() -> None:
    detector = SelectingDetector(fixed, score=0.2)
    assert detector.look(FRAME).why.tolist() == ["", "", "", ""]


def test_detectors_that_follow_the_video_are_kept_informed() -> None:
    inner = Following()
    detector = SelectingDetector(inner, classes=["Traffic-Light"])
    detector.reset(4)
    detector.observe(FRAME)
    assert len(detector(FRAME)) == 2
    assert inner.calls == [4, "observed", "asked"]
    assert (detector.name, detector.notes, detector.remaining) == ("mine", ("n",), 3)
    assert detector.details["classes"] == {2: "traffic light"}
    assert detector.details["a"] == 1


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ("nonsense", ShapeError, "detector 'odd', call 1: detections: rows are no array"),
        ([[1, 2, 3]], ShapeError, r"call 1: detections are \[1, 3\]"),
        ([[1, 2, 3, 4, 1.5]], ConfigError, "detection 0 .* score outside 0..1"),
    ],
)
def test_a_wrong_answer_is_told_with_the_detectors_name(
    given: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        SelectingDetector(lambda frame: given, name="odd")(FRAME)


@pytest.mark.parametrize(
    ("wanted", "known", "message"),
    [
        (["caar"], {2: "car", 3: "bus"}, "no class 'caar'; did you mean 'car'"),
        (["xyz"], {2: "car", 3: "bus"}, "no class 'xyz'; known: car, bus"),
        (["car"], {}, "no names of classes, give their numbers"),
        ([], {}, "at least one"),
        (["q"], {n: f"name{n}" for n in range(80)}, r"name11, \.\.\.$"),
    ],
)
def test_unknown_classes(wanted: list[str], known: dict[int, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        class_numbers(wanted, known)


def test_score_out_of_range() -> None:
    with pytest.raises(ConfigError, match="expected 0 to 1, got 2"):
        SelectingDetector(fixed, score=2)


def test_a_detector_that_ends_the_program_is_named() -> None:
    def leave(frame: np.ndarray) -> None:
        raise SystemExit(0)

    with pytest.raises(ConfigError, match=r"detector 'leave', call 1: it called sys\.exit"):
        SelectingDetector(leave).look(FRAME)


def test_boxes_in_shares_of_the_frame_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"call 1: .*shares of the frame.*by 64 and 48"):
        SelectingDetector(lambda frame: [[0.1, 0.2, 0.5, 0.9, 0.8]]).look(FRAME)


def test_none_is_told_apart_from_nothing_found() -> None:
    detector = SelectingDetector(lambda frame: None, name="mine:find")
    with pytest.raises(ConfigError, match="'mine:find', call 1: it returned None; return an empty"):
        detector(np.zeros((4, 4, 3), np.uint8))
