"""mohart.draw: what is drawn where, and what must not go wrong."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.draw import Trails, colour_of, draw_tracks
from mohart.structures import TrackedObjects


def tracked(boxes: list[list[float]], states: list[str], first_id: int = 1) -> TrackedObjects:
    count = len(boxes)
    return TrackedObjects(
        xyxy=np.array(boxes, np.float32).reshape(-1, 4),
        tracker_id=np.arange(first_id, first_id + count),
        confidence=np.ones(count, np.float32),
        state=np.array(states, dtype=str),
    )


@pytest.mark.parametrize("size", [(240, 320), (1080, 1920), (7, 5)])
def test_shape_and_no_change_of_the_frame(size: tuple[int, int]) -> None:
    frame = np.zeros((*size, 3), np.uint8)
    picture = draw_tracks(frame, tracked([[1, 1, 4, 4]], ["active"]))
    assert picture.shape == frame.shape
    assert picture.dtype == np.uint8
    assert frame.max() == 0
    assert picture.max() > 0


def test_less_sure_is_drawn_with_fewer_pixels() -> None:
    frame = np.zeros((480, 640, 3), np.uint8)
    drawn = {
        state: (draw_tracks(frame, tracked([[100, 100, 300, 300]], [state])) > 0).any(2)
        for state in ("active", "predicted", "lost")
    }
    ink = {state: mask[100:310].sum() for state, mask in drawn.items()}
    assert ink["active"] > 1.5 * ink["predicted"] > 1.5 * ink["lost"] > 0
    assert not drawn["lost"][:95].any()  # no label on lost objects
    assert drawn["predicted"][:95].any()
    assert not drawn["lost"][195:205].any()  # corners only


def test_colour_and_ink_of_an_active_box() -> None:
    frame = np.zeros((480, 640, 3), np.uint8)
    picture = draw_tracks(frame, tracked([[100, 100, 300, 300]], ["active"], first_id=5))
    assert tuple(int(v) for v in picture[200, 100]) == colour_of(5)


def test_colours_are_stable_and_distinct() -> None:
    colours = [colour_of(n) for n in range(1, 13)]
    assert colours == [colour_of(n) for n in range(1, 13)]
    distances = [
        np.abs(np.subtract(a, b)).sum() for n, a in enumerate(colours) for b in colours[:n]
    ]
    assert min(distances) > 40


@pytest.mark.parametrize(
    "box",
    [
        [np.nan, 0, 10, 10],
        [np.inf, 0, 10, 10],
        [-1e12, -1e12, 1e12, 1e12],
        [50, 50, 20, 20],
        [10, 10, 10, 10],
        [700, 10, 900, 90],
    ],
)
@pytest.mark.parametrize("state", ["active", "predicted", "lost"])
def test_odd_boxes_do_not_raise(box: list[float], state: str) -> None:
    trails = Trails()
    tracks = tracked([box], [state])
    trails.update(tracks)
    draw_tracks(np.zeros((100, 100, 3), np.uint8), tracks, trails)


def test_no_objects() -> None:
    frame = np.full((20, 20, 3), 7, np.uint8)
    np.testing.assert_array_equal(draw_tracks(frame, tracked([], []), Trails()), frame)


def test_trails_are_bounded_and_follow_the_objects() -> None:
    trails = Trails(length=5)
    for t in range(50):
        trails.update(tracked([[t, 0, t + 2, 2]], ["active"]))
    assert list(trails.points) == [1]
    assert list(trails.points[1]) == [(t + 1.0, 1.0) for t in range(45, 50)]
    trails.update(tracked([[50, 0, 52, 2]], ["lost"]))
    assert list(trails.points[1]) == [(t + 1.0, 1.0) for t in range(46, 50)]
    trails.update(tracked([[0, 0, 2, 2]], ["active"], first_id=9))
    assert list(trails.points) == [9]
