"""Which image files of a folder are the frames of one video, and which numbers are missing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from mohart.errors import MissingDataError

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pbm"}
)
# images that lie beside the frames of the same numbers and are none
BESIDE = ("mask", "seg", "segm", "label", "labels", "depth", "alpha", "matte", "flow", "gt")
SHARED = 0.8  # of the numbers; series that share so many are two views of one thing


class Series(NamedTuple):
    """Images in order.

    Attributes:
        paths: one for every frame; None where its image is missing.
        notes: what the user should know, one sentence each.
    """

    paths: list[Path | None]
    notes: list[str]

    @property
    def first(self) -> str:
        """Name of the first image."""
        return next(path.name for path in self.paths if path)


def find_series(folder: Path, *, ignore: Collection[str] = ()) -> Series | None:
    """The images of a folder; None where there are none.

    What is no plain file, and what begins with a dot (as a Mac leaves it), is none.

    Args:
        folder: the folder; it need not exist.
        ignore: stems of names that do not count.

    Raises:
        MissingDataError: there are several series with the same numbers.
    """
    if not folder.is_dir():
        return None
    found = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
    images = [p for p in found if not p.name.startswith(".") and p.stem.lower() not in ignore]
    return _series([p for p in images if p.is_file()], folder, choose=True)


def match_series(pattern: str) -> Series | None:
    """The images that a pattern names, `frames/a_*.png` or `frames/%06d.png`; None without any."""
    path = Path(pattern)
    name = re.sub(r"%0?\d*d", "[0-9]*", path.name)
    if name == path.name and not any(sign in name for sign in "*?["):
        return None
    if not path.parent.is_dir():
        return None
    files = [p for p in path.parent.glob(name) if p.is_file() and not p.name.startswith(".")]
    images = [p for p in files if p.suffix.lower() in IMAGE_SUFFIXES]
    return _series(images, path.parent, choose=False)


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sort key that orders the numbers in names by value: img2 before img10."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def _series(images: Sequence[Path], folder: Path, *, choose: bool) -> Series | None:
    notes: list[str] = []
    if choose:
        images = _one_of_several(images, folder, notes)
    ordered = sorted(images, key=natural_key)
    return Series(_with_gaps(ordered, notes), notes) if ordered else None


def _number(path: Path) -> tuple[str, int] | None:
    """The name around its last number, and that number; None without one."""
    match = re.fullmatch(r"(.*?)(\d+)(\D*)", path.stem)
    if match is None or len(match[2]) > 15:  # longer ones are times
        return None
    suffix = path.suffix.lower().replace("jpeg", "jpg")
    return f"{match[1]}#{match[3]}{suffix}", int(match[2])


def _one_of_several(images: Sequence[Path], folder: Path, notes: list[str]) -> Sequence[Path]:
    """Without masks and the like, whose numbers are those of the frames."""
    groups: dict[str, dict[int, Path]] = defaultdict(dict)
    for path in images:
        number = _number(path)
        if number:
            groups[number[0]][number[1]] = path
    names = sorted(groups, key=lambda name: (len(name), name))
    if len(names) < 2 or len(names) > 20:
        return images
    dropped: set[Path] = set()
    for place, name in enumerate(names):
        for other in names[place + 1 :]:
            shared = len(groups[name].keys() & groups[other].keys())
            if shared < 2 or shared < SHARED * min(len(groups[name]), len(groups[other])):
                continue
            beside = [n for n in (name, other) if BESIDE_WORD.search(n.lower())]
            if len(beside) != 1:
                raise MissingDataError(
                    f"{folder}: holds several series of images with the same numbers ({name} and "
                    f"{other}); name one of them by a pattern such as "
                    f"'{folder}/{name.replace('#', '*')}'"
                )
            if not dropped & set(groups[beside[0]].values()):
                notes.append(f"images named {beside[0]} are taken for masks and not for frames")
            dropped |= set(groups[beside[0]].values())
    return [path for path in images if path not in dropped]


BESIDE_WORD = re.compile(rf"(?<![a-z])(?:{'|'.join(BESIDE)})s?(?![a-z])")


def _with_gaps(ordered: list[Path], notes: list[str]) -> list[Path | None]:
    """The images with None in the place of missing ones, where they are numbered one by one."""
    numbers = [_number(path) for path in ordered]
    same = {found[0] for found in numbers if found}
    if len(ordered) < 3 or None in numbers or len(same) != 1:
        return list(ordered)
    values = [found[1] for found in numbers if found]
    steps = [b - a for a, b in pairwise(values)]
    missing = sum(step - 1 for step in steps)
    if missing <= 0 or min(steps) < 1 or 2 * steps.count(1) < len(steps):
        return list(ordered)
    if missing > len(ordered):
        place = max(range(len(steps)), key=lambda k: steps[k])
        notes.append(
            f"numbers of images are missing between {ordered[place].name} and "
            f"{ordered[place + 1].name}, too many to be lost ones; frames are numbered by position"
        )
        return list(ordered)
    filled: list[Path | None] = [ordered[0]]
    for step, path in zip(steps, ordered[1:], strict=True):
        filled += [None] * (step - 1) + [path]
    return filled
