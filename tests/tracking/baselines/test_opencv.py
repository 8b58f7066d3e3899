"""mohart.tracking.baselines.opencv, with what is installed and with stand-ins for what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest

from mohart.boxes import iou
from mohart.errors import CheckpointError, ConfigError, MissingDataError
from mohart.tracking.baselines.opencv import OpenCVTracker, _whole_pixels, available_opencv_trackers

FRAME = np.zeros((48, 64, 3), np.uint8)


class Scripted:
    """Stands in for an OpenCV tracker and answers what the test wrote down."""

    answers: ClassVar[list[Any]] = []
    refuse: ClassVar[bool] = False

    def init(self, frame: np.ndarray, rectangle: tuple[int, ...]) -> None:
        if self.refuse:
            raise cv2.error("too small")
        self.left = list(self.answers)

    def update(self, frame: np.ndarray) -> Any:
        answer = self.left.pop(0)
        if answer is None:
            raise cv2.error("inside")
        return answer


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> type[Scripted]:
    class Fresh(Scripted):
        pass

    monkeypatch.setattr(cv2, "TrackerCSRT_create", Fresh, raising=False)
    return Fresh


def moving_square(t: int) -> np.ndarray:
    frame = np.random.default_rng(0).integers(60, 100, (120, 160, 3), dtype=np.uint8)
    frame[40:64, 20 + 2 * t : 44 + 2 * t] = np.kron(
        np.random.default_rng(1).integers(0, 255, (6, 6, 3)), np.ones((4, 4, 1))
    )
    return frame


def test_available() -> None:
    names = available_opencv_trackers()
    assert "mil" in names
    assert set(names) <= {"csrt", "kcf", "mil", "mosse", "medianflow", "vit", "nano"}


@pytest.mark.slow
def test_mil_follows_a_square() -> None:
    tracker, found = OpenCVTracker("mil"), []
    for _ in range(10):  # it draws random numbers that cannot be seeded, and slips now and then
        tracker.init(moving_square(0), [[20, 40, 44, 64]])
        for t in range(1, 8):
            tracks = tracker.update(moving_square(t))
        found.append(iou(tracks.xyxy[0], np.float32([34, 40, 58, 64])))
    assert max(found) > 0.5


def test_failure_keeps_the_box_and_loses_confidence(scripted: type[Scripted]) -> None:
    failure = (False, (0, 0, 0, 0))
    scripted.answers = [(True, (12, 10, 10, 20)), failure, None, (True, (0, 0, 0, 5))]
    scripted.answers += [failure] * 12 + [(True, (20, 10, 10, 20))] * 3
    tracker = OpenCVTracker("csrt")
    tracker.init(FRAME, [[10, 10, 20, 30]])
    answers = [tracker.update(FRAME) for _ in scripted.answers]
    assert answers[0].xyxy.tolist() == [[12, 10, 22, 30]]
    assert answers[0].state.tolist() == ["active"]
    for answer in answers[1:16]:
        assert answer.xyxy.tolist() == [[12, 10, 22, 30]]
    assert [str(a.state[0]) for a in answers[1:16]] == ["predicted"] * 14 + ["lost"]
    assert [str(a.state[0]) for a in answers[16:]] == ["lost", "lost", "active"]
    assert answers[1].confidence[0] == 0


def test_refused_start_is_told_and_does_not_raise(scripted: type[Scripted]) -> None:
    scripted.refuse = True
    tracker = OpenCVTracker("csrt")
    first = tracker.init(FRAME, [[10, 10, 20, 30]])
    assert (first.state.tolist(), first.confidence.tolist()) == (["predicted"], [0])
    for _ in range(20):
        tracks = tracker.update(FRAME)
    assert tracks.state.tolist() == ["lost"]
    assert tracks.xyxy.tolist() == [[10, 10, 20, 30]]


def test_boxes_are_clipped_to_whole_pixels_inside() -> None:
    boxes = np.float32(
        [[-5, -5, 10.4, 20], [1.6, 2.4, 30.5, 40], [63.9, 0, 90, 10], [5, 5, 5.2, 9]]
    )
    assert _whole_pixels(boxes, 64, 48, 2) == [
        (0, 0, 10, 20),
        (2, 2, 28, 38),
        (62, 0, 2, 10),
        (5, 5, 2, 4),
    ]


def test_mil_does_not_hang_on_tiny_boxes() -> None:
    tracker = OpenCVTracker("mil")
    tracker.init(moving_square(0), [[20, 40, 21, 41], [158.5, 118.5, 170, 130]])
    assert len(tracker.update(moving_square(1))) == 2


def test_missing_in_this_opencv(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (cv2, getattr(cv2, "legacy", cv2)):
        monkeypatch.delattr(place, "TrackerKCF_create", raising=False)
    with pytest.raises(MissingDataError, match=r"'kcf'.*does not have it.*opencv-contrib-python"):
        OpenCVTracker("kcf")


def test_bad_arguments(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'mil'"):
        OpenCVTracker("mill")
    with pytest.raises(ConfigError, match="'mil' uses no model"):
        OpenCVTracker("mil", "x.onnx")
    with pytest.raises(ConfigError, match=r"'vit' needs its model: --model MODEL\.onnx"):
        OpenCVTracker("vit")
    with pytest.raises(ConfigError, match=r"BACKBONE\.onnx,HEAD\.onnx"):
        OpenCVTracker("nano", "one.onnx")
    with pytest.raises(MissingDataError, match=r"no such model file: .*none\.onnx"):
        OpenCVTracker("vit", tmp_path / "none.onnx")


def test_corrupt_model(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"hello")
    with pytest.raises(CheckpointError, match=r"bad\.onnx: OpenCV cannot read this model"):
        OpenCVTracker("vit", tmp_path / "bad.onnx")


def test_vit_follows_and_reports_its_score(shared_data: Path) -> None:
    tracker = OpenCVTracker("vit", shared_data / "models" / "vitTracker.onnx")
    assert list(tracker.details["files"]) == ["vitTracker.onnx"]
    tracker.init(moving_square(0), [[20, 40, 44, 64], [100, 50, 130, 90]])
    for t in range(1, 6):
        tracks = tracker.update(moving_square(t))
    assert iou(tracks.xyxy[0], np.float32([30, 40, 54, 64])) > 0.5
    assert 0 < tracks.confidence[0] < 1
