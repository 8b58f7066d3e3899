"""A generated picture that moves under a camera, with objects that move along: something to time.

It looks like nothing; what counts is that all objects are seen in every frame, any number of them,
at any size of picture, and that making a frame takes no time worth mentioning.
"""

from __future__ import annotations

import cv2
import numpy as np

from mohart.aliases import Boxes, Frame

OBJECT = (40, 80)  # pixels, width and height
SWAY = 40  # pixels to the right, then back
COARSE = 8  # pixels of a spot


class Scene:
    """Frames of one size, with boxes of the first one.

    Args:
        width: of the frames, pixels.
        height: of the frames, pixels.
        objects: how many.

    Attributes:
        boxes: [N, 4] in frame 0, 40 by 80 pixels each, the same for the same arguments.
    """

    def __init__(self, width: int, height: int, objects: int) -> None:
        rng = np.random.default_rng(0)
        spots = (max(height // COARSE, 1), max(width // COARSE, 1), 3)
        coarse = rng.integers(0, 255, spots, np.uint8)
        picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        self._picture = np.asarray(picture, np.uint8)
        room = (max(width - OBJECT[0] - SWAY, 1), max(height - OBJECT[1], 1))
        corner = rng.uniform((0, 0), room, (objects, 2))
        self.boxes: Boxes = np.concatenate([corner, corner + OBJECT], 1).astype(np.float32)

    def frame(self, number: int) -> Frame:
        """A picture of its own: everything has moved by a pixel since the one before."""
        place = number % (2 * SWAY)
        right = min(place, 2 * SWAY - place)
        return np.ascontiguousarray(np.roll(self._picture, right, 1))
