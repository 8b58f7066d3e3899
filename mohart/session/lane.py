"""Drawing and encoding beside tracking: a thread takes frames in their order, a few may wait."""

from __future__ import annotations

import threading
from collections import deque

from mohart.aliases import Frame
from mohart.draw import Overlay, Trails, draw_tracks
from mohart.session.timing import Stages
from mohart.structures import TrackedObjects
from mohart.video import VideoWriter
from mohart.video.shots import room

QUEUE = 4  # frames that wait at most


class VideoLane:
    """Draws what was said on frames, and writes them to a video.

    What fails in the thread is raised by the next call, or by `close`.

    Args:
        writer: of the video; used by the thread alone until it is closed or discarded here.
        stages: times `draw` and `encode`.
        overlay: what is written on pictures beside ids.
        queue: frames that wait at most; then `add` waits.
    """

    def __init__(
        self, writer: VideoWriter, stages: Stages, overlay: Overlay | None, queue: int = QUEUE
    ) -> None:
        self._writer, self._stages, self._most = writer, stages, queue
        self._trails, self._overlay = Trails(), overlay
        self._waiting: deque[tuple[int, Frame, TrackedObjects]] = deque()
        self._changed = threading.Condition()
        self._failure: BaseException | None = None
        self._ending = False
        self._thread = threading.Thread(target=self._work, daemon=True, name="encode")
        self._thread.start()

    def add(self, number: int, frame: Frame, shown: TrackedObjects) -> None:
        """Take in one frame with its zero-based number; neither array may be written to any more.

        Raises:
            OutputError: an earlier frame could not be written; nor will any other.
        """
        with self._changed:
            most = room(frame, self._most)
            while len(self._waiting) >= most and self._failure is None:
                self._changed.wait()
            self._raise()
            self._waiting.append((number, frame, shown))
            self._changed.notify_all()

    def close(self) -> None:
        """Write all that waits, and complete the video.

        Raises:
            OutputError: a frame could not be written, or the file not be completed.
        """
        self._end()
        self._raise()
        self._writer.close()

    def discard(self) -> None:
        """Remove the unfinished video; nothing happens to one that is complete."""
        with self._changed:
            self._waiting.clear()
        self._end()
        self._writer.discard()

    def _end(self) -> None:
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self._thread.join()

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        """Runs in the thread, until there is no more to come."""
        while True:
            with self._changed:
                while not self._waiting and not self._ending:
                    self._changed.wait()
                if not self._waiting:
                    return
                number, frame, shown = self._waiting.popleft()
                self._changed.notify_all()
            try:
                with self._stages.measure("draw"):
                    self._trails.update(shown)
                    drawn = draw_tracks(frame, shown, self._trails, self._overlay, number)
                with self._stages.measure("encode"):
                    self._writer.write(drawn)
            except BaseException as error:  # raised again where somebody can do something
                with self._changed:
                    self._failure = error
                    self._waiting.clear()
                    self._changed.notify_all()
                return
