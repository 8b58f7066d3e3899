"""Frames from the network: a thread receives them, connects again where the line breaks."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from mohart.errors import MohartError
from mohart.video.film import FilmReader
from mohart.video.shots import Shot

QUEUE = 32  # frames
PATIENCE = 30.0  # seconds without a frame until a stream counts as ended
PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)  # seconds before one try to connect and the next


class LiveReader:
    """Frames of a stream that goes on whether somebody takes them or not.

    Where frames are taken more slowly than they come, the oldest ones that wait are left out, which
    is told; times go by the stream, so that trackers know. A line that breaks is connected again,
    until no frame came for a while.

    Args:
        connect: makes a connection; raises a MohartError where that fails.
        origin: what to call the stream in messages.
        queue: frames that wait at most.
        patience: seconds without a frame until the stream counts as ended.

    Attributes:
        rate: frames per second as the first connection says; None where nobody knows.

    Raises:
        MohartError: the first connection fails.
    """

    def __init__(
        self,
        connect: Callable[[], FilmReader],
        origin: str,
        *,
        queue: int = QUEUE,
        patience: float = PATIENCE,
    ) -> None:
        self.origin = origin
        self.problem: str | None = None
        self._connect, self._patience, self._most = connect, patience, queue
        self._waiting: deque[Shot] = deque()
        self._changed = threading.Condition()
        self._dropped = self._breaks = 0
        self._started = self._ended = self._closed = False
        first = connect()
        self.rate = first.timing.rate
        self._thread = threading.Thread(target=self._receive, args=(first,), daemon=True)
        self._thread.start()

    @property
    def notes(self) -> list[str]:
        """What became of the stream so far."""
        found = []
        if self._dropped:
            found.append(
                f"{self._dropped} frames were left out, because they came faster than they were "
                f"tracked; numbers count the others"
            )
        if self._breaks:
            times = "once" if self._breaks == 1 else f"{self._breaks} times"
            found.append(f"the line broke {times} and was connected again")
        return found

    def read(self) -> Shot | None:
        """The next frame, waited for; None where the stream has ended."""
        with self._changed:
            while not self._waiting and not self._ended and not self._closed:
                self._changed.wait(1.0)
            return self._waiting.popleft() if self._waiting else None

    def grab(self) -> Shot | None:
        """Pass over one frame."""
        return self.read()

    def close(self) -> None:
        """Let go of the connection."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        self._thread.join(1.0)

    def _receive(self, reader: FilmReader | None) -> None:
        """Runs in the thread, from the first connection to the end."""
        started = latest = time.monotonic()
        tries, why = 0, ""
        while not self._closed:
            if reader is not None:
                if self._take(reader, time.monotonic() - started):
                    tries, latest = 0, time.monotonic()
                why = reader.problem or "the other side closed it"
                reader.close()
            if time.monotonic() - latest > self._patience or self._closed:
                break
            time.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1
            try:
                reader = self._connect()
            except MohartError as error:
                reader, why = None, str(error)
        with self._changed:
            self.problem = f"{self.origin}: no frame for {self._patience:g} seconds ({why})"
            self._ended = True
            self._changed.notify_all()

    def _take(self, reader: FilmReader, since: float) -> int:
        """Frames of one connection, made `since` seconds after the first one; how many there were.

        Times of a connection start anywhere, so they are counted from its first frame.
        """
        count, zero = 0, None
        while not self._closed and (shot := reader.read()) is not None:
            if shot.seconds is not None:
                zero = shot.seconds if zero is None else zero
                shot = shot._replace(seconds=since + shot.seconds - zero)
            with self._changed:
                self._breaks += count == 0 and since > 0 and self._started
                self._started = True
                if len(self._waiting) >= self._most:
                    self._waiting.popleft()
                    self._dropped += 1
                self._waiting.append(shot)
                self._changed.notify_all()
            count += 1
        return count
