"""The real videos that `mohart bench` measures on: from a list in the data folder, or the usual."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from mohart.errors import ConfigError, MissingDataError, did_you_mean

LIST_NAME = "bench.yaml"
WORD = re.compile(r"[A-Za-z0-9][\w-]*")


@dataclass(frozen=True, kw_only=True)
class RealSetConfig:
    """A real video with ground truth; paths are relative to the folder of the list.

    Attributes:
        name: of the set, one word.
        source: video file or folder of images.
        gt: ground truth, MOT text.
        window: frames per window, at least 2.
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
    """The list `bench.yaml` of a data folder, or `USUAL_SETS` where the folder has no list.

    Raises:
        MissingDataError: there is no such folder.
        ConfigError: the list is no YAML, or a key, type or value is wrong.
    """
    if not folder.is_dir():
        raise MissingDataError(f"{folder}: no such folder; --real wants the folder of the videos")
    path = folder / LIST_NAME
    if not path.exists():
        return USUAL_SETS
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, list) or not data:
        raise ConfigError(f"{path}: expected a list of sets, each with name, source and gt")
    try:
        found = tuple(_real_set(item) for item in data)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    names = [item.name for item in found]
    if len(set(names)) < len(names):
        raise ConfigError(f"{path}: a name is there twice: {', '.join(names)}")
    return found


def _real_set(data: Any) -> RealSetConfig:
    if not isinstance(data, dict):
        raise ConfigError(f"expected a set with name, source and gt, got '{data}'")
    known = [f.name for f in fields(RealSetConfig)]
    for key in data:
        if key not in known:
            raise ConfigError(f"unknown key '{key}'{did_you_mean(str(key), known)}")
    for key in ("name", "source", "gt"):
        if not isinstance(data.get(key), str):
            raise ConfigError(f"{data.get('name', 'a set')}: expected text for '{key}'")
    if type(data.get("window", 60)) is not int or type(data.get("min_area", 0)) not in (int, float):
        raise ConfigError(
            f"{data['name']}: expected whole frames for window, a number for min_area"
        )
    return RealSetConfig(**data)
