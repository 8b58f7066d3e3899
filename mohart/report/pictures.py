"""Pictures of a page, small: frames of the video, and strips of thumbnails around errors.

One pass over the video takes all of them; nothing but small pictures is held.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from mohart.aliases import Progress
from mohart.files import write_bytes
from mohart.metrics.labels import Labels
from mohart.report.encoder import Encoder
from mohart.report.strips import Thumbnails
from mohart.report.truth import ErrorRow
from mohart.structures import Tracks
from mohart.video import FrameSource

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """How much room pictures may take.

    Attributes:
        film_pictures: frames of the video, at most.
        film_width: pixels, at most.
        film_bytes: of all of them.
        strips: errors with thumbnails, at most.
        strip_bytes: of all of them.
    """

    film_pictures: int
    film_width: int
    film_bytes: int
    strips: int
    strip_bytes: int

    @classmethod
    def embedded(cls, videos: int = 1) -> Limits:
        """For a page of about ten megabytes, however many videos are on it."""
        room = 4 * MEGABYTE // videos  # base64 makes them a third larger
        return cls(max(320 // videos, 16), 480 if videos < 4 else 360, room, 2000 // videos, room)


LINKED = Limits(1500, 960, 120 * MEGABYTE, 10_000, 120 * MEGABYTE)


class Shelf:
    """Where pictures go: into the page, or into a folder beside it.

    Args:
        folder: to write into; None embeds.
        address: of that folder, as the page says it.
        limits: how much may be put here per video.
    """

    def __init__(
        self, folder: Path | None = None, address: str = "", *, limits: Limits | None = None
    ) -> None:
        self._folder, self._address = folder, address
        self.limits = limits or (LINKED if folder else Limits.embedded())

    def put(self, name: str, data: bytes) -> str:
        """Keep a picture; the answer is what stands in `src`.

        Raises:
            OutputError: it cannot be written.
        """
        if self._folder is None:
            return f"data:image/webp;base64,{base64.b64encode(data).decode('ascii')}"
        write_bytes(self._folder / name, data)
        return f"{self._address}/{name}"


@dataclass(frozen=True)
class Strip:
    """Thumbnails of an error.

    Attributes:
        frames: zero-based, one per thumbnail.
        src: of the picture, thumbnails side by side.
    """

    frames: tuple[int, ...]
    src: str


@dataclass
class Pictures:
    """What one pass over a video has taken.

    Attributes:
        frames: number of frames that the video has.
        film: zero-based frame -> `src`.
        film_size: width and height of these pictures.
        strips: index of the error -> its thumbnails.
    """

    frames: int = 0
    film: dict[int, str] = field(default_factory=dict)
    film_size: tuple[int, int] = (0, 0)
    strips: dict[int, Strip] = field(default_factory=dict)


def film_frames(length: int, most: int) -> range:
    """Which frames become pictures: every one, every second one, ...

    >>> film_frames(10, 4)
    range(0, 10, 3)
    """
    return range(0, length, max(1, math.ceil(length / most)))


def take_pictures(
    source: FrameSource,
    length: int,
    shelf: Shelf,
    tracks: Tracks | Labels,
    *,
    truth: Labels | None = None,
    errors: Sequence[ErrorRow] = (),
    name: str = "",
    progress: Progress | None = None,
) -> Pictures:
    """One pass over a video.

    Args:
        source: not read yet.
        length: frames that are expected.
        shelf: where the pictures go.
        tracks: of the result, drawn on thumbnails.
        truth: drawn on thumbnails.
        errors: to be shown.
        name: put before the names of linked files.
        progress: called with frames done and in all.
    """
    limits, found = shelf.limits, Pictures()
    film = film_frames(length, limits.film_pictures)
    scale = min(1.0, limits.film_width / source.width)
    found.film_size = (max(1, round(source.width * scale)), max(1, round(source.height * scale)))
    shown = list(errors[: limits.strips])
    strips = Thumbnails(shown, length, tracks, truth, Encoder(limits.strip_bytes, len(shown)))
    encoder = Encoder(limits.film_bytes, len(film))
    while True:
        frame_number = source.frames_read
        wanted = frame_number in film or frame_number in strips.wanted
        frame = source.read() if wanted else None
        if frame is None and (wanted or not source.skip(1)):
            break
        if frame is not None:
            if frame_number in film:
                small = cv2.resize(frame, found.film_size, interpolation=cv2.INTER_AREA)
                data = encoder.encode(np.asarray(small, np.uint8))
                called = f"{name}film-{frame_number + 1:06d}.webp"
                found.film[frame_number] = shelf.put(called, data)
            for index, frames, data in strips.look(frame_number, frame):
                src = shelf.put(f"{name}error-{index + 1:05d}.webp", data)
                found.strips[index] = Strip(frames, src)
        if progress:
            progress(source.frames_read, max(length, source.frames_read))
    found.frames = source.frames_read
    for index, frames, data in strips.rest():
        found.strips[index] = Strip(frames, shelf.put(f"{name}error-{index + 1:05d}.webp", data))
    return found
