from __future__ import annotations

import numpy as np
import pytest

import mohart
from mohart.boxes import iou
from mohart.errors import ConfigError
from mohart.structures import ACTIVE
from mohart.synth.scenes.generator import Generator
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.protocol import Tracker


@pytest.fixture(scope="module")
def tracker() -> Tracker:
    return mohart.load_tracker()


@pytest.fixture(scope="module")
def drawn() -> list:
    generator = Generator(
        seed=11, width=240, height=180, objects=(3, 3), scenery=0, alike=0, frame_rate=(25, 30)
    )
    return list(generator.scene(1, 12).frames())


def test_answers_have_the_documented_types_and_order(tracker: Tracker, drawn: list) -> None:
    started = tracker.init(drawn[0].frame, drawn[0].boxes, ids=[7, 3, 9])
    tracks = tracker.update(drawn[1].frame)
    for answer in (started, tracks):
        assert answer.xyxy.shape == (3, 4)
        assert answer.xyxy.dtype == np.float32
        assert answer.tracker_id.tolist() == [7, 3, 9]
        assert answer.tracker_id.dtype == np.int64
        assert answer.confidence.dtype == np.float32
        assert ((answer.confidence >= 0) & (answer.confidence <= 1)).all()
        assert set(answer.state) <= {"active", "predicted", "lost"}
    assert (started.state == ACTIVE).all()
    assert [tracks[row] for row in range(3)] == list(tracks)
    assert tracks[-1].id == 9
    with pytest.raises(IndexError):
        tracks[3]
    assert repr(tracker) == "<RecurrentTracker: weights shipped, follows ids [7, 3, 9]>"


def test_it_follows_better_than_a_box_that_stays(tracker: Tracker, drawn: list) -> None:
    tracker.init(drawn[0].frame, drawn[0].boxes)
    followed, stayed = [], []
    for labelled in drawn[1:]:
        tracks = tracker.update(labelled.frame)
        seen = labelled.visibility > 0.5
        followed += iou(tracks.xyxy.astype(float), labelled.boxes)[seen].tolist()
        stayed += iou(drawn[0].boxes, labelled.boxes)[seen].tolist()
    assert np.mean(followed) > np.mean(stayed)
    assert np.mean(followed) > 0.6


def test_the_same_video_gives_the_same_boxes(tracker: Tracker, drawn: list) -> None:
    runs = []
    for _ in range(2):
        tracker.init(drawn[0].frame, drawn[0].boxes)
        runs.append([tracker.update(d.frame).xyxy for d in drawn[1:5]])
    assert np.array_equal(runs[0], runs[1])


def test_the_frame_is_left_alone(tracker: Tracker, drawn: list) -> None:
    frame = drawn[0].frame.copy()
    tracker.init(frame, drawn[0].boxes)
    tracker.update(frame)
    assert (frame == drawn[0].frame).all()


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 1, 200])
def test_any_number_of_objects(tracker: Tracker, drawn: list, count: int) -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 150, (count, 2))
    boxes = np.concatenate([low, low + rng.uniform(8, 60, (count, 2))], 1)
    tracker.init(drawn[0].frame, boxes)
    tracks = tracker.update(drawn[1].frame)
    assert tracks.xyxy.shape == (count, 4)
    assert np.isfinite(tracks.xyxy).all()


@pytest.mark.slow
def test_an_object_that_disappears_loses_confidence(tracker: Tracker, drawn: list) -> None:
    tracker.init(drawn[0].frame, drawn[0].boxes)
    tracker.update(drawn[1].frame)
    before = tracker.update(drawn[2].frame).confidence.mean()
    empty = np.full_like(drawn[0].frame, 110)
    for _ in range(25):
        tracks = tracker.update(empty)
    assert tracks.confidence.mean() < 0.5 * before
    assert not (tracks.state == ACTIVE).any()


@pytest.mark.slow
def test_boxes_end_at_the_frame_unless_whole_ones_are_wanted(drawn: list) -> None:
    tracker, whole = (mohart.load_tracker(whole_boxes=how) for how in ("no", "yes"))
    frame = drawn[0].frame
    given = [[-30.0, 60.0, 30.0, 120.0], [200.0, 130.0, 260.0, 210.0], [90.0, 60.0, 130.0, 110.0]]
    differ = 0
    for one in (tracker, whole):
        assert np.array_equal(one.init(frame, given).xyxy, np.array(given, np.float32))
    for _ in range(3):  # and going on from there is not changed by it
        boxes, full = tracker.update(frame).xyxy, whole.update(frame).xyxy
        low, high = np.zeros(2, np.float32), np.array([240, 180], np.float32)
        assert np.array_equal(boxes[:, :2], full[:, :2].clip(low, high))
        assert np.array_equal(boxes[:, 2:], full[:, 2:].clip(low, high))
        differ += int((boxes != full).any(1).sum())
    assert differ >= 3


@pytest.mark.parametrize("later", [False, True])
def test_a_box_that_is_drawn_beyond_the_edge_asks_for_whole_ones(
    tracker: Tracker, drawn: list, later: bool
) -> None:
    frame, beyond, inside = drawn[0].frame, [-30.0, 60, 30, 120], [0.0, 60, 30, 120]
    assert isinstance(tracker, RecurrentTracker)
    tracker.init(frame, [inside if later else beyond])
    if later:
        assert tracker.update(frame).xyxy.min() >= 0
        tracker.correct(frame, [beyond], [1])
    assert tracker.update(frame).xyxy[0, 0] < -5
    state = tracker.snapshot()
    tracker.init(frame, [inside])  # another video
    assert tracker.update(frame).xyxy.min() >= 0
    tracker.init(frame, [[-0.9, 60, 30, 120]])
    assert tracker.update(frame).xyxy.min() >= 0  # less than a pixel is no wish
    tracker.restore(state)
    assert tracker.update(frame).xyxy[0, 0] < -5


def test_a_box_wholly_outside_is_given_as_it_is(tracker: Tracker, drawn: list) -> None:
    tracker.init(drawn[0].frame, [[-28.0, 60.0, 2.0, 90.0]])
    empty = np.full_like(drawn[0].frame, 110)
    for _ in range(12):
        tracks = tracker.coast() if hasattr(tracker, "coast") else tracker.update(empty)
        assert (tracks.xyxy[:, 2:] > tracks.xyxy[:, :2]).all()


def test_coasting_moves_without_a_frame(tracker: Tracker, drawn: list) -> None:
    tracker.init(drawn[0].frame, drawn[0].boxes)
    before = tracker.update(drawn[1].frame).confidence
    answers = [tracker.coast() for _ in range(20)]
    assert all(np.isfinite(tracks.xyxy).all() for tracks in answers)
    assert set(answers[0].state) == {"predicted"}
    assert (answers[0].confidence < before).all()
    assert (answers[19].confidence < answers[0].confidence).all()
    assert not (answers[19].state == ACTIVE).any()


def test_use_before_init_and_another_frame_size_are_refused(tracker: Tracker, drawn: list) -> None:
    tracker.reset()
    with pytest.raises(ConfigError, match="call init"):
        tracker.update(drawn[0].frame)
    tracker.init(drawn[0].frame, drawn[0].boxes)
    with pytest.raises(ConfigError, match="started on"):
        tracker.update(np.zeros((50, 50, 3), np.uint8))
