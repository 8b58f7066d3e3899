"""TRACKS -> what is shown of a tracking result, from any format that the product reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.data.annotation_files import find_sources, read_source
from mohart.errors import ConfigError, FormatError, MissingDataError, did_you_mean
from mohart.formats.annotation import Annotation
from mohart.formats.keyframes import read_keyframes
from mohart.formats.text import read_text
from mohart.keyframes import Keyframes
from mohart.structures import ACTIVE, LOST, PREDICTED, Tracks

TABLE, TEXT, RUN, KEYFRAMES = "tracks.csv", "tracks.txt", "run.json", "keyframes.csv"
STATES = (ACTIVE, PREDICTED, LOST)
UNKNOWN = "tracked"  # the file does not say whether an object was seen or predicted


@dataclass(frozen=True, kw_only=True)
class Result:
    """A tracker's result for one video.

    Attributes:
        path: what the user named.
        scored: the file that is held against ground truth: what `mohart eval mot` would read.
        tracks: K rows, every object in every frame that the file has.
        state: [K] str: `active`, `predicted`, `lost`, or `tracked` where the file does not say.
        classes: class number -> name.
        keyframes: where a person drew; empty where nobody knows.
        run: content of run.json; empty without one.
    """

    path: Path
    scored: Path
    tracks: Tracks
    state: NDArray[np.str_]
    classes: Mapping[int, str]
    keyframes: Keyframes = field(default_factory=Keyframes.empty)
    run: Mapping[str, Any] = field(default_factory=dict)

    @property
    def last_frame(self) -> int:
        """Zero-based."""
        return int(self.tracks.frame.max())

    @property
    def is_run(self) -> bool:
        """Whether it is a folder of `mohart track`."""
        return bool(self.run)


def read_result(path: Path, video: str = "") -> Result:
    """A results file in any known format, or an output folder of `mohart track`.

    Args:
        path: a folder is taken by its tracks.csv where there is one, else its tracks.txt.
        video: name of the video, which chooses among several in one file.

    Raises:
        MissingDataError: nothing is there.
        FormatError: no rows, or damaged ones.
        ConfigError: several videos, and none has this name.
    """
    folder = path if path.is_dir() else None
    file = _file_of(path)
    _refuse_empty(file)
    record = _chosen(read_source(find_sources(file, kind="results")[0]), file, video)
    kept = record.has_identity
    tracks = record.tracks.select(kept)
    if not len(tracks):
        raise FormatError(f"{file}: no rows with an identity, so there is nothing to report")
    said = np.array(record.extras.get("state", [""] * len(kept)), dtype=object)[kept]
    state = np.where(np.isin(said, STATES), said, UNKNOWN).astype(np.str_)
    text = folder / TEXT if folder else file
    return Result(
        path=path,
        scored=text if text.is_file() else file,
        tracks=tracks,
        state=state,
        classes=record.classes,
        keyframes=_keyframes(folder / KEYFRAMES) if folder else Keyframes.empty(),
        run=_read_run(folder / RUN) if folder else {},
    )


def _file_of(path: Path) -> Path:
    if path.is_dir():
        for name in (TABLE, TEXT):
            if (path / name).is_file():
                return path / name
        raise MissingDataError(
            f"{path}: neither {TABLE} nor {TEXT} in this folder; expected a results file or an "
            f"output folder of mohart track"
        )
    if not path.exists():
        raise MissingDataError(f"{path}: no such file or folder; check the path")
    return path


def _refuse_empty(file: Path) -> None:
    with file.open("rb") as content:
        if not content.read(1 << 16).strip():
            raise FormatError(f"{file}: no rows, so there is nothing to report; did the run end?")


def _chosen(records: Sequence[Annotation], file: Path, video: str) -> Annotation:
    if len(records) == 1:
        return records[0]
    named = {record.name: record for record in records}
    if video in named:
        return named[video]
    raise ConfigError(
        f"{file}: has {len(records)} videos, and none is called '{video}' like the source"
        f"{did_you_mean(video, named)}"
    )


def _read_run(path: Path) -> Mapping[str, Any]:
    """Content of run.json; empty where there is none.

    Raises:
        FormatError: it is damaged.
    """
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: cannot be read as JSON ({error}); remove it") from error
    if not isinstance(content, dict):
        raise FormatError(f"{path}: expected an object {{...}} as mohart track writes it")
    return content


def _keyframes(path: Path) -> Keyframes:
    """Boxes and ends that a person gave; none without a file, or with its header alone."""
    if not path.is_file() or len(read_text(path).split()) < 2:
        return Keyframes.empty()
    return read_keyframes(path, frame="all").keyframes
