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
    background_motion,
    same_corners,
)
from mohart.tracking.learned.objects import Objects, fresh_objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.torch_engine import TorchEngine

WIDTH, HEIGHT, BORDER = 640, 480, 100
BOX = np.array([[300.0, 200.0, 340.0, 260.0]], np.float32)


def wide_scene(seed: int = 0) -> NDArray[np.uint8]:
    """Blurred noise, larger than a frame by a border on all sides, with a thing in its middle."""
    rng = np.random.default_rng(seed)
    shape = (HEIGHT + 2 * BORDER, WIDTH + 2 * BORDER, 3)
    scene = cv2.GaussianBlur(rng.integers(0, 256, shape, np.uint8), (0, 0), 4)
    scene = np.clip((scene.astype(np.float32) - 128) * 5 + 128, 0, 255).astype(np.uint8)
    x, y = 300 + BORDER, 200 + BORDER
    scene[y : y + 60, x : x + 40] = (40, 60, 230)
    scene[y + 15 : y + 30, x + 8 : x + 32] = (230, 230, 40)
    return scene


def shifted(scene: NDArray[np.uint8], right: int, down: int) -> NDArray[np.uint8]:
    """The frame in which everything has moved by this many pixels."""
    x, y = BORDER - right, BORDER - down
    return np.ascontiguousarray(scene[y : y + HEIGHT, x : x + WIDTH])


def halved(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    small = cv2.resize(frame, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


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
    agreed = [background_motion(halved(x), halved(y)) for x, y in pairwise(frames)]
    assert sum(motion is not None for motion in agreed) > 10
    camera, objects = Camera(), _objects(frames[0], BOX)
    camera.see(Picture(frames[0]))
    for frame in frames[1:]:
        camera.move(objects, Picture(frame))
    np.testing.assert_array_equal(camera.place(BOX), BOX)


def test_a_camera_that_moves_is_summed_up() -> None:
    scene, camera = wide_scene(), Camera()
    objects = _objects(shifted(scene, 0, 0), BOX)
    camera.see(Picture(shifted(scene, 0, 0)))
    for t in range(1, 9):
        camera.move(objects, Picture(shifted(scene, 6 * t, -3 * t)))
    shift = np.array([48, -24, 48, -24])
    np.testing.assert_allclose(camera.place(BOX + shift), BOX, atol=0.5)


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
    scene, camera = wide_scene(), Camera()
    first = shifted(scene, 0, 0)
    objects = _objects(first, BOX)
    camera.see(Picture(first))
    moved = camera.move(objects, Picture(shifted(scene, 30, 18)))
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
    scene, camera = wide_scene(), Camera()
    first = shifted(scene, 0, 0)
    objects = _objects(first, BOX)
    assert camera.move(objects, Picture(first)) is objects
    large = _objects(first, np.array([[0.0, 0.0, 600.0, 400.0]], np.float32))
    assert camera.move(large, Picture(shifted(scene, 4, 0))) is large


def test_what_is_remembered_can_be_set_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motion_module, "_is_due", lambda _: False)
    scene, camera, other = wide_scene(), Camera(), Camera()
    first, second = shifted(scene, 0, 0), Picture(shifted(scene, 30, 16))
    objects = _objects(first, BOX)
    camera.see(Picture(first))
    other.unpack(camera.pack())
    np.testing.assert_array_equal(
        other.move(objects, second).boxes, camera.move(objects, second).boxes
    )
    assert camera._corners is not None
    other.unpack(camera.pack())
    third = Picture(shifted(scene, 36, 14))
    moved, again = camera.move(objects, third), other.move(objects, third)
    assert moved is not objects
    np.testing.assert_array_equal(again.boxes, moved.boxes)
    assert same_corners(camera._corners, other._corners)
    blank = Camera()
    blank.unpack(Camera().pack())
    assert blank.move(objects, second) is objects


def _follow(shifts: list[tuple[int, int]]) -> float:
    """Mean IoU over a video in which only the camera moves."""
    scene, tracker = wide_scene(), load_tracker(engine="torch")
    tracker.init(shifted(scene, 0, 0), BOX)
    overlaps = []
    for right, down in shifts:
        said = tracker.update(shifted(scene, right, down))
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
