"""Real videos with several objects -> clips to test on; nothing here is trained on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mohart.aliases import Frame
from mohart.config.bench import load_real_sets
from mohart.errors import MissingDataError
from mohart.formats.mot.tracks import read_mot
from mohart.structures import Clip
from mohart.video import open_source

LONGEST = 480  # pixels of the longer side; larger frames are made smaller


def build_real(folder: Path, frames: int, fewest: int = 2) -> tuple[list[Clip], list[str]]:
    """The first frames of every video of a folder that has enough labelled objects there.

    Args:
        folder: as `mohart bench --real` takes it.
        frames: of a clip; a shorter video gives a shorter one.
        fewest: objects in its first labelled frame.

    Returns:
        Batches of one clip, and the name of every clip's video.

    Raises:
        MissingDataError: no video of the folder has so many objects in its first labelled frame.
    """
    clips, names = [], []
    for item in load_real_sets(folder):
        clip = _clip(folder / item.source, folder / item.gt, frames, fewest)
        if clip is not None:
            clips.append(clip)
            names.append(item.name)
    if not clips:
        raise MissingDataError(
            f"{folder}: no video with {fewest} labelled objects at its start; --real wants some"
        )
    return clips, names


def _clip(video: Path, gt: Path, frames: int, fewest: int) -> Clip | None:
    tracks = read_mot(gt)
    tracks = tracks.select(~tracks.ignored)
    if not len(tracks.frame):
        return None
    start = int(tracks.frame.min())
    ids = tracks.at(start).track_id
    if len(ids) < fewest:
        return None
    with open_source(str(video)) as source:
        scale = min(1.0, LONGEST / max(source.width, source.height))
        size = round(source.width * scale), round(source.height * scale)
        ratio = np.array([size[0] / source.width, size[1] / source.height] * 2)
        source.skip(start)
        shown = [_resized(frame, size) for frame in _first(iter(source), frames)]
    boxes, visibility, present = tracks.dense(ids, start, start + len(shown))
    columns = (
        np.stack(shown),
        (boxes * ratio).astype(np.float32),
        visibility.astype(np.float32),
        present,
    )
    return Clip(*(torch.from_numpy(column)[None] for column in columns))


def _first(frames: Iterator[Frame], count: int) -> Iterator[Frame]:
    for _, frame in zip(range(count), frames, strict=False):
        yield frame


def _resized(frame: Frame, size: tuple[int, int]) -> NDArray[np.uint8]:
    resized = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.uint8)
