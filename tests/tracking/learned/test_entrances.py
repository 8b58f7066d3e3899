"""mohart.tracking.learned.entrances: who comes into the frame reaches to its edge."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.tracking.learned.entrances import EDGE, WHOLE, at_edges, reach_edges
from mohart.tracking.learned.knobs import RULES
from mohart.tracking.learned.objects import NOBODY, Objects, fresh_objects
from mohart.tracking.learned.state import NetworkState

HEIGHT, WIDTH = 100, 200
FRAME = HEIGHT, WIDTH
LEFT, TOP, RIGHT, BOTTOM = np.eye(4, dtype=bool)


def boxes(*rows: list[float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array(rows, np.float32)


def test_which_edges_a_box_ends_at() -> None:
    found = at_edges(
        boxes([0, 20, 30, 40], [50, -2, 60, 8], [180, 20, 200, 100], [50, 50, 60, 60]), FRAME
    )
    np.testing.assert_array_equal(found, [LEFT, TOP, RIGHT | BOTTOM, np.zeros(4, bool)])
    near = boxes([EDGE, 20, 30, 40], [EDGE + 0.5, 20, 30, 40])
    np.testing.assert_array_equal(at_edges(near, FRAME), [LEFT, np.zeros(4, bool)])


@pytest.mark.parametrize(
    ("edge", "moved", "reached"),
    [
        (LEFT, [6, 20, 26, 40], [0, 20, 26, 40]),
        (TOP, [50, 3, 70, 13], [50, 0, 70, 13]),
        (RIGHT, [170, 20, 190, 40], [170, 20, 200, 40]),
        (BOTTOM, [50, 70, 70, 95], [50, 70, 70, 100]),
    ],
)
def test_who_came_in_reaches_to_the_edge_until_it_is_in_wholly(
    edge: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    moved: list[float],
    reached: list[float],
) -> None:
    nobody = np.zeros(4, bool)
    cut = np.stack([edge, nobody])
    np.testing.assert_array_equal(
        reach_edges(boxes(moved, moved), cut, FRAME), boxes(reached, moved)
    )
    side = np.array(moved)[[2, 3, 2, 3]] - np.array(moved)[[0, 1, 0, 1]]
    inward = np.array([1, 1, -1, -1]) * side * (WHOLE + 0.5) * edge
    far = (np.array(moved) + np.tile(inward[:2] + inward[2:], 2)).astype(np.float32)[None]
    np.testing.assert_array_equal(reach_edges(far, edge[None], FRAME), far)


def test_nothing_is_drawn_in_from_outside() -> None:
    out = boxes([-8, 20, 12, 40])
    np.testing.assert_array_equal(reach_edges(out, LEFT[None], FRAME), out)


def tracked(*, given: bool) -> Objects:
    """One that was found at the left edge, and has come in by 5 pixels since."""
    at = boxes([0, 20, 20, 60])
    state = NetworkState(
        boxes=at[None],
        windows=at[None],
        velocity=np.zeros((1, 1, 2), np.float32),
        hidden=np.zeros((1, 1, 1), np.float32),
        cell=np.zeros((1, 1, 1), np.float32),
        memories=(),
        frame=FRAME,
    )
    objects = fresh_objects(
        state,
        np.zeros((1, 3), np.float32),
        RULES.start(1),
        tracker_id=np.ones(1, np.int64),
        given=given,
        belief=np.ones(1),
        visibility=np.ones(1),
    )
    moved = at + np.array([5, 0, 5, 0], np.float32)
    return objects.moved(state._replace(boxes=moved[None]))


def test_what_is_said_between_two_looks_and_not_what_is_followed() -> None:
    between = tracked(given=False)
    assert between.source[0] == NOBODY
    assert between.said().xyxy[0].tolist() == [0, 20, 25, 60]
    assert between.boxes[0].tolist() == [5, 20, 25, 60]
    found = between.changed(source=np.zeros(1, np.int64))  # a detector has just said where it ends
    assert found.said().xyxy[0].tolist() == [5, 20, 25, 60]
    assert tracked(given=True).said().xyxy[0].tolist() == [5, 20, 25, 60]  # and a person, how large
