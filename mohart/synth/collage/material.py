"""Pictures to put together: objects cut out of photographs, photographs, short pieces of video.

A folder of material holds `cutouts/` (pictures with an alpha channel), `photos/` and, optionally,
`videos/` and `models3d/` (.glb files, also in folders of it). datasets/README.md tells what the
shipped weights were trained with, and its licences.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Random
from mohart.data.frames import IMAGE_SUFFIXES
from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.synth.collage.gltf import Model, read_model

Picture = NDArray[np.uint8]  # [H, W, 3] BGR, or [H, W, 4] with alpha
PIECE = 48  # frames of a piece of video
PIECES = 6  # of every video at most
VIDEO_SUFFIXES = (".mp4", ".avi", ".webm", ".mkv", ".mov", ".gif")
SOLID = 128  # alpha from which a pixel belongs to the object


class Material:
    """A folder of pictures; what was read stays in memory, compressed.

    Args:
        folder: with `cutouts` and `photos`, and `videos` and `models3d` or not.
        exclude: files whose names begin with one of these are left out.

    Raises:
        MissingDataError: there is no such folder, or it lacks one of the two.
        ConfigError: nothing is left in one of the two.
    """

    def __init__(self, folder: Path, exclude: tuple[str, ...] = ()) -> None:
        self.cutouts = _listed(folder, "cutouts", IMAGE_SUFFIXES, exclude)
        self.photos = _listed(folder, "photos", IMAGE_SUFFIXES, exclude)
        self.videos = (
            _listed(folder, "videos", VIDEO_SUFFIXES, exclude)
            if (folder / "videos").is_dir()
            else []
        )
        self.models = sorted(
            path
            for path in (folder / "models3d").rglob("*.glb")
            if not path.name.startswith((".", *exclude))
        )

    def cutout(self, rng: Random) -> Picture:
        """[h, w, 4] uint8 BGRA, as it is in its file, at least 8 pixels on both sides.

        Raises:
            FormatError: the picture is damaged, or no picture of the first ten has such a size.
        """
        for _ in range(10):
            picture = _read_cutout(self.cutouts[int(rng.integers(len(self.cutouts)))])
            if min(picture.shape[:2]) >= 8 and (picture[..., 3] >= SOLID).sum() >= 48:
                return picture
        raise FormatError(f"{self.cutouts[0].parent}: no cut-out of ten has 8 solid pixels a side")

    def model(self, rng: Random) -> Model:
        """One of `models`, which is not empty.

        Raises:
            FormatError: the file is damaged.
        """
        return _read_model(self.models[int(rng.integers(len(self.models)))])

    def photo(self, rng: Random) -> Picture:
        """[h, w, 3] uint8 BGR, as it is in its file.

        Raises:
            FormatError: the picture is damaged.
        """
        return _read_photo(self.photos[int(rng.integers(len(self.photos)))])

    def video(self, rng: Random) -> list[Picture]:
        """Up to `PIECE` frames [h, w, 3] uint8 BGR that follow each other.

        Raises:
            FormatError: the video cannot be read.
        """
        pieces = _read_video(self.videos[int(rng.integers(len(self.videos)))])
        piece = pieces[int(rng.integers(len(pieces)))]
        return [np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8) for data in piece]


def _listed(
    folder: Path, kind: str, suffixes: tuple[str, ...], exclude: tuple[str, ...]
) -> list[Path]:
    place = folder / kind
    if not place.is_dir():
        raise MissingDataError(
            f"material: {place} is not a folder; expected cutouts/ (pictures with alpha), "
            "photos/ and perhaps videos/ in it (datasets/README.md)"
        )
    found = sorted(
        path
        for path in place.iterdir()
        if path.suffix.lower() in suffixes and not path.name.startswith((".", *exclude))
    )
    if not found:
        raise ConfigError(f"material: {place} holds nothing that can be read")
    return found


@lru_cache(maxsize=4096)
def _read_cutout(path: Path) -> Picture:
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3 or picture.shape[2] != 4 or picture.dtype != np.uint8:
        raise FormatError(f"{path}: expected a picture with an alpha channel, 8 bits each")
    picture = np.asarray(picture, np.uint8)
    picture.flags.writeable = False
    return picture


@lru_cache(maxsize=128)
def _read_model(path: Path) -> Model:
    return read_model(path)


@lru_cache(maxsize=1024)
def _read_photo(path: Path) -> Picture:
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise FormatError(f"{path}: not a picture that can be read")
    longest = max(picture.shape[:2])
    if longest > 800:
        scale = 800 / longest
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    result = np.asarray(picture, np.uint8)
    result.flags.writeable = False
    return result


@lru_cache(maxsize=256)
def _read_video(path: Path) -> list[list[NDArray[np.uint8]]]:
    """Pieces of frames, JPEG each, 300 rows high at most; spread evenly over the video."""
    video = cv2.VideoCapture(str(path))
    total = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    count = max(1, min(PIECES, total // PIECE))
    gap = max(PIECE, total // count)
    pieces: list[list[NDArray[np.uint8]]] = []
    number = 0
    while number < gap * count and video.grab():
        place = number % gap
        number += 1
        if place >= PIECE:
            if len(pieces) == count:
                break  # the rest of the video is in none
            continue
        more, frame = video.retrieve()
        if not more:
            break
        scale = 300 / frame.shape[0]
        if scale < 1:
            frame = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        if place == 0:
            pieces.append([])
        pieces[-1].append(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 92])[1])
    video.release()
    pieces = [piece for piece in pieces if len(piece) >= 8]
    if not pieces:
        raise FormatError(f"{path}: not a video of 8 frames or more that can be read")
    return pieces
