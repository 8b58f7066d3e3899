"""mohart.tracking.learned.rivals: of two boxes on one object one gives way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mohart.tracking.learned.knobs import UNSEEN
from mohart.tracking.learned.objects import Objects, fresh_objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.rivals import FRESH, GOES_ON, LONG, give_way, path
from mohart.tracking.learned.state import NetworkState
from mohart.tracking.lifecycle import Lifecycle

RED, BLUE = (30, 30, 220), (220, 30, 30)
A, B = [20.0, 20, 40, 60], [100.0, 20, 120, 60]


def picture(red: list[float] = A, blue: list[float] = B) -> Picture:
    """Something red and something blue on grey; None is left out."""
    frame = np.full((120, 200, 3), 110, np.uint8)
    for (x1, y1, x2, y2), colour in ((red, RED), (blue, BLUE)):
        frame[int(y1) : int(y2), int(x1) : int(x2)] = colour
    return Picture(frame)


def state(boxes: list[list[float]]) -> NetworkState:
    count = len(boxes)
    return NetworkState(
        boxes=np.array([boxes], np.float32),
        windows=np.zeros((1, count, 4), np.float32),
        velocity=np.zeros((1, count, 2), np.float32),
        hidden=np.zeros((1, count, 3), np.float32),
        cell=np.zeros((1, count, 3), np.float32),
        memories=(),
        frame=(120, 200),
    )


def started(*, given: bool = True) -> Objects:
    """1 is the red one, 2 the blue one."""
    return fresh_objects(
        state([A, B]),
        picture().looks(np.array([A, B])),
        Lifecycle().start(2),
        tracker_id=np.array([1, 2]),
        given=given,
        belief=np.ones(2),
        visibility=np.ones(2),
    )


def after(objects: Objects, boxes: list[list[float]], seen: tuple[float, float]) -> Objects:
    """What the network says of the next frame."""
    return replace(objects.moved(state(boxes)), visibility=np.array(seen))


def step(
    objects: Objects,
    boxes: list[list[float]],
    shown: Picture,
    seen: tuple[float, float] = (0.9, 0.9),
) -> Objects:
    return give_way(after(objects, boxes, seen), shown, lambda boxes: boxes)


def aged(objects: Objects, frames: int = FRESH) -> Objects:
    for _ in range(frames):
        objects = step(objects, [A, B], picture())
    return objects


def test_who_is_alone_is_left_alone() -> None:
    objects = aged(started(), 5)
    assert objects.visibility.tolist() == [0.9, 0.9]
    assert objects.together.tolist() == objects.yields.tolist() == [0, 0]
    assert objects.age.tolist() == [5, 5]


@pytest.mark.parametrize("which", [0, 1])
def test_whose_colours_they_are_stays(which: int) -> None:
    """Both lie on the red or on the blue one; the other one is not seen, and not there any more."""
    objects, on = aged(started()), (A, B)[which]
    for n in range(LONG):
        assert (objects.visibility == 0.9).all(), n  # passing by is no reason
        objects = step(objects, [on, on], picture())
    other = 1 - which
    assert objects.visibility[which] == 0.9
    assert objects.visibility[other] == pytest.approx(UNSEEN)
    assert objects.boxes[which].tolist() == on
    assert objects.boxes[other].tolist() == (A, B)[other]  # where it was when nobody was near


def test_it_goes_on_as_it_went_and_is_found_where_nobody_stands() -> None:
    objects = aged(started())
    for t in range(1, 5):  # blue walks to the left, 4 pixels a frame
        there = [100.0 - 4 * t, 20, 120 - 4 * t, 60]
        objects = step(objects, [A, there], picture(blue=there))
    speed = objects.free_speed[1, 0]
    assert -4 < speed < -2
    for _ in range(LONG):  # then its window slides onto the red one
        objects = step(objects, [A, A], picture(blue=[70, 20, 90, 60]))
    expected = 84 + speed * LONG
    assert objects.boxes[1, 0] == pytest.approx(expected, abs=0.1)
    assert objects.state.boxes[0, 1, 0] == pytest.approx(expected, abs=0.1)
    assert objects.state.windows[0, 1].tolist() == objects.state.boxes[0, 1].tolist()
    again = step(objects, [A, A], picture())  # back on the red one: still not seen
    assert again.visibility[1] == pytest.approx(UNSEEN)
    found = step(objects, [A, [70.0, 20, 90, 60]], picture(blue=[70, 20, 90, 60]))
    assert (found.yields[1], found.visibility[1]) == (0, 0.9)


def test_what_a_person_just_drew_is_beyond_doubt() -> None:
    objects = aged(started())
    young = replace(objects, age=np.array([FRESH, 3]))
    for _ in range(LONG):
        young = step(young, [A, A], picture())  # on the red one, whose colours 1 has
    assert young.visibility.tolist() == [pytest.approx(UNSEEN), 0.9]


def test_who_was_born_of_detections_is_judged_by_them() -> None:
    objects = aged(started(given=False))
    for _ in range(2 * LONG):
        objects = step(objects, [A, A], picture())
    assert (objects.visibility == 0.9).all()


def test_who_is_hidden_is_in_nobodys_way() -> None:
    objects = aged(started())
    for _ in range(2 * LONG):
        objects = step(objects, [A, A], picture(), (0.9, 0.1))
    assert objects.visibility.tolist() == [0.9, 0.1]
    assert objects.together.tolist() == [0, 0]


def test_a_path_is_not_followed_for_ever() -> None:
    objects = replace(
        started(), free_speed=np.float32([[2, 0], [0, 0]]), free_age=np.array([500, 0])
    )
    assert path(objects, 0).tolist() == [20 + 2 * GOES_ON, 20, 40 + 2 * GOES_ON, 60]


def lost(objects: Objects, rows: list[bool]) -> Objects:
    return replace(objects, life=replace(objects.life, lost=np.array(rows)))


@pytest.mark.parametrize(
    ("away", "other", "strange"),
    [([True, True], 0.1, True), ([True, False], 0.1, True), ([True, False], 0.9, False)],
)
def test_who_seems_to_be_back_where_another_who_is_away_fits_better(
    away: list[bool], other: float, strange: bool
) -> None:
    """1, which is red, is seen where something blue is; 2, which is blue, may be away as well."""
    objects = lost(aged(started()), away)
    seen = step(objects, [[100, 20, 120, 60], [150, 20, 170, 60]], picture(), (0.9, other))
    assert (seen.visibility[0] <= UNSEEN) == strange


def test_who_is_back_itself_is_seen() -> None:
    objects = lost(aged(started()), [True, True])
    assert step(objects, [A, B], picture()).visibility.tolist() == [0.9, 0.9]
    alike = replace(objects, looks=objects.looks[[0, 0]])  # of two that look the same, both may be
    assert step(alike, [A, B], picture(), (0.9, 0.1)).visibility[0] == 0.9
    assert step(lost(alike, [False, True]), [A, B], picture()).visibility.tolist() == [0.9, 0.9]


def test_nobody() -> None:
    nobody = started().select(np.zeros(2, bool))
    assert len(give_way(nobody, picture(), lambda boxes: boxes)) == 0
