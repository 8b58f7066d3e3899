from pathlib import Path

import cv2
import numpy as np
import pytest

from mohart.data.frames import (
    ImageFrames,
    NoFrames,
    VideoFrames,
    consecutive_images,
    missing_numbers,
    numbered_images,
    read_image,
)
from mohart.errors import FormatError, MissingDataError
from mohart.video import VideoWriter


def save(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for level, name in enumerate(names):
        _, data = cv2.imencode(".png", np.full((4, 6, 3), level, np.uint8))
        (folder / name).write_bytes(data.tobytes())


def test_images_by_number(tmp_path: Path) -> None:
    save(tmp_path, "000002.png", "1.PNG", "000004.png", "02.png", "x.png", "3.txt", ".5.png")
    numbered, odd = numbered_images(tmp_path)
    assert {n: p.name for n, p in numbered.items()} == {
        1: "1.PNG",
        2: "000002.png",
        4: "000004.png",
    }
    assert [p.name for p in odd] == ["02.png", "x.png"]
    assert [p.name for p in consecutive_images(tmp_path, 1)] == ["1.PNG", "000002.png"]
    assert consecutive_images(tmp_path, 0) == []
    assert numbered_images(tmp_path / "none") == ({}, [])


def test_image_reader(tmp_path: Path) -> None:
    folder = tmp_path / "Straße"  # cv2.imread cannot open such names everywhere
    save(folder, "1.png", "2.png", "3.png")
    frames = list(ImageFrames(tuple(consecutive_images(folder, 1)))(1, 3))
    assert [int(f[0, 0, 0]) for f in frames] == [1, 2]
    assert frames[0].shape == (4, 6, 3)


def test_video_reader_starts_anywhere_and_cuts_padding(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    with VideoWriter(path, 31, 17, 10) as writer:
        for t in range(6):
            writer.write(np.full((17, 31, 3), 40 * t, np.uint8))
    read = VideoFrames(path, 31, 17)
    levels = [int(f.mean() / 40 + 0.5) for f in read(2, 5)]
    assert levels == [2, 3, 4]
    assert next(read(0, 1)).shape == (17, 31, 3)
    assert next(VideoFrames(path, 99, 17)(0, 1)).shape == (18, 32, 3)  # wrong size: as it is


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"1\.png: the image cannot be read"):
        read_image(tmp_path / "1.png")
    (tmp_path / "1.png").write_bytes(b"")
    with pytest.raises(FormatError, match=r"1\.png: not an image"):
        read_image(tmp_path / "1.png")
    with pytest.raises(MissingDataError, match="not here"):
        NoFrames("not here")(0, 1)


def test_numbers_that_are_missing_are_found_without_counting_to_them() -> None:
    stamps = {1698765432000000000 + k * 33333333: Path() for k in range(30)}
    first = min(stamps)
    assert missing_numbers(stamps, first, 3) == [first + 1, first + 2, first + 3]
    assert missing_numbers(stamps, 1, 2) == [1, 2]
    some = dict.fromkeys([2, 3, 6, 9], Path())
    assert missing_numbers(some, 1, 9) == [1, 4, 5, 7, 8]
    assert missing_numbers(some, 2, 3) == [4, 5, 7]
    assert missing_numbers(some, 5, 9) == [5, 7, 8]
    assert missing_numbers({}, 1, 3) == []


def test_a_number_of_thousands_of_digits_is_none(tmp_path: Path) -> None:
    save(tmp_path, "1" * 200 + ".png", "000001.png")
    numbered, odd = numbered_images(tmp_path)
    assert (list(numbered), len(odd)) == ([1], 1)
