"""Identities, belief and classes."""

import numpy as np

from mohart.tracking.learned.roster import INDEPENDENT, MOST, Knobs, Roster


def scores(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_identities_are_consecutive_and_given_when_belief_is_enough() -> None:
    roster = Roster(Knobs())
    roster.bear(scores(0.6, 0.9), gap=INDEPENDENT)
    roster.confirm()
    assert roster.tracker_id.tolist() == [-1, 1]  # log(0.9 / 0.1) is over the limit of 1
    roster.judge(np.array([True, True]), np.ones(2), gap=INDEPENDENT)
    assert roster.confirm().tolist() == [True, False]
    assert roster.tracker_id.tolist() == [2, 1]


def test_identities_go_on_behind_those_that_were_given() -> None:
    roster = Roster(Knobs())
    roster.give(np.array([4, 9]))
    roster.bear(scores(0.95), gap=INDEPENDENT)
    roster.confirm()
    assert roster.tracker_id.tolist() == [4, 9, 10]


def test_an_identity_is_never_used_again() -> None:
    roster = Roster(Knobs())
    for _ in range(3):
        roster.bear(scores(0.95), gap=INDEPENDENT)
        roster.confirm()
        roster.keep(np.zeros(len(roster), bool))
    roster.bear(scores(0.95), gap=INDEPENDENT)
    roster.confirm()
    assert roster.tracker_id.tolist() == [4]


def test_belief_follows_the_ratio_of_the_two_chains() -> None:
    """By hand, three frames after a detection, with recall 0.8, memories 0.5, clutter 0.1.

    0.5^3 = 0.125. Object found again: 0.8 * 0.875 + 0.125 = 0.825; false alarm: 0.1 * 0.875 + 0.125
    = 0.2125.
    """
    knobs = Knobs(recall=0.8, recall_memory=0.5, clutter_memory=0.5, clutter=0.1)
    roster = Roster(knobs)
    roster.bear(scores(0.6, 0.6, 0.6), gap=INDEPENDENT)
    before = roster.belief.copy()
    roster.judge(np.array([True, False, False]), np.array([1.0, 1.0, 0.5]), gap=3)
    hit, miss = np.log(0.825 / 0.2125), np.log(0.175 / 0.7875)
    np.testing.assert_allclose(roster.belief - before, [hit, miss, miss / 2])


def test_a_first_miss_says_more_than_the_next() -> None:
    roster = Roster(Knobs())
    roster.bear(scores(0.9), gap=1)
    steps = []
    for _ in range(2):
        before = roster.belief[0]
        roster.judge(np.array([False]), np.ones(1), gap=1)
        steps.append(before - roster.belief[0])
    assert steps[0] > 4 * steps[1] > 0


def test_a_detector_that_is_asked_often_has_to_confirm() -> None:
    often, rarely = Roster(Knobs()), Roster(Knobs())
    often.bear(scores(0.95), gap=1)
    rarely.bear(scores(0.95), gap=INDEPENDENT)
    assert often.belief[0] < rarely.belief[0]
    assert often.confirm().tolist() == [False]
    assert rarely.confirm().tolist() == [True]


def test_belief_is_bounded_above() -> None:
    roster = Roster(Knobs())
    roster.bear(scores(0.9), gap=INDEPENDENT)
    for _ in range(100):
        roster.judge(np.array([True]), np.ones(1), gap=10)
    assert roster.belief[0] == MOST


def test_out_of_sight_after_the_search() -> None:
    roster = Roster(Knobs(search_frames=4, predict_frames=2))
    roster.give(np.array([1]))
    roster.bear(scores(0.95), gap=INDEPENDENT)
    said = []
    for _ in range(5):
        _, state = roster.lifecycle.update(np.array([[5, 5, 9, 9.0]] * 2), [0, 0], 20, 20)
        said.append((state[1], bool(roster.out_of_sight()[1])))
    assert said == [("predicted", False), ("lost", False), ("lost", False), ("lost", True),
                    ("lost", True)]  # fmt: skip
    assert not roster.out_of_sight()[0]  # a person has drawn it


def test_tentative_ones_are_given_up_first_and_given_ones_never() -> None:
    roster = Roster(Knobs(give_up=-1.0))
    roster.give(np.array([1]))
    roster.bear(scores(0.95, 0.6), gap=INDEPENDENT)
    roster.confirm()
    roster.belief[:] = -0.5
    assert roster.hopeless().tolist() == [False, False, True]
    roster.belief[:] = -1.5
    assert roster.hopeless().tolist() == [False, True, True]


def test_the_class_is_what_most_detections_say() -> None:
    roster = Roster(Knobs())
    roster.bear(scores(0.9, 0.9), gap=INDEPENDENT)
    assert roster.class_id.tolist() == [-1, -1]
    for class_id in (2, 7, 7, -1):
        roster.vote(0, class_id)
    assert roster.class_id.tolist() == [7, -1]
    roster.vote(0, 2)
    assert roster.class_id.tolist() == [2, -1]  # a tie: the smaller number


def test_who_comes_back_keeps_the_identity_and_the_votes() -> None:
    roster = Roster(Knobs())
    roster.bear(scores(0.95), gap=INDEPENDENT)
    roster.vote(0, 3)
    roster.confirm()
    votes, looks = roster.votes[0], roster.looks[0] + 1
    roster.keep(np.array([False]))
    roster.bring_back(1, votes, looks)
    assert roster.tracker_id.tolist() == [1]
    assert roster.class_id.tolist() == [3]
    assert not roster.confirm().any()
    assert np.array_equal(roster.looks[0], looks)
