"""Lures: what tells an object from a place that fools the detector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mohart.structures import ACTIVE, LOST, Detections
from mohart.tracking.learned import belief
from mohart.tracking.learned.camera import Camera
from mohart.tracking.learned.doubt import (
    FOLLOW,
    GONE,
    LONG,
    MOST_AS_EVER,
    MOST_TIMES,
    MOVED,
    SCORES,
    Doubts,
    logits,
    say,
)
from mohart.tracking.learned.evidence import Evidence
from mohart.tracking.learned.knobs import RULES, Knobs
from mohart.tracking.learned.objects import NOBODY, TENTATIVE_ID, Objects, fresh_objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.scenery import Scenery
from mohart.tracking.learned.state import NetworkState

KNOBS, ALL = Knobs(), np.ones(1, bool)
AT = [20.0, 20, 40, 60]


def doubting(camera: Camera | None = None) -> Doubts:
    """Doubts of a video of which no picture is kept."""
    camera = camera or Camera()
    return Doubts(KNOBS, camera, Scenery(camera))


class Places(Scenery):
    """Places that look as they did by a correlation that is told."""

    def __init__(self, told: float) -> None:
        super().__init__(Camera())
        self.told = told

    def unchanged(self, objects: Objects) -> NDArray[np.float64]:
        return np.full(len(objects), self.told)


def born(*boxes: list[float], scores: list[float], doubts: Doubts) -> Objects:
    """Objects that a detector has found just now."""
    count = len(boxes)
    state = NetworkState(
        boxes=np.array([boxes], np.float32),
        windows=np.array([boxes], np.float32),
        velocity=np.zeros((1, count, 2), np.float32),
        hidden=np.zeros((1, count, 1), np.float32),
        cell=np.zeros((1, count, 1), np.float32),
        memories=(),
        frame=(120, 160),
    )
    sure = np.array(scores, np.float32)
    objects = fresh_objects(
        state,
        np.zeros((count, 3), np.float32),
        RULES.start(count),
        tracker_id=np.full(count, TENTATIVE_ID),
        given=False,
        belief=belief.first_belief(sure, 1),
        visibility=np.ones(count),
    )
    return doubts.begin(objects, sure)


def look(
    objects: Objects,
    doubts: Doubts,
    found: bool,
    *,
    score: float = 0.5,
    moved: float = 0.0,
    gap: int = 1,
) -> Objects:
    """One look further: all of them are found with this score, or none is."""
    step = np.array([moved, 0, moved, 0], np.float32)
    count = len(objects)
    source = np.arange(count) if found else np.full(count, NOBODY)
    boxes = objects.boxes + step
    said = Detections(boxes, np.full(count, score, np.float32), np.full(count, -1))
    if not found:
        said = said.select(np.zeros(0, np.int64))
    empty = np.full(len(said), "", object)
    evidence = Evidence(
        said, np.arange(len(said)), np.zeros((len(said), 3), np.float32), empty, gap
    )
    objects = replace(objects, boxes=boxes, source=source, age=objects.age + gap)
    objects = doubts.judge(objects, evidence, np.ones(count))
    return belief.judge(objects, source >= 0, np.ones(count), gap, KNOBS)


def test_belief_is_that_it_is_neither_a_stray_alarm_nor_a_lure() -> None:
    objects = born(AT, scores=[0.9], doubts=doubting())
    both = replace(objects, belief=np.array([2.0]), real=np.array([2.0]))
    assert belief.odds(both)[0] == 2.0
    for stray, lure in ((0.5, 3.0), (3.0, 0.5)):
        one = replace(objects, belief=np.array([stray]), real=np.array([lure]))
        assert belief.odds(one)[0] == 0.5


def test_who_is_still_and_found_now_and_then_with_low_scores_is_not_believed() -> None:
    doubts = doubting()
    lure = born(AT, scores=[0.45], doubts=doubts)
    for _ in range(3):  # streaks of ten looks, and silence of twenty
        for n in range(30):
            lure = look(lure, doubts, n < 10, score=0.45)
            assert belief.odds(lure)[0] < KNOBS.confirm
    assert belief.hopeless(lure, KNOBS).all()


def test_who_is_doubted_after_it_was_confirmed_is_followed_on_and_not_said() -> None:
    fresh = replace(born(AT, scores=[0.9], doubts=doubting()), real=np.array([-0.5]))
    assert belief.hopeless(fresh, KNOBS).all()
    known = replace(fresh, tracker_id=np.array([1]))
    assert not belief.hopeless(known, KNOBS).any()
    assert say(known).state.tolist() == [LOST]
    assert say(known).confidence[0] < 0.5
    assert say(replace(known, real=np.array([0.5]))).state.tolist() == [ACTIVE]


def test_who_moves_is_believed_after_a_streak_with_the_same_scores() -> None:
    doubts = doubting()
    walker = born(AT, scores=[0.45], doubts=doubts)
    for _ in range(10):
        walker = look(walker, doubts, True, score=0.45, moved=4.0)
    assert walker.walked[0] > GONE
    assert belief.odds(walker)[0] >= KNOBS.confirm


def test_who_is_still_but_always_found_is_believed_too() -> None:
    doubts = doubting()
    sitter = born(AT, scores=[0.6], doubts=doubts)
    looks = 0
    while belief.odds(sitter)[0] < KNOBS.confirm:
        sitter = look(sitter, doubts, True, score=0.6)
        looks += 1
        assert looks < 60


def test_scores_count_by_what_is_usual_for_this_detector() -> None:
    timid, bold = doubting(), doubting()
    for doubts, usual in ((timid, 0.4), (bold, 0.97)):
        walker = born(AT, scores=[usual], doubts=doubts)
        for _ in range(200):
            walker = look(walker, doubts, True, score=usual, moved=2.0)
    before, after = (born(AT, scores=[0.45], doubts=d).real[0] for d in (bold, timid))
    assert after - before > SCORES


def test_a_place_where_somebody_still_was_given_up_is_remembered() -> None:
    doubts = doubting()
    fresh = born(AT, scores=[0.7], doubts=doubts)
    doubts.remember(fresh, ALL)  # one stray alarm says nothing about its place, two do
    assert born(AT, scores=[0.7], doubts=doubts).real[0] == fresh.real[0]
    doubts.remember(fresh, ALL)
    again, elsewhere = born(AT, [90.0, 20, 110, 60], scores=[0.7, 0.7], doubts=doubts).real
    assert again == pytest.approx(fresh.real[0] - KNOBS.place)
    assert elsewhere == fresh.real[0]
    other = doubting()
    walked = replace(fresh, age=np.array([LONG]), walked=np.array([1.0]))
    doubts.remember(walked, ALL)
    other.unpack(doubts.pack())
    assert born(AT, scores=[0.7], doubts=other).real[0] == pytest.approx(again)


def test_a_place_that_somebody_has_left_is_no_lure() -> None:
    """Where people and cars come from, far away, tracks are given up time and again."""
    doubts = doubting()
    beside = [90.0, 20, 110, 60]
    fresh = born(AT, beside, scores=[0.7, 0.7], doubts=doubts)
    for _ in range(3):
        doubts.remember(fresh, np.ones(2, bool))
    suspect = born(AT, scores=[0.7], doubts=doubts)
    assert suspect.real[0] < fresh.real[0]
    look(suspect, doubts, True, score=0.7, moved=(GONE + 0.1) * float(np.sqrt(20 * 40)))
    again, other = born(AT, beside, scores=[0.7, 0.7], doubts=doubts).real
    assert again - other == pytest.approx(MOST_TIMES * KNOBS.place)


def test_what_is_still_is_still_also_for_a_camera_that_moves() -> None:
    place = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
    place = place.repeat(12, 0).repeat(12, 1)
    camera = Camera()
    doubts = doubting(camera)
    views = [Picture(place[60:360, n : n + 400]) for n in range(0, 80, 4)]
    still = born(AT, scores=[0.5], doubts=doubts)
    camera.see(views[0])
    for view in views[1:]:
        camera.move(still, view)
        still = look(still, doubts, True, moved=-4.0)  # with the ground
    assert still.walked[0] < 0.1
    assert still.boxes[0, 0] == AT[0] - 76


def test_nothing_is_said_of_whom_the_network_half_sees_and_the_detector_never_finds() -> None:
    doubts = doubting()
    one = replace(born(AT, scores=[0.9], doubts=doubts), tracker_id=np.array([1]))
    half, sure = (replace(one, visibility=np.array([v])) for v in (0.5, 0.97))
    assert say(half).state.tolist() == [ACTIVE]
    for _ in range(6):
        half, sure = (look(objects, doubts, False) for objects in (half, sure))
    assert say(half).state.tolist() == [LOST]
    assert say(half).confidence[0] < 0.25
    assert say(sure).state.tolist() == [ACTIVE]
    given = replace(half, given=np.array([True]))  # a person has said that it is there
    assert say(given).state.tolist() == [ACTIVE]
    assert say(look(half, doubts, True)).state.tolist() == [ACTIVE]


def test_who_is_back_is_believed_at_least_as_if_new() -> None:
    doubts = doubting()
    old = look(born(AT, scores=[0.9], doubts=doubts), doubts, False)
    back = doubts.resume(
        born(AT, scores=[0.9], doubts=doubts), replace(old, walked=np.array([2.0]))
    )
    assert back.streak[0] == KNOBS.real > old.streak[0]
    assert back.real[0] == min(belief.MOST, KNOBS.real + SCORES + MOVED)


def test_logits_are_bounded() -> None:
    np.testing.assert_allclose(
        logits(np.array([0.0, 0.5, 1.0], np.float32)), [-np.log(49), 0, np.log(49)], atol=1e-6
    )


@pytest.mark.parametrize(("told", "stray", "lure"), [(1.0, 0.6, 4.5), (0.8, 0.2, 1.5), (0.3, 0, 0)])
def test_a_place_that_looks_as_it_did_speaks_against_what_is_found_there(
    told: float, stray: float, lure: float
) -> None:
    usual = born(AT, scores=[0.9], doubts=doubting())
    here = born(AT, scores=[0.9], doubts=Doubts(KNOBS, Camera(), Places(told)))
    assert usual.belief[0] - here.belief[0] == pytest.approx(stray)
    assert usual.real[0] - here.real[0] == pytest.approx(lure)


def test_what_is_not_known_of_a_place_says_nothing() -> None:
    usual = born(AT, scores=[0.9], doubts=doubting())
    unknown = born(AT, scores=[0.9], doubts=Doubts(KNOBS, Camera(), Places(np.nan)))
    assert unknown.belief.tolist() == usual.belief.tolist()
    assert unknown.real.tolist() == usual.real.tolist()
    later = look(unknown, Doubts(KNOBS, Camera(), Places(np.nan)), True)
    assert later.still.tolist() == usual.still.tolist()


def test_who_stands_like_a_picture_is_doubted_for_as_long_as_it_does() -> None:
    stiff, lively = Doubts(KNOBS, Camera(), Places(1.0)), Doubts(KNOBS, Camera(), Places(0.0))
    objects, other = (
        born(AT, scores=[0.9], doubts=doubting()),
        born(AT, scores=[0.9], doubts=doubting()),
    )
    for _ in range(20):
        objects, other = look(objects, stiff, True), look(other, lively, True)
    assert objects.real[0] < other.real[0]
    assert objects.still[0] > 0.99
    before = objects.real[0]
    stirred = look(objects, lively, True)
    assert stirred.still[0] == pytest.approx(objects.still[0] * (1 - FOLLOW))
    assert stirred.real[0] > before
    assert before >= stirred.real[0] - MOST_AS_EVER - 4


def test_who_is_seen_to_move_between_two_looks_need_not_wait_for_the_next() -> None:
    doubts = doubting()
    three = born(AT, AT, AT, scores=[0.3, 0.3, 0.3], doubts=doubts)  # of about 28 pixels
    three = three.changed(mean_logit=np.array([3.0, 3.0, 0.5]))
    assert (belief.odds(three) < KNOBS.confirm).all()
    far = np.array([[9, 0, 9, 0], [2, 0, 2, 0], [9, 0, 9, 0]])
    after = doubts.watch(three.changed(boxes=(three.boxes + far).astype(np.float32)))
    sure = belief.odds(after) >= KNOBS.confirm
    assert sure.tolist() == [True, False, False]  # one that stays, and one that is hardly seen
    assert after.walked[0] >= GONE > after.walked[1]
    again = doubts.watch(after)
    assert again.belief.tolist() == after.belief.tolist()  # it is news once
    drawn = three.changed(given=np.ones(3, bool), boxes=(three.boxes + far).astype(np.float32))
    assert doubts.watch(drawn).belief.tolist() == drawn.belief.tolist()
