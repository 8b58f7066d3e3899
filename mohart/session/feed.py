"""Keyframe detection: a detector that is asked now and then, and what became of its detections."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.errors import ConfigError, ShapeError
from mohart.structures import DROPPED, TrackedObjects
from mohart.tracking.detectors.protocol import Look, SelectingDetector

UNREPORTED = "unreported"  # the tracker does not say
SHOWN_REASONS = 20
KEPT_REASONS = 100


class Fate(NamedTuple):
    """What became of one detection.

    Attributes:
        frame: from 1.
        row: of the detector's answer for this frame, from 0.
        kind: `matched`, `born`, `tentative`, `dropped`, or `unreported`.
        tracker_id: -1 where there is none.
        why: of a drop.
    """

    frame: int
    row: int
    kind: str
    tracker_id: int
    why: str


class DetectionFeed:
    """Asks a detector in the first frame, then in every K-th one.

    Args:
        detector: what to ask.
        every: K; 1 asks in every frame.

    Attributes:
        frames: in how many frames it was asked.
        detections: how many it gave.

    Raises:
        ConfigError: `every` is below 1.
    """

    def __init__(self, detector: SelectingDetector, every: int = 1) -> None:
        if every < 1:
            raise ConfigError(f"detect every: expected at least 1 frame, got {every}")
        self.detector, self.every = detector, every
        self.frames = self.detections = 0
        self._passed = 0
        self._kinds: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()

    def start(self, frame: int) -> None:
        """The next frame is this one, counted from 0, and the next look is an asking one."""
        self.detector.reset(frame)
        self._passed = 0

    @property
    def follows_video(self) -> bool:
        """Whether what the detector says depends on the frames that it was shown before."""
        return self.detector.follows_video

    def snapshot(self) -> dict[str, Any]:
        """What was counted so far, ready for JSON; not what the detector remembers."""
        return {
            "passed": self._passed,
            "frames": self.frames,
            "detections": self.detections,
            "kinds": dict(self._kinds),
            "reasons": dict(self._reasons),
        }

    def restore(self, counted: Mapping[str, Any], frame: int) -> None:
        """Go on with a frame, zero-based, behind those that a snapshot counted.

        A detector that follows the video has to have been shown the frames before.
        """
        if not self.detector.follows_video:
            self.detector.reset(frame)
        self._passed = counted["passed"]
        self.frames, self.detections = counted["frames"], counted["detections"]
        self._kinds, self._reasons = Counter(counted["kinds"]), Counter(counted["reasons"])

    def observe(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Show a frame without asking and without counting it."""
        self.detector.observe(frame_bgr)

    def skip(self, frames: int) -> None:
        """So many frames are not followed, and not shown to the detector."""
        self.detector.skip(frames)

    def pass_over(self, frame_bgr: NDArray[np.uint8]) -> None:
        """A frame without a picture of its own: nobody is asked, whose turn it is waits for it."""
        if self._passed % self.every:
            self._passed += 1
        self.detector.observe(frame_bgr)

    def look(self, frame_bgr: NDArray[np.uint8]) -> Look | None:
        """What the detector says about the next frame; None where it is not its turn."""
        turn = self._passed % self.every == 0
        self._passed += 1
        if not turn:
            self.detector.observe(frame_bgr)
            return None
        found = self.detector.look(frame_bgr)
        self.frames += 1
        self.detections += len(found.why)
        return found

    def settle(self, look: Look, tracks: TrackedObjects, frame: int) -> list[Fate]:
        """Count what became of every detection of a look.

        Args:
            look: what the tracker was given.
            tracks: what it answered.
            frame: counted from 0.

        Returns:
            A fate for every row of the detector, in order.

        Raises:
            ShapeError: the tracker reported fates of another number of detections.
        """
        fates = tracks.fates
        if fates is not None and len(fates) != len(look.kept):
            raise ShapeError(
                f"the tracker was given {len(look.kept)} detections, but reported the fates of "
                f"{len(fates)}"
            )
        found = [Fate(frame + 1, row, DROPPED, -1, str(why)) for row, why in enumerate(look.why)]
        for place, row in enumerate(look.rows.tolist()):
            kind, number, why = UNREPORTED, -1, ""
            if fates is not None:
                kind, why = str(fates.kind[place]), str(fates.why[place])
                number = int(fates.tracker_id[place])
            found[row] = Fate(frame + 1, row, kind, number, why)
        self._kinds.update(fate.kind for fate in found)
        for why in (fate.why for fate in found if fate.kind == DROPPED):
            self._reasons[self._reason(why)] += 1
        return found

    def _reason(self, why: str) -> str:
        """A reason to count under, without ids, so that a long video has no more of them."""
        reason = re.sub(r"\btrack \d+", "a track", why)
        full = len(self._reasons) >= KEPT_REASONS and reason not in self._reasons
        return "other reasons" if full else reason

    def to_dict(self) -> dict[str, Any]:
        """For run.json: the detector, how often it was asked, and the fates, counted."""
        return {
            "detector": self.detector.details,
            "every": self.every,
            "frames": self.frames,
            "detections": self.detections,
            "fates": dict(self._kinds),
            "dropped_because": dict(self._reasons.most_common(SHOWN_REASONS)),
        }

    def warnings(self, *, ended: bool) -> list[str]:
        """What the user should know.

        Args:
            ended: whether the source was read to its end.
        """
        found = list(self.detector.notes)
        left = self.detector.remaining
        if ended and left:
            them = f"{left} detection{' is' if left == 1 else 's are'}"
            found.append(f"{them} of frames behind the end of the source")
        if not self.detections and self.frames:
            found.append(f"the detector found nothing in any of {self.frames} frames")
        return found
