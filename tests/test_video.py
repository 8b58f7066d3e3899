"""mohart.video: sources of every kind, broken ones, and the H.264 writer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from mohart.errors import ConfigError, FormatError, MissingDataError, OutputError
from mohart.video import VideoWriter, open_source
from mohart.video.series import natural_key
from mohart.video.shots import Shot
from mohart.video.source import FrameSource

WIDTH, HEIGHT = 64, 48


def grey(level: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def write_avi(path: Path, frames: int) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 12.5, (WIDTH, HEIGHT))
    noise = np.random.default_rng(0)
    for _ in range(frames):
        writer.write(noise.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8))
    writer.release()
    return path


def write_images(folder: Path, levels: list[int], pattern: str = "img{}.png") -> Path:
    folder.mkdir(parents=True)
    for n, level in enumerate(levels, 1):
        cv2.imwrite(str(folder / pattern.format(n)), grey(level))
    return folder


# --- reading -------------------------------------------------------------------------------


def test_video_file(tmp_path: Path) -> None:
    with open_source(write_avi(tmp_path / "clip.avi", 10)) as source:
        assert (source.name, source.width, source.height) == ("clip", WIDTH, HEIGHT)
        assert (source.frame_rate, source.frame_rate_known, source.length) == (12.5, True, 10)
        frames = list(source)
    assert len(frames) == 10
    assert all(f.shape == (HEIGHT, WIDTH, 3) and f.dtype == np.uint8 for f in frames)
    assert source.frames_read == 10
    assert source.problem is None
    assert source.read() is None


def times_of(path: Path) -> list[float | None]:
    with open_source(path) as source:
        return [source.timestamp for _ in source]


def test_time_stamps_of_a_varying_rate_come_from_the_container(tmp_path: Path) -> None:
    milliseconds = [0, 40, 80, 200, 240, 500]
    with av.open(str(tmp_path / "v.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for when in milliseconds:
            frame = av.VideoFrame.from_ndarray(grey(when // 4), format="bgr24")
            frame.pts, frame.time_base = when, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert times_of(tmp_path / "v.mp4") == pytest.approx([ms / 1e3 for ms in milliseconds])
    with open_source(tmp_path / "v.mp4") as source:
        assert source.timestamp is None  # nothing was read yet
        source.skip(3)
        source.read()
        assert source.timestamp == pytest.approx(0.2)


def test_time_stamps_go_on_where_a_container_loses_count(tmp_path: Path) -> None:
    class Forgetful:
        origin, problem = "forgetful", None

        def __init__(self) -> None:
            self.notes: list[str] = []
            self.said = iter([5.0, 5.5, 0.0, float("nan"), 7.0])

        def read(self) -> Shot | None:
            said = next(self.said, None)
            return None if said is None else Shot(grey(0), said)

        def grab(self) -> Shot | None:
            return self.read()

        def close(self) -> None:
            pass

    source = FrameSource("forgetful", Forgetful(), length=None, frame_rate=4.0)
    assert [source.timestamp for _ in source] == [0, 0.5, 0.75, 1.0, 2.0]


def test_images_have_times_only_where_their_rate_is_known(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "seq", [1, 2, 3])
    assert times_of(folder) == [None, None, None]
    (folder / "seqinfo.ini").write_text("[Sequence]\nframeRate=5\n")
    assert times_of(folder) == pytest.approx([0, 0.2, 0.4])


def test_images_in_natural_order(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "pictures", list(range(0, 240, 20)))  # img1 ... img12
    (folder / "notes.txt").write_text("not an image")
    with open_source(str(folder)) as source:
        assert (source.name, source.length) == ("pictures", 12)
        assert (source.frame_rate, source.frame_rate_known) == (30.0, False)
        assert [int(f[0, 0, 0]) for f in source] == list(range(0, 240, 20))


def test_natural_key() -> None:
    names = ["b2", "a10", "a2", "10", "9", "a2b3", "a2b20"]
    ordered = [p.name for p in sorted(map(Path, names), key=natural_key)]
    assert ordered == ["9", "10", "a2", "a2b3", "a2b20", "a10", "b2"]


def test_skip_then_read(tmp_path: Path) -> None:
    with open_source(write_images(tmp_path / "p", [0, 10, 20, 30, 40])) as source:
        assert source.skip(2) == 2
        assert source.frames_read == 2
        assert [int(f[0, 0, 0]) for f in source] == [20, 30, 40]
    with open_source(tmp_path / "p") as source:
        assert source.read() is not None
        assert source.skip(0) == 0
        assert source.skip(99) == 4
        assert source.frames_read == 5
        assert source.read() is None
        assert source.problem is None


def test_skip_and_read_agree_on_video(tmp_path: Path) -> None:
    path = write_avi(tmp_path / "clip.avi", 8)
    with open_source(path) as source:
        frames = list(source)
    with open_source(path) as source:
        source.skip(5)
        np.testing.assert_array_equal(source.read(), frames[5])


def test_mot_sequence_folder(tmp_path: Path) -> None:
    write_images(tmp_path / "SEQ-01" / "frames", [1, 2, 3], "{:06d}.png")
    ini = tmp_path / "SEQ-01" / "seqinfo.ini"
    ini.write_text("[Sequence]\nname=SEQ-01\nimDir=frames\nframeRate=14\nseqLength=3\n")
    with open_source(tmp_path / "SEQ-01") as source:
        assert (source.name, source.frame_rate, source.length) == ("SEQ-01", 14.0, 3)
        assert len(list(source)) == 3


def test_mot_sequence_without_ini_and_with_video(tmp_path: Path) -> None:
    write_images(tmp_path / "A" / "img1", [1, 2])
    with open_source(tmp_path / "A") as source:
        assert (source.length, source.frame_rate_known) == (2, False)
    (tmp_path / "B").mkdir()
    write_avi(tmp_path / "B" / "video.avi", 4)
    with open_source(tmp_path / "B") as source:
        assert (source.name, source.frame_rate, source.length) == ("B", 12.5, 4)
    (tmp_path / "B" / "seqinfo.ini").write_text("[Sequence]\nframeRate=7\n")
    with open_source(tmp_path / "B") as source:
        assert source.frame_rate == 7.0


@pytest.mark.parametrize("text", ["no section", "[Other]\na=1\n", "[Sequence]\nframeRate=fast\n"])
def test_damaged_seqinfo(tmp_path: Path, text: str) -> None:
    write_images(tmp_path / "A" / "img1", [1])
    (tmp_path / "A" / "seqinfo.ini").write_text(text)
    with pytest.raises(FormatError, match=r"seqinfo\.ini.*expected"):
        open_source(tmp_path / "A")


def test_grey_and_deep_images_become_bgr_bytes(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((8, 8), 65535, np.uint16))
    with open_source(tmp_path) as source:
        frame = source.read()
    assert frame is not None
    assert frame.dtype == np.uint8
    assert frame.shape == (8, 8, 3)
    assert int(frame.max()) == 255


# --- what goes wrong -----------------------------------------------------------------------


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"nope\.mp4: no such file or folder; expected"):
        open_source(tmp_path / "nope.mp4")


def test_no_camera(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MissingDataError, match="camera 93: cannot be opened"):
        open_source("93")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("content", "what"), [(b"", "empty"), (b"hello" * 100, "not a video")])
def test_unreadable_file(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "x.mp4").write_bytes(content)
    with pytest.raises(FormatError, match=f"x.mp4: .*{what}"):
        open_source(tmp_path / "x.mp4")


def test_zero_frames(tmp_path: Path) -> None:
    whole = write_avi(tmp_path / "clip.avi", 4).read_bytes()
    (tmp_path / "zero.avi").write_bytes(whole[: whole.index(b"movi") + 4])
    with pytest.raises(FormatError, match=r"zero\.avi"):
        open_source(tmp_path / "zero.avi")


def test_folder_without_frames(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no images and no video"):
        open_source(tmp_path)
    write_avi(tmp_path / "a.avi", 2)
    write_avi(tmp_path / "b.avi", 2)
    with pytest.raises(MissingDataError, match=r"holds 2 videos \(a.avi, b.avi\); name one"):
        open_source(tmp_path)


def test_broken_off_avi(tmp_path: Path) -> None:
    whole = write_avi(tmp_path / "clip.avi", 60).read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: len(whole) // 2])
    with open_source(tmp_path / "cut.avi") as source:
        count = len(list(source))
    assert 10 < count < 50
    assert source.problem == f"the video breaks off after {count} of 60 frames"


@pytest.mark.slow
def test_broken_off_mp4(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    with VideoWriter(tmp_path / "clip.mp4", WIDTH, HEIGHT, 25) as writer:
        for _ in range(60):
            writer.write(noise.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8))
    whole = (tmp_path / "clip.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    with open_source(tmp_path / "cut.mp4") as source:
        count = len(list(source))
    assert 0 < count < 60
    assert source.problem is not None
    assert "of 60 frames" in source.problem
    (tmp_path / "no.mp4").write_bytes(b"hello" * 100)
    program = (  # in a process of its own, because FFmpeg reads its log level only once
        "import sys; from mohart.errors import FormatError; from mohart.video import open_source\n"
        "with open_source(sys.argv[1]) as source: list(source)\n"
        "try: open_source(sys.argv[2])\n"
        "except FormatError: print('refused')\n"
    )
    files = [str(tmp_path / "cut.mp4"), str(tmp_path / "no.mp4")]
    done = subprocess.run(
        [sys.executable, "-c", program, *files], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("refused\n", "")  # no noise from FFmpeg or OpenCV


def test_first_image_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(FormatError, match=r"a\.jpg: no frame can be read"):
        open_source(tmp_path)


# --- writing -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(64, 48), (63, 47)])
def test_written_video_plays_in_a_browser(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "video.mp4"
    with VideoWriter(path, *size, 30000 / 1001) as writer:
        for level in range(0, 200, 10):
            writer.write(grey(level, *size))
        assert not path.exists()  # only when complete
    assert [p.name for p in tmp_path.iterdir()] == ["video.mp4"]
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert (stream.width, stream.height) == (64, 48)
        assert stream.average_rate == Fraction(30000, 1001)
        frames = list(container.decode(stream))
    assert len(frames) == 20
    seconds = [float(frame.pts * frame.time_base) for frame in frames]
    np.testing.assert_allclose(seconds, np.arange(20) * 1001 / 30000, atol=1e-9)
    levels = [frame.to_ndarray(format="bgr24").mean() for frame in frames]
    np.testing.assert_allclose(levels, range(0, 200, 10), atol=4)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # +faststart


def test_exception_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> None:
        with VideoWriter(tmp_path / "v.mp4", 64, 48, 25) as writer:
            writer.write(grey(0))
            raise KeyError("stop")

    with pytest.raises(KeyError):
        broken()
    assert list(tmp_path.iterdir()) == []


def test_no_frame_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="no frame was written"),
        VideoWriter(tmp_path / "v.mp4", 64, 48, 25),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_wrong_frame_and_size(tmp_path: Path) -> None:
    def write(frame: np.ndarray) -> None:
        with VideoWriter(tmp_path / "v.mp4", 64, 48, 25) as writer:
            writer.write(frame)

    with pytest.raises(ConfigError, match=r"expected uint8 \[48, 64, 3\], got uint8 \[64, 48, 3\]"):
        write(grey(0, 48, 64))
    with pytest.raises(ConfigError, match="got float64"):
        write(grey(0).astype(np.float64))
    with pytest.raises(ConfigError, match="positive size and frame rate"):
        VideoWriter(tmp_path / "v.mp4", 0, 48, 25)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file/v\.mp4: cannot be written"):
        VideoWriter(tmp_path / "file" / "v.mp4", 64, 48, 25)


def test_disk_full(tmp_path: Path, limit_file_size: Callable[[int], None]) -> None:
    noise = np.random.default_rng(0)

    def write_much() -> None:
        with VideoWriter(tmp_path / "v.mp4", 320, 240, 25) as writer:
            for _ in range(60):
                writer.write(noise.integers(0, 255, (240, 320, 3), dtype=np.uint8))

    limit_file_size(200_000)
    with pytest.raises(OutputError, match=r"v\.mp4: cannot be written \(File too large"):
        write_much()
    assert list(tmp_path.iterdir()) == []


def test_without_libx264(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av.codec, "codecs_available", {"mpeg4"})
    with pytest.raises(MissingDataError, match=r"no H\.264 encoder .*pip install .*--no-video"):
        VideoWriter(tmp_path / "v.mp4", 64, 48, 25)


@pytest.fixture
def limit_file_size() -> Iterator[Callable[[int], None]]:
    """Let no file of this process grow beyond some bytes: a full disk without filling one."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
