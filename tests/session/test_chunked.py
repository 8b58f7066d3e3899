"""A video in chunks gives what one run gives, byte by byte, wherever it is taken over."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.keyframes import Keyframes
from mohart.regions import Line, Regions, Zone
from mohart.session import snapshots
from mohart.session.chunked.run import track_in_chunks
from mohart.session.feed import DetectionFeed
from mohart.session.run import track_video
from mohart.structures import Fates, TrackedObjects
from mohart.tracking.baselines.static import StaticTracker
from mohart.tracking.detectors.protocol import SelectingDetector
from mohart.video import open_source

LENGTH = 23
DRAWN = Keyframes.from_rows(0, np.array([7, 3]), np.array([[2.0, 3, 22, 33], [30.0, 10, 50, 30]]))
LATER = DRAWN.merge(Keyframes.from_rows(13, np.array([3]), np.array([[31.0, 12, 51, 32]])))
FILES = ("tracks.txt", "tracks.csv", "keyframes.csv", "video.mp4")


class Walking(StaticTracker):
    """Boxes that walk to the right, by how many frames there were; a state that can be kept."""

    updates = 0

    def update(
        self, frame_bgr: np.ndarray, detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        self.updates += 1
        self._boxes = self._boxes + 0.37
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
    monkeypatch.setattr(snapshots.Snapshots.__init__, "__defaults__", (4,))


def whole(clip: Path, out: Path, keyframes: Keyframes = LATER, **options: Any) -> Any:
    with open_source(clip) as source:
        return track_video(source, Walking(), keyframes, output=out, **options)


def chunked(
    clip: Path,
    out: Path,
    *,
    frames_each: float = 6,
    die: int | None = None,
    keyframes: Keyframes = LATER,
    tracker: Walking | None = None,
    **options: Any,
) -> Any:
    """In chunks; at a frame, counted from 1, the process dies, as far as one can tell from here."""

    class Killed(BaseException):
        pass

    def progress(done: int, total: int | None) -> None:
        if done == die:
            raise Killed

    try:
        with open_source(clip) as source:
            return track_in_chunks(
                source,
                tracker or Walking(),
                keyframes,
                reopen=lambda: open_source(clip),
                chunk_seconds=frames_each / source.frame_rate,
                output=out,
                progress=progress,
                **options,
            )
    except Killed:
        return None


def same(a: Path, b: Path, *more: str) -> None:
    for name in (*FILES, *more):
        assert (a / name).read_bytes() == (b / name).read_bytes(), name
    states = [sorted((f / "state").iterdir()) for f in (a, b)]
    assert [p.name for p in states[0]] == [p.name for p in states[1]]
    assert [p.read_bytes() for p in states[0]] == [p.read_bytes() for p in states[1]]
    reports = [json.loads((f / "run.json").read_text()) for f in (a, b)]
    for report in reports:
        for name in ("output", "timings", "frames_per_second"):
            del report[name]
    assert reports[0] == reports[1]


@pytest.mark.slow
@pytest.mark.parametrize("frames_each", [1, 6, 11.5, 23, 40])
def test_chunks_are_the_one_run(clip: Path, tmp_path: Path, frames_each: float) -> None:
    whole(clip, tmp_path / "whole")
    tracker = Walking()
    chunked(clip, tmp_path / "out", frames_each=frames_each, tracker=tracker)
    same(tmp_path / "whole", tmp_path / "out")
    assert tracker.updates == LENGTH - 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4", "out", "whole"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("die", "left"), [(3, LENGTH - 1), (6, LENGTH - 1), (7, 17), (14, 11), (23, 5), (30, 0)]
)
def test_who_takes_over_goes_on_behind_the_last_chunk(
    clip: Path, tmp_path: Path, die: int, left: int
) -> None:
    whole(clip, tmp_path / "whole")
    assert chunked(clip, tmp_path / "out", die=die) is None
    assert not (tmp_path / "out").exists()
    tracker = Walking()
    chunked(clip, tmp_path / "out", tracker=tracker)
    assert tracker.updates == left
    same(tmp_path / "whole", tmp_path / "out")


def test_part_of_a_video_and_every_second_frame(clip: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"init_frame": 2, "frames": 9, "every": 2}
    drawn = Keyframes.from_rows(2, DRAWN.track_id, DRAWN.boxes)
    whole(clip, tmp_path / "whole", drawn, **options)
    chunked(clip, tmp_path / "out", frames_each=8, keyframes=drawn, die=6, **options)
    chunked(clip, tmp_path / "out", frames_each=8, keyframes=drawn, **options)
    same(tmp_path / "whole", tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize("die", [None, 14])
def test_events_are_those_of_one_run(clip: Path, tmp_path: Path, die: int | None) -> None:
    lines = (Line("near", np.array([[14.05, 0], [14.05, 60]])),)  # between two chunks
    zones = (Zone("right", np.array([[18.3, 0], [70, 0], [70, 60], [18.3, 60]])),)
    regions = Regions(lines, zones)
    report = whole(clip, tmp_path / "whole", regions=regions)
    assert report.events["near"] == {"to_right": 0, "to_left": 1}
    assert report.events["right"] == {"entered": 1, "left": 0}
    chunked(clip, tmp_path / "out", die=die, regions=regions)
    chunked(clip, tmp_path / "out", regions=regions, overwrite=True)
    same(tmp_path / "whole", tmp_path / "out", "events.csv")
    assert len((tmp_path / "out" / "events.csv").read_text().splitlines()) == 3
    with pytest.raises(ConfigError, match="999"):
        chunked(clip, tmp_path / "other", regions=replace(regions, size=(999, 60)))


class Blinking:
    """A detector whose answer depends on how many frames it has seen."""

    name = "blinking"

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        self.seen += 1
        return np.array([[5.0 + self.seen, 5, 25 + self.seen, 35]])

    def observe(self, frame: np.ndarray) -> None:
        self.seen += 1

    def reset(self, frame: int = 0) -> None:
        self.seen = 0


class Taking(Walking):
    """Follows its boxes, and the last detection as one more."""

    takes_detections = True

    def update(
        self, frame_bgr: np.ndarray, detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        if detections is not None:
            self._boxes = self._boxes.copy()
            self._boxes[-1] = detections.xyxy[0]
        said = super().update(frame_bgr)
        if detections is None:
            return said
        fates = Fates(np.array(["matched"]), np.array([3]), np.array([""]))
        return replace(said, fates=fates)


@pytest.mark.slow
@pytest.mark.parametrize("follows", [True, False])
@pytest.mark.parametrize("die", [None, 9, 14])
def test_a_detector_goes_on_as_if_it_had_seen_everything(
    clip: Path, tmp_path: Path, die: int | None, follows: bool
) -> None:
    def feed() -> DetectionFeed:
        detector = SelectingDetector(Blinking())
        assert detector.follows_video
        if not follows:
            detector = SelectingDetector(
                lambda frame: frame[:1, :1, :1].repeat(4, 2)[0] + [0, 0, 9, 9]
            )
        return DetectionFeed(detector, 3)

    with open_source(clip) as source:
        report = track_video(
            source, Taking(), DRAWN, output=tmp_path / "whole", feed=feed(), fates=True
        )
    assert not report.failure
    for at in [*([die] if die else []), None]:
        chunked(
            clip,
            tmp_path / "out",
            die=at,
            feed=feed(),
            fates=True,
            tracker=Taking(),
            keyframes=DRAWN,
        )
    same(tmp_path / "whole", tmp_path / "out", "fates.csv")


@pytest.mark.slow
def test_ctrl_c_leaves_what_was_tracked_and_goes_on(clip: Path, tmp_path: Path) -> None:
    class Impatient(Walking):
        def update(self, *args: Any, **more: Any) -> TrackedObjects:
            if self.updates == 15:
                raise KeyboardInterrupt
            return super().update(*args, **more)

    whole(clip, tmp_path / "whole")
    report = chunked(clip, tmp_path / "out", tracker=Impatient())
    assert report.interrupted
    assert (report.frames, report.rows) == (16, 32)
    assert (tmp_path / "out" / "video.mp4").is_file()
    told = json.loads((tmp_path / "out" / "run.json").read_text())
    assert told["warnings"] == ["interrupted after 16 frames; what was tracked is kept"]
    tracker = Walking()
    chunked(clip, tmp_path / "out", tracker=tracker, overwrite=True)
    assert tracker.updates == LENGTH - 12
    same(tmp_path / "whole", tmp_path / "out")


def test_a_failure_leaves_what_was_tracked(clip: Path, tmp_path: Path) -> None:
    class Failing(Walking):
        def update(self, *args: Any, **more: Any) -> TrackedObjects:
            if self.updates == 8:
                raise ValueError("no more")
            return super().update(*args, **more)

    report = chunked(clip, tmp_path / "out", tracker=Failing(), video=False)
    assert report.failure == "stopped in frame 10: ValueError: no more"
    assert report.frames == 9


@pytest.mark.slow
def test_chunks_of_another_run_are_not_gone_on_with(clip: Path, tmp_path: Path) -> None:
    chunked(clip, tmp_path / "out", die=14)
    whole(clip, tmp_path / "whole", DRAWN)
    tracker = Walking()
    chunked(clip, tmp_path / "out", keyframes=DRAWN, tracker=tracker)
    assert tracker.updates == LENGTH - 1
    same(tmp_path / "whole", tmp_path / "out")


@pytest.mark.slow
def test_a_damaged_chunk_is_tracked_again(clip: Path, tmp_path: Path) -> None:
    whole(clip, tmp_path / "whole")
    chunked(clip, tmp_path / "out", die=14)
    (tmp_path / ".out.mohart-chunks" / "000002" / "chunk.json").write_text("{")
    tracker = Walking()
    chunked(clip, tmp_path / "out", tracker=tracker)
    assert tracker.updates == 17
    same(tmp_path / "whole", tmp_path / "out")


def test_what_cannot_be(clip: Path, tmp_path: Path) -> None:
    with open_source(clip) as source:
        options: dict[str, Any] = {"reopen": lambda: source, "output": tmp_path / "out"}
        with pytest.raises(ConfigError, match="'static' keeps no state to go on from"):
            track_in_chunks(source, StaticTracker(), DRAWN, chunk_seconds=1, **options)
        with pytest.raises(ConfigError, match=r"chunks of 0\.01 s: expected at least one frame"):
            track_in_chunks(source, Walking(), DRAWN, chunk_seconds=0.01, **options)
    whole(clip, tmp_path / "short", frames=3)
    chunked(clip, tmp_path / "out", die=14)
    with open_source(tmp_path / "short" / "video.mp4") as source:
        source.name = "clip"
        with pytest.raises(ConfigError, match="frame 12 is past the end now"):
            track_in_chunks(source, Walking(), LATER, chunk_seconds=6 / 25, **options)
