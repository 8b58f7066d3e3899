from __future__ import annotations

import numpy as np
import pytest

from mohart.boxes import pairwise_iou
from mohart.errors import ConfigError
from mohart.tracking.detectors.motion import MotionDetector, join_fragments


def street(t: int, width: int = 160, height: int = 120) -> np.ndarray:
    """A still, noisy background with a bright thing that goes right, 2 pixels a frame of 160."""
    unit = width // 160
    noise = np.random.default_rng(t).integers(-4, 5, (height, width, 3))
    texture = np.random.default_rng(99).integers(60, 120, (height // 8, width // 8, 3))
    frame = texture.repeat(8, 0).repeat(8, 1) + noise
    x1, y1, x2, y2 = (unit * v for v in truth(t))
    frame[y1:y2, x1:x2] = 230
    return frame.clip(0, 255).astype(np.uint8)


def truth(t: int) -> tuple[int, int, int, int]:
    return 10 + 2 * t, 40, 26 + 2 * t, 80


@pytest.mark.slow
@pytest.mark.parametrize("zoom", [1, 5])  # 160x120, and 800x600, which is looked at smaller
def test_a_moving_thing_is_found_and_nothing_else(zoom: int) -> None:
    detector = MotionDetector(warm_up=15)
    for t in range(25):
        found = detector(street(t, 160 * zoom, 120 * zoom))
        if t < 15:
            assert len(found) == 0, "it must learn first"
    assert len(found) == 1
    overlap = pairwise_iou(found.xyxy, zoom * np.array([truth(24)], np.float32))
    assert overlap[0, 0] > 0.75
    assert found.confidence[0] > 0.9
    assert found.class_id.tolist() == [-1]


def test_showing_a_frame_teaches_as_asking_does() -> None:
    asked, shown = MotionDetector(warm_up=15), MotionDetector(warm_up=15)
    for t in range(40):
        answer = asked(street(t))
        if t < 39:
            shown.observe(street(t))
    again = shown(street(39))
    assert again.xyxy.tolist() == answer.xyxy.tolist()
    assert again.confidence.tolist() == answer.confidence.tolist()


def test_reset_forgets_the_background() -> None:
    detector = MotionDetector(warm_up=15)
    for t in range(20):
        detector(street(t))
    assert len(detector(street(20))) == 1
    detector.reset()
    assert len(detector(street(21))) == 0


def test_nothing_while_the_whole_picture_changes() -> None:
    detector = MotionDetector(warm_up=15)
    for t in range(30):
        detector(street(t))
    assert len(detector(255 - street(30))) == 0


def test_shadows_are_no_part_of_a_thing() -> None:
    detector = MotionDetector(warm_up=15)
    for t in range(50):
        frame = street(t)
        x1, _, x2, y2 = truth(t)
        shadow = frame[y2 : y2 + 15, x1:x2]
        frame[y2 : y2 + 15, x1:x2] = (shadow * 0.7).astype(np.uint8)
        found = detector(frame)
    assert len(found) == 1
    assert found.xyxy[0, 3] < 80 + 6


def test_frames_are_not_changed() -> None:
    frame = street(0)
    before = frame.copy()
    MotionDetector()(frame)
    assert (frame == before).all()


def test_fragments_above_each_other_are_joined_and_neighbours_are_not() -> None:
    boxes = np.array([[10, 0, 20, 8], [9, 10, 22, 30], [12, 31, 19, 50], [24, 0, 34, 50.0]])
    joined, areas = join_fragments(boxes, np.array([1.0, 2, 3, 4]), 3)
    assert joined.tolist() == [[9, 0, 22, 50], [24, 0, 34, 50]]
    assert areas.tolist() == [6, 4]
    none, _ = join_fragments(np.zeros((0, 4)), np.zeros(0), 3)
    assert none.shape == (0, 4)


@pytest.mark.parametrize(
    "wrong", [{"warm_up": 0}, {"history": 0}, {"least_area": 0}, {"contrast": 0}, {"join": -1}]
)
def test_settings_out_of_range(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="motion: expected"):
        MotionDetector(**wrong)  # type: ignore[arg-type]
