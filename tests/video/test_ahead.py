"""Reading ahead: the same frames, the same end and the same errors, only earlier."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from mohart.errors import FormatError
from mohart.video.ahead import AheadReader
from mohart.video.shots import Shot
from mohart.video.source import FrameSource


class Counting:
    """Frames whose pixels are their numbers; may fail, or wait, at one of them."""

    def __init__(self, count: int, *, fails: int | None = None, waits: int | None = None) -> None:
        self.origin, self.problem = "counting", None
        self.notes: list[str] = []
        self.count, self.fails, self.waits = count, fails, waits
        self.number = 0
        self.calls: list[str] = []
        self.threads: set[str] = set()
        self.closed = False
        self.go_on = threading.Event()

    def _next(self, call: str) -> bool:
        assert not self.closed
        self.calls.append(call)
        self.threads.add(threading.current_thread().name)
        if self.number == self.fails:
            raise FormatError(f"frame {self.number} is broken")
        if self.number == self.waits:
            self.go_on.wait()
        self.number += 1
        if self.number > self.count:
            self.problem = "it ends"  # type: ignore[assignment]
        return self.number <= self.count

    def read(self) -> Shot | None:
        more = self._next("read")
        picture = np.full((4, 6, 3), self.number - 1, np.uint8)
        return Shot(picture, (self.number - 1) / 10, damaged=self.number == 4) if more else None

    def grab(self) -> Shot | None:
        return Shot(None, (self.number - 1) / 10) if self._next("grab") else None

    def close(self) -> None:
        self.closed = True


def source_of(reader: Counting) -> FrameSource:
    return FrameSource("counting", reader, length=reader.count, frame_rate=10)


def told(source: FrameSource, *, every: int = 1) -> list[tuple[int, float | None, int, int]]:
    found = []
    while True:
        source.skip(every - 1)
        frame = source.read()
        if frame is None:
            return found
        row = int(frame[0, 0, 0]), source.timestamp, source.frames_read, source.damaged
        found.append(row)


@pytest.mark.parametrize("every", [1, 3])
def test_the_same_frames_times_and_end(every: int) -> None:
    readers = Counting(20), Counting(20)
    plain, ahead = (source_of(reader) for reader in readers)
    for source in (plain, ahead):
        source.read()
    ahead.read_ahead(every)
    assert told(ahead, every=every) == told(plain, every=every)
    assert ahead.problem == plain.problem == "it ends"
    assert readers[1].calls == readers[0].calls  # what is skipped is not decoded either
    assert "decode" in readers[1].threads
    ahead.close()
    assert readers[1].closed


def test_every_picture_is_shown_to_somebody_before_it_is_read() -> None:
    shown: list[tuple[int, str]] = []
    source = source_of(Counting(20))
    source.read()
    source.read_ahead(
        3, lambda frame: shown.append((int(frame[0, 0, 0]), threading.current_thread().name))
    )
    read = [row[0] for row in told(source, every=3)]
    assert [number for number, _ in shown] == read
    assert {thread for _, thread in shown} == {"decode"}
    source.close()


def test_an_error_comes_where_its_frame_would_have_come() -> None:
    source = source_of(Counting(20, fails=6))
    source.read_ahead()
    for number in range(6):
        frame = source.read()
        assert frame is not None
        assert frame[0, 0, 0] == number
    for _ in range(2):
        with pytest.raises(FormatError, match="frame 6 is broken"):
            source.read()
    source.close()


def test_only_a_few_frames_wait() -> None:
    inner = Counting(100, waits=7)
    reader = AheadReader(inner, queue=3)
    assert reader.read() is not None
    inner.go_on.set()
    for _ in range(200):
        if inner.number > 4:
            break
        threading.Event().wait(0.01)
    threading.Event().wait(0.05)
    assert inner.number == 5  # one handed out, three wait, one more is in hand
    reader.close()
    assert inner.closed


def test_closing_ends_a_thread_that_waits_for_room() -> None:
    inner = Counting(100)
    reader = AheadReader(inner)
    reader.close()
    assert inner.closed
    assert reader.read() is None


def test_closing_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mohart.video.ahead.LEAVING", 0.05)
    inner = Counting(5, waits=0)
    reader = AheadReader(inner)
    reader.close()
    assert not inner.closed  # the thread is still in it
    inner.go_on.set()


def test_another_order_of_grab_and_read_is_refused() -> None:
    reader = AheadReader(Counting(10), 2)
    with pytest.raises(AssertionError, match="expected to grab"):
        reader.read()
    reader.close()
