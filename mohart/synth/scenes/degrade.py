"""Image degradation by cameras and codecs: light, blur, noise, low resolution, compression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Frame, Random


@dataclass(frozen=True)
class Optics:
    """The camera of one sequence; applied to every frame, so flicker is the only thing that varies.

    Attributes:
        table: [256, 3] uint8, gain, white balance and gamma per channel (BGR).
        blur: standard deviation in pixels, 0 for none.
        shrink: the sensor is smaller by this factor.
        noise: [2H, 2W, 3] int8 pattern that is shifted from frame to frame, or None.
        quality: JPEG quality 0..100, or None.
        flicker: standard deviation of the brightness from frame to frame, relative.
        grey: no colour.
    """

    table: NDArray[np.uint8]
    blur: float
    shrink: float
    noise: NDArray[np.int8] | None
    quality: int | None
    flicker: float
    grey: bool

    def apply(self, frame: Frame, rng: Random) -> Frame:
        """[H, W, 3] uint8 clean -> degraded, the same size."""
        height, width = frame.shape[:2]
        if self.shrink > 1:
            small = (max(8, int(width / self.shrink)), max(8, int(height / self.shrink)))
            frame = cv2.resize(frame, small, interpolation=cv2.INTER_AREA)
            frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
        if self.blur > 0:
            frame = cv2.GaussianBlur(frame, (0, 0), self.blur)
        frame = cv2.LUT(frame, self.table[:, None])
        if self.flicker > 0:
            frame = cv2.convertScaleAbs(frame, alpha=float(np.exp(rng.normal(0, self.flicker))))
        if self.noise is not None:
            y, x = (int(rng.integers(n)) for n in (height, width))
            patch = self.noise[y : y + height, x : x + width]
            frame = cv2.add(frame, patch, dtype=cv2.CV_8U)
        if self.grey:
            frame = cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        if self.quality is not None:
            ok, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
            frame = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR) if ok else frame, np.uint8)
        return np.asarray(frame, np.uint8)


def draw_optics(rng: Random, width: int, height: int) -> Optics:
    """A random camera: mostly decent, sometimes poor."""
    levels = np.linspace(0, 1, 256)[:, None]
    gain = np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.05, 3))
    curve = rng.uniform(0, 0.08) + (levels ** np.exp(rng.normal(0, 0.2))) * gain * 0.95
    sigma = float(rng.choice([0.0, rng.uniform(1, 4), rng.uniform(4, 12)], p=[0.25, 0.55, 0.2]))
    noise = None
    if sigma > 0:
        grain = rng.normal(0, sigma, (2 * height, 2 * width, 1)).astype(np.float32)
        if rng.random() < 0.4:  # sensors that interpolate colours make coarser grain
            grain = cv2.GaussianBlur(grain, (0, 0), 0.7)[..., None] * 2
        chroma = rng.uniform(0.7, 1.3, 3)
        noise = np.clip(np.round(grain * chroma), -127, 127).astype(np.int8)
    return Optics(
        table=np.clip(curve * 255, 0, 255).astype(np.uint8),
        blur=float(rng.uniform(0.4, 1.3)) if rng.random() < 0.4 else 0.0,
        shrink=float(rng.uniform(1.2, 2.2)) if rng.random() < 0.15 else 1.0,
        noise=noise,
        quality=int(rng.integers(25, 95)) if rng.random() < 0.6 else None,
        flicker=float(rng.uniform(0.005, 0.03)) if rng.random() < 0.2 else 0.0,
        grey=bool(rng.random() < 0.06),
    )
