"""Which videos are meant by folders, patterns and names, and what each one is called."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mohart.errors import ConfigError, MissingDataError

SEQUENCE = ("seqinfo.ini", "img1")  # what makes a folder one video


@dataclass(frozen=True)
class Video:
    """One of many.

    Attributes:
        source: path, as `mohart.video.open_source` takes it.
        name: of its folder of results, unique; with `/` where videos of several folders have the
            same names.
    """

    source: str
    name: str


def is_many(source: str) -> bool:
    """Whether one name on the command line stands for several videos."""
    path = Path(source)
    if path.is_dir():
        return not _is_sequence(path) and len(_inside(path)) > 1
    return not path.exists() and _is_pattern(source) and bool(_matching(source))


def find_videos(sources: Sequence[str]) -> list[Video]:
    """All videos, in natural order, each once.

    Args:
        sources: videos, sequences, folders of them, patterns such as `cams/**/*.mp4`.

    Raises:
        MissingDataError: nothing is there.
        ConfigError: it cannot be one of many, such as a camera.
    """
    found: list[Path] = []
    for source in sources:
        found += _expand(source)
    unique = {path.absolute(): path for path in found}
    paths = list(unique.values())
    return [Video(str(path), name) for path, name in zip(paths, _names(paths), strict=True)]


def _expand(source: str) -> list[Path]:
    from mohart.video.series import natural_key

    path = Path(source)
    if path.is_dir():
        videos = [path] if _is_sequence(path) else _inside(path)
        if not videos:
            raise MissingDataError(
                f"{source}: no videos in it; expected video files, folders of images or MOT "
                "sequences; for what is deeper inside take a pattern such as '**/*.mp4'"
            )
        return videos
    if path.exists():
        return [path]
    if source == "-" or source.isdigit() or "://" in source:
        raise ConfigError(f"{source}: cannot be one of many, which are files; track it alone")
    videos = sorted(_matching(source), key=natural_key) if _is_pattern(source) else []
    if not videos:
        raise MissingDataError(f"{source}: no such video, folder or pattern of videos")
    return videos


def _is_sequence(folder: Path) -> bool:
    """One video: frames as images, or a MOT sequence."""
    from mohart.video.opening import COVERS
    from mohart.video.series import IMAGE_SUFFIXES

    if any((folder / name).exists() for name in SEQUENCE):
        return True
    images = (p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
    return any(p.stem.lower() not in COVERS and not p.name.startswith(".") for p in images)


def _inside(folder: Path) -> list[Path]:
    """Videos and sequences in a folder; not those in folders in it."""
    from mohart.video.opening import VIDEO_SUFFIXES
    from mohart.video.series import natural_key

    found = [p for p in folder.iterdir() if not p.name.startswith(".")]
    films = [p for p in found if p.suffix.lower() in VIDEO_SUFFIXES and p.is_file()]
    return sorted([*films, *(p for p in found if p.is_dir() and _is_sequence(p))], key=natural_key)


def _is_pattern(source: str) -> bool:
    return any(sign in source for sign in "*?[")


def _matching(pattern: str) -> list[Path]:
    """Videos and sequences that a pattern names; images are the frames of one."""
    from mohart.video.opening import VIDEO_SUFFIXES

    paths = [Path(name) for name in glob.glob(pattern, recursive=True)]  # noqa: PTH207  # of any root
    films = [p for p in paths if p.suffix.lower() in VIDEO_SUFFIXES and p.is_file()]
    return [*films, *(p for p in paths if p.is_dir() and _is_sequence(p))]


def _names(paths: Sequence[Path]) -> list[str]:
    """Stems where they differ, otherwise paths below the folder that all are in."""
    stems = [_stem(path) for path in paths]
    if len(set(stems)) == len(stems):
        return stems
    whole = [path.absolute() for path in paths]
    above = Path(os.path.commonpath([path.parent for path in whole]))
    names = [(p.parent.relative_to(above) / _stem(p)).as_posix() for p in whole]
    twice = {name for name, count in Counter(names).items() if count > 1}
    return [
        p.relative_to(above).as_posix() if name in twice else name
        for p, name in zip(whole, names, strict=True)
    ]


def _stem(path: Path) -> str:
    return path.resolve().name if path.is_dir() else path.stem
