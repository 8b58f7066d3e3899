"""Frames read ahead: a thread decodes while earlier frames are worked on."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from mohart.aliases import Frame
from mohart.video.shots import Reader, Shot

QUEUE = 4  # frames that wait at most
LEAVING = 5.0  # seconds that closing waits for a frame that is being read


class AheadReader:
    """Frames of another reader, in their order, read before they are asked for.

    What the reader raises, and its end, come where they would have come without a thread.

    Args:
        reader: is read by the thread alone from now on.
        stride: of so many frames the last one is read, the others are passed over; `grab` and
            `read` have to be called in this order.
        queue: frames that wait at most.
        each: called by the thread with every picture, before it can be read.
    """

    def __init__(
        self,
        reader: Reader,
        stride: int = 1,
        queue: int = QUEUE,
        each: Callable[[Frame], None] | None = None,
    ) -> None:
        self.origin, self.problem = reader.origin, reader.problem
        self._reader, self._stride, self._most = reader, stride, max(queue, stride)
        self._each = each
        self._waiting: deque[tuple[bool, Shot]] = deque()  # whether passed over
        self._changed = threading.Condition()
        self._failure: BaseException | None = None
        self._closed = self._ended = False
        self._thread = threading.Thread(target=self._read_on, daemon=True, name="decode")
        self._thread.start()

    @property
    def notes(self) -> list[str]:
        """See :class:`mohart.video.shots.Reader`."""
        return self._reader.notes

    def read(self) -> Shot | None:
        """The next frame, waited for."""
        return self._take(passed=False)

    def grab(self) -> Shot | None:
        """Pass over one frame."""
        return self._take(passed=True)

    def close(self) -> None:
        """End the thread and release what is open; a reader that hangs is left to its thread."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        self._thread.join(LEAVING)
        if not self._thread.is_alive():
            self._reader.close()

    def _take(self, *, passed: bool) -> Shot | None:
        with self._changed:
            while not self._waiting and not self._ended and not self._closed:
                self._changed.wait()
            if not self._waiting:
                if self._failure is not None:
                    raise self._failure
                self.problem = self._reader.problem
                return None
            was_passed, shot = self._waiting.popleft()
            self._changed.notify_all()
        if was_passed != passed:
            raise AssertionError(f"expected to {'grab' if was_passed else 'read'} this frame")
        return shot

    def _read_on(self) -> None:
        """Runs in the thread, to the end."""
        count, failure = 0, None
        try:
            while True:
                count += 1
                passed = count % self._stride != 0
                shot = self._reader.grab() if passed else self._reader.read()
                if shot is None:
                    break
                if self._each and shot.picture is not None:
                    self._each(shot.picture)
                with self._changed:
                    while len(self._waiting) >= self._most and not self._closed:
                        self._changed.wait()
                    if self._closed:
                        break
                    self._waiting.append((passed, shot))
                    self._changed.notify_all()
        except BaseException as error:  # raised again where the frame is asked for
            failure = error
        with self._changed:
            self._failure, self._ended = failure, True
            self._changed.notify_all()
