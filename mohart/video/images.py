"""Frames from image files, one by one, and from the pages of one file."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Frame
from mohart.video.camera import quiet_opencv
from mohart.video.shots import LARGEST, TOO_LARGE, Shot

DEEP = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
DEPTHS = (8, 10, 12, 14, 16)  # bits that cameras have
MOST_PAGES = 100_000
BAND = 1 << 20  # values that are converted at a time
UNREADABLE = "cannot be read; objects coast over it"
HUGE = f"{TOO_LARGE}, not decoded; objects coast over it"
CUT = "the file is cut short, the picture may be incomplete"
MISSING = "missing among the numbered images; objects coast over it"


class Depth:
    """Makes pictures of more than 8 bits into bytes, all of a source by the same factor."""

    def __init__(self) -> None:
        self._scale: float | None = None

    def to_bytes(self, picture: NDArray[Any], notes: list[str]) -> Frame:
        """uint8 of any picture; the first one decides how, and `notes` gets what was decided."""
        if picture.dtype == np.uint8:
            return np.asarray(picture, np.uint8)
        largest = float(picture.max(initial=0))
        if self._scale is None:
            if np.issubdtype(picture.dtype, np.integer):
                bits = next((b for b in DEPTHS if 0 < largest < 2**b), 16)
                self._scale = 2.0 ** (8 - bits)
                notes.append(f"pictures of {bits} bits are seen with 8")
            else:
                top = largest if np.isfinite(largest) and largest > 1 else 1.0
                self._scale = 255 / top
                notes.append(f"pictures of real numbers: 0 to {top:g} are seen as 0 to 255")
        found = np.empty(picture.shape, np.uint8)
        rows = max(1, BAND // max(1, picture[:1].size))
        for top in range(0, len(picture), rows):  # at once it would take ten times the memory
            band = picture[top : top + rows] * self._scale
            found[top : top + rows] = np.clip(np.nan_to_num(band), 0, 255)
        return found


class ImageReader:
    """Frames from image files; no image is opened before it is asked for.

    Args:
        paths: of the images in order; None where one is missing.

    A picture of another size than the first one is no frame of the series: it is not decoded.
    """

    def __init__(self, paths: Sequence[Path | None]) -> None:
        self.origin = str(next(path for path in paths if path))
        self.problem: str | None = None
        self.notes: list[str] = []
        self._paths = paths
        self._next = 0
        self._size: tuple[int, int] | None = None
        self._depth = Depth()

    def read(self) -> Shot | None:
        """The next image, without a picture where it cannot be read; None at the end."""
        if self._next >= len(self._paths):
            return None
        path = self._paths[self._next]
        self._next += 1
        if path is None:
            return Shot(None, remark=MISSING, damaged=True)
        size = image_size(path)
        if is_huge(size):
            return Shot(None, remark=HUGE, damaged=self._size is None)
        if size and self._size and sorted(size) != sorted(self._size):
            return Shot(None, remark=other_size(size, self._size))
        image, whole = _decode(path)
        if image is None:
            return Shot(None, remark=UNREADABLE, damaged=True)
        picture = self._depth.to_bytes(image, self.notes)
        self._size = self._size or (picture.shape[1], picture.shape[0])
        return Shot(picture, remark="" if whole else CUT)

    def grab(self) -> Shot | None:
        """Pass over one image without opening it."""
        if self._next >= len(self._paths):
            return None
        self._next += 1
        return Shot(None)

    def close(self) -> None:
        """Nothing is held open between images."""
        self._paths = ()


class StackReader:
    """The pages of one image file, such as a microscope's TIFF.

    Args:
        path: the file.
        pages: how many it has.
    """

    def __init__(self, path: Path, pages: int) -> None:
        self.origin = str(path)
        self.problem: str | None = None
        self.notes: list[str] = []
        self._path, self._pages = path, pages
        self._next = 0
        self._depth = Depth()
        self._sizes = page_sizes(path)

    def read(self) -> Shot | None:
        """The next page."""
        if self._next >= self._pages:
            return None
        if self._next < len(self._sizes) and is_huge(self._sizes[self._next]):
            self._next += 1
            return Shot(None, remark=HUGE, damaged=True)
        try:
            with quiet_opencv():
                found, pages = cv2.imreadmulti(str(self._path), self._next, 1, flags=DEEP)
        except cv2.error:
            found, pages = False, ()
        self._next += 1
        if not found or not pages:
            return Shot(None, remark=UNREADABLE, damaged=True)
        return Shot(self._depth.to_bytes(pages[0], self.notes))

    def grab(self) -> Shot | None:
        """Pass over one page."""
        if self._next >= self._pages:
            return None
        self._next += 1
        return Shot(None)

    def close(self) -> None:
        """Nothing is held open between pages."""
        self._pages = 0


def count_pages(path: Path) -> int:
    """How many pictures a file has, at least 1."""
    try:
        with quiet_opencv():
            return max(1, int(cv2.imcount(str(path))))
    except cv2.error:
        return 1


def image_size(path: Path) -> tuple[int, int] | None:
    """Width and height as an image's header says; None where it cannot be read."""
    from PIL import Image  # only here: OpenCV reads no header without decoding the picture

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                width, height = image.size
                return width, height
    except Image.DecompressionBombError:
        return LARGEST, LARGEST
    except Exception:  # whatever a library makes of a damaged file
        return next(iter(page_sizes(path, 1)), None)  # kinds that Pillow does not know


def page_sizes(path: Path, most: int = MOST_PAGES) -> list[tuple[int, int]]:
    """Width and height of the pages of a TIFF, as far as its directories can be read."""
    from PIL.TiffImagePlugin import IMAGELENGTH, IMAGEWIDTH, ImageFileDirectory_v2

    found = list[tuple[int, int]]()
    try:
        with path.open("rb") as file:
            head = file.read(8)
            if head[2:3] == b"+" or head[3:4] == b"+":  # BigTIFF
                head += file.read(8)
            pages = ImageFileDirectory_v2(head)
            while pages.next and len(found) < most:
                file.seek(pages.next)
                pages.load(file)
                found.append((int(pages[IMAGEWIDTH]), int(pages[IMAGELENGTH])))
    except Exception:  # no TIFF, or a damaged one
        return found
    return found


def is_huge(size: tuple[int, int] | None) -> bool:
    """Whether a picture of this size is not decoded."""
    return size is not None and size[0] * size[1] > LARGEST


def other_size(size: tuple[int, int], usual: tuple[int, int]) -> str:
    """What to say of a frame whose size is not that of the frames before it."""
    return f"{size[0]}x{size[1]} and not {usual[0]}x{usual[1]} like the others; coasted over"


def _decode(path: Path) -> tuple[NDArray[Any] | None, bool]:
    """Any depth, [H, W, 3], None where that cannot be had; and whether the file has its end."""
    try:
        # not cv2.imread: it cannot open names beyond ASCII on every system
        content = path.read_bytes()
    except (OSError, MemoryError):
        return None, True
    data = np.frombuffer(content, np.uint8)
    for flags in (DEEP, cv2.IMREAD_UNCHANGED) if data.size else ():  # the second: real numbers
        try:
            with quiet_opencv():
                picture = cv2.imdecode(data, flags)
        except (cv2.error, MemoryError):
            continue
        if picture is not None:
            return _in_colour(picture), _has_end(content)
    return None, True


def _has_end(content: bytes) -> bool:
    """Whether a JPEG or PNG file goes to its end; OpenCV fills up what is missing."""
    if content[:2] == b"\xff\xd8":  # neither mark can be inside of the data between them
        return content.rfind(b"\xff\xd9") > content.rfind(b"\xff\xda")
    return content[:4] != b"\x89PNG" or content.rfind(b"IEND") >= 0


def _in_colour(picture: NDArray[Any]) -> NDArray[Any]:
    if picture.ndim == 2:
        picture = picture[:, :, None]
    return picture[:, :, :3] if picture.shape[2] >= 3 else np.repeat(picture[:, :, :1], 3, 2)
