"""The real videos that `mohart bench` measures on: from a list in the data folder, or the usual."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mohart.config.loader import settings_from
from mohart.config.strict_yaml import read_yaml
from mohart.errors import ConfigError, MissingDataError

LIST_NAME = "bench.yaml"
VIDEO_NAMES = ("video.mp4", "video.avi", "video.mkv", "video.webm", "img1")
FOUND_WINDOW, FOUND_MIN_AREA = 100, 200.0  # of folders that are found without a list
WORD = re.compile(r"[A-Za-z0-9][\w-]*")


@dataclass(frozen=True, kw_only=True)
class RealSetConfig:
    """A real video with ground truth; paths are relative to the folder of the list.

    Attributes:
        name: of the set, one word.
        source: video file or folder of images.
        gt: ground truth, MOT text.
        window: frames per window, at least 2; a shorter video is one window.
        min_area: objects whose box is smaller in a window's first frame are left out, in square
            pixels.
    """

    name: str
    source: str
    gt: str
    window: int = 60
    min_area: float = 0.0

    def __post_init__(self) -> None:
        if not WORD.fullmatch(self.name):
            raise ConfigError(f"name: expected one word, got '{self.name}'")
        if self.window < 2 or self.min_area < 0:
            raise ConfigError(
                f"{self.name}: expected a window of at least 2 frames and a min_area of at least 0"
            )


USUAL_SETS = (
    RealSetConfig(name="pets-60", source="pets09-s2l1/video.avi", gt="pets09-s2l1/gt/gt.txt"),
    RealSetConfig(
        name="pets-150", source="pets09-s2l1/video.avi", gt="pets09-s2l1/gt/gt.txt", window=150
    ),
    RealSetConfig(
        name="highway-60",
        source="cdnet-highway/video.mp4",
        gt="cdnet-highway/gt/gt.txt",
        min_area=200.0,
    ),
)


def load_real_sets(folder: Path) -> tuple[RealSetConfig, ...]:
    """The real videos of a data folder.

    From its list `bench.yaml`; without one `USUAL_SETS`, if one of them is there; otherwise
    every folder in it with a `video.mp4` (or avi, mkv, webm, or images in img1) and a `gt/gt.txt`,
    in windows of 100 frames and objects of at least 200 square pixels.

    Raises:
        MissingDataError: there is no such folder, or nothing of this in it.
        ConfigError: the list is no YAML, or a key, type or value is wrong; a folder's name is not
            one word.
    """
    if not folder.is_dir():
        raise MissingDataError(f"{folder}: no such folder; --real wants the folder of the videos")
    path = folder / LIST_NAME
    if not path.exists():
        usual = any((folder / item.gt).exists() for item in USUAL_SETS)
        return USUAL_SETS if usual else _find_sets(folder)
    data = read_yaml(path)
    if not isinstance(data, list) or not data:
        raise ConfigError(f"{path}: expected a list of sets, each with name, source and gt")
    try:
        found = tuple(
            settings_from(RealSetConfig, item, f"set {n}") for n, item in enumerate(data, 1)
        )
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    names = [item.name for item in found]
    if len(set(names)) < len(names):
        raise ConfigError(f"{path}: a name is there twice: {', '.join(names)}")
    return found


def _find_sets(folder: Path) -> tuple[RealSetConfig, ...]:
    found = []
    for place in sorted(folder.iterdir()):
        video = next((name for name in VIDEO_NAMES if (place / name).exists()), None)
        if video is not None and (place / "gt" / "gt.txt").is_file():
            source, gt = f"{place.name}/{video}", f"{place.name}/gt/gt.txt"
            if not WORD.fullmatch(place.name):
                raise ConfigError(
                    f"{place}: a folder's name becomes the name of its set and must be one word; "
                    f"rename it, or write {LIST_NAME} beside it with a name for each"
                )
            found.append(
                RealSetConfig(
                    name=place.name,
                    source=source,
                    gt=gt,
                    window=FOUND_WINDOW,
                    min_area=FOUND_MIN_AREA,
                )
            )
    if not found:
        raise MissingDataError(
            f"{folder}: no {LIST_NAME} and no folders with video.mp4 and gt/gt.txt in it; "
            "see mohart bench --help"
        )
    return tuple(found)
