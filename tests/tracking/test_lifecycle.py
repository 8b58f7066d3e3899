"""mohart.tracking.lifecycle: hysteresis, leaving the frame, coming back, confidence."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError, ShapeError
from mohart.structures import ACTIVE
from mohart.tracking.lifecycle import Lifecycle, Lives

BOX = np.array([[10.0, 10, 30, 30]])
AWAY = np.array([[100.0, 10, 130, 30]])  # the frame is 100 x 50


class Life:
    """N objects under rules, from frame to frame."""

    def __init__(self, count: int, **rules: float) -> None:
        self.rules = Lifecycle(**rules)  # type: ignore[arg-type]
        self.lives: Lives = self.rules.start(count)

    def update(self, boxes: object, visibility: object, width: int, height: int):
        self.lives = self.rules.advance(self.lives, boxes, visibility, width, height)  # type: ignore[arg-type]
        return self.lives.confidence, self.lives.state


def states(life: Life, visibilities: list[float], box: np.ndarray = BOX) -> list[str]:
    return [str(life.update(box, [v], 100, 50)[1][0]) for v in visibilities]


def test_shapes_and_types() -> None:
    confidence, state = Life(3).update(np.repeat(BOX, 3, 0), [1, 0.2, np.nan], 100, 50)
    assert (confidence.dtype, confidence.shape) == (np.float64, (3,))
    assert state.tolist() == ["active", "predicted", "predicted"]
    confidence, state = Life(0).update(np.zeros((0, 4)), [], 100, 50)
    assert len(confidence) == len(state) == 0


def test_hysteresis() -> None:
    life = Life(1, seen=0.5, margin=0.15)
    # stays active down to 0.35; once hidden, 0.49 is not enough to be active again
    assert states(life, [0.5, 0.36, 0.34, 0.49, 0.51, 0.4]) == [
        "active",
        "active",
        "predicted",
        "predicted",
        "active",
        "active",
    ]


def test_hidden_for_long_is_lost_and_comes_back_only_for_sure() -> None:
    life = Life(1, lost_after=4, found_after=3)
    assert states(life, [0, 0, 0, 0]) == ["predicted"] * 3 + ["lost"]
    assert states(life, [1, 1, 0, 1, 1, 1, 1]) == ["lost"] * 5 + ["active"] * 2


def test_a_short_gap_ends_at_once() -> None:
    assert states(Life(1), [0, 0, 1]) == ["predicted", "predicted", "active"]


def test_leaving_the_frame() -> None:
    life = Life(1, outside_after=3, found_after=2, found_long=4)
    assert states(life, [1, 1, 1, 1], AWAY) == ["predicted", "predicted", "lost", "lost"]
    # who left is known again only for sure, and after a while
    assert states(life, [0.6, 0.6, 1, 1, 1, 1]) == ["lost"] * 5 + ["active"]


def test_a_short_trip_outside_is_forgiven() -> None:
    life = Life(1, outside_after=3)
    assert states(life, [1, 1], AWAY) == ["predicted", "predicted"]
    assert states(life, [1]) == ["active"]


@pytest.mark.parametrize(
    ("box", "outside"),
    [
        ([-20, 0, 20, 40], False),  # centre on the border
        ([-21, 0, 20, 40], True),  # centre just outside
        ([0, 0, 100, 50], False),
        ([-500, -500, 600, 550], True),  # centre inside, 0.43 % of the box inside
        ([np.nan, 0, 10, 10], True),
        ([20, 20, 20, 20], True),  # no area
    ],
)
def test_what_outside_means(box: list[float], outside: bool) -> None:
    assert states(Life(1), [1], np.array([box])) == ["predicted" if outside else "active"]


def test_confidence_is_the_visibility_inside_and_can_only_fall_outside() -> None:
    life, away = Life(1, decay=0.5, lost_after=99), BOX + np.array([500, 0, 500, 0])
    # outside: min(0.8 * 0.5, 0.9), then decay, then a visibility that is lower still
    steps = [(BOX, 0.8), (BOX, 0.3), (BOX, 0.8), (away, 0.9), (away, 0.9), (away, 0.1), (BOX, 0.7)]
    got = [float(life.update(box, [v], 100, 50)[0][0]) for box, v in steps]
    np.testing.assert_allclose(got, [0.8, 0.3, 0.8, 0.4, 0.2, 0.1, 0.7], rtol=1e-6)


def test_confidence_never_rises_while_outside() -> None:
    rng = np.random.default_rng(1)
    life, last = Life(50), np.ones(50)
    for _ in range(200):
        boxes = np.repeat(BOX, 50, 0) + rng.choice([0, 0, 0, 90], (50, 1)) * [1, 0, 1, 0]
        confidence, state = life.update(boxes, rng.random(50), 100, 50)
        inside = boxes[:, 0] < 90
        assert ((confidence <= last + 1e-7) | inside).all()
        assert not ((state == "active") & ~inside).any()
        assert ((confidence >= 0) & (confidence <= 1)).all()
        last = confidence


def test_objects_do_not_influence_each_other() -> None:
    rng = np.random.default_rng(0)
    visibility, together = rng.random((60, 5)), Life(5)
    alone = [Life(1) for _ in range(5)]
    for row in visibility:
        _, state = together.update(np.repeat(BOX, 5, 0), row, 100, 50)
        assert state.tolist() == [states(a, [v])[0] for a, v in zip(alone, row, strict=True)]


def test_who_is_found_by_somebody_else_is_back() -> None:
    life = Life(2, lost_after=2)
    for _ in range(3):
        life.update(np.repeat(BOX, 2, 0), [0, 0], 100, 50)
    assert life.lives.state.tolist() == ["lost", "lost"]
    life.lives = life.lives.find(np.array([True, False]))
    assert life.lives.hidden_frames.tolist() == [0, 3]
    _, state = life.update(np.repeat(BOX, 2, 0), [1, 1], 100, 50)
    assert state.tolist() == ["active", "lost"]


def test_patience_may_be_each_objects_own() -> None:
    rules = Lifecycle()
    lives = rules.start(1, lost_after=2).join(rules.start(1))
    for _ in range(2):
        lives = rules.advance(lives, np.repeat(BOX, 2, 0), [0, 0], 100, 50)
    assert lives.state.tolist() == ["lost", "predicted"]


def test_errors() -> None:
    with pytest.raises(ConfigError, match="margin <= seen"):
        Life(1, seen=0.1, margin=0.2)
    with pytest.raises(ConfigError, match="at least 1"):
        Life(1, lost_after=0)
    with pytest.raises(ShapeError, match="boxes"):
        Life(2).update(BOX, [1, 1], 100, 50)


def test_more_is_asked_of_a_return_after_long() -> None:
    rules = Lifecycle(lost_after=2, long_after=4, found_sure=0.65, found_after=2, found_long=5)
    box = [[10.0, 10, 20, 20]]

    def returns(away: int, visibility: float, most: int = 12) -> int | None:
        """After how many frames of being seen it is active again."""
        lives = rules.start(1)
        for _ in range(away):
            lives = rules.advance(lives, box, [0.0], 100, 100)
        for n in range(1, most):
            lives = rules.advance(lives, box, [visibility], 100, 100)
            if lives.state[0] == ACTIVE:
                return n
        return None

    assert returns(3, 0.55) == 2  # lost for two frames
    assert returns(20, 0.9) == 5
    assert returns(20, 0.55) is None
    found = rules.start(1)
    for _ in range(20):
        found = rules.advance(found, box, [0.0], 100, 100)
    found = found.find(np.array([True]))  # a detector's word
    assert rules.advance(found, box, [0.55], 100, 100).state[0] == ACTIVE
    with pytest.raises(ConfigError, match="seen <= found_sure"):
        Lifecycle(found_sure=0.4)
