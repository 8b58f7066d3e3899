"""mohart.session.both_ways, on a video that a small tracker can follow from either side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.keyframes import Keyframes
from mohart.session.both_ways import track_both_ways
from mohart.structures import TrackedObjects
from mohart.tracking.baselines.static import StaticTracker
from mohart.tracking.baselines.velocity import VelocityTracker
from mohart.video import FrameSource, open_source
from mohart.video.backwards import BackwardFrames

LENGTH = 20


class Drifting(StaticTracker):
    """Loses one pixel and a tenth of its confidence in every frame after a box was drawn."""

    def update(
        self, frame_bgr: np.ndarray, detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        super().update(frame_bgr)
        return self._answer()

    def _answer(self) -> TrackedObjects:
        said = super()._answer()
        shift = np.zeros_like(said.xyxy)
        shift[:, ::2] = self._age[:, None]
        sure = (1 - 0.05 * self._age).clip(0.05).astype(np.float32)
        return TrackedObjects(said.xyxy + shift, said.tracker_id, sure, said.state)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Frame t is filled with 10 t."""
    for t in range(LENGTH):
        cv2.imwrite(str(tmp_path / f"{t:03d}.png"), np.full((48, 64, 3), 10 * t, np.uint8))
    return tmp_path


def opened(images: Path) -> FrameSource:
    return open_source(images)


BOX = [10.0, 10, 40, 40]


@pytest.mark.parametrize(("first", "last"), [(0, 19), (3, 12), (5, 5)])
@pytest.mark.parametrize("longest", [4, 256])
def test_frames_from_back_to_front(
    images: Path, monkeypatch: pytest.MonkeyPatch, first: int, last: int, longest: int
) -> None:
    monkeypatch.setattr("mohart.video.backwards.LONGEST", longest)
    frames = BackwardFrames(lambda: opened(images), first, last)
    found = []
    while (frame := frames.read()) is not None:
        found.append(int(frame[0, 0, 0]) // 10)
    assert found == list(range(last, first - 1, -1))


def test_time_goes_on_backwards(tmp_path: Path) -> None:
    from mohart.video import VideoWriter

    with VideoWriter(tmp_path / "a.mp4", 64, 48, 25) as writer:
        for _ in range(8):
            writer.write(np.zeros((48, 64, 3), np.uint8))
    frames = BackwardFrames(lambda: open_source(tmp_path / "a.mp4"), 2, 7)
    times = []
    while frames.read() is not None:
        times.append(frames.timestamp)
    assert times == pytest.approx([t / 25 for t in range(6)])


def test_between_two_boxes_both_ways_count_and_behind_the_last_the_forward_one(
    images: Path,
) -> None:
    keyframes = Keyframes.from_rows([2, 12, 2], [1, 1, 2], [BOX, BOX, [0, 0, 9, 9]])
    done: list[tuple[int, int | None]] = []
    found = track_both_ways(
        lambda: opened(images), Drifting(), keyframes, progress=lambda *x: done.append(x)
    )
    assert (sorted(found.table), found.last) == (list(range(2, LENGTH)), LENGTH - 1)
    one = np.array([found.table[t].xyxy[0, 0] - 10 for t in range(2, LENGTH)])
    ahead = np.array([found.forwards[t].xyxy[0, 0] - 10 for t in range(2, LENGTH)])
    assert ahead.tolist() == [*range(10), *range(8)]
    assert one[[0, 10]].tolist() == [0, 0]  # as drawn
    assert (one[6:10] < ahead[6:10]).all()
    assert one[5] == pytest.approx(5)  # in the middle both are off by as much
    np.testing.assert_array_equal(one[10:], ahead[10:])
    other = [found.table[t].xyxy[1] for t in range(2, LENGTH)]
    np.testing.assert_array_equal(other, [found.forwards[t].xyxy[1] for t in range(2, LENGTH)])
    assert found.details["gaps"] == 1
    assert done[-1] == (18 + 11, 18 + 11)


def test_one_box_each_is_the_forward_way_bit_for_bit(images: Path) -> None:
    found = track_both_ways(
        lambda: opened(images), Drifting(), Keyframes.from_rows(0, [4], [BOX]), frames=7
    )
    assert found.table is found.forwards
    assert (len(found.table), found.last) == (7, 6)


def test_an_end_parts_two_lives(images: Path) -> None:
    keyframes = Keyframes.from_rows(
        [0, 6, 9, 15], [1] * 4, [BOX, BOX, BOX, BOX], [False, True, False, False]
    )
    found = track_both_ways(lambda: opened(images), Drifting(), keyframes)
    assert found.details["gaps"] == 1  # from 9 to 15, none over the end
    assert [len(found.table[t]) for t in range(LENGTH)] == [1] * 6 + [0] * 3 + [1] * 11
    np.testing.assert_array_equal(found.table[5].xyxy, found.forwards[5].xyxy)


def test_mistakes(images: Path) -> None:
    with pytest.raises(ConfigError, match="expected boxes that were drawn"):
        track_both_ways(lambda: opened(images), Drifting(), Keyframes.empty())
    with pytest.raises(ConfigError, match="'velocity' starts from the boxes of one frame"):
        track_both_ways(
            lambda: opened(images), VelocityTracker(), Keyframes.from_rows(0, [1], [BOX])
        )
    with pytest.raises(ConfigError, match="frame 31 is past the end"):
        track_both_ways(lambda: opened(images), Drifting(), Keyframes.from_rows(30, [1], [BOX]))
