"""A race: trackers in turn on the same frames, so that whatever slows one down slows all.

A turn is a few frames, all of them one after the other; warm-up is left out. Ratios are paired: the
fastest frame of one in a round against the fastest of another in the same round, then the median.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np

from mohart.aliases import Floats, Progress
from mohart.evaluation.speed.scene import Scene
from mohart.tracking.protocol import Tracker

WARM, FRAMES = 3, 6
LONG = 1.0  # seconds from which a turn ends early
REST = "belief"  # what is neither glimpse nor network
Clock = Callable[[], float]


@runtime_checkable
class Parted(Protocol):
    """A tracker that can tell where its time goes."""

    def time_parts(self, clock: Clock) -> Mapping[str, float]:
        """See :meth:`mohart.tracking.learned.recurrent.RecurrentTracker.time_parts`."""


@dataclass(frozen=True)
class Lap:
    """One tracker with one number of objects.

    Attributes:
        tracker: its label.
        objects: how many it followed.
        frames: [F] milliseconds of every frame.
        rounds: [R] milliseconds of the fastest frame of every round.
        parts: glimpse, network, belief -> [F] milliseconds; empty where it does not tell.
    """

    tracker: str
    objects: int
    frames: Floats
    rounds: Floats
    parts: Mapping[str, Floats]

    def to_dict(self) -> dict[str, Any]:
        """Milliseconds: `fastest`, `p50`, `p95`, of the parts too."""
        return {
            "tracker": self.tracker,
            "objects": self.objects,
            "frames": len(self.frames),
            "fastest_ms": round(float(self.frames.min()), 4),
            **percentiles(self.frames),
            "parts": {name: percentiles(took) for name, took in self.parts.items()},
        }


def race(
    trackers: Mapping[str, Tracker],
    objects: Sequence[int],
    *,
    width: int,
    height: int,
    rounds: int,
    clock: Clock,
    progress: Progress | None = None,
) -> list[Lap]:
    """Every tracker with every number of objects; OpenCV computes with one thread meanwhile.

    Args:
        trackers: by label; each is started anew.
        objects: numbers of objects.
        width: of the frames, pixels.
        height: of the frames, pixels.
        rounds: turns of each; a turn is six frames, or fewer where they take long.
        clock: seconds, such as `time.process_time`.
        progress: called after every turn.
    """
    parts = {
        name: tracker.time_parts(clock) if isinstance(tracker, Parted) else {}
        for name, tracker in trackers.items()
    }
    threads, laps = cv2.getNumThreads(), list[Lap]()
    cv2.setNumThreads(1)
    try:
        for turn, count in enumerate(objects):
            told = _part_of(progress, turn * (rounds + 1), len(objects) * (rounds + 1))
            scene = Scene(width, height, count)
            runs = [_Run(name, tracker, parts[name], scene) for name, tracker in trackers.items()]
            for lap in range(rounds + 1):
                for run in runs:
                    run.take_turn(FRAMES if lap else WARM, clock, counts=lap > 0)
                told(lap + 1)
            laps += [run.lap(count) for run in runs]
    finally:
        cv2.setNumThreads(threads)
    return laps


def ratio(one: Lap, other: Lap) -> float:
    """How many times as fast as the other the first is: paired by round, the median."""
    return float(np.median(other.rounds / one.rounds))


def percentiles(took: Floats) -> dict[str, float]:
    """`p50_ms` and `p95_ms` of milliseconds [F]."""
    return {f"p{n}_ms": round(float(np.percentile(took, n)), 4) for n in (50, 95)}


class _Run:
    """One tracker on its way through a scene."""

    def __init__(
        self, name: str, tracker: Tracker, parts: Mapping[str, float], scene: Scene
    ) -> None:
        self.name, self.tracker, self.scene, self._parts = name, tracker, scene, parts
        self._shown = 0
        self._took: list[list[float]] = []  # a row a frame: all of it, then its parts
        self._rounds: list[float] = []
        tracker.reset()
        tracker.init(scene.frame(0), scene.boxes)

    def take_turn(self, frames: int, clock: Clock, *, counts: bool) -> None:
        rows: list[list[float]] = []
        began = clock()
        while len(rows) < frames and (not rows or clock() - began < LONG):
            self._shown += 1
            frame = self.scene.frame(self._shown)
            before, start = dict(self._parts), clock()
            self.tracker.update(frame)
            took = clock() - start
            rows.append([took, *(self._parts[part] - before[part] for part in before)])
        if counts:
            self._took += rows
            self._rounds.append(min(row[0] for row in rows))

    def lap(self, objects: int) -> Lap:
        table = 1e3 * np.array(self._took, np.float64)
        parts = {part: table[:, n + 1] for n, part in enumerate(self._parts)}
        if parts:
            parts[REST] = table[:, 0] - table[:, 1:].sum(1)
        return Lap(self.name, objects, table[:, 0], 1e3 * np.array(self._rounds), parts)


def _part_of(progress: Progress | None, done: int, total: int) -> Callable[[int], None]:
    def tell(more: int) -> None:
        if progress:
            progress(done + more, total)

    return tell
