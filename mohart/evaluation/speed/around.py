"""What goes around a tracker: decoding a video, drawing on its frames, encoding it again."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mohart.aliases import Boxes, Frame
from mohart.draw import Trails, draw_tracks
from mohart.evaluation.speed.race import Clock, percentiles
from mohart.evaluation.speed.scene import Scene
from mohart.structures import ACTIVE, TrackedObjects
from mohart.video import VideoWriter, open_source

WARM = 10  # frames
RATE = 30.0  # frames per second of the video that is written


def time_around(
    source: Path | None,
    objects: Sequence[int],
    *,
    width: int,
    height: int,
    frames: int,
    clock: Clock,
) -> list[dict[str, Any]]:
    """Milliseconds a frame, warm-up left out: rows with `stage`, `objects`, `p50_ms`, `p95_ms`.

    Encoding and decoding may use threads of their own; a clock of processor time counts them all.

    Args:
        source: a video to decode; None: a generated one of the size.
        objects: how many are drawn, each number by itself; what is drawn on the last one is
            encoded.
        width: of the generated frames, pixels.
        height: of the generated frames, pixels.
        frames: of each stage that count.
        clock: seconds.

    Raises:
        FormatError, MissingDataError: the video cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        film = source
        if film is None:
            film = Path(folder) / "scene.mp4"
            _write(film, Scene(width, height, 0), (width, height), frames + WARM)
        took, pictures = list[float](), list[Frame]()
        with open_source(film) as video:
            size = video.width, video.height
            start = clock()
            for picture in video:
                took.append(clock() - start)
                if len(pictures) < 2:
                    pictures.append(picture)
                if len(took) == frames + WARM:
                    break
                start = clock()
        rows = [_row("decode", None, took)]
        drawn = pictures[0]
        for count in objects:
            took, trails = [], Trails()
            boxes = Scene(*size, count).boxes
            for n in range(frames + WARM):
                shown = _told(boxes + np.float32(n % 8))
                start = clock()
                trails.update(shown)
                drawn = draw_tracks(pictures[n % len(pictures)], shown, trails)
                took.append(clock() - start)
            rows.append(_row("draw", count, took))
        took = []
        with VideoWriter(Path(folder) / "out.mp4", *size, RATE) as writer:
            for n in range(frames + WARM):
                picture = np.ascontiguousarray(np.roll(drawn, n, 1))
                start = clock()
                writer.write(picture)
                took.append(clock() - start)
        return [*rows, _row("encode", objects[-1] if len(objects) else None, took)]


def _row(stage: str, objects: int | None, took: list[float]) -> dict[str, Any]:
    counted = 1e3 * np.array(took[WARM:] or took, np.float64)
    return {"stage": stage, "objects": objects, "frames": len(counted), **percentiles(counted)}


def _told(boxes: Boxes) -> TrackedObjects:
    count = len(boxes)
    return TrackedObjects(
        boxes, np.arange(1, count + 1), np.ones(count, np.float32), np.full(count, ACTIVE)
    )


def _write(path: Path, scene: Scene, size: tuple[int, int], frames: int) -> None:
    with VideoWriter(path, *size, RATE) as writer:
        for n in range(frames):
            writer.write(scene.frame(n))
