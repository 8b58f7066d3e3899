"""Where the frames of a sequence on disk come from: numbered images, a video file, or nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from mohart.aliases import Frame
from mohart.errors import FormatError, MissingDataError
from mohart.video import open_source

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
DIGITS = "[0-9]{1,30}"  # nanoseconds since 1970 have 19
VIDEO_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov", ".webm")


@dataclass(frozen=True)
class ImageFrames:
    """Reads frame t from the t-th image file.

    Attributes:
        paths: one file per frame.
    """

    paths: Sequence[Path]

    def __call__(self, start: int, stop: int) -> Iterator[Frame]:
        """Frames `start <= t < stop`."""
        return (read_image(path) for path in self.paths[start:stop])


@dataclass(frozen=True)
class VideoFrames:
    """Reads a video file from its beginning, because seeking in video is not exact.

    Attributes:
        path: the video.
        width: pixels; a column that an encoder appended to make the width even is cut off.
        height: pixels; a row likewise.
    """

    path: Path
    width: int
    height: int

    def __call__(self, start: int, stop: int) -> Iterator[Frame]:
        """Frames `start <= t < stop`."""
        with open_source(self.path) as source:
            source.skip(start)
            for frame in islice(source, stop - start):
                padded = frame.shape[0] - self.height, frame.shape[1] - self.width
                fits = all(0 <= pixels <= 1 for pixels in padded)
                yield frame[: self.height, : self.width] if fits else frame


@dataclass(frozen=True)
class NoFrames:
    """Stands where the labels are there but the images are not.

    Attributes:
        reason: the message, what is missing and where it was expected.
    """

    reason: str

    def __call__(self, start: int, stop: int) -> Iterator[Frame]:
        """Raises MissingDataError."""
        raise MissingDataError(self.reason)


def read_image(path: Path) -> Frame:
    """An image file as uint8 BGR [H, W, 3].

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is not an image that OpenCV can decode.
    """
    try:
        # not cv2.imread: it cannot open names beyond ASCII on every system
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise MissingDataError(f"{path}: the image cannot be read ({error.strerror})") from error
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise FormatError(f"{path}: not an image that can be decoded; copy or download it again")
    return np.asarray(image, np.uint8)


def numbered_images(folder: Path) -> tuple[dict[int, Path], list[Path]]:
    """Image files by their number, and those whose name is no number (or a number twice)."""
    numbered: dict[int, Path] = {}
    odd: list[Path] = []
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.suffix.lower() not in IMAGE_SUFFIXES:
                continue
            number = int(path.stem) if re.fullmatch(DIGITS, path.stem) else None
            if number is None or number in numbered:
                odd.append(path)
            else:
                numbered[number] = path
    return numbered, odd


def missing_numbers(numbered: Mapping[int, Path], first: int, most: int) -> list[int]:
    """The first numbers from `first` on that no image has, up to the last one; at most so many."""
    found: list[int] = []
    expected = first
    for number in sorted(numbered):
        found += range(expected, min(number, expected + most - len(found)))
        if len(found) >= most:
            break
        expected = max(expected, number + 1)
    return found


def consecutive_images(folder: Path, first: int) -> list[Path]:
    """The images numbered first, first + 1, ... up to the first gap."""
    numbered, _ = numbered_images(folder)
    paths: list[Path] = []
    while first + len(paths) in numbered:
        paths.append(numbered[first + len(paths)])
    return paths
