"""The palette can be told apart with the common kinds of colour blindness."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from mohart.palette import COLOURS, DASHES, colour_bgr, colour_hex, dash, ink_hex

# Machado et al. 2009, severity 1, on linear RGB
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear(text: str) -> NDArray[np.float64]:
    channels = np.array([int(text[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y, z = TO_XYZ @ np.clip(rgb, 0, 1) / [0.95047, 1, 1.08883]
    fx, fy, fz = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def apart(a: str, b: str, sight: str) -> float:
    seen = np.array(SIGHT[sight])
    return float(np.linalg.norm(lab(seen @ linear(a)) - lab(seen @ linear(b))))


@pytest.mark.parametrize("sight", SIGHT)
def test_all_pairs_can_be_told_apart(sight: str) -> None:
    assert min(apart(a, b, sight) for a, b in combinations(COLOURS, 2)) > 16


@pytest.mark.parametrize("sight", SIGHT)
def test_neighbouring_ids_are_far_apart(sight: str) -> None:
    assert min(apart(colour_hex(k), colour_hex(k + 1), sight) for k in range(7)) > 24


def test_twenty_eight_ids_differ_in_colour_or_pattern() -> None:
    looks = {(colour_hex(k), dash(k)) for k in range(28)}
    assert len(looks) == 28 == len(COLOURS) * len(DASHES)


def test_labels_can_be_read_on_their_plates() -> None:
    def luminance(text: str) -> float:
        return float(linear(text) @ [0.2126, 0.7152, 0.0722])

    for k in range(7):
        low, high = sorted([luminance(colour_hex(k)), luminance(ink_hex(k))])
        assert (high + 0.05) / (low + 0.05) >= 4.5


def test_the_same_colour_for_opencv() -> None:
    assert [f"#{r:02x}{g:02x}{b:02x}" for b, g, r in map(colour_bgr, range(7))] == [*COLOURS]
