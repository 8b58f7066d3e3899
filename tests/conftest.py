"""Shared fixtures: where the real data lies, and a small video that needs no file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import mohart
from mohart.data.sequence import Sequence
from mohart.structures import Tracks


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real data beside the checkout; tests that ask for it skip without it."""
    path = Path(mohart.__file__).parents[1].parent / "shared" / "data"
    if not path.is_dir():  # not all licences allow copies; the project's samples cover this code
        pytest.skip("the real data (../shared/data) is not on this machine")
    return path


def _noise_with_boxes(start: int, stop: int) -> Iterator[NDArray[np.uint8]]:
    """120 x 160 frames; frame t is reproducible and shows its number in the corner pixel."""
    background = np.random.default_rng(7).integers(0, 255, (120, 160, 3), np.uint8)
    for t in range(start, stop):
        frame = background.copy()
        frame[40:80, 10 + 4 * t : 30 + 4 * t] = (250, 20, 20)
        frame[50:98, 120 - 3 * t : 144 - 3 * t] = (20, 250, 20)
        frame[:16, :16] = 20 * t
        yield frame


@pytest.fixture(scope="session")
def moving_boxes() -> Sequence:
    """Eight frames, 160 x 120 pixels at 10 fps: two objects crossing, one ignored, one hidden."""
    times = np.arange(8)
    still = np.zeros(8)
    boxes = [
        np.stack([10 + 4 * times, still + 40, 30 + 4 * times, still + 80], -1),
        np.stack([120 - 3 * times, still + 50, 144 - 3 * times, still + 98], -1),
        np.stack([still + 60, still + 10, still + 80, still + 40], -1),
        np.stack([still + 90, still + 10, still + 110, still + 40], -1),
    ]
    tracks = Tracks.from_columns(
        np.tile(times, 4),
        np.repeat([1, 2, 3, 4], 8),
        np.concatenate(boxes),
        ignored=np.repeat([0, 0, 1, 0], 8),
        visibility=np.repeat([1.0, 0.75, 1.0, 0.1], 8),
    )
    return Sequence(
        name="moving-boxes",
        length=8,
        width=160,
        height=120,
        frame_rate=10.0,
        tracks=tracks,
        reader=_noise_with_boxes,
    )
