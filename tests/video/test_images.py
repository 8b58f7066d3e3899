"""Folders of images as people have them: gaps, masks, junk, other sizes, other depths."""

from __future__ import annotations

import os
import struct
import tracemalloc
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from mohart.errors import FormatError, MissingDataError
from mohart.video import FrameSource, VideoWriter, open_source

WIDTH, HEIGHT = 64, 48


def grey(level: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def write(folder: Path, numbers: list[int], pattern: str = "{:06d}.png") -> Path:
    """Images whose brightness is their number."""
    folder.mkdir(parents=True, exist_ok=True)
    for n in numbers:
        cv2.imwrite(str(folder / pattern.format(n)), grey(n))
    return folder


def levels(source: FrameSource) -> list[int]:
    return [int(frame[0, 0, 0]) for frame in source]


def read(where: Path | str) -> tuple[list[int], FrameSource]:
    with open_source(where) as source:
        return levels(source), source


def test_an_image_that_cannot_be_read_keeps_its_number(tmp_path: Path) -> None:
    folder = write(tmp_path / "p", [1, 2, 3, 4, 5])
    (folder / "000003.png").write_bytes(b"no image")
    (folder / "000004.png").write_bytes(b"")
    with open_source(folder) as source:
        found = [(int(frame[0, 0, 0]), source.missing) for frame in source]
    assert found == [(1, False), (2, False), (2, True), (2, True), (5, False)]
    assert (source.problem, source.damaged) == (None, 2)
    assert source.notes == ("frames 3, 4: cannot be read; objects coast over it",)


def test_first_and_last_images_that_cannot_be_read(tmp_path: Path) -> None:
    folder = write(tmp_path / "p", [1, 2, 3])
    for n in (1, 3):
        (folder / f"00000{n}.png").write_bytes(b"no image")
    found, source = read(folder)
    assert found == [2, 2, 2]
    assert source.damaged == 2


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_file_that_is_cut_short_is_told(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    for n in (1, 2, 3):
        cv2.imwrite(str(tmp_path / f"{n}.{suffix}"), noise)
    whole = (tmp_path / f"2.{suffix}").read_bytes()
    (tmp_path / f"2.{suffix}").write_bytes(whole[: len(whole) // 2])
    with open_source(tmp_path) as source:
        assert len(list(source)) == 3
    assert len(source.notes) == 1
    assert source.notes[0].startswith("frame 2: ")


def test_an_image_of_another_size_is_no_frame_and_no_damage(tmp_path: Path) -> None:
    folder = write(tmp_path / "p", [1, 2, 4])
    cv2.imwrite(str(folder / "000003.png"), grey(9, width=32))
    found, source = read(folder)
    assert (found, source.damaged) == ([1, 2, 2, 4], 0)
    assert source.notes == ("frame 3: 32x48 and not 64x48 like the others; coasted over",)


def huge_png(path: Path, side: int = 30_000) -> None:
    """A few kilobytes that claim to be a picture of gigabytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(9_000))))


def test_a_header_that_claims_gigabytes_is_not_followed(tmp_path: Path) -> None:
    folder = write(tmp_path / "p", [1, 2])
    huge_png(folder / "000003.png")
    tracemalloc.start()
    found, _ = read(folder)
    assert found == [1, 2, 2]
    huge_png(tmp_path / "q.png")
    with pytest.raises(FormatError, match="no frame can be read"):
        open_source(tmp_path / "q.png")
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


def test_missing_numbers_are_frames_without_pictures(tmp_path: Path) -> None:
    found, source = read(write(tmp_path / "p", [60, 61, 62, 66, 67, 68], "a2_{}.png"))
    assert found == [60, 61, 62, 62, 62, 62, 66, 67, 68]
    assert (source.frames_read, source.damaged, source.length) == (9, 3, 9)
    assert "frames 4 to 6: missing among the numbered images" in source.notes[0]


@pytest.mark.parametrize(
    "numbers", [[0, 10, 20, 30, 40], [1, 2], [1, 3, 4], [1, 1000000000, 1000000001]]
)
def test_numbers_that_count_something_else_are_no_gaps(tmp_path: Path, numbers: list[int]) -> None:
    for n in numbers:
        write(tmp_path, [n % 200], f"{n}.png")
    _, source = read(tmp_path)
    assert source.frames_read == (4 if numbers == [1, 3, 4] else len(numbers))


def test_a_jump_of_the_numbers_is_told(tmp_path: Path) -> None:
    _, source = read(write(tmp_path / "p", [1, 2, 3, 4, 90, 91, 92]))
    assert source.frames_read == 7
    assert "missing between 000004.png and 000090.png" in source.notes[0]


def test_masks_beside_images_are_no_frames(tmp_path: Path) -> None:
    write(tmp_path, [1, 2, 3], "f_{}.png")
    for n in (1, 2, 3):
        cv2.imwrite(str(tmp_path / f"f_{n}_mask.png"), grey(255))
    found, source = read(tmp_path)
    assert found == [1, 2, 3]
    assert source.notes == ("images named f_#_mask.png are taken for masks and not for frames",)


def test_two_views_in_a_folder_have_to_be_chosen_from(tmp_path: Path) -> None:
    write(tmp_path, [1, 2, 3], "left_{}.png")
    write(tmp_path, [1, 2, 3], "right_{}.png")
    with pytest.raises(MissingDataError, match=r"several series .*left_#\.png and right_#\.png"):
        open_source(tmp_path)
    found, _ = read(f"{tmp_path}/left_*.png")
    assert found == [1, 2, 3]


@pytest.mark.parametrize("pattern", ["a_*.png", "a_%d.png", "a_[0-9]*.png", "*_?*.png"])
def test_patterns(tmp_path: Path, pattern: str) -> None:
    write(tmp_path / "p", [1, 2, 10], "a_{}.png")
    (tmp_path / "p" / "b.jpg").write_bytes(b"no image")
    found, source = read(f"{tmp_path / 'p'}/{pattern}")
    assert (source.name, found) == ("p", [1, 2, 10] if source.length == 3 else found)
    assert found[:2] == [1, 2]
    assert found[-1] == 10
    with pytest.raises(MissingDataError, match="no such file or folder"):
        open_source(f"{tmp_path}/p/c_*.png")


def test_junk_and_pipes_are_no_images(tmp_path: Path) -> None:
    folder = write(tmp_path / "p", [1, 2])
    (folder / "._000001.png").write_bytes(b"of a Mac")
    (folder / "000003.png").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "000004.png")
        os.mkfifo(tmp_path / "pipe.mp4")
        with pytest.raises(MissingDataError, match=r"pipe\.mp4: is neither a file nor a folder"):
            open_source(tmp_path / "pipe.mp4")
    assert read(folder)[0] == [1, 2]


@pytest.mark.parametrize("name", ["poster.jpg", "Folder.JPG", "thumb.png"])
def test_a_cover_beside_a_video_is_no_frame(tmp_path: Path, name: str) -> None:
    with VideoWriter(tmp_path / "clip.mp4", WIDTH, HEIGHT, 25) as writer:
        for n in range(5):
            writer.write(grey(n))
    cv2.imwrite(str(tmp_path / name), grey(9))
    (tmp_path / "._clip.mp4").write_bytes(b"of a Mac")
    assert read(tmp_path)[1].frames_read == 5
    write(tmp_path, [1, 2])
    with pytest.raises(MissingDataError, match=r"a video \(clip\.mp4\) and images \(000001\.png\)"):
        open_source(tmp_path)


def test_pages_are_frames(tmp_path: Path) -> None:
    pages = [grey(n) for n in (10, 20, 30)]
    cv2.imwritemulti(str(tmp_path / "stack.tif"), pages)
    for where in (tmp_path / "stack.tif", tmp_path):
        found, source = read(where)
        assert (found, source.length) == ([10, 20, 30], 3)
    with open_source(tmp_path / "stack.tif") as source:
        source.skip(2)
        assert levels(source) == [30]


def test_one_image_of_a_series_is_told(tmp_path: Path) -> None:
    write(tmp_path, [1, 2, 3], "img_{}.png")
    found, source = read(tmp_path / "img_2.png")
    assert found == [2]
    assert "one image of 3; for all of them name" in source.notes[0]


@pytest.mark.parametrize(("bits", "expected"), [(12, [62, 125]), (16, [3, 7]), (8, [255, 255])])
def test_deep_images_are_seen_by_the_depth_of_their_camera(
    tmp_path: Path, bits: int, expected: list[int]
) -> None:
    for n in (1, 2):
        picture = np.full((HEIGHT, WIDTH), 1000 * n, np.uint16)
        picture[0, 0] = {8: 200, 12: 4000, 16: 40_000}[bits]
        if bits == 8 and n == 1:
            picture[:] = 200
        cv2.imwrite(str(tmp_path / f"{n}.png"), picture)
    with open_source(tmp_path) as source:
        found = [int(frame[20, 20, 0]) for frame in source]
    assert found == (expected if bits != 8 else [200, 255])
    assert source.notes[0] == f"pictures of {bits} bits are seen with 8"


def test_real_numbers_are_seen_too(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.tif"), np.full((HEIGHT, WIDTH), 0.5, np.float32))
    found, source = read(tmp_path)
    assert found == [127]
    assert "real numbers" in source.notes[0]
