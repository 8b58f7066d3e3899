"""Glimpses whose pixels are counted before they are sent: those of the definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mohart.nn.glimpse import BilinearGlimpse
from mohart.tracking.learned import device_reader
from mohart.tracking.learned.device_reader import DeviceReader
from mohart.tracking.learned.sending import send

CPU = torch.device("cpu")
HEIGHT, WIDTH = 90, 140
FRAME = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
ODD = [
    [-900, -900, -800, -850],
    [-30, 20, 600, 70],
    [20, 20, 20, 20],
    [50, 60, 40, 30],
    [float("nan"), 0, 40, 40],
    [-1e9, -1e9, 1e9, 1e9],
    [139, 89, 400, 300],
]


@pytest.mark.parametrize("together", [device_reader.TOGETHER, 50_000])
def test_equals_the_definition(monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    monkeypatch.setattr(device_reader, "TOGETHER", together)
    rng, glimpse = np.random.default_rng(1), BilinearGlimpse(24, 32)
    corner = rng.uniform(-60, 150, (60, 2))
    some = np.concatenate([corner, corner + np.exp(rng.uniform(0, 6, (60, 2)))], 1)
    windows = np.concatenate([some, ODD]).astype(np.float32)
    frame = torch.from_numpy(FRAME)
    looked = DeviceReader(glimpse, CPU).read(frame, windows)
    wanted = glimpse(frame[None], torch.from_numpy(windows)[None])[0]
    assert looked.shape == (len(windows), 3, 24, 32)
    torch.testing.assert_close(looked, wanted, atol=1e-5, rtol=0)


def test_no_windows() -> None:
    looked = DeviceReader(BilinearGlimpse(8, 8), CPU).read(
        torch.from_numpy(FRAME), np.zeros((0, 4), np.float32)
    )
    assert looked.shape == (0, 3, 8, 8)


def test_frames_in_any_memory_layout_are_sent() -> None:
    turned = FRAME[::-1, :, ::-1]
    turned.flags.writeable = False
    np.testing.assert_array_equal(send(turned, CPU).numpy(), turned)
