"""The sound of the source in video.mp4, where the two run at the same pace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from mohart.errors import OutputError
from mohart.video import FrameSource
from mohart.video.sound import Part, add_sound, has_sound

T = TypeVar("T")
TOLERANCE = 0.1  # seconds by which pictures may be off, beside one of them


class Pace:
    """Whether pictures come evenly, as video.mp4 shows them.

    Args:
        source: its first frame that is tracked was just read.
        every: only every N-th frame is tracked.
    """

    def __init__(self, source: FrameSource, every: int) -> None:
        self._source, self._step = source, every / source.frame_rate
        self._start = source.timestamp
        self._off = 0.0  # seconds, at most so far

    def watch(self, steps: Iterable[T]) -> Iterator[T]:
        """Look at the clock with every frame."""
        for count, step in enumerate(steps):
            now = self._source.timestamp
            if now is not None and self._start is not None:
                self._off = max(self._off, abs(now - self._start - count * self._step))
            yield step

    def keep_sound(self, video: Path, frames: int) -> list[str]:
        """Put the sound of the part that was tracked into a video of so many frames.

        Returns:
            What the user should know. The video is never lost for its sound.
        """
        source = self._source
        if self._start is None or not video.is_file():
            return []
        origin = Path(source.origin)
        audible = origin.is_file() and has_sound(origin)
        if self._off > TOLERANCE + self._step:
            text = "frames are unevenly spaced in time, and video.mp4 shows them evenly"
            return [f"{text}; its sound is left out" if audible else text]
        if not audible:
            return []
        if source.repaced:
            return ["video.mp4 has another rate than the source (--fps); its sound is left out"]
        try:
            add_sound(video, origin, Part(self._start, frames * self._step))
        except (ValueError, OutputError) as error:
            return [f"the sound could not be kept ({error}); video.mp4 is without"]
        return []
