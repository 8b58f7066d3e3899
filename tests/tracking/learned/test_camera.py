"""mohart.tracking.learned.camera: windows go along with a picture that shifts as a whole."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mohart import load_tracker
from mohart.assembly.weights import load_model
from mohart.boxes import iou
from mohart.tracking.learned import motion as motion_module
from mohart.tracking.learned import online
from mohart.tracking.learned.camera import Camera
from mohart.tracking.learned.knobs import RULES
from mohart.tracking.learned.motion import (
    LESS,
    SUMMED,
    Step,
    background_motion,
    camera_motion,
    left_over,
    same_corners,
)
from mohart.tracking.learned.objects import Objects, fresh_objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.torch_engine import TorchEngine

WIDTH, HEIGHT, BORDER = 640, 480, 100
BOX = np.array([[300.0, 200.0, 340.0, 260.0]], np.float32)


def _scene(seed: int = 0) -> NDArray[np.uint8]:
    """Blurred noise, larger than a frame by a border on all sides, with a thing in its middle."""
    rng = np.random.default_rng(seed)
    shape = (HEIGHT + 2 * BORDER, WIDTH + 2 * BORDER, 3)
    scene = cv2.GaussianBlur(rng.integers(0, 256, shape, np.uint8), (0, 0), 4)
    scene = np.clip((scene.astype(np.float32) - 128) * 5 + 128, 0, 255).astype(np.uint8)
    x, y = 300 + BORDER, 200 + BORDER
    scene[y : y + 60, x : x + 40] = (40, 60, 230)
    scene[y + 15 : y + 30, x + 8 : x + 32] = (230, 230, 40)
    return scene


def _seen(scene: NDArray[np.uint8], right: int, down: int) -> NDArray[np.uint8]:
    """The frame in which everything has moved by this many pixels."""
    x, y = BORDER - right, BORDER - down
    return np.ascontiguousarray(scene[y : y + HEIGHT, x : x + WIDTH])


def _gray(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    small = cv2.resize(frame, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def test_a_shift_of_everything_is_found() -> None:
    scene = _scene()
    found = background_motion(_gray(_seen(scene, 0, 0)), _gray(_seen(scene, 24, -10)))
    assert found is not None
    np.testing.assert_allclose(found, [[1, 0, 12], [0, 1, -5]], atol=0.2)


def test_a_zoom_is_found_about_its_middle() -> None:
    scene = _scene()
    zoomed = cv2.warpAffine(
        scene, cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 0, 1.05), scene.shape[1::-1]
    )
    found = background_motion(_gray(_seen(scene, 0, 0)), _gray(_seen(np.asarray(zoomed), 0, 0)))
    assert found is not None
    assert found[0, 0] == pytest.approx(1.05, abs=0.01)


@pytest.mark.parametrize("after", ["the same", "a thing that moves", "a cut"])
def test_what_is_no_motion_of_the_camera_is_none(after: str) -> None:
    scene = _scene()
    before = _gray(_seen(scene, 0, 0))
    match after:
        case "the same":
            now = before
        case "a thing that moves":
            now = before.copy()
            now[100:140, 200:240] = before[100:140, 150:190]
        case _:
            now = _gray(_seen(_scene(5), 0, 0))
    assert background_motion(before, now) is None


def test_noise_of_a_sensor_moves_nothing() -> None:
    before = _gray(_seen(_scene(), 0, 0))
    noise = np.random.default_rng(1).normal(0, 3, before.shape)
    found = background_motion(before, np.clip(before + noise, 0, 255).astype(np.uint8))
    assert found is not None  # a camera may have moved: it looked, and found that it had not
    np.testing.assert_allclose(found, [[1, 0, 0], [0, 1, 0]], atol=0.02)


def _traffic(shift: int) -> NDArray[np.uint8]:
    """A street under a noisy sensor, on which everything with corners goes down and grows."""
    rng = np.random.default_rng(3)
    ground = cv2.GaussianBlur(rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8), (0, 0), 4)
    frame = np.clip((ground.astype(np.float32) - 128) * 3 + 128, 0, 255).astype(np.uint8)
    car = rng.integers(0, 256, (8, 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    for x, y in ((60, 40), (60, 200), (260, 120), (260, 280), (460, 60), (460, 220)):
        size = 64 + y // 8 + shift // 4
        down = y + shift
        frame[down : down + size, x : x + size] = cv2.resize(car, (size, size))
    noise = np.random.default_rng(shift).normal(0, 8, frame.shape)
    return np.clip(frame + noise, 0, 255).astype(np.uint8)


def test_traffic_in_front_of_a_still_camera_is_not_summed_up() -> None:
    """Corners agree on a motion, since all of them are on cars: the picture does not."""
    frames = [_traffic(4 * t) for t in range(20)]
    agreed = [background_motion(_gray(x), _gray(y)) for x, y in pairwise(frames)]
    assert sum(motion is not None for motion in agreed) > 10
    camera, objects = Camera(), _objects(frames[0], BOX)
    camera.see(Picture(frames[0]))
    for frame in frames[1:]:
        camera.move(objects, Picture(frame))
    np.testing.assert_array_equal(camera.place(BOX), BOX)


def test_a_camera_that_moves_is_summed_up() -> None:
    scene, camera = _scene(), Camera()
    objects = _objects(_seen(scene, 0, 0), BOX)
    camera.see(Picture(_seen(scene, 0, 0)))
    for t in range(1, 9):
        camera.move(objects, Picture(_seen(scene, 6 * t, -3 * t)))
    shift = np.array([48, -24, 48, -24])
    np.testing.assert_allclose(camera.place(BOX + shift), BOX, atol=0.5)


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
    scene = _scene()
    pictures = [_gray(_seen(scene, 2 * t, t)) for t in range(33)]
    steps = _steps(pictures)
    due = sum(motion_module._is_due(picture) for picture in pictures[1:-1])
    assert 0 < due < len(steps) / 3
    assert len(found) == 1 + due
    for step in steps:
        assert step.motion is not None
        shift = step.motion.transform @ np.array([160.0, 90.0, 1.0]) - np.array([160.0, 90.0])
        np.testing.assert_allclose(shift, [1, 0.5], atol=0.1)


def test_corners_that_lead_nowhere_are_looked_for_anew(found: list[int]) -> None:
    scene = _scene()
    last, now = _gray(_seen(scene, 0, 0)), _gray(_seen(scene, 8, 0))
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
    scene, rng = _scene(), np.random.default_rng(1)
    pictures = [_gray(_seen(scene, 4 * t, 0)) for t in range(2)]
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
    scene = _scene()
    pictures = [_gray(_seen(scene, 2 * t, t)) for t in range(33)]
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
    scene = _scene()
    last, now = _gray(_seen(scene, 0, 0)), _gray(_seen(scene, 8, 0))
    right, wrong = np.array([[1.0, 0, 4], [0, 1, 0]]), np.array([[1.0, 0, -4], [0, 1, 0]])
    assert left_over(right, last, now) < 0.1 < LESS
    assert left_over(wrong, last, now) > 1.2 > SUMMED


def test_frames_of_another_size_or_without_corners_are_none() -> None:
    flat = np.zeros((240, 320), np.uint8)
    assert background_motion(flat, flat[:100]) is None
    assert background_motion(flat, flat + 40) is None


def _objects(frame: NDArray[np.uint8], boxes: NDArray[np.float32]) -> Objects:
    engine, picture = TorchEngine(load_model().model, torch.device("cpu")), Picture(frame)
    state = engine.start(picture, boxes[None])
    return fresh_objects(
        state,
        picture.looks(boxes),
        RULES.start(len(boxes)),
        tracker_id=np.arange(1, len(boxes) + 1),
        given=True,
        belief=np.full(len(boxes), 5.0),
        visibility=np.ones(len(boxes)),
    )


def test_boxes_windows_and_free_boxes_are_carried_and_sizes_stay() -> None:
    scene, camera = _scene(), Camera()
    first = _seen(scene, 0, 0)
    objects = _objects(first, BOX)
    camera.see(Picture(first))
    moved = camera.move(objects, Picture(_seen(scene, 30, 18)))
    shift = np.array([30, 18, 30, 18])
    for before, after in (
        (objects.boxes, moved.boxes),
        (objects.free_box, moved.free_box),
        (objects.state.windows[0], moved.state.windows[0]),
        (objects.state.boxes[0], moved.state.boxes[0]),
    ):
        np.testing.assert_allclose(after, before + shift, atol=0.5)
    np.testing.assert_array_equal(moved.state.hidden, objects.state.hidden)


def test_without_a_frame_before_or_for_a_slight_shift_nothing_changes() -> None:
    scene, camera = _scene(), Camera()
    first = _seen(scene, 0, 0)
    objects = _objects(first, BOX)
    assert camera.move(objects, Picture(first)) is objects
    large = _objects(first, np.array([[0.0, 0.0, 600.0, 400.0]], np.float32))
    assert camera.move(large, Picture(_seen(scene, 4, 0))) is large


def test_what_is_remembered_can_be_set_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motion_module, "_is_due", lambda _: False)
    scene, camera, other = _scene(), Camera(), Camera()
    first, second = _seen(scene, 0, 0), Picture(_seen(scene, 30, 16))
    objects = _objects(first, BOX)
    camera.see(Picture(first))
    other.unpack(camera.pack())
    np.testing.assert_array_equal(
        other.move(objects, second).boxes, camera.move(objects, second).boxes
    )
    assert camera._corners is not None
    other.unpack(camera.pack())
    third = Picture(_seen(scene, 36, 14))
    moved, again = camera.move(objects, third), other.move(objects, third)
    assert moved is not objects
    np.testing.assert_array_equal(again.boxes, moved.boxes)
    assert same_corners(camera._corners, other._corners)
    blank = Camera()
    blank.unpack(Camera().pack())
    assert blank.move(objects, second) is objects


def _follow(shifts: list[tuple[int, int]]) -> float:
    """Mean IoU over a video in which only the camera moves."""
    scene, tracker = _scene(), load_tracker(engine="torch")
    tracker.init(_seen(scene, 0, 0), BOX)
    overlaps = []
    for right, down in shifts:
        said = tracker.update(_seen(scene, right, down))
        truth = BOX.astype(np.float64) + np.array([right, down, right, down])
        overlaps.append(float(iou(said.xyxy.astype(np.float64), truth)[0]))
    return float(np.mean(overlaps))


@pytest.mark.slow
def test_a_camera_that_is_shaken_does_not_lose_what_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shaken = [(25 * (-1) ** t, 12 * (-1) ** (t // 2)) for t in range(8)]
    with_camera = _follow(shaken)
    monkeypatch.setattr(online.Camera, "move", lambda self, objects, picture: objects)
    assert with_camera > 0.9
    assert _follow(shaken) < with_camera - 0.1
