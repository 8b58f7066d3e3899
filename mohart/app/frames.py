"""Exact frames by number, as JPEG.

OpenCV cannot seek to an exact frame (opencv/opencv issue 9053). So what it gives after a seek is
compared with the checksums of the one pass from front to back (see `check`): it counts as frame k
only if its pixels are frame k's, to the last bit. Where seeking fails, the video is read from its
beginning; it may be slow, never wrong.
"""

from __future__ import annotations

import io
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Frame
from mohart.app.check import INDEX, checksum
from mohart.app.places import RefusalError, plain_path
from mohart.errors import MohartError
from mohart.video import FrameSource, open_source
from mohart.video.camera import quiet_opencv

NEAR = 48  # frames that are read on rather than sought
BACK = (0, 10, 60)  # how far before the wanted frame a seek aims
BEYOND = 24  # frames read after a seek before it counts as failed
CHUNK = 8  # frames that are made ready together
QUALITY = 90  # of the JPEG, 0 to 100
CACHE_BYTES = 256 << 20  # of one video's JPEGs on disk


class FrameReader:
    """Frames of one video in any order.

    Args:
        path: a video file, or a folder of images.
        sums: [N] uint32, checksums of all frames in order.
    """

    def __init__(self, path: Path, sums: NDArray[np.uint32]) -> None:
        self.path, self.sums = path, sums
        self._capture: cv2.VideoCapture | None = None
        self._source: FrameSource | None = None
        self._next = 0  # number of the frame that comes next, as far as one can know

    def read(self, number: int) -> Frame:
        """Frame `number` of 0 to N - 1, uint8 BGR [H, W, 3].

        Raises:
            RefusalError: the video is not what was checked any more.
        """
        if self.path.is_file():
            for frame in self._sought(number):
                if checksum(frame) == self.sums[number]:
                    self._next = number + 1
                    return frame
        return self._counted(number)

    def close(self) -> None:
        """Release the files."""
        if self._capture is not None:
            self._capture.release()
        if self._source is not None:
            self._source.close()
        self._capture = self._source = None

    def _sought(self, number: int) -> Iterator[Frame]:
        """Frames that may be the wanted one, the likeliest first."""
        if self._capture is None:
            with quiet_opencv():
                self._capture = cv2.VideoCapture(str(self.path))
            self._next = 0
        capture = self._capture
        if self._next <= number <= self._next + NEAR:
            while self._next < number and capture.grab():
                self._next += 1
            yield from _some(capture, 1)
        for back in BACK:
            capture.set(cv2.CAP_PROP_POS_FRAMES, max(number - back, 0))
            yield from _some(capture, back + BEYOND)

    def _counted(self, number: int) -> Frame:
        """The wanted frame by counting from the beginning, as a tracker does."""
        if self._source is None or self._source.frames_read > number:
            if self._source is not None:
                self._source.close()
            self._source = open_source(self.path)
        self._source.skip(number - self._source.frames_read)
        frame = self._source.read()
        if frame is None or checksum(frame) != self.sums[number]:
            raise RefusalError(
                410,
                f"frame {number + 1} is not what it was when the video was checked; "
                f"remove the video from the list and add it again",
            )
        return frame


def _some(capture: cv2.VideoCapture, count: int) -> Iterator[Frame]:
    for _ in range(count):
        try:
            ok, frame = capture.read()
        except cv2.error:
            return
        if not ok or frame is None:
            return
        yield np.asarray(frame, np.uint8)


class FrameStore:
    """JPEGs of one video's frames, kept on disk up to a size; threads take turns to decode.

    Args:
        folder: with `index.npz`; `cache/` is made in it.
        path: of the video.
        limit: bytes of the cache.
    """

    def __init__(self, folder: Path, path: Path, limit: int = CACHE_BYTES) -> None:
        try:
            with np.load(io.BytesIO((folder / INDEX).read_bytes())) as index:
                sums, self.times = index["sums"], index["times"]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise RefusalError(
                410, "the index of this video is damaged; remove it and add it again"
            ) from error
        self.limit = limit
        self._reader = FrameReader(path, sums)
        self._folder = plain_path(folder, "cache")
        self._folder.mkdir(exist_ok=True)
        kept = sorted(self._folder.glob("[0-9]*.jpg"))
        self._sizes = OrderedDict((int(file.stem), file.stat().st_size) for file in kept)
        self._bytes = sum(self._sizes.values())
        self._lock = threading.Lock()

    def jpeg(self, number: int) -> bytes:
        """Frame `number`, from 0, as a JPEG file.

        Raises:
            RefusalError: there is no such frame, or the video is not what was checked any more.
        """
        if not 0 <= number < len(self.times):
            raise RefusalError(404, f"there is no frame {number + 1} of {len(self.times)}")
        if ready := self._ready(number):  # it need not wait for others
            return ready
        with self._lock:
            start = number // CHUNK * CHUNK
            picture = b""
            for place in range(start, min(start + CHUNK, len(self.times))):
                if place == number:
                    picture = self._ready(place) or self._keep(place)
                elif place not in self._sizes:
                    with suppress(MohartError):  # that one is not asked for
                        self._keep(place)
            return picture

    def close(self) -> None:
        """Release the video; what is on disk stays."""
        with self._lock:
            self._reader.close()

    def _ready(self, number: int) -> bytes:
        """What is kept on disk; empty where nothing is."""
        if number in self._sizes:
            with suppress(OSError):
                return self._file(number).read_bytes()
        return b""

    def _file(self, number: int) -> Path:
        return plain_path(self._folder, f"{number:08d}.jpg")

    def _keep(self, number: int) -> bytes:
        frame = self._reader.read(number)
        _, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        picture = data.tobytes()
        part = plain_path(self._folder, "part")
        part.write_bytes(picture)  # no fsync: it can be made again
        part.replace(self._file(number))
        self._bytes += len(picture) - self._sizes.pop(number, 0)
        self._sizes[number] = len(picture)
        while self._bytes > self.limit and len(self._sizes) > CHUNK:
            oldest, size = self._sizes.popitem(last=False)
            self._bytes -= size
            self._file(oldest).unlink(missing_ok=True)
        return picture
