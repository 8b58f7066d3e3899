"""mohart.tracking.learned.reader: what is read is what the differentiable glimpse reads."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mohart.nn.glimpse import BilinearGlimpse
from mohart.tracking.learned.reader import WindowReader

FRAME = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)


def windows(smallest: float, largest: float, count: int = 40) -> NDArray[np.float32]:
    """Windows of every place, inside the frame, across its border and beyond."""
    rng = np.random.default_rng(1)
    centre = rng.uniform(-60, (220, 180), (count, 2))
    half = rng.uniform(smallest, largest, (count, 2)) / 2
    return np.concatenate([centre - half, centre + half], 1).astype(np.float32)


def defined(
    frame: NDArray[np.uint8], where: NDArray[np.float32], shape: tuple[int, int]
) -> NDArray[np.float32]:
    frames = torch.from_numpy(np.ascontiguousarray(frame))[None]
    return BilinearGlimpse(*shape)(frames, torch.from_numpy(where)[None])[0].numpy()


@pytest.mark.parametrize("shape", [(64, 64), (12, 20)])
@pytest.mark.parametrize("sides", [(2, 30), (30, 90), (90, 400), (400, 2000)])
def test_equals_the_definition(shape: tuple[int, int], sides: tuple[float, float]) -> None:
    where = windows(*sides)
    read = WindowReader(*shape).read(FRAME, where)
    assert read.shape == (len(where), 3, *shape)
    np.testing.assert_allclose(read, defined(FRAME, where, shape), atol=2e-5, rtol=0)


def test_sizes_may_be_mixed_and_the_frame_a_view_of_another() -> None:
    where = np.concatenate([windows(2, 10, 5), windows(300, 900, 5), windows(50, 60, 5)])
    view = FRAME[10:90:2, ::-1]
    read = WindowReader(16, 16).read(view, where)
    np.testing.assert_allclose(read, defined(view, where, (16, 16)), atol=2e-5, rtol=0)


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (40, 7)])
def test_small_frames(size: tuple[int, int]) -> None:
    frame, where = np.ascontiguousarray(FRAME[: size[0], : size[1]]), windows(2, 300)
    read = WindowReader(16, 16).read(frame, where)
    np.testing.assert_allclose(read, defined(frame, where, (16, 16)), atol=2e-5, rtol=0)


def test_what_is_no_window_is_read_as_the_definition_reads_it() -> None:
    nan, inf = np.nan, np.inf
    where = np.array([[nan, 1, 2, 3], [5, 5, 5, 5], [-1e9, 0, 1e9, 9], [inf, 0, 3, 3]], np.float32)
    read = WindowReader(16, 16).read(FRAME, where)
    np.testing.assert_allclose(read, defined(FRAME, where, (16, 16)), atol=2e-5, rtol=0)


def test_no_window_no_glimpse() -> None:
    assert WindowReader(8, 8).read(FRAME, np.zeros((0, 4), np.float32)).shape == (0, 3, 8, 8)


def test_the_frame_is_not_changed_and_the_whole_of_it_comes_back() -> None:
    before = FRAME.copy()
    whole = WindowReader(120, 160).read(FRAME, np.array([[0, 0, 160, 120]], np.float32))
    np.testing.assert_array_equal(FRAME, before)
    colours = (whole[0].transpose(1, 2, 0) * 255).round().astype(np.uint8)
    np.testing.assert_array_equal(colours, FRAME)
