"""Keyframes until `mohart.keyframes` is there: the same names, recomputed from the start."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.files import write_text
from mohart.session import run as session
from mohart.session.report import Report
from mohart.structures import Columns, TrackedObjects
from mohart.tracking.protocol import Tracker
from mohart.video import FrameSource

Watch = Callable[[int, TrackedObjects], None]


@dataclass(frozen=True)
class Keyframes(Columns):
    frame: NDArray[np.int64]
    track_id: NDArray[np.int64]
    boxes: NDArray[np.float64]
    end: NDArray[np.bool_]

    @classmethod
    def from_rows(cls, frame: Any, track_id: Any, boxes: Any, end: Any = None) -> Keyframes:
        frames, ids = np.array(frame, np.int64), np.array(track_id, np.int64)
        order = np.lexsort((ids, frames))
        corners = np.array(boxes, np.float64).reshape(-1, 4)
        ends = np.zeros(len(frames), bool) if end is None else np.array(end, bool)
        return cls(frames[order], ids[order], corners[order], ends[order])

    def at(self, frame: int) -> Keyframes:
        return self.select(self.frame == frame)

    @property
    def first(self) -> int:
        return int(self.frame[0])

    def since(self, other: Keyframes) -> int | None:
        def rows(k: Keyframes) -> set[Any]:
            return {
                (f, i, None if e else tuple(b))
                for f, i, b, e in zip(
                    k.frame.tolist(),
                    k.track_id.tolist(),
                    k.boxes.tolist(),
                    k.end.tolist(),
                    strict=True,
                )
            }

        changed = rows(self) ^ rows(other)
        return min((row[0] for row in changed), default=None)


def write_keyframes(path: Path, keyframes: Keyframes) -> None:
    lines = ["frame,id,x,y,w,h"]
    for k in range(len(keyframes)):
        frame, number = int(keyframes.frame[k]) + 1, int(keyframes.track_id[k])
        x1, y1, x2, y2 = keyframes.boxes[k].tolist()
        box = "end" if keyframes.end[k] else f"{x1!r},{y1!r},{x2 - x1!r},{y2 - y1!r}"
        lines.append(f"{frame},{number},{box}")
    write_text(path, "\n".join(lines) + "\n")


def read_keyframes(path: Path) -> Keyframes:
    rows = list(csv.reader(path.read_text("utf-8").splitlines()))[1:]
    boxes = []
    for row in rows:
        if row[2] == "end":
            boxes.append([np.nan] * 4)
        else:
            x, y, w, h = map(float, row[2:6])
            boxes.append([x, y, x + w, y + h])
    ends = [row[2] == "end" for row in rows]
    return Keyframes.from_rows(
        [int(r[0]) - 1 for r in rows], [int(r[1]) for r in rows], boxes, ends
    )


class _Keyframed:
    """A tracker that starts anew at keyframes."""

    def __init__(self, tracker: Tracker, keyframes: Keyframes, first: int, watch: Watch | None):
        self.tracker, self.keyframes, self.watch = tracker, keyframes, watch
        self.name, self.takes_detections = tracker.name, tracker.takes_detections
        self.details, self.frame = tracker.details, first

    def init(self, frame: Any, boxes: Any, ids: Any = None) -> TrackedObjects:
        return self._seen(self.tracker.init(frame, boxes, ids))

    def update(self, frame: Any, detections: Any = None, timestamp: Any = None) -> TrackedObjects:
        self.frame += 1
        found = self.tracker.update(frame, detections, timestamp)
        now = self.keyframes.at(self.frame)
        if len(now):
            boxes = dict(zip(found.tracker_id.tolist(), found.xyxy.tolist(), strict=True))
            boxes |= dict(zip(now.track_id.tolist(), now.boxes.tolist(), strict=True))
            gone = set(now.track_id[now.end].tolist())
            kept = {n: box for n, box in boxes.items() if n not in gone}
            found = self.tracker.init(
                frame, np.array(list(kept.values())).reshape(-1, 4), list(kept)
            )
        return self._seen(found)

    def reset(self) -> None:
        self.tracker.reset()

    def _seen(self, found: TrackedObjects) -> TrackedObjects:
        if self.watch:
            self.watch(self.frame, found)
        return found


def track_video(
    source: FrameSource,
    tracker: Tracker,
    keyframes: Keyframes,
    *,
    init_frame: int | None = None,
    watch: Watch | None = None,
    **options: Any,
) -> Report:
    first = init_frame if init_frame is not None else keyframes.first if len(keyframes) else 0
    start = keyframes.at(first)
    return session.track_video(
        source,
        _Keyframed(tracker, keyframes, first, watch),
        start.track_id,
        start.boxes,
        init_frame=first,
        **options,
    )
