"""Identities, belief and classes."""

import numpy as np
import pytest

from mohart.tracking.roster import INDEPENDENT, MOST, Knobs, Roster


def scores(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_identities_are_consecutive_and_given_when_belief_is_enough() -> None:
    roster = Roster(Knobs())
    roster.bear(scores(0.6, 0.9))
    roster.confirm()
    assert roster.tracker_id.tolist() == [-1, 1]  # log(0.9 / 0.1) is over the limit of 1
    roster.hit(np.array([0]), scores(0.9), gap=INDEPENDENT)
    assert roster.confirm().tolist() == [True, False]
    assert roster.tracker_id.tolist() == [2, 1]


def test_identities_go_on_behind_those_that_were_given() -> None:
    roster = Roster(Knobs())
    roster.give(np.array([4, 9]))
    roster.bear(scores(0.95))
    roster.confirm()
    assert roster.tracker_id.tolist() == [4, 9, 10]


def test_an_identity_is_never_used_again() -> None:
    roster = Roster(Knobs())
    for _ in range(3):
        roster.bear(scores(0.95))
        roster.confirm()
        roster.keep(np.zeros(len(roster), bool))
    roster.bear(scores(0.95))
    roster.confirm()
    assert roster.tracker_id.tolist() == [4]


def test_looks_of_the_detector_in_every_frame_count_less_than_rare_ones() -> None:
    often, rarely = Roster(Knobs()), Roster(Knobs())
    for roster in (often, rarely):
        roster.give(np.array([1]))
    often.miss(np.array([0]), np.ones(1), gap=1)
    rarely.miss(np.array([0]), np.ones(1), gap=10)
    assert MOST - often.belief[0] == pytest.approx((MOST - rarely.belief[0]) / INDEPENDENT)


def test_belief_is_bounded_above() -> None:
    roster = Roster(Knobs())
    roster.bear(scores(0.9))
    for _ in range(100):
        roster.hit(np.array([0]), scores(1.0), gap=10)
    assert roster.belief[0] == MOST


def test_tentative_ones_are_given_up_first_and_given_ones_never() -> None:
    roster = Roster(Knobs(give_up=-1.0))
    roster.give(np.array([1]))
    roster.bear(scores(0.95, 0.6))
    roster.confirm()
    roster.belief[:] = -0.5
    assert roster.hopeless().tolist() == [False, False, True]
    roster.belief[:] = -1.5
    assert roster.hopeless().tolist() == [False, True, True]


def test_the_class_is_what_most_detections_say() -> None:
    roster = Roster(Knobs())
    roster.bear(scores(0.9, 0.9))
    assert roster.class_id.tolist() == [-1, -1]
    for class_id in (2, 7, 7, -1):
        roster.vote(0, class_id)
    assert roster.class_id.tolist() == [7, -1]
    roster.vote(0, 2)
    assert roster.class_id.tolist() == [2, -1]  # a tie: the smaller number


def test_who_comes_back_keeps_the_identity_and_the_votes() -> None:
    roster = Roster(Knobs())
    roster.bear(scores(0.95))
    roster.vote(0, 3)
    roster.confirm()
    votes, looks = roster.votes[0], roster.looks[0] + 1
    roster.keep(np.array([False]))
    roster.bring_back(1, votes, looks)
    assert roster.tracker_id.tolist() == [1]
    assert roster.class_id.tolist() == [3]
    assert not roster.confirm().any()
    assert np.array_equal(roster.looks[0], looks)
