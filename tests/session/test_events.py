from __future__ import annotations

import numpy as np
import pytest

from mohart.regions import Line, Regions, Zone
from mohart.session.events import Event, EventCounter
from mohart.structures import TrackedObjects

DOOR = Line("door", np.array([[0.0, 50.0], [100.0, 50.0]]))
ROOM = Zone("room", np.array([[100, 0], [200, 0], [200, 100], [100, 100]], float))


def frame(*objects: tuple[int, float, float, str]) -> TrackedObjects:
    """Objects by id, place of the foot, and state; boxes of 20 x 20."""
    boxes = [[x - 10, y - 20, x + 10, y] for _, x, y, _ in objects]
    count = len(objects)
    return TrackedObjects(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([one[0] for one in objects], np.int64),
        np.ones(count, np.float32),
        np.array([one[3] for one in objects], "<U9"),
        np.full(count, 3, np.int64),
    )


def walk(counter: EventCounter, *places: tuple[float, float] | None) -> list[Event]:
    """One object on its way; None: it is lost."""
    found = []
    for t, place in enumerate(places):
        shown = frame((7, *place, "active")) if place else frame((7, 0.0, 0.0, "lost"))
        found += counter.add(t, shown)
    return found


def test_a_line_is_crossed_once_in_either_direction() -> None:
    counter = EventCounter(Regions((DOOR,)))
    down, up = walk(counter, (20, 40), (20, 49), (20, 53), (20, 60), (20, 40))
    assert down == Event(2, 7, 3, "crossed", "door", "to_right", 20, 53)
    assert (up.frame, up.direction) == (4, "to_left")
    assert counter.to_dict() == {"door": {"to_right": 1, "to_left": 1}}


def test_what_trembles_on_a_border_is_not_counted() -> None:
    counter = EventCounter(Regions((DOOR,), (ROOM,)))
    assert walk(counter, (20, 49.5), (20, 50.5), (20, 49.5), (20, 50.9), (20, 50)) == []
    assert walk(counter, (95, 20), (100.5, 20), (99.5, 20), (100.9, 20)) == []


def test_beside_the_end_of_a_line_nothing_is_crossed() -> None:
    counter = EventCounter(Regions((DOOR,)))
    assert walk(counter, (120, 40), (120, 60), (80, 60), (80, 40)) != []  # back through the door
    assert counter.to_dict() == {"door": {"to_right": 0, "to_left": 1}}


def test_zones_are_entered_and_left_but_not_by_appearing_in_them() -> None:
    counter = EventCounter(Regions(zones=(ROOM,)))
    events = walk(counter, (150, 50), (90, 50), (110, 50), (190, 50), (210, 50))
    assert [(e.frame, e.kind, e.where, e.direction) for e in events] == [
        (1, "left", "room", ""),
        (2, "entered", "room", ""),
        (4, "left", "room", ""),
    ]
    assert counter.to_dict() == {"room": {"entered": 1, "left": 2}}


def test_who_was_lost_in_between_has_crossed_all_the_same() -> None:
    counter = EventCounter(Regions((DOOR,)))
    (event,) = walk(counter, (20, 40), None, None, (24, 70))
    assert (event.frame, event.direction) == (3, "to_right")


def test_objects_are_told_apart_and_predicted_ones_count() -> None:
    counter = EventCounter(Regions((DOOR,)))
    counter.add(0, frame((1, 20, 40, "active"), (2, 60, 60, "predicted")))
    events = counter.add(1, frame((2, 60, 40, "predicted"), (1, 20, 60, "active")))
    assert [(e.track_id, e.direction) for e in events] == [(2, "to_left"), (1, "to_right")]
    assert counter.add(2, frame((1, 20, 60, "tentative"))) == []


def test_the_centre_of_a_box_may_count_in_the_place_of_its_foot() -> None:
    counter = EventCounter(Regions((DOOR,), anchor="centre"))
    (event,) = walk(counter, (20, 50), (20, 56), (20, 66))
    assert (event.frame, event.y) == (2, 56)


@pytest.mark.parametrize("box", [np.nan, np.inf])
def test_boxes_that_are_nowhere_cross_nothing(box: float) -> None:
    counter = EventCounter(Regions((DOOR,), (ROOM,)))
    assert walk(counter, (20, 40), (20, box), (20, 41)) == []
