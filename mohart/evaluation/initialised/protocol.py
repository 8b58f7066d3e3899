"""The initialised protocol: start every tracker from the truth, see how long it holds on.

The video is cut into windows. At the first frame of each, every tracker gets the ground-truth boxes
of the objects that are labelled there, and nothing else afterwards; its boxes in the later frames
are compared with the truth (mohart.metrics.overlap.window). The video is decoded once, front to
back, at most one window of frames is in memory, and all trackers see the same frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mohart.aliases import Progress
from mohart.errors import ConfigError
from mohart.evaluation.initialised.run import Observer, TrackerRun, run_windows
from mohart.evaluation.initialised.windows import VideoWindows
from mohart.metrics.overlap.summary import OverlapSummary, summarise_counts
from mohart.structures import Tracks
from mohart.tracking.protocol import Tracker
from mohart.video import FrameSource


@dataclass(frozen=True, kw_only=True)
class TrackerResult:
    """One tracker's scores and speed.

    Attributes:
        overlap: the scores.
        windows: per window its counts and timing, see
            `mohart.evaluation.initialised.run.TrackerRun`.
        frames: number of frames the tracker was given over all windows.
        fps: frames per second of the tracker alone (starting on the boxes included, decoding and a
            first untimed warm-up excluded).
        fps_with_decode: the same with the time to decode those frames added.
    """

    overlap: OverlapSummary
    windows: tuple[Mapping[str, Any], ...]
    frames: int
    fps: float
    fps_with_decode: float

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and dicts, ready for JSON; without the windows."""
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
        window_names: their names, in order, such as `video@0061`.
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
    window_names: tuple[str, ...]
    objects: int
    frame_rate: float
    trackers: Mapping[str, TrackerResult]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything but the windows by themselves, with the protocol in words, for JSON."""
        left_out = ("trackers", "window_names")
        values = {name: value for name, value in vars(self).items() if name not in left_out}
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
    observe: Observer | None = None,
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
        observe: called with every tracker's answers in every window, see `run_windows`.
        progress: called after every window with frames of the video done and, if known, in all.

    Returns:
        Scores and speeds by tracker.

    Raises:
        ConfigError: window or stride out of range, no tracker, or not one window with objects in
            the video.
        MohartError: whatever opening the video or a tracker raises.
    """
    step = window if stride is None else stride
    labelled = gt.select(~gt.ignored)
    with open_frames() as source:
        windows = VideoWindows(
            source,
            gt,
            window=window,
            stride=step,
            max_windows=max_windows,
            max_frames=max_frames,
            min_area=min_area,
            progress=progress,
        )
        runs = run_windows(windows, trackers, observe=observe)
        if not windows.names:
            raise ConfigError(
                f"{source.name}: no window of {window} frames starts on a frame with ground truth; "
                f"{source.frames_read} frames were read, the ground truth has {_span(labelled)}; "
                f"do they belong together? a smaller --window or --stride may help"
            )
        whole = max_windows is None and max_frames is None
        warnings = _warnings(source, labelled, whole=whole)
    decode = windows.decode_seconds / windows.decoded
    return InitialisedResult(
        source=source.name,
        window=window,
        stride=step,
        min_area=min_area,
        windows=len(windows.names),
        window_names=tuple(windows.names),
        objects=windows.objects,
        frame_rate=source.frame_rate,
        trackers={name: _result(run, decode, seed) for name, run in runs.items()},
        warnings=warnings,
    )


def _result(run: TrackerRun, decode: float, seed: int) -> TrackerResult:
    """`decode` is in seconds per frame."""
    return TrackerResult(
        overlap=summarise_counts(run.windows, seed=seed),
        windows=tuple(run.windows),
        frames=run.frames,
        fps=run.frames / max(run.seconds, 1e-9),
        fps_with_decode=run.frames / max(run.seconds + run.frames * decode, 1e-9),
    )


def _span(gt: Tracks) -> str:
    if not len(gt):
        return "no rows that count"
    return f"frames {int(gt.frame[0]) + 1} to {int(gt.frame[-1]) + 1}"


def _warnings(source: FrameSource, gt: Tracks, *, whole: bool) -> tuple[str, ...]:
    """`whole`: the video was read to its end."""
    found = [*([source.problem] if source.problem else []), *source.notes]
    beyond = int(gt.frame[-1]) + 1
    if whole and not source.problem and beyond > source.frames_read:
        found.append(
            f"the ground truth goes on to frame {beyond}, the video ends at "
            f"{source.frames_read}; do they belong together?"
        )
    return tuple(found)
