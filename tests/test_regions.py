from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.regions import Line, Regions, Zone, anchors

SQUARE = np.array([[10, 10], [30, 10], [30, 30], [10, 30]], float)


def test_the_right_side_of_a_line_is_that_of_somebody_who_walks_along_it() -> None:
    line = Line("door", np.array([[0.0, 10.0], [20.0, 10.0]]))
    assert line.side(np.array([5.0, 14.0])) == pytest.approx(4)  # below: y points downwards
    assert line.side(np.array([5.0, 7.0])) == pytest.approx(-3)
    back = Line("door", line.points[::-1])
    assert back.side(np.array([5.0, 14.0])) == pytest.approx(-4)


@pytest.mark.parametrize(
    ("before", "after", "met"),
    [
        ((5, 5), (5, 15), True),
        ((5, 5), (5, 9), False),  # does not reach it
        ((30, 5), (30, 15), False),  # passes beside its end
        ((18, 9), (24, 15), True),  # meets it at x = 19
        ((5, 10), (9, 10), False),  # goes along it
    ],
)
def test_a_line_is_met_between_its_ends(
    before: tuple[float, float], after: tuple[float, float], met: bool
) -> None:
    line = Line("door", np.array([[0.0, 10.0], [20.0, 10.0]]))
    assert line.is_met(np.array(before), np.array(after)) is met
    assert line.is_met(np.array(after), np.array(before)) is met


def test_depth_in_a_zone_is_the_distance_from_its_border() -> None:
    zone = Zone("room", SQUARE)
    assert zone.area == 400
    depths = [zone.depth(np.array(point)) for point in ((12.0, 20.0), (20.0, 35.0), (10.0, 20.0))]
    assert depths == pytest.approx([2, -5, 0])
    assert zone.holds(np.array([[20.0, 20.0], [10.0, 10.0], [31.0, 20.0]])).tolist() == [1, 1, 0]
    assert zone.holds(np.zeros((0, 2))).shape == (0,)


def test_what_counts_of_a_box_is_its_foot_or_its_centre() -> None:
    boxes = np.array([[10, 20, 30, 60]], np.float32)
    assert anchors(boxes, "foot").tolist() == [[20, 60]]
    assert anchors(boxes, "centre").tolist() == [[20, 40]]


def test_what_is_no_line_or_zone_is_refused() -> None:
    with pytest.raises(ConfigError, match="line 'a': expected two points that differ"):
        Line("a", np.array([[1.0, 2.0], [1.0, 2.0]]))
    with pytest.raises(ConfigError, match="line 'a': expected two points"):
        Line("a", SQUARE)
    for corners in (SQUARE[:2], np.array([[0.0, 0], [5, 5], [9, 9]])):
        with pytest.raises(ConfigError, match="zone 'b': expected at least three corners"):
            Zone("b", corners)
    with pytest.raises(ConfigError, match="two are named 'b'"):
        Regions((Line("b", SQUARE[:2]),), (Zone("b", SQUARE),))


def test_regions_are_of_one_picture_size() -> None:
    Regions(zones=(Zone("b", SQUARE),)).check_size(10, 10)  # does not say
    regions = Regions(zones=(Zone("b", SQUARE),), size=(64, 48))
    regions.check_size(64, 48)
    with pytest.raises(ConfigError, match="picture of 64x48, but the video has 640x480"):
        regions.check_size(640, 480)
