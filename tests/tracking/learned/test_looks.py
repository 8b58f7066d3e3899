"""Colours that tell who is who."""

import cv2
import numpy as np
import pytest

from mohart.tracking.learned.looks import (
    BINS,
    LENGTH,
    SMALL,
    blend_looks,
    describe_looks,
    describe_templates,
)


def picture(*spots: tuple[int, int, tuple[int, int, int]]) -> np.ndarray:
    frame = np.full((100, 200, 3), 127, np.uint8)
    for x, y, colour in spots:
        frame[y : y + 40, x : x + 20] = colour
    return frame


def test_the_same_colours_are_alike_wherever_and_however_large() -> None:
    frame = picture((10, 10, (200, 30, 30)), (100, 50, (200, 30, 30)), (150, 5, (20, 200, 20)))
    looks = describe_looks(
        frame, np.array([[10, 10, 30, 50], [102, 55, 118, 85], [150, 5, 170, 45]], float)
    )
    assert looks.shape == (3, LENGTH)
    similar = looks @ looks.T
    np.testing.assert_allclose(np.diag(similar), 1, atol=1e-5)
    assert similar[0, 1] == pytest.approx(1, abs=1e-5)
    assert similar[0, 2] < 0.5


def test_top_and_bottom_count_one_by_one() -> None:
    frame = picture()
    frame[10:30, 10:30], frame[30:50, 10:30] = (255, 0, 0), (0, 0, 255)
    frame[10:30, 60:80], frame[30:50, 60:80] = (0, 0, 255), (255, 0, 0)
    looks = describe_looks(frame, np.array([[10, 10, 30, 50], [60, 10, 80, 50]], float))
    assert looks[0] @ looks[1] < 0.8


@pytest.mark.parametrize("size", [(1, 1), (7, 10), (30, 75), (120, 90)])
def test_looks_are_roots_of_shares_of_pixels(size: tuple[int, int]) -> None:
    """Counted in one of two ways, by their number."""
    height, width = size
    frame = np.random.default_rng(0).integers(0, 256, (150, 200, 3), np.uint8)
    room = np.array([width / 4, height / 8])  # what is left out as background
    box = np.hstack([np.array([20, 10]) - room, np.array([20 + width, 10 + height]) + room])
    [looks] = describe_looks(frame, box[None])
    lab = cv2.cvtColor(frame[10 : 10 + height, 20 : 20 + width], cv2.COLOR_BGR2LAB) // (256 // BINS)
    want = []
    for half in (lab[: height // 2], lab[height // 2 :]):
        for channel in range(3):
            count = np.bincount(half[..., channel].ravel(), minlength=BINS)
            want.append(count / max(count.sum(), 1) / 6)
    np.testing.assert_allclose(looks, np.sqrt(np.concatenate(want)), atol=1e-6)
    assert (lab.size > SMALL) == (size == (120, 90))


@pytest.mark.parametrize("box", [[-50, 0, -10, 40], [5, 5, 5, 5], [300, 0, 340, 50]])
def test_nothing_inside_the_frame_looks_like_nothing(box: list[float]) -> None:
    assert not describe_looks(picture(), np.array([box], float)).any()


def test_no_boxes_no_looks() -> None:
    assert describe_looks(picture(), np.zeros((0, 4))).shape == (0, LENGTH)


def test_blending_keeps_unit_length_and_takes_a_first_look_as_it_is() -> None:
    old = np.array([[1.0, 0.0], [0.0, 0.0]], np.float32)
    new = np.array([[0.0, 1.0], [0.0, 1.0]], np.float32)
    mixed = blend_looks(old, new, 0.5)
    np.testing.assert_allclose(mixed, [[0.5**0.5, 0.5**0.5], [0, 1]], atol=1e-6)


def test_templates_are_compared_cell_by_cell() -> None:
    rng = np.random.default_rng(0)
    memory = rng.normal(size=(2, 2, 3, 4, 4)).astype(np.float32)
    memory[1, 0] = memory[0, 0] * (
        rng.random((4, 4), np.float32) + 0.1
    )  # the same directions in every cell
    vectors = describe_templates(memory)
    assert vectors.shape == (2, 48)
    np.testing.assert_allclose(vectors @ vectors.T, 1, atol=1e-5)
    assert describe_templates(np.zeros((2, 0), np.float32)).tolist() == [[0], [0]]
