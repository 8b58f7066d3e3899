"""Frames in: a video file, a folder of images, a MOT sequence folder or a camera, one interface.

Conventions: frames are uint8 BGR [H, W, 3] and are counted from zero in the order they are read.
Reading is strictly sequential: OpenCV cannot seek to an exact frame (opencv/opencv issue 9053), so
frames that are not wanted are skipped by grabbing them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import cv2

from mohart.aliases import Frame
from mohart.errors import FormatError, MissingDataError
from mohart.formats.mot.seqinfo import FrameEntries, read_frame_entries
from mohart.video.readers import CaptureReader, ImageReader, Reader, quiet_opencv

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pbm"}
)
VIDEO_SUFFIXES = frozenset(
    {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".ts", ".flv"}
)
ASSUMED_FRAME_RATE = 30.0


class FrameSource:
    """Frames from anywhere, read once from front to back; use it as a context manager.

    Iterating yields the frames that have not been read or skipped yet. When iteration ends, look
    at `problem`.

    Attributes:
        name: short name of the source: file stem, folder name or `camera0`.
        width: pixels of every frame.
        height: pixels of every frame.
        frame_rate: frames per second; 30.0 where nobody knows.
        frame_rate_known: whether `frame_rate` comes from the source.
        length: number of frames that the source claims to have, None for a camera; containers
            estimate it, so it can be wrong.
        frames_read: frames read or skipped so far, which is also the zero-based number of the next
            frame.
        timestamp: seconds of the last frame that was read, counted from the first one of the
            source: as the container says, also at a varying rate; by frame number and rate where
            it does not; None where nobody knows.
        problem: a sentence that says why iteration ended early (the video breaks off, an image
            cannot be read, the frame size changes); None while all is well.
    """

    def __init__(
        self, name: str, reader: Reader, *, length: int | None, frame_rate: float | None
    ) -> None:
        self.name = name
        self.length = length
        self.frame_rate_known = frame_rate is not None
        self.frame_rate = ASSUMED_FRAME_RATE if frame_rate is None else frame_rate
        self.frames_read = 0
        self.timestamp: float | None = None
        self.problem: str | None = None
        self._reader = reader
        self._ended = False
        self._start: float | None = None
        self._clock: float | None = None
        self._first = reader.read()  # the only sure proof that there are frames, and of their size
        if self._first is None:
            reader.close()
            raise FormatError(
                f"{reader.origin}: no frame can be read; the file may be empty, damaged or in a "
                f"format this OpenCV cannot decode; does it play elsewhere?"
            )
        self.height, self.width = self._first.shape[:2]

    def __enter__(self) -> FrameSource:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        while (frame := self.read()) is not None:
            yield frame

    def read(self) -> Frame | None:
        """The next frame, uint8 BGR [H, W, 3], or None at the end (see `problem`)."""
        if self._ended:
            return None
        frame = self._next() if self._first is None else self._first
        self._first = None
        if frame is not None:
            self._tick()
        return frame

    def skip(self, count: int) -> int:
        """Pass over frames without decoding them where the format allows; returns how many."""
        skipped = 0
        while skipped < count and not self._ended:
            if self._first is not None:
                self._first = None
            elif not self._reader.grab():
                self._end(None)
                break
            self._tick()
            skipped += 1
        return skipped

    def close(self) -> None:
        """Release the file or camera; reading afterwards yields nothing."""
        self._ended, self._first = True, None
        self._reader.close()

    def _tick(self) -> None:
        """Count a frame and tell its time, which always goes on."""
        self.frames_read += 1
        said = self._reader.seconds
        if said is None:  # images: evenly spaced where the rate is known
            known = self.frame_rate_known
            self.timestamp = (self.frames_read - 1) / self.frame_rate if known else None
            return
        self._start = said if self._start is None else self._start
        now = said - self._start
        if self._clock is not None and not (math.isfinite(now) and now > self._clock):
            now = self._clock + 1 / self.frame_rate  # some containers lose count
        self.timestamp = self._clock = now if math.isfinite(now) else 0.0

    def _next(self) -> Frame | None:
        frame = self._reader.read()
        if frame is None:
            self._end(None)
        elif frame.shape[:2] != (self.height, self.width):
            height, width = frame.shape[:2]
            self._end(
                f"frame {self.frames_read + 1} is {width}x{height} and not "
                f"{self.width}x{self.height} like the frames before it"
            )
            frame = None
        return frame

    def _end(self, problem: str | None) -> None:
        self._ended = True
        self.problem = problem or self._reader.problem
        # A container's claim is an estimate from duration and rate: up to 3 frames or 2 %
        # fewer (whichever is more) is not worth a warning.
        missing = (self.length or 0) - self.frames_read
        if self.problem is None and missing > max(3, 0.02 * (self.length or 0)):
            self.problem = f"the video breaks off after {self.frames_read} of {self.length} frames"


def open_source(source: str | Path) -> FrameSource:
    """Open a video file, a folder of images, a MOT sequence folder or a camera.

    Args:
        source: a path, or a camera index such as `"0"` (unless a file of that name exists). A
            folder is read as a MOT sequence when it has `seqinfo.ini` or `img1/`, else as the
            images in it in natural order (img2 before img10), else as the one video in it.

    Returns:
        The source, positioned before its first frame; close it, or use it in a `with`.

    Raises:
        MissingDataError: nothing is there, or the folder holds neither images nor a video.
        FormatError: it is there, but no frame can be read, or `seqinfo.ini` is damaged.
    """
    path = Path(source)
    if path.is_dir():
        return _open_folder(path)
    if path.is_file():
        return _open_video(path)
    if str(source).isdigit():
        return _open_camera(int(str(source)))
    raise MissingDataError(
        f"{source}: no such file or folder; expected a video file, a folder of images, a MOT "
        f"sequence folder or a camera index such as 0"
    )


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sort key that orders the numbers in names by value: img2 before img10."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def _open_video(path: Path, info: FrameEntries | None = None) -> FrameSource:
    with quiet_opencv():
        capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        size = path.stat().st_size
        what = "the file is empty" if size == 0 else "not a video that OpenCV can open"
        raise FormatError(
            f"{path}: {what}; it may be damaged or cut short (an mp4 without its index); does it "
            f"play elsewhere?"
        )
    rate = info.frame_rate if info and info.frame_rate else _sane(capture.get(cv2.CAP_PROP_FPS))
    claimed = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    name = path.parent.name if info else path.stem
    return FrameSource(
        name,
        CaptureReader(capture, str(path)),
        length=claimed if claimed > 0 else None,
        frame_rate=rate,
    )


def _open_camera(index: int) -> FrameSource:
    with quiet_opencv():
        capture = cv2.VideoCapture(index)
    if not capture.isOpened():
        raise MissingDataError(
            f"camera {index}: cannot be opened; is it plugged in, free and allowed for this user? "
            f"(a file or folder named '{index}' does not exist either)"
        )
    rate = _sane(capture.get(cv2.CAP_PROP_FPS))
    reader = CaptureReader(capture, f"camera {index}", live=True)
    return FrameSource(f"camera{index}", reader, length=None, frame_rate=rate)


def _open_folder(folder: Path) -> FrameSource:
    name = folder.resolve().name
    info = read_frame_entries(folder / "seqinfo.ini")
    image_folder = folder / (info.image_dir if info else "img1")
    images = _images(image_folder) or _images(folder)
    if images:
        reader = ImageReader(images)
        rate = info.frame_rate if info else None
        return FrameSource(name, reader, length=len(images), frame_rate=rate)
    videos = sorted(p for p in folder.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES)
    if len(videos) == 1:
        return _open_video(videos[0], info or FrameEntries())
    if videos:
        listed = ", ".join(p.name for p in videos[:5])
        raise MissingDataError(f"{folder}: holds {len(videos)} videos ({listed}); name one of them")
    raise MissingDataError(
        f"{folder}: no images and no video in it; expected image files (jpg, png, bmp, ...), "
        f"img1/ with images, or one video file"
    )


def _images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = (p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
    return sorted((p for p in found if not p.name.startswith(".")), key=natural_key)


def _sane(frame_rate: float) -> float | None:
    """The rate, or None where a container or driver answers nonsense (0, NaN, 90000)."""
    return frame_rate if 0.01 <= frame_rate <= 1000 else None
