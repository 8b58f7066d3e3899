"""Corrections, births and ends of the learned tracker, and going on from a kept state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mohart
from mohart.errors import CheckpointError, ConfigError
from mohart.structures import ACTIVE, TrackedObjects
from mohart.synth.scenes.generator import Generator
from mohart.tracking.corrections import Correctable, Resumable
from mohart.tracking.learned.recurrent import RecurrentTracker


@pytest.fixture(scope="module")
def tracker() -> RecurrentTracker:
    found = mohart.load_tracker()
    assert isinstance(found, RecurrentTracker)
    return found


@pytest.fixture(scope="module")
def drawn() -> list[Any]:
    generator = Generator(
        seed=11, width=240, height=180, objects=(3, 3), scenery=0, alike=0, frame_rate=(25, 30)
    )
    return list(generator.scene(1, 12).frames())


def same(a: TrackedObjects, b: TrackedObjects) -> bool:
    return all(np.array_equal(a.columns()[name], b.columns()[name]) for name in a.columns())


def test_it_can_be_corrected_and_gone_on_with(tracker: RecurrentTracker) -> None:
    assert isinstance(tracker, Correctable)
    assert isinstance(tracker, Resumable)


def test_a_correction_is_what_was_drawn_and_moves_nobody_else(
    tracker: RecurrentTracker, drawn: list[Any]
) -> None:
    tracker.init(drawn[0].frame, drawn[0].boxes, ids=[7, 3, 9])
    for labelled in drawn[1:4]:
        before = tracker.update(labelled.frame)
    box = drawn[3].boxes[1] + 2
    after = tracker.correct(drawn[3].frame, [box], [3])
    assert after.tracker_id.tolist() == [7, 3, 9]
    assert (after.state[1], after.confidence[1]) == (ACTIVE, 1)
    np.testing.assert_array_equal(after.xyxy[1], box.astype(np.float32))
    for row in (0, 2):
        np.testing.assert_array_equal(after.xyxy[row], before.xyxy[row])
    follows = tracker.update(drawn[4].frame)
    assert np.abs(follows.xyxy[1] - drawn[4].boxes[1]).max() < 12


@pytest.mark.slow
def test_a_corrected_object_starts_as_a_new_one_does(drawn: list[Any]) -> None:
    """Alone in the picture, it goes on as if it had been drawn there first."""
    one, other = mohart.load_tracker(), mohart.load_tracker()
    assert isinstance(one, RecurrentTracker)
    one.init(drawn[0].frame, drawn[0].boxes[:1])
    for labelled in drawn[1:4]:
        one.update(labelled.frame)
    one.correct(drawn[3].frame, drawn[3].boxes[:1], [1])
    other.init(drawn[3].frame, drawn[3].boxes[:1])
    for labelled in drawn[4:7]:
        np.testing.assert_array_equal(
            one.update(labelled.frame).xyxy, other.update(labelled.frame).xyxy
        )


def test_birth_and_end(tracker: RecurrentTracker, drawn: list[Any]) -> None:
    tracker.init(drawn[0].frame, drawn[0].boxes[:1], ids=[7])
    tracker.update(drawn[1].frame)
    born = tracker.correct(drawn[1].frame, drawn[1].boxes[1:], [2, 9])
    assert born.tracker_id.tolist() == [7, 2, 9]
    assert tracker.update(drawn[2].frame).tracker_id.tolist() == [7, 2, 9]
    assert tracker.remove([2]).tracker_id.tolist() == [7, 9]
    assert tracker.update(drawn[3].frame).tracker_id.tolist() == [7, 9]
    assert tracker.remove([7, 9]).tracker_id.tolist() == []
    assert len(tracker.update(drawn[4].frame)) == 0


@pytest.mark.slow
def test_who_is_away_and_has_ended_does_not_come_back(drawn: list[Any]) -> None:
    """One of three is gone for long, and known again when it is back, unless a person ended it."""

    def seen(count: int, t: int) -> np.ndarray:
        return np.column_stack([drawn[t].boxes[:count], np.full(count, 0.95)])

    ids = []
    for ended in (False, True):
        tracker = mohart.load_tracker()
        assert isinstance(tracker, Correctable)
        for _ in range(4):
            said = tracker.update(drawn[0].frame, seen(3, 0))
        gone = int(said.tracker_id[2])
        empty = drawn[0].frame.copy()
        x1, y1, x2, y2 = drawn[0].boxes[2].clip(0).astype(int)
        empty[max(y1 - 9, 0) : y2 + 9, max(x1 - 9, 0) : x2 + 9] = 110
        for _ in range(40):
            said = tracker.update(empty, seen(2, 0))
        assert gone not in said.tracker_id
        if ended:
            tracker.remove([gone])
            with pytest.raises(ConfigError, match="are not all followed"):
                tracker.remove([gone])
        for _ in range(4):
            said = tracker.update(drawn[0].frame, seen(3, 0))
        ids.append(gone in said.tracker_id)
    assert ids == [True, False]


def test_mistakes(tracker: RecurrentTracker, drawn: list[Any]) -> None:
    tracker.reset()
    with pytest.raises(ConfigError, match="no objects yet"):
        tracker.correct(drawn[0].frame, drawn[0].boxes, [1, 2, 3])
    with pytest.raises(ConfigError, match="no objects yet"):
        tracker.snapshot()
    tracker.init(drawn[0].frame, drawn[0].boxes)
    with pytest.raises(ConfigError, match=r"ids: \[1, 8\] are not all followed"):
        tracker.remove([1, 8])
    with pytest.raises(ConfigError, match=r"box 1 .*lies wholly outside"):
        tracker.correct(drawn[0].frame, [[900, 900, 910, 910]], [1])
    with pytest.raises(CheckpointError, match="no state of this tracker"):
        tracker.restore(b"something else")


@pytest.mark.slow
@pytest.mark.parametrize("detections", [False, True])
def test_going_on_from_a_kept_state_is_going_on(drawn: list[Any], detections: bool) -> None:
    """With detections also those who are away are known again; times of frames count."""

    def follow(tracker: Any, frames: range) -> list[TrackedObjects]:
        said = []
        for t in frames:
            found = None
            if detections and t % 2 == 0:
                shown = drawn[t].boxes[: 2 if 4 <= t <= 8 else 3]
                found = np.column_stack([shown, np.full(len(shown), 0.9), np.full(len(shown), 2)])
            said.append(tracker.update(drawn[t].frame, found, timestamp=t / 25))
        return said

    whole, part, fresh = (mohart.load_tracker() for _ in range(3))
    for tracker in (whole, part):
        if detections:
            tracker.update(drawn[0].frame, np.zeros((0, 5)), timestamp=0.0)
        else:
            tracker.init(drawn[0].frame, drawn[0].boxes)
    expected = follow(whole, range(1, 12))
    follow(part, range(1, 7))
    assert isinstance(part, Resumable)
    assert isinstance(fresh, Resumable)
    kept = part.snapshot()
    fresh.restore(kept)
    assert fresh.snapshot() == kept
    found = follow(fresh, range(7, 12))
    assert all(same(a, b) for a, b in zip(expected[6:], found, strict=True))


def test_somebody_is_added(tracker: RecurrentTracker, drawn: list[Any]) -> None:
    """A named birth, the same as a correction of an id that nobody has."""
    tracker.init(drawn[0].frame, drawn[0].boxes[:1], ids=[7])
    tracker.update(drawn[1].frame)
    kept = tracker.snapshot()
    wanted = tracker.correct(drawn[1].frame, drawn[1].boxes[1:], [8, 9])
    tracker.restore(kept)
    found = tracker.add(drawn[1].frame, drawn[1].boxes[1:])
    assert found.tracker_id.tolist() == [7, 8, 9]
    assert same(found, wanted)
    with pytest.raises(ConfigError, match="8 is followed already; draw it again with correct"):
        tracker.add(drawn[1].frame, [drawn[1].boxes[0]], [8])
    tracker.remove(8)
    assert tracker.add(drawn[1].frame, drawn[1].boxes[:1]).tracker_id.tolist() == [7, 9, 10]
    assert tracker.add(drawn[1].frame, drawn[1].boxes[:1], [8]).tracker_id.tolist()[-1] == 8
    tracker.reset()
    with pytest.raises(ConfigError, match="call init"):
        tracker.add(drawn[0].frame, drawn[0].boxes)


def test_ids_to_end_are_whole_numbers(tracker: RecurrentTracker, drawn: list[Any]) -> None:
    tracker.init(drawn[0].frame, drawn[0].boxes[:1], ids=[7])
    with pytest.raises(ConfigError, match="expected integers"):
        tracker.remove([7.5])
    assert len(tracker.remove(7)) == 0


def test_gray_frames_are_followed_as_bgr_of_equal_channels(
    tracker: RecurrentTracker, drawn: list[Any]
) -> None:
    answers = []
    for channels in (1, 3):
        grays = [labelled.frame.mean(2).astype(np.uint8)[..., None] for labelled in drawn[:3]]
        frames = [np.repeat(gray, channels, 2) for gray in grays]
        frames[2].setflags(write=False)
        tracker.init(frames[0], drawn[0].boxes)
        tracker.update(frames[1])
        tracker.correct(frames[1], drawn[1].boxes[:1], [1])
        answers.append(tracker.update(frames[2]))
    assert same(*answers)
