"""Frames that are too large to be decoded, and large ones that are."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from mohart.errors import FormatError
from mohart.video import open_source, shots
from mohart.video.images import Depth, image_size, page_sizes
from mohart.video.shots import LARGEST, WAITING, room

SIDE = 16_000  # square: more than LARGEST


def film(path: Path, side: int) -> Path:
    """A GIF of small pictures on a screen of any size."""
    noise = np.random.default_rng(0).integers(0, 256, (3, 72, 96), dtype=np.uint8)
    pictures = [Image.fromarray(picture) for picture in noise]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40)
    data = path.read_bytes()
    path.write_bytes(data[:6] + struct.pack("<HH", side, side) + data[10:])
    return path


def promise(path: Path, side: int) -> Path:
    """A PNG whose header says more than there is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        tail = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + tail

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(3 * side + 1)))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b""))
    return path


def test_a_film_of_huge_frames_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    said = r"a\.gif: frames of 16000x16000, of more than 67 million pixels, are not decoded; make"
    with pytest.raises(FormatError, match=said):
        open_source(film(tmp_path / "a.gif", SIDE))
    with open_source(film(tmp_path / "b.gif", 200)) as source:
        assert len(list(source)) == 3


def stream(width: int, height: int, frames: int) -> bytes:
    """A bare H.264 stream."""
    file = io.BytesIO()
    with av.open(file, "w", format="h264") as container:
        out = container.add_stream("libx264", rate=25, options={"tune": "zerolatency"})
        out.width, out.height, out.pix_fmt = width, height, "yuv420p"
        for n in range(frames):
            picture = np.full((height, width, 3), n, np.uint8)
            container.mux(out.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(out.encode())
    return file.getvalue()


@pytest.mark.parametrize(("largest", "seen"), [(320 * 240, 105), (320 * 240 - 1, 100)])
def test_packets_that_say_more_than_the_head_are_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, largest: int, seen: int
) -> None:
    monkeypatch.setattr("mohart.video.film.LARGEST", largest)
    path = tmp_path / "a.h264"
    path.write_bytes(stream(64, 48, 100) + stream(320, 240, 5))
    with open_source(path) as source:
        pictures = 0
        while source.read() is not None:
            pictures += not source.missing
    assert pictures == seen


def test_huge_images_are_not_decoded(tmp_path: Path) -> None:
    huge = promise(tmp_path / "1.png", SIDE)
    assert image_size(huge) in ((SIDE, SIDE), (LARGEST, LARGEST))  # Pillow refuses some by itself
    with pytest.raises(FormatError, match="it is of more than 67 million pixels; make it smaller"):
        open_source(huge)
    for name in ("0.png", "2.png"):
        cv2.imwrite(str(tmp_path / name), np.zeros((48, 64, 3), np.uint8))
    with open_source(tmp_path) as source:
        assert len(list(source)) == 3
        assert source.notes == (
            "frame 2: of more than 67 million pixels, not decoded; objects coast over it",
        )


def test_sizes_of_pages_that_pillow_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pages = [np.zeros((n, 70, 3), np.uint16) for n in (30, 40)]
    assert cv2.imwritemulti(str(path), pages)
    assert page_sizes(path) == [(70, 30), (70, 40)]
    assert image_size(path) == (70, 30)
    assert page_sizes(film(tmp_path / "b.gif", 99)) == []


def test_a_stack_passes_over_a_huge_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.tif"
    assert cv2.imwritemulti(str(path), [np.zeros((30, n, 3), np.uint8) for n in (40, 70, 40)])
    monkeypatch.setattr("mohart.video.images.LARGEST", 30 * 50)
    with open_source(path) as source:
        assert len(list(source)) == 3
        assert source.damaged == 1


def test_pictures_are_made_bytes_in_bands_as_at_once() -> None:
    deep = np.random.default_rng(0).integers(0, 2**12, (70, 50, 3)).astype(np.uint16)
    at_once = np.asarray(np.clip(deep * 2.0**-4, 0, 255), np.uint8)
    for band in (1, 999, 1 << 20):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("mohart.video.images.BAND", band)
            assert np.array_equal(Depth().to_bytes(deep, []), at_once)


def test_fewer_large_frames_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = np.zeros((10, 10, 3), np.uint8)
    assert room(frame, 4) == 4
    monkeypatch.setattr(shots, "WAITING", 2 * frame.nbytes)
    assert room(frame, 4) == 2
    monkeypatch.setattr(shots, "WAITING", 1)
    assert room(frame, 4) == 1
    assert WAITING > 4 * 3840 * 2160 * 3  # frames of 4K wait as they did
    monkeypatch.setattr("mohart.video.source.LARGE", 100)
    with open_source(film(tmp_path / "a.gif", 99)) as source:
        source.read()
        reader = source._reader
        source.read_ahead()
        assert source._reader is reader  # no thread
        assert len(list(source)) == 2
