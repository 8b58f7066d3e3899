"""What is said about boxes that were perhaps meant otherwise."""

from __future__ import annotations

import numpy as np

from mohart.keyframes import Keyframes
from mohart.session.remarks import SHOWN, odd_boxes


def boxes(*sizes: tuple[float, ...]) -> Keyframes:
    """Drawn in the first frame, by left, top, width and height."""
    found = np.array(sizes, float)
    return Keyframes.from_rows(
        0, range(1, len(found) + 1), found + found[:, [0, 1, 0, 1]] * [0, 0, 1, 1]
    )


def test_corners_that_were_given_as_sizes() -> None:
    (told,) = odd_boxes(boxes((838, 27, 903, 177), (20, 30, 40, 50)), 1280, 720)
    assert told == (
        "the box of id 1 reaches to 1741, 204, far outside; if its numbers are corners, its left, "
        "top, width, height are 838,27,65,150"
    )
    at_the_edge = (1200, 600, 100, 140), (100, 50, 1300, 600), (900, 10, 800, 20)
    assert odd_boxes(boxes(*at_the_edge), 1280, 720) == []


def test_one_box_twice() -> None:
    twice = boxes((20, 30, 40, 50), (60, 30, 40, 50), (20.1, 30, 40, 50))
    assert odd_boxes(twice, 640, 480) == ["ids 1 and 3 have the same box in frame 1"]
    later = Keyframes.from_rows([0, 1], [1, 2], [[1, 1, 9, 9]] * 2)
    assert odd_boxes(later, 640, 480) == []
    many = odd_boxes(boxes(*[(20, 30, 40, 50)] * 100), 640, 480)
    assert len(many) == SHOWN + 1
    assert many[-1] == "94 more boxes are like these"
    assert odd_boxes(Keyframes.empty(), 640, 480) == []
