"""A timed engine computes as the one inside, and counts glimpse and network."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mohart.assembly import build_tracker
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.learned.rehearsal import LOOKS

FRAMES = np.random.default_rng(0).integers(0, 255, (4, 96, 128, 3), np.uint8)
BOXES = [[20.0, 20, 50, 70], [60, 30, 90, 80]]


@pytest.mark.slow
def test_the_same_boxes_and_both_parts_are_counted() -> None:
    plain, timed = (build_tracker(engine="torch", threads=1) for _ in range(2))
    assert isinstance(timed, RecurrentTracker)
    ticks = itertools.count()
    spent = timed.time_parts(lambda: float(next(ticks)))
    for tracker in (plain, timed):
        tracker.init(FRAMES[0], BOXES)
    # every part is a tick long: a first look, what is answered on the same frame, a rehearsal
    assert spent == {"glimpse": 1 + LOOKS, "network": 2 + LOOKS}
    for frame in FRAMES[1:]:
        before = dict(spent)
        one, other = plain.update(frame), timed.update(frame)
        np.testing.assert_array_equal(one.xyxy, other.xyxy)
        looks = spent["glimpse"] - before["glimpse"]
        assert looks >= 1
        assert spent["network"] - before["network"] == looks
    before = dict(spent)
    timed.coast()
    assert spent == {"glimpse": before["glimpse"], "network": before["network"] + 1}


def test_whoever_watches_sees_every_step() -> None:
    tracker = build_tracker(engine="torch", threads=1)
    assert isinstance(tracker, RecurrentTracker)
    spent = tracker.time_parts(lambda: 0.0)
    seen: list[object] = []
    tracker.model.register_forward_hook(lambda *_: None)
    tracker.model.cell.register_forward_hook(lambda *_: seen.append(1))
    tracker.init(FRAMES[0], BOXES)
    tracker.update(FRAMES[1])
    assert seen
    assert set(spent) == {"glimpse", "network"}
