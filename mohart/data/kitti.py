"""KITTI tracking folders -> Sequences.

Conventions: `image_02/0000/000000.png, ...` and `label_02/0000.txt`, in the folder itself or in
its `training/` (or `testing/`, which has no labels). The cameras run at 10 frames per second.
"""

from __future__ import annotations

from pathlib import Path

from mohart.data.frames import ImageFrames, NoFrames, consecutive_images, read_image
from mohart.data.sequence import Sequence
from mohart.errors import MissingDataError
from mohart.formats.kitti.tracks import read_kitti
from mohart.structures import Tracks

FRAME_RATE = 10.0
FIRST_IMAGE = 0
LAYOUT = "label_02/0000.txt, ... and image_02/0000/000000.png, ..., here or in training/"


def find_kitti_root(path: Path) -> Path | None:
    """The folder that has `label_02` or `image_02`, None where there is no such folder."""
    for root in (path, path / "training", path / "testing"):
        if (root / "label_02").is_dir() or (root / "image_02").is_dir():
            return root
    return None


def kitti_sequence_names(root: Path) -> list[str]:
    """Names of the sequences that have labels or images."""
    labels = {path.stem for path in (root / "label_02").glob("[!.]*.txt")}
    folders = {path.name for path in (root / "image_02").glob("[!.]*") if path.is_dir()}
    return sorted(labels | folders)


def read_kitti_folder(path: Path) -> list[Sequence]:
    """The sequences of a KITTI tracking folder, all classes.

    Args:
        path: the folder with `label_02` and `image_02`, or the one above `training/`.

    Returns:
        Sequences by name, at least one. Without images, frames raise when asked for; without
        labels the tracks are empty.

    Raises:
        MissingDataError: no such folder, or no sequence in it.
        FormatError: a file is damaged; `mohart data check` lists everything that is wrong.
    """
    root = find_kitti_root(path)
    names = kitti_sequence_names(root) if root else []
    if root is None or not names:
        missing = "" if path.exists() else "; the folder does not exist"
        raise MissingDataError(f"{path}: no KITTI sequences; expected {LAYOUT}{missing}")
    return [read_kitti_sequence(root, name) for name in names]


def read_kitti_sequence(root: Path, name: str) -> Sequence:
    """One sequence; its length is the number of images (from 000000 to the first gap).

    Without images the length ends with the last label, and width and height are 0 (not known:
    KITTI's images differ by a few pixels).

    Raises:
        FormatError: the labels or the first image are damaged.
    """
    labels, images = root / "label_02" / f"{name}.txt", root / "image_02" / name
    tracks = read_kitti(labels) if labels.is_file() else Tracks.empty()
    paths = consecutive_images(images, FIRST_IMAGE)
    if not paths:
        return Sequence(
            name=name,
            length=int(tracks.frame.max()) + 1 if len(tracks) else 0,
            width=0,
            height=0,
            frame_rate=FRAME_RATE,
            tracks=tracks,
            reader=NoFrames(
                f"{images}: image 000000.png or .jpg is missing; download 'left color images of "
                "tracking data set' from the KITTI page and unpack it there"
            ),
        )
    height, width = read_image(paths[0]).shape[:2]
    return Sequence(
        name=name,
        length=len(paths),
        width=width,
        height=height,
        frame_rate=FRAME_RATE,
        tracks=tracks.select(tracks.frame < len(paths)),
        reader=ImageFrames(tuple(paths)),
    )
