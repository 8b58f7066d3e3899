from __future__ import annotations

import numpy as np

from mohart.synth.scenes.degrade import draw_optics


def test_every_camera_keeps_size_and_type() -> None:
    frame = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    for seed in range(20):
        out = draw_optics(np.random.default_rng(seed), 64, 48).apply(
            frame, np.random.default_rng(0)
        )
        assert out.shape == frame.shape
        assert out.dtype == np.uint8


def test_poor_cameras_add_noise() -> None:
    grey = np.full((48, 64, 3), 120, np.uint8)
    noisy = 0
    for seed in range(20):
        optics = draw_optics(np.random.default_rng(seed), 64, 48)
        noisy += optics.apply(grey, np.random.default_rng(0)).std() > 1
    assert 5 < noisy < 20
