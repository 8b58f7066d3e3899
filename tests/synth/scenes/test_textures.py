from __future__ import annotations

import numpy as np
import pytest

from mohart.synth.scenes import textures


@pytest.mark.parametrize("make", [textures.natural, textures.pattern, textures.background])
def test_textures_fill_the_picture_within_range(make) -> None:
    for seed in range(5):
        image = make(np.random.default_rng(seed), 48, 64)
        assert image.shape == (48, 64, 3)
        assert image.dtype == np.float32
        assert image.min() >= 0
        assert image.max() <= 255


def test_noise_has_unit_variance_and_more_power_at_low_frequencies() -> None:
    noise = textures.fractal_noise(np.random.default_rng(0), 128, 128, slope=1.0, channels=1)
    assert abs(noise.mean()) < 1e-3
    assert abs(noise.std() - 1) < 1e-3
    power = np.abs(np.fft.fft2(noise[..., 0])) ** 2
    assert power[1:4, 1:4].mean() > 20 * power[30:40, 30:40].mean()


def test_colours_are_mostly_dull() -> None:
    rng = np.random.default_rng(0)
    spread = [np.ptp(textures.random_colour(rng)) for _ in range(200)]
    assert np.median(spread) < 60
