"""mohart.session.run with keyframes: births, corrections and ends on the way; going on."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mohart
from mohart.errors import ConfigError, MissingDataError
from mohart.keyframes import Keyframes
from mohart.session import snapshots
from mohart.session.feed import DetectionFeed
from mohart.session.resume import check_same, read_run, take_over
from mohart.session.run import track_video
from mohart.session.table import read_table
from mohart.structures import TrackedObjects
from mohart.tracking.baselines.static import StaticTracker
from mohart.tracking.baselines.velocity import VelocityTracker
from mohart.tracking.detectors.protocol import SelectingDetector
from mohart.video import open_source

A, B, C = [2.0, 3, 22.5, 33], [30.0, 10, 50, 30], [5.1, 6, 20, 21]
LENGTH = 12


class Kept(StaticTracker):
    """Static, with a state that can be kept; counts what it had to do."""

    updates = 0

    def update(
        self, frame_bgr: np.ndarray, detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        self.updates += 1
        return super().update(frame_bgr)

    def snapshot(self) -> bytes:
        return pickle.dumps((self._guard.size, self._boxes, self._ids, self._age))

    def restore(self, snapshot: bytes) -> None:
        self._guard.size, self._boxes, self._ids, self._age = pickle.loads(snapshot)


@pytest.fixture
def clip(noise: Callable[[int], Path]) -> Path:
    return noise(LENGTH)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "EVERY", 2)
    monkeypatch.setattr(snapshots.Snapshots.__init__, "__defaults__", (2,))


def drawn(*said: tuple[int, int, list[float] | None]) -> Keyframes:
    frame, track, boxes = zip(*said, strict=True)
    ends = [box is None for box in boxes]
    return Keyframes.from_rows(frame, track, [box or A for box in boxes], ends)


def run(clip: Path, out: Path, keyframes: Keyframes, **options: Any) -> Any:
    tracker = options.pop("tracker", None) or Kept()
    options = {"video": False, "details": {"options": {}, "model": None}, **options}
    with open_source(clip) as source:
        return track_video(source, tracker, keyframes, output=out, **options)


START = drawn((0, 1, A), (0, 2, B))
LATER = drawn((4, 7, C), (6, 1, C), (8, 2, None), (10, 2, A))


def test_births_corrections_and_ends(clip: Path, tmp_path: Path) -> None:
    report = run(clip, tmp_path / "out", START.merge(LATER))
    table = read_table(tmp_path / "out" / "tracks.csv")
    ids = [table[t].tracker_id.tolist() for t in range(LENGTH)]
    assert ids == [[1, 2]] * 4 + [[1, 2, 7]] * 4 + [[1, 7]] * 2 + [[1, 7, 2]] * 2
    assert table[6].xyxy[0].tolist() == np.float32(C).tolist()
    assert [table[t].state[0] for t in (5, 6, 7)] == ["predicted", "active", "predicted"]
    assert report.objects == 3
    assert (tmp_path / "out" / "keyframes.csv").read_text().splitlines()[-2:] == [
        "9,2,end",
        "11,2,2.0,3.0,20.5,30.0",
    ]


def test_a_correction_changes_nothing_before_its_frame(clip: Path, tmp_path: Path) -> None:
    run(clip, tmp_path / "a", START)
    run(clip, tmp_path / "b", START.merge(LATER))
    before, after = (read_table(tmp_path / name / "tracks.csv") for name in "ab")
    for frame in range(4):
        assert np.array_equal(before[frame].xyxy, after[frame].xyxy)
        assert np.array_equal(before[frame].confidence, after[frame].confidence)
    assert len(before[4]) != len(after[4])


@pytest.mark.slow
@pytest.mark.parametrize("video", [False, True])
def test_going_on_is_a_run_from_the_start(clip: Path, tmp_path: Path, video: bool) -> None:
    run(clip, tmp_path / "fresh", START.merge(LATER), video=video)
    run(clip, tmp_path / "out", START, video=video)
    past = read_run(tmp_path / "out")
    keyframes = past.keyframes.merge(LATER)
    earlier = take_over(past, keyframes.since(past.keyframes))
    assert earlier is not None
    assert earlier.last == 2  # states are kept behind frames 2, 4, ...; frame 4 changes
    tracker = Kept()
    report = run(
        clip,
        tmp_path / "out",
        keyframes,
        tracker=tracker,
        earlier=earlier,
        overwrite=True,
        video=video,
    )
    assert tracker.updates == LENGTH - 3
    assert report.resumed_from == 4
    for name in ("tracks.txt", "tracks.csv", "keyframes.csv"):
        expected = (tmp_path / "fresh" / name).read_bytes()
        assert (tmp_path / "out" / name).read_bytes() == expected
    if video:
        pictures = []
        for name in ("out", "fresh"):
            with open_source(tmp_path / name / "video.mp4") as source:
                pictures.append(np.stack(list(source)).astype(int))
        assert np.abs(pictures[0] - pictures[1]).mean() < 1  # encoders with threads vary
    kept = [sorted(p.name for p in (tmp_path / n / "state").iterdir()) for n in ("out", "fresh")]
    assert kept[0] == kept[1]


def test_an_interrupted_run_is_completed(clip: Path, tmp_path: Path) -> None:
    def stop(frame: int, tracks: TrackedObjects) -> None:
        if frame == 7:
            raise KeyboardInterrupt

    run(clip, tmp_path / "fresh", START)
    assert run(clip, tmp_path / "out", START, watch=stop).interrupted
    past = read_run(tmp_path / "out")
    assert (past.start, past.last) == (0, 7)
    earlier = take_over(past, None)
    report = run(clip, tmp_path / "out", past.keyframes, earlier=earlier, overwrite=True)
    assert not report.interrupted
    for name in ("tracks.txt", "tracks.csv"):
        expected = (tmp_path / "fresh" / name).read_bytes()
        assert (tmp_path / "out" / name).read_bytes() == expected


def test_no_state_is_early_enough(clip: Path, tmp_path: Path) -> None:
    run(clip, tmp_path / "out", START)
    assert take_over(read_run(tmp_path / "out"), 2) is None
    assert take_over(read_run(tmp_path / "out"), 3) is not None


def test_the_number_of_states_is_bounded(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "MOST", 2)
    monkeypatch.setattr(snapshots.Snapshots.__init__, "__defaults__", (1,))
    run(clip, tmp_path / "out", START)
    frames = snapshots.snapshot_frames(tmp_path / "out")
    assert frames == [4, 8]  # 1, 2, 3 -> 2; 2, 4, 6 -> 4; 4, 8
    assert take_over(read_run(tmp_path / "out"), 9) is not None


def test_what_the_user_should_know(clip: Path, tmp_path: Path) -> None:
    said = START.merge(drawn((3, 2, None), (5, 2, None), (40, 1, A)))
    report = run(clip, tmp_path / "out", said)
    assert report.warnings == (
        "1 keyframes are behind frame 12, the last one tracked",
        "frame 6: the end of id 2 changes nothing, it was not followed any more",
    )


@pytest.mark.slow
def test_who_was_born_of_detections_is_corrected_under_the_same_number(
    clip: Path, tmp_path: Path
) -> None:
    def feed() -> DetectionFeed:
        rows = [[2, 3, 22, 33, 0.9], [30, 10, 50, 30, 0.9]]
        return DetectionFeed(SelectingDetector(lambda frame: rows, name="two"))

    def ids(name: str) -> list[list[int]]:
        table = read_table(tmp_path / name / "tracks.csv")
        return [table[t].tracker_id.tolist() if t in table else [] for t in range(LENGTH)]

    tracker = mohart.load_tracker()
    run(clip, tmp_path / "a", Keyframes.empty(), tracker=tracker, feed=feed(), init_frame=0)
    born = sorted(ids("a")[-1])
    assert len(born) == 2
    said = drawn((8, born[1], C), (10, born[0], None))
    run(clip, tmp_path / "b", said, tracker=tracker, feed=feed(), init_frame=0)
    assert ids("b")[:10] == ids("a")[:10]
    assert born[0] not in ids("b")[10]
    table = read_table(tmp_path / "b" / "tracks.csv")
    assert table[8].xyxy[table[8].tracker_id == born[1]].tolist() == [np.float32(C).tolist()]


def test_mistakes(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'velocity' starts from the boxes of one frame"):
        run(clip, tmp_path / "out", START.merge(LATER), tracker=VelocityTracker())
    assert not (tmp_path / "out").exists()
    with pytest.raises(
        ConfigError, match="init frame 3: there is a keyframe before it, in frame 1"
    ):
        run(clip, tmp_path / "out", START, init_frame=2)
    outside = START.merge(drawn((3, 1, [900, 900, 910, 910])))
    said = run(clip, tmp_path / "outside", outside).failure
    assert said.startswith("stopped in frame 4: keyframes of frame 4: box 1 ")
    assert "lies wholly outside" in said
    with pytest.raises(MissingDataError, match=r"no run\.json, so there is no run"):
        read_run(tmp_path)
    run(clip, tmp_path / "out", START)
    past = read_run(tmp_path / "out")
    check_same(past, size=(64, 48), model=None)
    with pytest.raises(ConfigError, match="its frames were 64x48, now the source has 32x48"):
        check_same(past, size=(32, 48), model=None)
    with pytest.raises(ConfigError, match="another model or version"):
        check_same(past, size=(64, 48), model={"sha256": "b"})
    report = json.loads((tmp_path / "out" / "run.json").read_text())
    (tmp_path / "out" / "run.json").write_text(json.dumps({**report, "options": None}))
    (tmp_path / "out" / "tracks.csv").unlink()
    with pytest.raises(MissingDataError, match=r"no tracks\.csv"):
        read_run(tmp_path / "out")
