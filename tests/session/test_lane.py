"""Drawing and encoding beside tracking: order, bounds, and errors that come back."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mohart.draw import Overlay
from mohart.errors import OutputError
from mohart.session import lane as module
from mohart.session.lane import QUEUE, VideoLane
from mohart.session.sink import ResultSink
from mohart.session.timing import Stages
from mohart.structures import ACTIVE, TrackedObjects


class Writer:
    """Keeps what it is given; may wait for a word, or fail."""

    def __init__(self, *, fails: Exception | None = None) -> None:
        self.numbers: list[int] = []
        self.fails, self.go_on = fails, threading.Event()
        self.state = "open"

    def write(self, frame: np.ndarray[Any, Any]) -> None:
        self.go_on.wait()
        if self.fails:
            raise self.fails
        self.numbers.append(int(frame[-1, -1, 0]))

    def close(self) -> None:
        self.state = "closed"

    def discard(self) -> None:
        self.state = "discarded"


def frame(number: int) -> np.ndarray[Any, Any]:
    return np.full((48, 64, 3), number, np.uint8)


def shown() -> TrackedObjects:
    box = np.array([[5, 5, 20, 20]], np.float32)
    return TrackedObjects(box, np.array([1]), np.ones(1, np.float32), np.array([ACTIVE]))


def add_many(place: VideoLane | ResultSink, count: int) -> None:
    for n in range(count):
        if isinstance(place, ResultSink):
            place.add(n, frame(n), shown())
        else:
            place.add(n, frame(n), shown())


def lane_of(writer: Writer) -> tuple[VideoLane, Stages]:
    stages = Stages("draw", "encode")
    return VideoLane(writer, stages, Overlay(frame_rate=25.0)), stages  # type: ignore[arg-type]


def test_all_frames_in_order_and_timed() -> None:
    writer = Writer()
    lane, stages = lane_of(writer)
    writer.go_on.set()
    for n in range(20):
        lane.add(n, frame(n), shown())
    lane.close()
    assert writer.numbers == list(range(20))
    assert writer.state == "closed"
    assert [stage.count for stage in stages.stages.values()] == [20, 20]


@pytest.mark.slow
def test_who_adds_waits_where_the_queue_is_full() -> None:
    writer = Writer()
    lane, _ = lane_of(writer)
    added: list[int] = []

    def add() -> None:
        for n in range(QUEUE + 3):
            lane.add(n, frame(n), shown())
            added.append(n)

    thread = threading.Thread(target=add)
    thread.start()
    thread.join(0.3)
    assert thread.is_alive()
    assert len(added) <= QUEUE + 1  # one is being written
    writer.go_on.set()
    thread.join()
    lane.close()
    assert writer.numbers == list(range(QUEUE + 3))


def test_what_fails_is_raised_by_the_next_call() -> None:
    writer = Writer(fails=OutputError("the disk is full"))
    lane, _ = lane_of(writer)
    writer.go_on.set()
    with pytest.raises(OutputError, match="the disk is full"):
        add_many(lane, QUEUE + 2)
    with pytest.raises(OutputError, match="the disk is full"):
        lane.close()
    lane.discard()
    assert writer.state == "discarded"


def test_discarding_does_not_write_what_waits() -> None:
    writer = Writer()
    lane, _ = lane_of(writer)
    for n in range(QUEUE):
        lane.add(n, frame(n), shown())
    threading.Timer(0.1, writer.go_on.set).start()
    lane.discard()
    assert len(writer.numbers) <= 1
    assert writer.state == "discarded"


def test_where_drawing_fails_the_tables_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no colour left")

    monkeypatch.setattr(module, "draw_tracks", broken)
    stages = Stages("write", "draw", "encode")
    with ResultSink(tmp_path, stages, pictured=(64, 48, 25.0)) as sink:
        with pytest.raises(ValueError, match="no colour left"):
            add_many(sink, 100)
        sink.close()
    assert sink.failure == "there is no video: no colour left"
    rows = (tmp_path / "tracks.txt").read_text().splitlines()
    assert len(rows) == sink.frames == sink.rows >= 1
    assert not (tmp_path / "video.mp4").exists()
