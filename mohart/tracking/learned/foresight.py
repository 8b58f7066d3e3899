"""Foresight: what needs a frame alone is worked out by the thread that decodes.

How the camera moved depends on pictures, and on nobody who is followed. So a thread that has frames
before the tracker does can find it out meanwhile: with the picture still in its cache, and beside
the network of the frame before. The answer is the same, whoever gives it and when.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from typing import NamedTuple

from mohart.aliases import Frame
from mohart.tracking.learned.motion import Corners, Gray, Step, camera_motion, reduced

MOST = 8  # frames; more than wait between decoding and tracking


class Seen(NamedTuple):
    """What is known of a frame.

    Attributes:
        frame: the frame itself, [H, W, 3].
        gray: [H, W] reduced picture.
        scale: its pixels per pixel of the frame.
        last: reduced picture of the frame before it; None where it is not known.
        corners: of that picture, as they were known then.
        step: from there to here.
    """

    frame: weakref.ref[Frame]
    gray: Gray
    scale: float
    last: Gray | None
    corners: Corners | None
    step: Step


class Foresight:
    """Frames of one video, between the thread that has them first and the one that tracks.

    A copy knows nothing of frames to come.

    Attributes:
        wanted: whether somebody is followed; else nothing is worked out.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._before: Gray | None = None  # of the frame that was added last
        self._corners: Corners | None = None  # likewise
        self._lock = threading.Lock()
        self._waiting: deque[Seen] = deque(maxlen=MOST)

    def __reduce__(self) -> tuple[type[Foresight], tuple[()]]:
        return type(self), ()

    def add(self, frame_bgr: Frame) -> None:
        """The next frame [H, W, 3]; by one thread alone."""
        if not self.wanted:
            self._before = self._corners = None
            return
        gray, scale = reduced(frame_bgr)
        last, corners = self._before, self._corners
        step = Step(None, None) if last is None else camera_motion(last, gray, corners)
        self._before, self._corners = gray, step.corners
        seen = Seen(weakref.ref(frame_bgr), gray, scale, last, corners, step)
        with self._lock:
            self._waiting.append(seen)

    def take(self, frame_bgr: Frame) -> Seen | None:
        """What is known of a frame, the very same array; it and those before are forgotten."""
        with self._lock:
            for count, seen in enumerate(self._waiting, 1):
                if seen.frame() is frame_bgr:
                    for _ in range(count):
                        self._waiting.popleft()
                    return seen
        return None
