"""mohart.tracking.learned.motion: how a picture moves as a whole."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mohart.tracking.learned import motion as motion_module
from mohart.tracking.learned.motion import (
    LESS,
    SUMMED,
    Step,
    background_motion,
    camera_motion,
    left_over,
    same_corners,
)
from tests.tracking.learned.test_camera import HEIGHT, WIDTH, halved, shifted, wide_scene


def test_a_shift_of_everything_is_found() -> None:
    scene = wide_scene()
    found = background_motion(halved(shifted(scene, 0, 0)), halved(shifted(scene, 24, -10)))
    assert found is not None
    np.testing.assert_allclose(found, [[1, 0, 12], [0, 1, -5]], atol=0.2)


def test_a_zoom_is_found_about_its_middle() -> None:
    scene = wide_scene()
    zoomed = cv2.warpAffine(
        scene, cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 0, 1.05), scene.shape[1::-1]
    )
    found = background_motion(
        halved(shifted(scene, 0, 0)), halved(shifted(np.asarray(zoomed), 0, 0))
    )
    assert found is not None
    assert found[0, 0] == pytest.approx(1.05, abs=0.01)


@pytest.mark.parametrize("after", ["the same", "a thing that moves", "a cut"])
def test_what_is_no_motion_of_the_camera_is_none(after: str) -> None:
    scene = wide_scene()
    before = halved(shifted(scene, 0, 0))
    match after:
        case "the same":
            now = before
        case "a thing that moves":
            now = before.copy()
            now[100:140, 200:240] = before[100:140, 150:190]
        case _:
            now = halved(shifted(wide_scene(5), 0, 0))
    assert background_motion(before, now) is None


def test_noise_of_a_sensor_moves_nothing() -> None:
    before = halved(shifted(wide_scene(), 0, 0))
    noise = np.random.default_rng(1).normal(0, 3, before.shape)
    found = background_motion(before, np.clip(before + noise, 0, 255).astype(np.uint8))
    assert found is not None  # a camera may have moved: it looked, and found that it had not
    np.testing.assert_allclose(found, [[1, 0, 0], [0, 1, 0]], atol=0.02)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with every picture in which corners are looked for."""
    looked, find = list[int](), motion_module._find

    def counted(picture: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        looked.append(1)
        return find(picture)

    monkeypatch.setattr(motion_module, "_find", counted)
    return looked


def _steps(pictures: list[NDArray[np.uint8]], first: int = 0) -> list[Step]:
    """From one to the next, from the first one on; corners are followed on."""
    steps = [Step(None, None)]
    for last, now in pairwise(pictures[first:]):
        steps.append(camera_motion(last, now, steps[-1].corners))
    return steps[1:]


def test_corners_are_followed_on_and_looked_for_in_every_eighth_picture(found: list[int]) -> None:
    scene = wide_scene()
    pictures = [halved(shifted(scene, 2 * t, t)) for t in range(33)]
    steps = _steps(pictures)
    due = sum(motion_module._is_due(picture) for picture in pictures[1:-1])
    assert 0 < due < len(steps) / 3
    assert len(found) == 1 + due
    for step in steps:
        assert step.motion is not None
        shift = step.motion.transform @ np.array([160.0, 90.0, 1.0]) - np.array([160.0, 90.0])
        np.testing.assert_allclose(shift, [1, 0.5], atol=0.1)


def test_corners_that_lead_nowhere_are_looked_for_anew(found: list[int]) -> None:
    scene = wide_scene()
    last, now = halved(shifted(scene, 0, 0)), halved(shifted(scene, 8, 0))
    right = camera_motion(last, now)
    noise = np.random.default_rng(0).uniform(20, 140, (80, 1, 2)).astype(np.float32)
    lost = np.full_like(noise, -50.0)
    for known in (lost, lost[:3]):
        step = camera_motion(last, now, known)
        assert step.motion is not None
        assert right.motion is not None
        np.testing.assert_array_equal(step.motion.transform, right.motion.transform)
        assert same_corners(step.corners, right.corners)
    assert len(found) == 3


def test_corners_wait_while_nothing_moves_and_go_where_nothing_agrees(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(motion_module, "_is_due", lambda _: False)
    scene, rng = wide_scene(), np.random.default_rng(1)
    pictures = [halved(shifted(scene, 4 * t, 0)) for t in range(2)]
    corners = camera_motion(*pictures).corners
    assert corners is not None
    still = camera_motion(pictures[1], pictures[1], corners)
    assert still.motion is None
    assert still.corners is corners
    other = rng.integers(0, 256, pictures[1].shape, np.uint8)
    assert camera_motion(pictures[1], other, corners) == Step(None, None)
    assert camera_motion(pictures[1], pictures[1][:100], corners) == Step(None, None)
    monkeypatch.setattr(motion_module, "_is_due", lambda _: True)
    assert camera_motion(pictures[1], pictures[1], corners) == Step(None, None)


@pytest.mark.parametrize("later", [1, 5, 11])
def test_two_who_begin_at_different_pictures_soon_follow_the_same(later: int) -> None:
    scene = wide_scene()
    pictures = [halved(shifted(scene, 2 * t, t)) for t in range(33)]
    due = [n for n, picture in enumerate(pictures) if motion_module._is_due(picture)]
    one, other = _steps(pictures), _steps(pictures, later)
    met = next(n for n in due if n > later)
    before, behind = list[bool](), list[bool]()
    for n, (a, b) in enumerate(zip(one[later:], other, strict=True), later):
        assert a.motion is not None
        assert b.motion is not None
        same = np.array_equal(a.motion.transform, b.motion.transform)
        (behind if n >= met else before).append(same)
    assert all(behind)
    assert behind
    assert later in due or not all(before)


def test_what_a_motion_leaves_unexplained() -> None:
    scene = wide_scene()
    last, now = halved(shifted(scene, 0, 0)), halved(shifted(scene, 8, 0))
    right, wrong = np.array([[1.0, 0, 4], [0, 1, 0]]), np.array([[1.0, 0, -4], [0, 1, 0]])
    changed = motion_module._change(last, now)
    left = [
        left_over(motion_module._moved(last, motion), now, changed) for motion in (right, wrong)
    ]
    assert left[0] < 0.1 < LESS
    assert left[1] > 1.2 > SUMMED


def test_frames_of_another_size_or_without_corners_are_none() -> None:
    flat = np.zeros((240, 320), np.uint8)
    assert background_motion(flat, flat[:100]) is None
    assert background_motion(flat, flat + 40) is None
