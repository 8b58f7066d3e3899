"""mohart.tracking.learned.foresight: who has a frame first works out what needs nothing else."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mohart import load_tracker
from mohart.structures import TrackedObjects
from mohart.tracking.corrections import Foreseeing
from mohart.tracking.learned import camera as camera_module
from mohart.tracking.learned.foresight import MOST, Foresight
from mohart.tracking.learned.motion import Step, camera_motion, reduced, same_corners
from mohart.tracking.learned.recurrent import RecurrentTracker

BOX = np.array([[120.0, 80.0, 180.0, 150.0]], np.float32)


def _pan(count: int, step: int = 5) -> list[NDArray[np.uint8]]:
    """Frames of a camera that pans over a ground with corners."""
    rng = np.random.default_rng(4)
    ground = cv2.GaussianBlur(rng.integers(0, 256, (240, 700, 3), np.uint8), (0, 0), 3)
    ground = np.clip((ground.astype(np.float32) - 128) * 4 + 128, 0, 255).astype(np.uint8)
    return [np.ascontiguousarray(ground[:, step * t : step * t + 320]) for t in range(count)]


def _wanted() -> Foresight:
    foresight = Foresight()
    foresight.wanted = True
    return foresight


def test_what_is_known_is_what_would_be_found_out_now() -> None:
    frames, foresight = _pan(4), _wanted()
    for frame in frames:
        foresight.add(frame)
    seen = [foresight.take(frame) for frame in frames]
    assert seen[0] is not None
    assert seen[0].last is None
    corners = None
    for (before, frame), (last, now) in zip(pairwise(frames), pairwise(seen), strict=True):
        assert last is not None
        assert now is not None
        assert now.last is last.gray
        assert same_corners(now.corners, corners)
        expected = camera_motion(reduced(before)[0], reduced(frame)[0], corners)
        assert expected.motion is not None
        assert now.step.motion is not None
        np.testing.assert_array_equal(now.step.motion.transform, expected.motion.transform)
        assert now.step.motion.summed == expected.motion.summed
        corners = expected.corners


def test_only_the_same_array_is_known_and_earlier_ones_are_forgotten() -> None:
    frames, foresight = _pan(3), _wanted()
    for frame in frames:
        foresight.add(frame)
    assert foresight.take(frames[1].copy()) is None
    assert foresight.take(frames[1]) is not None
    assert foresight.take(frames[0]) is None
    assert foresight.take(frames[1]) is None
    assert foresight.take(frames[2]) is not None


def test_frames_are_not_kept_alive_and_only_a_few_are_known() -> None:
    frames, foresight = _pan(MOST + 2), _wanted()
    for frame in frames:
        foresight.add(frame)
    assert foresight.take(frames[1]) is None
    last = foresight.take(frames[2])
    assert last is not None
    del frame, frames
    gc.collect()
    assert last.frame() is None


def test_where_nobody_is_followed_nothing_is_worked_out() -> None:
    frames, foresight = _pan(4), Foresight()
    foresight.add(frames[0])
    assert foresight.take(frames[0]) is None
    for wanted, frame in zip((True, False, True), frames[1:], strict=True):
        foresight.wanted = wanted
        foresight.add(frame)
    assert foresight.take(frames[2]) is None
    seen = foresight.take(frames[3])
    assert seen is not None
    assert seen.last is None  # what was before it is not known


def test_a_tracker_asks_for_it_while_it_follows_somebody() -> None:
    frames, tracker = _pan(4), load_tracker()
    assert isinstance(tracker, RecurrentTracker)
    tracker.init(frames[0], BOX)
    tracker.update(frames[1])
    assert tracker._foresight.wanted
    tracker.remove([1])
    tracker.update(frames[2])
    assert not tracker._foresight.wanted


@pytest.mark.parametrize("way", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_knows_nothing_and_a_tracker_shares_its_own(way: Callable[[Any], Any]) -> None:
    frames, tracker = _pan(3), load_tracker()
    assert isinstance(tracker, Foreseeing)
    tracker.init(frames[0], BOX)
    tracker.update(frames[1])
    tracker.foresee(frames[2])
    other = way(tracker)
    assert other._foresight is other._online._camera._foresight
    assert other._foresight.take(frames[2]) is None
    np.testing.assert_array_equal(other.update(frames[2]).xyxy, tracker.update(frames[2]).xyxy)


def _track(frames: list[NDArray[np.uint8]], foreseen: set[int]) -> list[TrackedObjects]:
    """What is said of frames, some of which a thread announces behind the second."""
    tracker = load_tracker()
    assert isinstance(tracker, Foreseeing)

    def announce() -> None:
        for n in sorted(foreseen):
            tracker.foresee(frames[n])

    told = [tracker.init(frames[0], BOX), tracker.update(frames[1])]
    thread = threading.Thread(target=announce)
    thread.start()
    thread.join()
    return [*told, *(tracker.update(frame) for frame in frames[2:])]


@pytest.mark.parametrize("foreseen", [{2, 3, 4, 5, 6}, {3, 4, 6}, {1, 2}])
def test_the_same_is_said_whoever_looked_first(foreseen: set[int]) -> None:
    frames = _pan(7)
    assert all(camera_motion(reduced(a)[0], reduced(b)[0]).motion for a, b in pairwise(frames))
    for plain, ahead in zip(_track(frames, set()), _track(frames, foreseen), strict=True):
        np.testing.assert_array_equal(plain.xyxy, ahead.xyxy)
        np.testing.assert_array_equal(plain.confidence, ahead.confidence)


def test_a_motion_that_is_known_is_not_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, tracker, looked = _pan(6), load_tracker(), list[int]()
    assert isinstance(tracker, Foreseeing)

    def look(*_: Any) -> Step:
        looked.append(1)
        return Step(None, None)

    monkeypatch.setattr(camera_module, "camera_motion", look)
    tracker.init(frames[0], BOX)
    tracker.update(frames[1])
    for frame in frames[2:]:
        tracker.foresee(frame)
    for frame in frames[2:]:
        tracker.update(frame)
    assert len(looked) == 2  # to and from the second frame, which nobody announced
