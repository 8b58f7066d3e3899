"""mohart.draw: what is drawn where, and what must not go wrong."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from mohart.draw import Overlay, Trails, draw_tracks
from mohart.palette import colour_bgr
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
        state: (draw_tracks(frame, tracked([[100, 100, 300, 300]], [state])) > 60).any(2)
        for state in ("active", "predicted", "lost")
    }
    ink = {state: mask[100:310].sum() for state, mask in drawn.items()}
    assert ink["active"] > 1.5 * ink["predicted"] > 1.5 * ink["lost"] > 0
    assert drawn["lost"][:95].any()  # a label says who
    assert drawn["predicted"][:95].any()
    assert not drawn["lost"][195:205].any()  # corners only


def test_colour_and_ink_of_an_active_box() -> None:
    frame = np.zeros((480, 640, 3), np.uint8)
    picture = draw_tracks(frame, tracked([[100, 100, 300, 300]], ["active"], first_id=5))
    assert tuple(int(v) for v in picture[200, 100]) == colour_bgr(5)


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


@pytest.mark.parametrize("ground", [0, 110, 255])
@pytest.mark.parametrize("state", ["active", "predicted", "lost"])
def test_every_state_can_be_seen_on_any_ground(ground: int, state: str) -> None:
    frame = np.full((480, 640, 3), ground, np.uint8)
    for number in range(1, 8):
        picture = draw_tracks(frame, tracked([[100, 100, 300, 300]], [state], first_id=number))
        corner = picture[99:130, 99:130].astype(int)  # below the label
        assert np.abs(corner - ground).sum(2).max() > 150


def test_lines_are_thin_on_small_objects() -> None:
    frame = np.zeros((1080, 1920, 3), np.uint8)

    def width(size: int) -> int:
        box = [500, 500, 500 + size, 500 + size]
        picture = draw_tracks(frame, tracked([box], ["active"], first_id=5))
        row = picture[500 + size // 2, 450:506]  # the left side
        return int((row == colour_bgr(5)).all(1).sum())

    assert [width(size) for size in (12, 30)] == [1, 1]
    assert width(200) >= 3


def test_labels_say_class_and_score_where_there_is_room() -> None:
    frame = np.zeros((480, 640, 3), np.uint8)
    overlay = Overlay(names={0: "person"}, frame_rate=25)

    def plate(right: int, **options: object) -> int:
        tracks = tracked([[100, 100, right, 300]], ["active"], first_id=5)
        tracks = replace(tracks, class_id=np.zeros(1, np.int64))
        picture = draw_tracks(frame, tracks, **options)  # type: ignore[arg-type]
        return int((picture[:98] > 0).any((0, 2)).sum())

    assert plate(400) < plate(400, overlay=overlay)
    assert plate(120, overlay=overlay) < plate(160, overlay=overlay) < plate(400, overlay=overlay)
    assert plate(120, overlay=overlay) == plate(120)  # the id alone


def test_the_legend_tells_frame_and_time() -> None:
    frame = np.full((480, 640, 3), 90, np.uint8)
    overlay = Overlay(frame_rate=25)
    pictures = [draw_tracks(frame, tracked([], []), None, overlay, number) for number in (0, 1, 30)]
    assert (pictures[0][:400] == 90).all()
    changed = [int((a != b).any(2).sum()) for a, b in pairwise(pictures)]
    assert min(changed) > 0
    assert (pictures[0][-12:, :300].max(2) == 255).any()
    small = np.full((48, 64, 3), 90, np.uint8)
    assert (draw_tracks(small, tracked([], []), None, overlay) == 90).all()


@pytest.mark.parametrize("far", [1e6, 3e9, -1e30])
def test_a_trail_may_come_from_anywhere(far: float) -> None:
    """A tracker may say any finite box."""
    frame, trails = np.zeros((60, 80, 3), np.uint8), Trails()
    for left in (20.0, far, 30.0):
        shown = tracked([[left, 20, left + 10, 40]], ["active"])
        trails.update(shown)
    drawn = draw_tracks(frame, shown, trails)
    assert drawn.any()
