"""Video files that are damaged, odd or lie about themselves: every frame keeps its number."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from mohart.errors import FormatError
from mohart.video import FrameSource, open_source
from mohart.video.container import open_file
from mohart.video.film import FilmReader

WIDTH, HEIGHT = 64, 48


def picture(level: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Noise that encodes to more than nothing, of a brightness that tells the frame."""
    noise = np.random.default_rng(level).integers(0, 30, (height, width, 3), dtype=np.uint8)
    return noise + np.uint8(level)


def write_film(
    path: Path,
    milliseconds: Sequence[int],
    *,
    codec: str = "libx264",
    base: int = 1000,
    rate: int = 25,
    **options: str,
) -> Path:
    """Frame n has brightness 5 n and one time stamp, in units of 1 / base seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height = WIDTH, HEIGHT
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, base)
        for n, when in enumerate(milliseconds):
            frame = av.VideoFrame.from_ndarray(picture(5 * (n % 40)), format="bgr24")
            frame.pts, frame.time_base = when, Fraction(1, base)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def levels(source: FrameSource) -> list[int]:
    """Which frames came, by their brightness."""
    return [round((float(frame.mean()) - 15) / 5) for frame in source]


def write_avi(path: Path, frames: int) -> Path:
    return write_film(path, range(frames), codec="mjpeg", base=25)


def chunks(data: bytes) -> list[tuple[int, int]]:
    """Start and size of what is in every video chunk of an AVI."""
    found, place, end = [], data.index(b"movi"), data.index(b"idx1")
    while (place := data.find(b"00dc", place, end)) >= 0:
        size = struct.unpack("<I", data[place + 4 : place + 8])[0]
        found.append((place + 8, size))
        place += 8 + size
    return found


# --- frames that cannot be decoded ----------------------------------------------------------


@pytest.mark.parametrize("bad", [[6], [2, 3, 4], [11], [0], [0, 1, 5]])
def test_a_frame_that_cannot_be_decoded_keeps_its_number(tmp_path: Path, bad: list[int]) -> None:
    data = bytearray(write_avi(tmp_path / "a.avi", 12).read_bytes())
    for n in bad:
        start, size = chunks(bytes(data))[n]
        data[start : start + size] = bytes(size)
    (tmp_path / "a.avi").write_bytes(data)
    missing = []
    with open_source(tmp_path / "a.avi") as source:
        for frame in source:
            missing += [source.frames_read - 1] if source.missing else []
            level = round((float(frame.mean()) - 15) / 5)
            good = max((n for n in range(source.frames_read) if n not in bad), default=None)
            assert level == good or (source.frames_read - 1 <= bad[-1] and good is None)
            assert source.timestamp == pytest.approx((source.frames_read - 1) / 25)
        assert source.frames_read == 12
    assert (missing, source.damaged, source.problem) == (bad, len(bad), None)
    assert len(source.notes) == 1
    assert "cannot be decoded" in source.notes[0]
    assert f"{bad[0] + 1}" in source.notes[0]
    with open_source(tmp_path / "a.avi") as source:  # also where it is passed over
        source.skip(8)
        frame = source.read()
        assert frame is not None
        assert round((float(frame.mean()) - 15) / 5) == 8


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg4"])
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_what_a_decoder_drops_keeps_its_number(tmp_path: Path, codec: str, suffix: str) -> None:
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {"g": "20"}
    path = write_film(tmp_path / f"a.{suffix}", range(0, 2400, 40), codec=codec, **options)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        places = [(data.find(bytes(p), p.pos), p.size) for p in packets]
    for start, size in (places[25], places[26]):
        data[start : start + size] = bytes(size)
    path.write_bytes(data)
    with open_source(path) as source:
        times = [source.timestamp for _ in source]
    assert times == pytest.approx([0.04 * n for n in range(60)])
    assert source.damaged >= 2
    assert source.problem is None


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_garbled_frames_are_told(tmp_path: Path, suffix: str) -> None:
    path = write_film(tmp_path / f"a.{suffix}", range(0, 2000, 40), g="12")
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    rng = np.random.default_rng(3)
    for start, size in places[::6]:
        for place in rng.integers(start + size // 3, start + size, 8):
            data[place] ^= 1 << int(rng.integers(8))
    path.write_bytes(data)
    with open_source(path) as source:
        frames = list(source)
    assert len(frames) == 50
    assert any("decoded with errors" in note or "cannot be" in note for note in source.notes)


@pytest.mark.parametrize(
    ("nulls", "expected", "told"),
    [
        ([3, 4, 9], [0, 1, 2, 2, 2, 5, 6, 7, 8, 8, 10, 11], "frames 4, 5, 10: empty in the file"),
        ([7, 8, 9, 10, 11], [0, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6], "frames 8 to 12: empty in"),
    ],
)
def test_null_frames_of_an_avi_show_the_picture_before_them(
    tmp_path: Path, nulls: list[int], expected: list[int], told: str
) -> None:
    data = write_avi(tmp_path / "a.avi", 12).read_bytes()
    movi = data.index(b"movi")
    body, index = b"movi", b""
    for n, (start, size) in enumerate(chunks(data)):
        content = b"" if n in nulls else data[start : start + size + size % 2]
        size = size if content else 0  # nothing, as capture programs write it
        index += b"00dc" + struct.pack("<III", 16, len(body), size)
        body += b"00dc" + struct.pack("<I", size) + content
    parts = data[12 : movi - 4], struct.pack("<I", len(body)), body, b"idx1"
    rest = b"".join(parts) + struct.pack("<I", len(index)) + index
    (tmp_path / "a.avi").write_bytes(b"RIFF" + struct.pack("<I", len(rest) + 4) + b"AVI " + rest)
    with open_source(tmp_path / "a.avi") as source:
        assert levels(source) == expected
    assert (source.problem, source.damaged) == (None, 0)
    assert told in source.notes[0]


def test_a_size_that_changes_is_told(tmp_path: Path) -> None:
    parts = []
    for size in ((WIDTH, HEIGHT), (32, 24)):
        path = tmp_path / f"{size[0]}.h264"
        with av.open(str(path), "w", format="h264") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            for n in range(10):
                frame = av.VideoFrame.from_ndarray(picture(9 * n, *size), format="bgr24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        parts.append(path.read_bytes())
    (tmp_path / "both.h264").write_bytes(b"".join(parts))
    with open_source(tmp_path / "both.h264") as source:
        frames = list(source)
    assert {frame.shape for frame in frames} == {(HEIGHT, WIDTH, 3)}
    assert len(frames) == 20
    assert "frames 11 to 20: 32x24 and not 64x48 like the frames before" in source.notes[0]


# --- what containers say ----------------------------------------------------------------------


def test_pictures_are_those_of_opencv(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", range(0, 800, 40))
    capture = cv2.VideoCapture(str(path))
    with open_source(path) as source:
        for frame in source:
            np.testing.assert_array_equal(frame, capture.read()[1])
            assert source.timestamp == pytest.approx(capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3)
    assert not capture.read()[0]
    capture.release()


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_a_film_held_upright_is_turned(tmp_path: Path, quarter: int) -> None:
    data = bytearray(write_film(tmp_path / "a.mp4", range(0, 400, 40)).read_bytes())
    one = 1 << 16
    turns = {1: (0, one, -one, 0), 2: (-one, 0, 0, -one), 3: (0, -one, one, 0)}
    a, b, c, d = turns[quarter]
    place = data.index(b"tkhd") + 4 + 40  # the matrix of a version 0 header
    data[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    (tmp_path / "a.mp4").write_bytes(data)
    capture = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    with open_source(tmp_path / "a.mp4") as source:
        frame = source.read()
    np.testing.assert_array_equal(frame, capture.read()[1])
    assert (source.width, source.height) == ((48, 64) if quarter != 2 else (64, 48))
    capture.release()


def test_a_rate_that_is_a_tick_is_measured(tmp_path: Path) -> None:
    stamps = [n * 33 + n % 3 for n in range(40)]
    with open_source(write_film(tmp_path / "a.mkv", stamps, rate=1000)) as source:
        assert source.frame_rate == pytest.approx(30.2, abs=0.5)
        assert len(list(source)) == 40
    assert (source.problem, source.notes) == (None, ())


def test_a_truly_fast_camera_is_believed(tmp_path: Path) -> None:
    with open_source(write_film(tmp_path / "a.mp4", range(60))) as source:
        assert source.frame_rate == pytest.approx(1000)


@pytest.mark.parametrize(
    ("burst", "step", "suffix"), [(5, 1, "mp4"), (3, 10, "mkv"), (8, 2, "mp4")]
)
def test_stamps_in_bursts_are_not_believed(
    tmp_path: Path, burst: int, step: int, suffix: str
) -> None:
    stamps = [n // burst * burst * 40 + n % burst * step for n in range(60)]
    path = write_film(tmp_path / f"a.{suffix}", stamps)
    with open_source(path) as source:
        times = [source.timestamp for _ in source]
    assert times == pytest.approx([n / source.frame_rate for n in range(60)])
    assert 20 < source.frame_rate < 30
    assert any("bursts" in note for note in source.notes)


@pytest.mark.parametrize("jump", [37600_000, 5_000, -300])
def test_one_stamp_that_is_far_off_changes_nothing(tmp_path: Path, jump: int) -> None:
    stamps = [40 * n for n in range(40)]
    path = write_film(tmp_path / "a.ts", stamps, bf="0")
    data = bytearray(path.read_bytes())
    for packet in range(0, len(data), 188):  # the stamp of the 21st picture
        head = data[packet : packet + 188]
        start = head.find(b"\x00\x00\x01\xe0")
        if head[1] & 0x40 and start > 0:
            field = start + 9
            high, mid, low = head[field] >> 1 & 7, head[field + 1 : field + 3], head[field + 3 :]
            value = high << 30 | (mid[0] << 8 | mid[1]) >> 1 << 15 | (low[0] << 8 | low[1]) >> 1
            stamps.append(value)
            if len(stamps) == 40 + 21:
                value += 90 * jump
                new = bytes(
                    (
                        head[field] & 0xF1 | (value >> 30 & 7) << 1,
                        value >> 22 & 0xFF,
                        (value >> 15 & 0x7F) << 1 | 1,
                        value >> 7 & 0xFF,
                        (value & 0x7F) << 1 | 1,
                    )
                )
                data[packet + field : packet + field + 5] = new
    path.write_bytes(data)
    with open_source(path) as source:
        times = [source.timestamp for _ in source]
    assert len(times) == 40
    assert times == pytest.approx([0.04 * n for n in range(40)], abs=1e-3)
    assert source.problem is None


def test_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", range(0, 800, 40))
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 1
    with av.open(str(tmp_path / "c.mp4"), "w") as out, av.open(str(path)) as container:
        first = out.add_stream("mjpeg", rate=1)
        first.width, first.height, first.pix_fmt = 200, 200, "yuvj420p"
        first.disposition = av.stream.Disposition.attached_pic
        film = out.add_stream_from_template(container.streams.video[0])
        frame = av.VideoFrame.from_ndarray(picture(7, 200, 200), format="bgr24")
        out.mux(first.encode(frame))
        for packet in container.demux(video=0):
            if packet.dts is not None or packet.pts is not None:
                packet.stream = film
                out.mux(packet)
    with open_source(tmp_path / "c.mp4") as source:
        assert (source.width, source.height) == (WIDTH, HEIGHT)
        assert len(list(source)) == 20


def test_a_text_that_names_a_file_is_no_video(tmp_path: Path) -> None:
    write_film(tmp_path / "secret.mp4", range(0, 400, 40))
    (tmp_path / "x.mp4").write_text("ffconcat version 1.0\nfile 'secret.mp4'\n")
    with pytest.raises(FormatError, match=r"x\.mp4: "):
        open_source(tmp_path / "x.mp4")


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", range(0, 400, 40))
    odd = Path(str(tmp_path) + "/a\udcff.mp4")
    try:
        path.rename(odd)
    except OSError:  # some take text alone, as that of a Mac
        pytest.skip("this file system has no such names")
    with open_source(odd) as source:
        assert len(list(source)) == 10


@pytest.mark.slow
def test_an_end_that_comes_too_early_is_told_without_an_index(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", range(0, 10_000, 40))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with open_source(path) as source:
        count = len(list(source))
    assert 50 < count < 200
    assert source.problem is not None
    assert "breaks off after" in source.problem
    assert "of 10.0 seconds" in source.problem


def test_reading_that_fails_ends_the_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = FilmReader(open_file(write_film(tmp_path / "a.mp4", range(0, 800, 40))))
    source = FrameSource("a", reader, length=20, frame_rate=25)
    packets = iter(list(reader._packets)[:9])

    def lost() -> object:
        for packet in packets:
            return packet
        raise av.error.OSError(5, "Input/output error")

    class Lost:
        __next__: Callable[[object], object] = staticmethod(lost)  # type: ignore[assignment]

    monkeypatch.setattr(reader, "_packets", Lost())
    assert 0 < len(list(source)) < 20
    assert source.problem is not None
    assert "cannot be read further (Input/output error)" in source.problem


def test_a_head_that_promises_millions_of_empty_frames(tmp_path: Path) -> None:
    path = write_avi(tmp_path / "clip.avi", 6)
    data = path.read_bytes()
    place = data.index(b"strh") + 8 + 32  # dwLength of the video stream
    assert struct.unpack_from("<I", data, place) == (6,)
    path.write_bytes(data[:place] + struct.pack("<I", 2**31 - 1) + data[place + 4 :])
    with open_source(path) as source:
        assert levels(source) == [0, 1, 2, 3, 4, 5]
        assert source.length is None or source.length < 10_000
