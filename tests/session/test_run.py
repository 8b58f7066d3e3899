"""mohart.session.run: the folder of results, broken sources, Ctrl-C, a full disk."""

from __future__ import annotations

import json
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import av
import cv2
import numpy as np
import pytest

from mohart.errors import ConfigError, OutputError
from mohart.keyframes import Keyframes
from mohart.session.run import track_video
from mohart.structures import TrackedObjects
from mohart.tracking.baselines.static import StaticTracker
from mohart.video import open_source

IDS = np.array([7, 3])
FILES = ["keyframes.csv", "run.json", "tracks.csv", "tracks.txt", "video.mp4"]
BOXES = np.array([[2.0, 3.0, 22.5, 33.0], [30.0, 10.0, 50.0, 30.0]])


class Scripted(StaticTracker):
    """Moves every box right by one pixel a frame; the second object is lost from frame 3 on."""

    name = "scripted"

    def __init__(self, stop_at: int | None = None) -> None:
        super().__init__()
        self.stop_at = stop_at
        self.frames = 0
        self.timestamps: deque[float | None] = deque(maxlen=3)

    def update(
        self, frame_bgr: np.ndarray, detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        self.timestamps.append(timestamp)
        tracks = super().update(frame_bgr)
        self.frames += 1
        if self.frames == self.stop_at:
            raise KeyboardInterrupt
        state = np.array(["active", "lost" if self.frames >= 2 else "predicted"])
        shift = np.float32([self.frames, 0, self.frames, 0])
        return TrackedObjects(tracks.xyxy + shift, tracks.tracker_id, tracks.confidence, state)


@pytest.fixture
def clip(noise: Callable[[int], Path]) -> Path:
    return noise(10)


def drawn(frame: int = 0) -> Keyframes:
    return Keyframes.from_rows(frame, IDS, BOXES)


def run(clip: Path, out: Path, **options: Any) -> Any:
    tracker = options.pop("tracker", None) or Scripted()
    with open_source(clip) as source:
        return track_video(
            source, tracker, drawn(options.get("init_frame", 0)), output=out, **options
        )


def test_folder_of_results(clip: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    report = run(
        clip,
        tmp_path / "out",
        init_frame=2,
        frames=5,
        progress=lambda done, total: seen.append((done, total)),
        details={"model": {"sha256": "abc", "config": {"model": {"hidden": 8}, "train": {}}}},
    )
    out = tmp_path / "out"
    assert sorted(p.name for p in out.iterdir()) == FILES
    rows = (out / "tracks.txt").read_text().splitlines()
    # source frames 3 to 7 from 1; object 3 is lost from the third tracked frame on
    assert [row.split(",")[:2] for row in rows] == [
        ["3", "7"],
        ["3", "3"],
        ["4", "7"],
        ["4", "3"],
        ["5", "7"],
        ["6", "7"],
        ["7", "7"],
    ]
    assert rows[0] == "3,7,2.00,3.00,20.50,30.00,1.0000,-1,-1,-1"
    assert rows[2].startswith("4,7,3.00,3.00,20.50,30.00,0.97")
    with av.open(str(out / "video.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert sum(1 for _ in container.decode(stream)) == 5
    saved = json.loads((out / "run.json").read_text())
    assert (saved["first_frame"], saved["last_frame"], saved["frames"]) == (3, 7, 5)
    assert (saved["rows"], saved["objects"], saved["tracker"]) == (7, 2, "scripted")
    assert saved["states"] == {"active": 1, "predicted": 0, "lost": 1}
    assert saved["model"] == {"sha256": "abc", "config": {"model": {"hidden": 8}}}
    assert set(saved["versions"]) >= {"python", "mohart", "torch", "numpy", "opencv", "platform"}
    assert {name: stage["count"] for name, stage in saved["timings"].items()} == {
        "decode": 4,
        "init": 1,
        "track": 4,
        "write": 5,
        "draw": 5,
        "encode": 5,
    }
    assert (saved["warnings"], saved["interrupted"]) == ([], False)
    assert report.to_dict()["timings"] == saved["timings"]
    assert seen == [(n, 5) for n in range(1, 6)]


def test_every_third_frame(clip: Path, tmp_path: Path) -> None:
    tracker = Scripted()
    report = run(clip, tmp_path / "out", init_frame=1, every=3, tracker=tracker, include_lost=True)
    assert (report.first_frame, report.last_frame, report.frames) == (2, 8, 3)
    rows = (tmp_path / "out" / "tracks.txt").read_text().splitlines()
    assert [int(row.split(",")[0]) for row in rows[::2]] == [2, 5, 8]
    assert list(tracker.timestamps) == pytest.approx([0.16, 0.28])
    with open_source(tmp_path / "out" / "video.mp4") as source:
        assert source.frame_rate == pytest.approx(25 / 3)
        assert len(list(source)) == 3
    saved = json.loads((tmp_path / "out" / "run.json").read_text())
    assert (saved["frames"], saved["every"]) == (3, 3)
    keyframes = drawn().merge(drawn(4))
    with open_source(clip) as source, pytest.raises(ConfigError, match="frame 5 has a keyframe"):
        track_video(source, Scripted(), keyframes, output=tmp_path / "no", every=3)


def test_include_lost_and_no_video(clip: Path, tmp_path: Path) -> None:
    report = run(clip, tmp_path / "out", include_lost=True, video=False)
    assert report.rows == 20
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == FILES[:-1]


def test_init_frame_past_the_end(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="init frame 11 is past the end: clip has 10 frames"):
        run(clip, tmp_path / "out", init_frame=10)
    with pytest.raises(ConfigError, match="count from 1, got 0"):
        run(clip, tmp_path / "out", init_frame=-1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4"]


def test_existing_folder_is_refused_before_anything_is_read(clip: Path, tmp_path: Path) -> None:
    run(clip, tmp_path / "out", frames=2)
    with open_source(clip) as source:
        with pytest.raises(OutputError, match="exists already"):
            track_video(source, Scripted(), drawn(), output=tmp_path / "out")
        assert source.frames_read == 0
    report = run(clip, tmp_path / "out", overwrite=True)
    assert report.frames == 10


def test_fewer_frames_than_asked_for(clip: Path, tmp_path: Path) -> None:
    report = run(clip, tmp_path / "out", frames=50, video=False)
    assert report.warnings == ("asked for 50 frames, but the source ended after 10",)


def test_broken_off_source_is_tracked_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "whole.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 48))
    rng = np.random.default_rng(0)
    for _ in range(40):
        writer.write(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8))
    writer.release()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    report = run(cut, tmp_path / "out")
    assert 5 < report.frames < 35
    assert f"breaks off after {report.frames} of 40 frames" in report.warnings[0]
    assert (tmp_path / "out" / "video.mp4").exists()


def test_unknown_frame_rate_is_told(tmp_path: Path) -> None:
    for n in range(3):
        cv2.imwrite(str(tmp_path / f"{n}.png"), np.zeros((48, 64, 3), np.uint8))
    report = run(tmp_path, tmp_path.parent / "out-images", overwrite=True)
    assert report.warnings == ("the source does not say its frame rate; 30 is assumed",)


def test_ctrl_c_keeps_what_was_tracked(clip: Path, tmp_path: Path) -> None:
    report = run(clip, tmp_path / "out", tracker=Scripted(stop_at=4))
    assert (report.interrupted, report.frames) == (True, 4)
    assert report.warnings == ("interrupted after 4 frames; what was tracked is kept",)
    rows = (tmp_path / "out" / "tracks.txt").read_text().splitlines()
    assert rows[-1].startswith("4,7,")
    with open_source(tmp_path / "out" / "video.mp4") as source:
        assert len(list(source)) == 4
    assert json.loads((tmp_path / "out" / "run.json").read_text())["interrupted"]


@pytest.mark.parametrize("content", ["nothing", "results"])
def test_ctrl_c_goes_elsewhere_only_where_results_are(
    clip: Path, tmp_path: Path, content: str
) -> None:
    out = tmp_path / "out"
    if content == "results":
        run(clip, out)
    else:
        out.mkdir()
    report = run(clip, out, tracker=Scripted(stop_at=4), overwrite=True)
    assert report.output == (out if content == "nothing" else tmp_path / "out-interrupted")
    rows = (report.output / "tracks.txt").read_text().splitlines()
    assert rows[-1].split(",")[0] == "4"
    whole = json.loads((out / "run.json").read_text())
    assert whole["interrupted"] == (content == "nothing")


def test_ctrl_c_before_the_first_frame_leaves_nothing(clip: Path, tmp_path: Path) -> None:
    class Impatient(Scripted):
        def init(self, *_: Any) -> TrackedObjects:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(clip, tmp_path / "out", tracker=Impatient())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4"]


@pytest.mark.parametrize("error", [ZeroDivisionError("by 0"), SystemExit(0), MemoryError()])
def test_an_error_while_tracking_keeps_what_was_tracked(
    clip: Path, tmp_path: Path, error: BaseException
) -> None:
    class Broken(Scripted):
        def update(self, *frame: Any) -> TrackedObjects:
            if self.frames == 5:
                raise error
            return super().update(*frame)

    report = run(clip, tmp_path / "out", tracker=Broken())
    assert (report.interrupted, report.frames) == (True, 6)
    assert report.failure.startswith(f"stopped in frame 7: {type(error).__name__}")
    assert report.warnings == ("what was tracked before it failed, 6 frames, is kept",)
    rows = (tmp_path / "out" / "tracks.txt").read_text().splitlines()
    assert rows[-1].startswith("6,7,")
    with open_source(tmp_path / "out" / "video.mp4") as source:
        assert len(list(source)) == 6
    saved = json.loads((tmp_path / "out" / "run.json").read_text())
    assert (saved["interrupted"], saved["failure"]) == (True, report.failure)
    assert "unfinished" not in saved


def test_an_error_before_the_first_frame_leaves_nothing(clip: Path, tmp_path: Path) -> None:
    class Broken(Scripted):
        def init(self, *_: Any) -> TrackedObjects:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(clip, tmp_path / "out", tracker=Broken())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4"]


def test_lost_frames_are_coasted_over(tmp_path: Path) -> None:
    class Coasts(Scripted):
        coasted: ClassVar[list[float | None]] = []

        def coast(self, timestamp: float | None = None) -> TrackedObjects:
            self.coasted.append(timestamp)
            return self.update(np.zeros((48, 64, 3), np.uint8), None, timestamp)

    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "seqinfo.ini").write_text("[Sequence]\nframeRate=5\n")
    for n in (1, 2, 3, 5, 6):
        cv2.imwrite(str(folder / f"{n}.png"), np.full((48, 64, 3), n, np.uint8))
    (folder / "3.png").write_bytes(b"no image")
    report = run(folder, tmp_path / "out", tracker=Coasts(), include_lost=True)
    assert Coasts.coasted == pytest.approx([0.4, 0.6])
    rows = (tmp_path / "out" / "tracks.txt").read_text().splitlines()
    assert [int(row.split(",")[0]) for row in rows[::2]] == [1, 2, 3, 4, 5, 6]
    assert report.damaged
    assert not report.interrupted
    assert report.warnings == (
        "frame 3: cannot be read; objects coast over it",
        "frame 4: missing among the numbered images; objects coast over it",
    )
    with pytest.raises(ConfigError, match="init frame 3: p has no picture of it"):
        run(folder, tmp_path / "other", init_frame=2)


def test_a_disk_that_is_full_at_once(
    clip: Path, tmp_path: Path, limit_file_size: Callable[[int], None]
) -> None:
    limit_file_size(300)
    with pytest.raises(OutputError, match=r"out/run\.json: cannot be written") as caught:
        run(clip, tmp_path / "out")
    limit_file_size(-1)
    assert ".part" not in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4"]


@pytest.mark.slow
def test_a_video_that_cannot_be_written_does_not_end_the_run(
    tmp_path: Path, noise: Callable[[int], Path], limit_file_size: Callable[[int], None]
) -> None:
    clip = noise(120)
    limit_file_size(100_000)
    report = run(clip, tmp_path / "out")
    limit_file_size(-1)
    assert (report.frames, report.interrupted) == (120, False)
    assert "there is no video: " in report.failure
    assert "out/video.mp4: cannot be written (File too large)" in report.failure
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == FILES[:-1]


def test_a_disk_that_is_full_on_the_way_leaves_whole_frames(
    tmp_path: Path, noise: Callable[[int], Path], limit_file_size: Callable[[int], None]
) -> None:
    clip = noise(120)
    limit_file_size(6_000)  # about 70 frames of tracks.csv
    report = run(clip, tmp_path / "out", video=False)
    limit_file_size(-1)
    assert report.interrupted
    assert report.frames == 50
    assert "tracks.csv: cannot be written (File too large)" in report.failure
    assert ".mohart-part" not in report.failure
    for name, per_frame in (("tracks.txt", 1), ("tracks.csv", 2)):
        lines = (tmp_path / "out" / name).read_text()
        assert lines.endswith("\n")
        last = int(lines.splitlines()[-1].split(",")[0])
        assert last == (50 if name == "tracks.txt" else 49)
        assert len(lines.splitlines()) >= 50 * per_frame
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4", "out"]


def test_what_cannot_be_completed_stays_to_be_gone_on_with(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OutputError("out: cannot be written (No space left on device); free some space")

    with monkeypatch.context() as patch:
        patch.setattr("mohart.folders._swap", full)
        patch.setattr("mohart.folders.os.rename", full)
        patch.setattr("mohart.folders.Path.rename", full)
        with pytest.raises(OutputError, match=r"what was tracked is kept: .*--resume .*out"):
            run(clip, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == [".out.mohart-part", "clip.mp4"]
    rows = (tmp_path / ".out.mohart-part" / "tracks.txt").read_text().splitlines()
    assert rows[-1].startswith("10,7,")


@pytest.mark.slow
@pytest.mark.slow
def test_memory_is_flat(tmp_path: Path) -> None:
    """2000 frames more leave less behind than 50 bytes each: no frame, no row."""

    class Endless:
        name, width, height, frame_rate = "endless", 64, 48, 25.0
        frame_rate_known, length, problem, frames_read, timestamp = True, None, None, 0, None
        missing, damaged, notes = False, 0, ()

        def skip(self, count: int) -> int:
            return count

        def read_ahead(self, every: int, each: object) -> None:
            """Frames cost nothing here."""

        def read(self) -> np.ndarray:
            self.frames_read += 1
            return np.zeros((48, 64, 3), np.uint8)

    marks: dict[int, int] = {}

    def note(done: int, total: int | None) -> None:
        if done in (200, 2200):
            marks[done] = tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    source: Any = Endless()
    track_video(source, Scripted(), drawn(), output=tmp_path / "out", frames=2200, progress=note)
    tracemalloc.stop()
    assert marks[2200] - marks[200] < 100_000


@pytest.fixture
def limit_file_size() -> Iterator[Callable[[int], None]]:
    """Let no file of this process grow beyond some bytes: a full disk without filling one."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size if size >= 0 else before[0], before[1]))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
