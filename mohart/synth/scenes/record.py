"""A scene as a sequence: frames that are drawn when they are read, and their labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mohart.data.sequence import Sequence
from mohart.structures import Tracks
from mohart.synth.scenes.scene import Scene


def record(scene: Scene, name: str) -> Sequence:
    """A scene as the one data set interface; drawn once for its labels, and when it is read."""
    rows: list[tuple[int, int, NDArray[np.float64], float]] = []
    for t, labelled in enumerate(scene.frames()):
        for n, (box, seen) in enumerate(zip(labelled.boxes, labelled.visibility, strict=True)):
            if inside_frame(box[None], scene.width, scene.height)[0]:
                rows.append((t, n + 1, box, seen))
    tracks = Tracks.from_columns(
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
        visibility=[row[3] for row in rows],
    )

    def read(start: int, stop: int) -> Iterator[NDArray[np.uint8]]:
        for t, labelled in enumerate(scene.frames()):
            if t >= stop:
                return
            if t >= start:
                yield labelled.frame

    return Sequence(
        name=name,
        length=len(scene),
        width=scene.width,
        height=scene.height,
        frame_rate=round(scene.frame_rate, 2),
        tracks=tracks,
        reader=read,
    )


def inside_frame(boxes: NDArray[np.float64], width: int, height: int) -> NDArray[np.bool_]:
    """[N] True where at least a sliver of the box [N, 4] lies inside the frame."""
    x_in = (boxes[:, 2] > 1) & (boxes[:, 0] < width - 1)
    return x_in & (boxes[:, 3] > 1) & (boxes[:, 1] < height - 1)
