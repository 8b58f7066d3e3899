"""mohart.video.writer.to_yuv420: colours of a video, closer to the picture than PyAV's own."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mohart.video.writer import to_yuv420


def scene(width: int, height: int) -> NDArray[np.uint8]:
    """Smooth spots of all colours, and a red line of odd width at an odd place."""
    noise = np.random.default_rng(0).integers(
        0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8
    )
    frame = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    cv2.rectangle(
        frame, (width // 3, height // 3), (2 * width // 3, height // 2 + 1), (0, 0, 230), 3
    )
    return np.asarray(frame, np.uint8)


def shown(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """As a player shows it."""
    return av.VideoFrame.from_ndarray(planes, format="yuv420p").to_ndarray(format="bgr24")


def error(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(np.square(one.astype(np.float64) - other).mean())


@pytest.mark.parametrize("size", [(320, 240), (70, 46), (34, 18)])
def test_closer_than_pyav(size: tuple[int, int]) -> None:
    frame = scene(*size)
    planes = to_yuv420(frame)
    assert planes.shape == (size[1] * 3 // 2, size[0])
    usual = av.VideoFrame.from_ndarray(frame, format="bgr24").to_ndarray(format="yuv420p")
    assert error(shown(planes), frame) < error(shown(usual), frame)
    assert error(planes, usual) < 4  # the same planes, but for rounding and where colours end


@pytest.mark.parametrize(
    "colour", [(0, 0, 0), (255, 255, 255), (0, 0, 255), (0, 255, 0), (255, 0, 0), (90, 130, 200)]
)
def test_plain_colours_come_back(colour: tuple[int, int, int]) -> None:
    frame = np.full((16, 32, 3), colour, np.uint8)
    np.testing.assert_allclose(shown(to_yuv420(frame)).astype(int), frame, atol=3)
