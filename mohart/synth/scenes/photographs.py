"""Photographs as textures: crops of the user's own pictures where otherwise noise is drawn.

A folder is listed once, by name; pictures are decoded when they are first needed. The last `KEPT`
of a process stay in memory, scaled down to `LONGEST` pixels: at most 120 MB, the only state here.
Pictures that are not larger than that load fastest.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.data.frames import IMAGE_SUFFIXES, read_image
from mohart.errors import ConfigError, MissingDataError

PLACES = 0.7  # share of the backgrounds that are a photograph as it is
SURFACES = 0.45  # share of the plain surfaces; patterned ones counted in, about a third of all
LONGEST = 1280  # pixels of the longer side in memory
KEPT = 24  # pictures in memory
FINEST = 1.0  # picture pixels per drawn pixel: enlarged only where the picture is too small


class Photographs:
    """The pictures of a folder and of the folders in it; cheap to send to another process.

    Args:
        folder: holds .jpg, .jpeg, .png, .bmp or .webp files; hidden ones are passed over.

    Raises:
        MissingDataError: there is no such folder.
        ConfigError: there is no picture in it.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise MissingDataError(
                f"photographs: {folder} is not a folder; name one that holds pictures"
            )
        files = (path.relative_to(folder) for path in folder.rglob("*"))
        self._folder = folder
        self._names = sorted(
            path.as_posix()
            for path in files
            if path.suffix.lower() in IMAGE_SUFFIXES
            and not any(part.startswith(".") for part in path.parts)
        )
        if not self._names:
            raise ConfigError(
                f"photographs: {folder} holds no picture that can be read "
                f"({', '.join(IMAGE_SUFFIXES)})"
            )

    def __len__(self) -> int:
        return len(self._names)

    def digest(self) -> str:
        """SHA-256 of what is drawn from: the names in order, and the files' content."""
        total = hashlib.sha256()
        for name in self._names:
            content = hashlib.sha256((self._folder / name).read_bytes()).hexdigest()
            total.update(f"{name}\n{content}\n".encode())
        return total.hexdigest()

    def crop(self, rng: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
        """A piece of a picture at a random scale, perhaps mirrored.

        Args:
            rng: chooses.
            height: of the result, pixels.
            width: of the result, pixels.

        Returns:
            [height, width, 3] BGR in 0..255.

        Raises:
            MissingDataError: the picture is gone.
            FormatError: the picture is damaged; names it.
        """
        picture = _decoded(self._folder / self._names[int(rng.integers(len(self)))])
        rows, columns = picture.shape[:2]
        coarsest = min(rows / height, columns / width)
        scale = float(np.exp(rng.uniform(np.log(min(FINEST, coarsest)), np.log(coarsest))))
        tall, wide = (max(1, int(side * scale)) for side in (height, width))
        top, left = int(rng.integers(rows - tall + 1)), int(rng.integers(columns - wide + 1))
        cut = picture[top : top + tall, left : left + wide]
        if rng.random() < 0.5:
            cut = cut[:, ::-1]
        mode = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
        resized = cv2.resize(np.ascontiguousarray(cut), (width, height), interpolation=mode)
        return np.asarray(resized, np.float32)

    def surface(
        self,
        rng: np.random.Generator,
        height: int,
        width: int,
        *,
        contrast: float = 1.0,
        saturation: float = 1.0,
    ) -> NDArray[np.float32]:
        """A crop whose colours were changed, so that a few pictures clothe many objects.

        Args:
            rng: chooses.
            height: of the result, pixels.
            width: of the result, pixels.
            contrast: of the detail, relative to the picture's.
            saturation: largest, relative to the picture's.

        Returns:
            [height, width, 3] BGR in 0..255.

        Raises:
            MissingDataError: the picture is gone.
            FormatError: the picture is damaged; names it.
        """
        image = self.crop(rng, height, width)
        image = np.ascontiguousarray(image[..., rng.permutation(3)])  # another hue
        grey = image.mean(-1, keepdims=True)
        image = grey + (image - grey) * np.float32(saturation * rng.uniform(0.3, 1))
        mean = image.mean((0, 1))
        gain = np.exp(rng.normal(0, 0.4) + rng.normal(0, 0.12, 3)).astype(np.float32)
        result: NDArray[np.float32] = np.clip(
            (mean + (image - mean) * np.float32(contrast)) * gain, 0, 255
        )
        return result


@lru_cache(maxsize=KEPT)
def _decoded(path: Path) -> NDArray[np.uint8]:
    """[H, W, 3] uint8 BGR, scaled down to `LONGEST`; read once while it is kept."""
    image = read_image(path)
    shrink = LONGEST / max(image.shape[:2])
    if shrink < 1:
        size = [max(1, round(side * shrink)) for side in image.shape[1::-1]]
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    image.flags.writeable = False
    return image
