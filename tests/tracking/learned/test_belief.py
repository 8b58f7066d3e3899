"""Identities, belief and classes."""

from dataclasses import replace

import numpy as np

from mohart.tracking.learned.belief import (
    INDEPENDENT,
    MOST,
    confirm,
    first_belief,
    hopeless,
    judge,
    out_of_sight,
    vote,
)
from mohart.tracking.learned.knobs import RULES, Knobs
from mohart.tracking.learned.objects import TENTATIVE_ID, Objects, fresh_objects
from mohart.tracking.learned.state import NetworkState

KNOBS = Knobs()


def carried(count: int) -> NetworkState:
    return NetworkState(
        boxes=np.zeros((1, count, 4), np.float32),
        windows=np.zeros((1, count, 4), np.float32),
        velocity=np.zeros((1, count, 2), np.float32),
        hidden=np.zeros((1, count, 1), np.float32),
        cell=np.zeros((1, count, 1), np.float32),
        memories=(),
        frame=(9, 9),
    )


def born(*scores: float, gap: int = INDEPENDENT, knobs: Knobs = KNOBS) -> Objects:
    """Objects that a detector has found."""
    count = len(scores)
    return fresh_objects(
        carried(count),
        np.zeros((count, 3), np.float32),
        RULES.start(count, lost_after=knobs.predict_frames),
        tracker_id=np.full(count, TENTATIVE_ID),
        given=False,
        belief=first_belief(np.array(scores, np.float32), gap),
        visibility=np.ones(count),
    )


def drawn(*ids: int) -> Objects:
    """Objects that a person has drawn."""
    count = len(ids)
    return fresh_objects(
        carried(count),
        np.zeros((count, 3), np.float32),
        RULES.start(count),
        tracker_id=np.array(ids),
        given=True,
        belief=np.full(count, MOST),
        visibility=np.ones(count),
    )


def test_identities_are_consecutive_and_given_when_belief_is_enough() -> None:
    objects, fresh = confirm(born(0.6, 0.9), 1, KNOBS)
    assert fresh.tolist() == [False, True]
    assert objects.tracker_id.tolist() == [-1, 1]  # log(0.9 / 0.1) is over the limit of 1
    objects = judge(objects, np.array([True, True]), np.ones(2), INDEPENDENT, KNOBS)
    objects, fresh = confirm(objects, 2, KNOBS)
    assert fresh.tolist() == [True, False]
    assert objects.tracker_id.tolist() == [2, 1]


def test_belief_follows_the_ratio_of_the_two_chains() -> None:
    """By hand, three frames after a detection, with recall 0.8, memories 0.5, clutter 0.1.

    0.5^3 = 0.125. Object found again: 0.8 * 0.875 + 0.125 = 0.825; false alarm: 0.1 * 0.875 + 0.125
    = 0.2125.
    """
    knobs = Knobs(recall=0.8, recall_memory=0.5, clutter_memory=0.5, clutter=0.1)
    before = born(0.6, 0.6, 0.6)
    after = judge(before, np.array([True, False, False]), np.array([1.0, 1.0, 0.5]), 3, knobs)
    hit, miss = np.log(0.825 / 0.2125), np.log(0.175 / 0.7875)
    np.testing.assert_allclose(after.belief - before.belief, [hit, miss, miss / 2])
    assert after.found.tolist() == [True, False, False]
    assert before.found.tolist() == [True, True, True]


def test_a_first_miss_says_more_than_the_next() -> None:
    objects, steps = born(0.9, gap=1), []
    for _ in range(2):
        after = judge(objects, np.array([False]), np.ones(1), 1, KNOBS)
        steps.append(objects.belief[0] - after.belief[0])
        objects = after
    assert steps[0] > 4 * steps[1] > 0


def test_a_detector_that_is_asked_often_has_to_confirm() -> None:
    often, rarely = born(0.95, gap=1), born(0.95, gap=INDEPENDENT)
    assert often.belief[0] < rarely.belief[0]
    assert confirm(often, 1, KNOBS)[1].tolist() == [False]
    assert confirm(rarely, 1, KNOBS)[1].tolist() == [True]


def test_belief_is_bounded_above() -> None:
    objects = born(0.9)
    for _ in range(100):
        objects = judge(objects, np.array([True]), np.ones(1), 10, KNOBS)
    assert objects.belief[0] == MOST


def test_out_of_sight_after_the_search() -> None:
    knobs = Knobs(search_frames=4, predict_frames=2)
    objects, said = drawn(1).join(born(0.95, knobs=knobs)), []
    for _ in range(5):
        life = RULES.advance(objects.life, np.array([[5, 5, 9, 9.0]] * 2), [0, 0], 20, 20)
        objects = replace(objects, life=life)
        away = out_of_sight(objects, knobs, RULES)
        said.append((life.state[1], bool(away[1])))
    assert said == [
        ("predicted", False),
        ("lost", False),
        ("lost", False),
        ("lost", True),
        ("lost", True),
    ]
    assert not away[0]  # a person has drawn it


def test_tentative_ones_are_given_up_first_and_given_ones_never() -> None:
    knobs = Knobs(give_up=-1.0)
    objects, _ = confirm(drawn(1).join(born(0.95, 0.6)), 2, knobs)
    doubted = [replace(objects, belief=np.full(3, belief)) for belief in (-0.5, -1.5)]
    assert hopeless(doubted[0], knobs).tolist() == [False, False, True]
    assert hopeless(doubted[1], knobs).tolist() == [False, True, True]


def test_the_class_is_what_most_detections_say() -> None:
    objects = born(0.9, 0.9)
    assert objects.class_id.tolist() == [-1, -1]
    first = replace(objects, source=np.array([1, -1]))  # detection 1 feeds object 0
    for class_id in (2, 7, 7, -1):
        first = vote(first, np.array([5, class_id]))
    assert first.class_id.tolist() == [7, -1]
    assert vote(first, np.array([5, 2])).class_id.tolist() == [2, -1]  # a tie: the smaller number
    assert first.class_id.tolist() == [7, -1]  # the record before is as it was
