"""Runs trackers over windows: the same frames for all of them, each timed by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.errors import ConfigError
from mohart.evaluation.initialised.windows import Window
from mohart.metrics.overlap.conditions import count_conditions
from mohart.metrics.overlap.counts import count_window
from mohart.metrics.overlap.window import WindowOverlap, window_overlap
from mohart.structures import LOST, PREDICTED
from mohart.tracking.protocol import Tracker

WARM_UP_FRAMES = 3
STATE = f"U{len(PREDICTED)}"  # the longest word


@dataclass(frozen=True)
class Answers:
    """What a tracker said about one window.

    Attributes:
        boxes: [T, N, 4] float32 xyxy pixels, NaN where the tracker had dropped the object.
        confidence: [T, N] float32 in [0, 1], 0 where it had dropped it.
        state: [T, N] str, `lost` where it had dropped it.
    """

    boxes: NDArray[np.float32]
    confidence: NDArray[np.float32]
    state: NDArray[np.str_]


Observer = Callable[[str, Window, Answers, WindowOverlap], None]


@dataclass
class TrackerRun:
    """What one tracker has done so far.

    Attributes:
        windows: per window its counts (`mohart.metrics.overlap.counts`), the number of `frames`
            the tracker was given, the `seconds` it took (starting on the boxes included, decoding
            and a first untimed warm-up excluded), and the `cpu_seconds` of all threads in them.
    """

    windows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def frames(self) -> int:
        """Number of frames over all windows."""
        return sum(fields["frames"] for fields in self.windows)

    @property
    def seconds(self) -> float:
        """Time over all windows."""
        return float(sum(fields["seconds"] for fields in self.windows))


def run_windows(
    windows: Iterable[Window],
    trackers: Mapping[str, Callable[[], Tracker]],
    *,
    observe: Observer | None = None,
) -> dict[str, TrackerRun]:
    """Run every tracker on every window.

    Args:
        windows: taken one at a time.
        trackers: name -> function that makes the tracker; called once each, before the windows.
        observe: called with tracker, window, answers and overlaps, for whoever wants more.

    Returns:
        Runs by tracker, in the order asked for.

    Raises:
        ConfigError: no tracker.
        MohartError: whatever making or running a tracker raises.
    """
    if not trackers:
        raise ConfigError("expected at least one tracker")
    made = {name: make() for name, make in trackers.items()}
    runs = {name: TrackerRun() for name in made}
    for window in windows:
        for name, tracker in made.items():
            if not runs[name].windows:
                _warm_up(tracker, window)
            answers, timing = _track(tracker, window)
            overlap = window_overlap(answers.boxes, window.truth, window.present)
            conditions = count_conditions(answers.boxes, window.truth, window.present, overlap.iou)
            runs[name].windows.append({**count_window(overlap), **conditions, **timing})
            if observe:
                observe(name, window, answers, overlap)
        del window  # its frames go before the next ones are read
    return runs


def _warm_up(tracker: Tracker, window: Window) -> None:
    """First runs load, compile and probe; that is not the tracker's speed."""
    tracker.init(window.frames[0], window.truth[0])
    for frame in window.frames[1:WARM_UP_FRAMES]:
        tracker.update(frame)
    tracker.reset()


def _track(tracker: Tracker, window: Window) -> tuple[Answers, dict[str, Any]]:
    """Answers for one window, with `frames`, `seconds` and `cpu_seconds`."""
    count = len(window.ids)
    ids = np.arange(1, count + 1)
    shape = len(window.frames), count
    boxes = np.full((*shape, 4), np.nan, np.float32)
    confidence = np.zeros(shape, np.float32)
    state = np.full(shape, LOST, STATE)
    seconds = cpu_seconds = 0.0
    for t, frame in enumerate(window.frames):
        start, cpu_start = time.perf_counter(), time.process_time()
        tracks = tracker.update(frame) if t else tracker.init(frame, window.truth[0], ids)
        seconds += time.perf_counter() - start
        cpu_seconds += time.process_time() - cpu_start
        rows = tracks.tracker_id - 1
        boxes[t, rows], confidence[t, rows] = tracks.xyxy, tracks.confidence
        state[t, rows] = tracks.state
    tracker.reset()
    timing = {"frames": len(window.frames), "seconds": seconds, "cpu_seconds": cpu_seconds}
    return Answers(boxes, confidence, state), timing
