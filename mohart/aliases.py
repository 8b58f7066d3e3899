"""Names of types that cross floors; shapes stand where they are used."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]  # [H, W, 3], BGR
Boxes = NDArray[np.float32]  # [N, 4], xyxy pixels
Floats = NDArray[np.float64]
Random = np.random.Generator
Progress = Callable[[int, int | None], None]  # done, in all where somebody knows
Report = Callable[[str, dict[str, float]], None]  # `step` or `validation`, its numbers
