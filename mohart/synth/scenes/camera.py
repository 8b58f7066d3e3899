"""How a camera moves.

World coordinates are pixels of the frame at time 0 with the origin in the middle of the frame;
the camera maps world to frame at every time step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mohart.aliases import Floats, Random


@dataclass(frozen=True)
class CameraPath:
    """Where the camera looks.

    Attributes:
        centre: [T, 2] world point in the middle of the frame.
        zoom: [T] pixels per world unit.
        roll: [T] radians.
    """

    centre: Floats
    zoom: Floats
    roll: Floats

    def matrix(self, t: int, width: int, height: int) -> Floats:
        """[2, 3] affine map from world to frame pixels at time t."""
        c, s = np.cos(self.roll[t]) * self.zoom[t], np.sin(self.roll[t]) * self.zoom[t]
        turn = np.array([[c, -s], [s, c]])
        shift = np.array([width / 2, height / 2]) - turn @ self.centre[t]
        return np.hstack([turn, shift[:, None]])


SHORT = 64  # frames; over longer times a camera swings back instead of panning for ever


def _swing(path: Floats, limit: float) -> Floats:
    """Fold a path [T, 2] into -limit..limit: at the limit it turns round."""
    folded: Floats = np.abs(np.mod(path - limit, 4 * limit) - 2 * limit) - limit
    return folded


def camera_path(rng: Random, frames: int, height: int, *, moving: float = 0.6) -> CameraPath:
    """A fixed, panning, zooming or hand-held camera.

    Args:
        rng: source of randomness.
        frames: T.
        height: of the frame in pixels; speeds are relative to it.
        moving: probability that the camera moves at all.
    """
    centre, zoom = np.zeros((frames, 2)), np.ones(frames)
    roll = np.zeros(frames)
    if rng.random() < moving:
        steps = np.arange(frames)
        if rng.random() < 0.7:  # pan: a slowly changing velocity
            speed = rng.normal(0, 0.01, 2) * (height, height * 0.4)
            drift = np.cumsum(rng.normal(0, 0.0012, (frames, 2)) * height, 0)
            pan = np.cumsum(speed + drift, 0)
            centre += pan if frames <= SHORT else _swing(pan, 0.8 * height)
        if rng.random() < 0.4:
            zoom = np.exp(
                np.clip(np.cumsum(rng.normal(0, 0.006) + rng.normal(0, 0.002, frames)), -0.7, 0.7)
            )
        if rng.random() < 0.5:  # shake: smooth noise of a hand, or hard knocks
            amount = height * float(np.exp(rng.uniform(np.log(0.001), np.log(0.02))))
            noise = rng.normal(0, amount, (frames, 2))
            if rng.random() < 0.6:
                noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 2, 0)) / 1.7
            centre += noise
            roll += rng.normal(0, 0.004) * np.sin(steps * rng.uniform(0.1, 0.8))
        centre -= centre[0]
    return CameraPath(centre=centre, zoom=zoom, roll=roll)
