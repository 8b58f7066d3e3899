"""The initialised protocol: start every tracker from the truth, see how long it holds on.

The video is cut into windows. At the first frame of each, every tracker gets the ground-truth boxes
of the objects that are labelled there, and nothing else afterwards; its boxes in the later frames
are compared with the truth (mohart.metrics.overlap). The video is decoded once, front to back, at
most one window of frames is in memory, and all trackers see the same frames.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import area, clip_to_frame
from mohart.errors import ConfigError
from mohart.metrics.overlap import (
    OverlapSummary,
    WindowOverlap,
    summarise_windows,
    window_overlap,
)
from mohart.structures import Tracks
from mohart.tracking.protocol import Tracker
from mohart.video import FrameSource

Frame = NDArray[np.uint8]
Progress = Callable[[int, int | None], None]

WARM_UP_FRAMES = 3


@dataclass(frozen=True, kw_only=True)
class TrackerResult:
    """One tracker's scores and speed.

    Attributes:
        overlap: the scores.
        frames: number of frames the tracker was given over all windows.
        fps: frames per second of the tracker alone (starting on the boxes included, decoding and a
            first untimed warm-up excluded).
        fps_with_decode: the same with the time to decode those frames added.
    """

    overlap: OverlapSummary
    frames: int
    fps: float
    fps_with_decode: float

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and dicts, ready for JSON."""
        speed = {"fps": round(self.fps, 2), "fps_with_decode": round(self.fps_with_decode, 2)}
        return {**self.overlap.to_dict(), "frames": self.frames, **speed}


@dataclass(frozen=True, kw_only=True)
class InitialisedResult:
    """All trackers on one video.

    Attributes:
        source: name of the video.
        window: frames per window, the first included.
        stride: frames from one window's start to the next.
        min_area: smallest box that was started, in square pixels.
        windows: number of windows that had objects.
        objects: number of (window, object) that were started.
        frame_rate: of the source, frames per second.
        trackers: results by name, in the order asked for.
        warnings: what the reader of the numbers should know, one sentence each.
    """

    source: str
    window: int
    stride: int
    min_area: float
    windows: int
    objects: int
    frame_rate: float
    trackers: Mapping[str, TrackerResult]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything, with a description of the protocol, ready for JSON."""
        values = {name: value for name, value in vars(self).items() if name != "trackers"}
        return {
            "protocol": (
                "initialised: ground-truth boxes of each window's first frame, IoU over its later "
                "frames; means over (object, frame) pairs with ground truth; intervals: 95 % "
                "bootstrap over windows; only complete windows; moved: IoU of the true box with "
                "the start box < 0.5; survival: share of pairs before the first with IoU < 0.1"
            ),
            **values,
            "warnings": list(self.warnings),
            "trackers": {name: result.to_dict() for name, result in self.trackers.items()},
        }


@dataclass
class _Runner:
    """A tracker with what it has collected so far."""

    tracker: Tracker
    seconds: float = 0.0
    frames: int = 0
    overlaps: list[WindowOverlap] = field(default_factory=list)

    def warm_up(self, frames: list[Frame], boxes: NDArray[np.float64]) -> None:
        """First runs load, compile and probe; that is not the tracker's speed."""
        self.tracker.init(frames[0], boxes)
        for frame in frames[1:WARM_UP_FRAMES]:
            self.tracker.update(frame)
        self.tracker.reset()

    def run(self, frames: list[Frame], boxes: NDArray[np.float64]) -> NDArray[np.float32]:
        """Boxes [T, N, 4] for one window; N as given, in the same order."""
        ids = np.arange(1, len(boxes) + 1)
        answers = np.full((len(frames), len(boxes), 4), np.nan, np.float32)
        start = time.perf_counter()
        for t, frame in enumerate(frames):
            tracks = self.tracker.update(frame) if t else self.tracker.init(frame, boxes, ids)
            answers[t, tracks.tracker_id - 1] = tracks.xyxy
        self.seconds += time.perf_counter() - start
        self.frames += len(frames)
        self.tracker.reset()
        return answers


def evaluate_initialised(
    open_frames: Callable[[], FrameSource],
    gt: Tracks,
    trackers: Mapping[str, Callable[[], Tracker]],
    *,
    window: int = 60,
    stride: int | None = None,
    max_windows: int | None = None,
    max_frames: int | None = None,
    min_area: float = 0.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> InitialisedResult:
    """Score trackers on one video under the initialised protocol.

    Only complete windows count; what is left at the end of the video is not used. Objects are the
    rows of the ground truth at a window's first frame that are not ignored and have a part inside
    the frame; a box that reaches outside is given as it is (OpenCV's trackers get it clipped).

    Args:
        open_frames: opens the video; called once.
        gt: ground truth of the video; ignored rows count as not labelled.
        trackers: name -> function that makes the tracker; called once each.
        window: frames per window, the first included, at least 2.
        stride: frames from one window's start to the next; `window` where not given.
        max_windows: use only the first so many windows that have objects.
        max_frames: use only the first so many frames of the video.
        min_area: smallest area of an object's box at a window's first frame, in square pixels;
            smaller ones are left out of that window.
        seed: of the bootstrap for the intervals.
        progress: called after every window with frames of the video done and, if known, in all.

    Returns:
        Scores and speeds by tracker.

    Raises:
        ConfigError: window or stride out of range, no tracker, or not one window with objects in
            the video.
        MohartError: whatever opening the video or a tracker raises.
    """
    step = window if stride is None else stride
    if window < 2 or step < 1 or not trackers:
        raise ConfigError(
            f"expected a window of at least 2 frames, a stride of at least 1 and at least one "
            f"tracker; got window {window}, stride {step}, {len(trackers)} trackers"
        )
    labelled = gt.select(~gt.ignored)
    runners = {name: _Runner(make()) for name, make in trackers.items()}
    used = objects = decoded = 0
    decode_seconds = 0.0
    with open_frames() as source:
        total = _smallest(source.length, max_frames)
        buffer: deque[Frame] = deque(maxlen=window)
        start = 0  # zero-based first frame of the window in the buffer
        while max_windows is None or used < max_windows:
            missing = window - len(buffer)
            if max_frames is not None and start + window > max_frames:
                break
            began = time.perf_counter()
            for _ in range(missing):
                frame = source.read()
                if frame is None:
                    break
                buffer.append(frame)
                decoded += 1
            decode_seconds += time.perf_counter() - began
            if len(buffer) < window:
                break
            ids, boxes = _objects(labelled.at(start), source.width, source.height, min_area)
            if len(ids):
                truth, _, present = labelled.dense(ids, start, start + window)
                frames = list(buffer)
                for runner in runners.values():
                    if not runner.frames:
                        runner.warm_up(frames, boxes)
                    runner.overlaps.append(
                        window_overlap(runner.run(frames, boxes), truth, present)
                    )
                del frames
                used, objects = used + 1, objects + len(ids)
            for _ in range(min(step, window)):
                buffer.popleft()
            source.skip(max(step - window, 0))
            start += step
            if progress:
                progress(source.frames_read, total)
        if not used:
            raise ConfigError(
                f"{source.name}: no window of {window} frames starts on a frame with ground truth; "
                f"{source.frames_read} frames were read, the ground truth has {_span(labelled)}; "
                f"do they belong together? a smaller --window or --stride may help"
            )
        warnings = _warnings(source, labelled, max_windows, max_frames)
    seconds_per_frame = decode_seconds / decoded
    results = {
        name: TrackerResult(
            overlap=summarise_windows(runner.overlaps, seed=seed),
            frames=runner.frames,
            fps=runner.frames / max(runner.seconds, 1e-9),
            fps_with_decode=runner.frames
            / max(runner.seconds + runner.frames * seconds_per_frame, 1e-9),
        )
        for name, runner in runners.items()
    }
    return InitialisedResult(
        source=source.name,
        window=window,
        stride=step,
        min_area=min_area,
        windows=used,
        objects=objects,
        frame_rate=source.frame_rate,
        trackers=results,
        warnings=warnings,
    )


def _objects(
    here: Tracks, width: int, height: int, min_area: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Identities [N] and boxes [N, 4] of one frame that are large enough and partly inside."""
    valid = (here.boxes[:, 2:] > here.boxes[:, :2]).all(axis=1)
    valid &= area(here.boxes) >= min_area
    inside = valid & (area(clip_to_frame(here.boxes, width, height)) > 0)
    return here.track_id[inside], here.boxes[inside]


def _smallest(*numbers: int | None) -> int | None:
    return min((n for n in numbers if n is not None), default=None)


def _span(gt: Tracks) -> str:
    if not len(gt):
        return "no rows that count"
    return f"frames {int(gt.frame[0]) + 1} to {int(gt.frame[-1]) + 1}"


def _warnings(
    source: FrameSource, gt: Tracks, max_windows: int | None, max_frames: int | None
) -> tuple[str, ...]:
    found = [source.problem] if source.problem else []
    beyond = int(gt.frame[-1]) + 1
    at_end = max_windows is None and max_frames is None and not source.problem
    if at_end and beyond > source.frames_read:
        found.append(
            f"the ground truth goes on to frame {beyond}, the video ends at "
            f"{source.frames_read}; do they belong together?"
        )
    return tuple(found)
