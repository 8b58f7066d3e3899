"""A run tracked once more, with what its network looked at in chosen moments.

The tracker goes the way that it went: the same first boxes, detections and settings. Where it
nevertheless goes another way (other weights, another machine), the page says so.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Frame, Progress
from mohart.boxes import iou
from mohart.errors import ConfigError
from mohart.keyframes import Keyframes
from mohart.probes.steps import Step, StepProbe
from mohart.report.encoder import LOSSLESS, to_webp
from mohart.report.moments import Moment
from mohart.report.pictures import Shelf
from mohart.session.feed import DetectionFeed
from mohart.session.follow import Follower
from mohart.session.timing import Stages
from mohart.structures import ENDED, TrackedObjects, Tracks
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.video import FrameSource

MOST_OBJECTS = 12  # of a moment
WIDTH = 720  # pixels of its frame
QUALITY = 60


@dataclass(frozen=True, kw_only=True)
class Replay:
    """How the run went.

    Attributes:
        tracker: new.
        first: zero-based frame in which it began.
        keyframes: what a person drew and ended; nobody where a detector found everybody.
        feed: the detector; None without.
    """

    tracker: RecurrentTracker
    first: int
    keyframes: Keyframes
    feed: DetectionFeed | None = None


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What the page shows of the moments.

    Attributes:
        moments: for the page's script.
        pictures: for the page's script, one per moment.
        agreement: mean IoU of the boxes with those of the result, in the moments; NaN without.
    """

    moments: list[dict[str, Any]]
    pictures: list[dict[str, Any]]
    agreement: float


def explain(
    replay: Replay,
    source: FrameSource,
    moments: Sequence[Moment],
    result: Tracks,
    shelf: Shelf,
    progress: Progress | None = None,
) -> Explained:
    """Track to the last moment, and keep what the network looked at in each.

    Args:
        replay: how the run went.
        source: the same video, not read yet.
        moments: frames behind the first one, in the order of time.
        result: what the run said, to compare.
        shelf: where pictures go.
        progress: called with frames done and in all.

    Raises:
        ConfigError: the run began behind the end of the video.
    """
    wanted = {moment.frame: moment for moment in moments if moment.frame > replay.first}
    told: list[dict[str, Any]] = []
    pictures: list[dict[str, Any]] = []
    agreements: list[float] = []
    last = max(wanted, default=replay.first)
    with StepProbe(replay.tracker.model) as probe:
        ids = np.zeros(0, np.int64)
        for number, frame, said in _follow(replay, source, probe, wanted):
            step = probe.take() if number in wanted else None
            if step is not None and len(ids):
                row = _Look(wanted[number], step, ids, said)
                told.append(row.told())
                pictures.append(row.pictures(frame, shelf, len(pictures)))
                agreements += _agreement(said, result.at(number))
            ids = said.tracker_id[said.state != ENDED]
            if progress:
                progress(number - replay.first + 1, last - replay.first + 1)
            if number >= last:
                break
    mean = float(np.mean(agreements)) if agreements else float("nan")
    return Explained(moments=told, pictures=pictures, agreement=mean)


def _follow(
    replay: Replay, source: FrameSource, probe: StepProbe, wanted: Container[int]
) -> Iterator[tuple[int, Frame, TrackedObjects]]:
    """Every frame from the first one on, with its number and what the tracker says of it."""
    if source.skip(replay.first) < replay.first or (first := source.read()) is None:
        raise ConfigError(
            f"the run began in frame {replay.first + 1}, but {source.name} has only "
            f"{source.frames_read} frames; is this its video?"
        )
    stages = Stages("decode", "init", "detect", "track")
    run = Follower(source, replay.tracker, replay.keyframes, replay.feed, stages)
    steps = run.follow(first, replay.first, None)
    while True:
        if run.number + 1 in wanted:
            probe.listen()  # to what the next step does
        step = next(steps, None)
        if step is None:
            return
        yield run.number, step.frame, step.tracks


class _Look:
    """A moment with what the network looked at, the objects it is about first."""

    def __init__(
        self, moment: Moment, step: Step, ids: NDArray[np.int64], said: TrackedObjects
    ) -> None:
        self._moment, self._step, self._ids = moment, step, ids
        middles = (step.boxes[:, :2] + step.boxes[:, 2:]) / 2
        about = np.isin(ids, moment.ids)
        centre = middles[about].mean(0) if about.any() else middles.mean(0)
        far = np.where(about, -1.0, np.linalg.norm(middles - centre, axis=1))
        order = np.argsort(far, kind="stable")[:MOST_OBJECTS]
        self._rows = np.sort(order)
        sure = dict(zip(said.tracker_id.tolist(), said.confidence.tolist(), strict=True))
        self._sure = [
            round(100 * float(sure.get(int(ids[row]), step.visibility[row])))
            if ids[row] >= 0
            else round(100 * float(step.visibility[row]))
            for row in self._rows
        ]

    def told(self) -> dict[str, Any]:
        """For the page's script."""
        step, rows = self._step, self._rows
        why = self._moment.why
        if len(rows) < len(self._ids):
            why += f"; {len(rows)} of {len(self._ids)} objects"
        return {
            "frame": self._moment.frame,
            "why": why,
            "objects": [
                {
                    "id": int(self._ids[row]),
                    "box": _whole(step.boxes[row]),
                    "window": _whole(step.windows[row]),
                    "sure": sure,
                }
                for row, sure in zip(rows, self._sure, strict=True)
            ],
            "attention": _matrix(step.attention, rows),
            "influence": _matrix(step.influence, rows),
        }

    def pictures(self, frame: Frame, shelf: Shelf, number: int) -> dict[str, Any]:
        """The frame, and a glimpse and a score map per object."""
        scale = min(1.0, WIDTH / frame.shape[1])
        size = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
        small = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
        name = f"moment-{number + 1:02d}"
        looks = []
        for row in self._rows:
            called = f"{name}-{row + 1:02d}"
            glimpse = to_webp(self._step.glimpses[row], QUALITY)
            scores = self._step.scores
            looks.append(
                {
                    "glimpse": shelf.put(f"{called}-seen.webp", glimpse),
                    "scores": None
                    if scores is None
                    else shelf.put(f"{called}-where.webp", to_webp(_heat(scores[row]), LOSSLESS)),
                }
            )
        return {"frame": shelf.put(f"{name}.webp", to_webp(small, QUALITY)), "looks": looks}


def _heat(scores: NDArray[np.float32]) -> NDArray[np.uint8]:
    """[R, S] probabilities -> [R, S, 3] BGR, brighter is likelier, for every kind of sight."""
    share = np.sqrt(np.nan_to_num(scores) / max(float(np.nanmax(scores)), 1e-9))
    return np.asarray(
        cv2.applyColorMap((255 * share).astype(np.uint8), cv2.COLORMAP_CIVIDIS), np.uint8
    )


def _matrix(values: NDArray[np.float32] | None, rows: NDArray[np.int64]) -> Any:
    if values is None:
        return None
    chosen = np.nan_to_num(values[np.ix_(rows, rows)].astype(np.float64))
    return chosen.round(4).tolist()


def _whole(box: NDArray[np.float32]) -> list[int]:
    return [round(float(side)) for side in np.clip(np.nan_to_num(box), -99_999, 99_999)]


def _agreement(said: TrackedObjects, told: Tracks) -> list[float]:
    """IoU of the boxes that both have."""
    known = dict(zip(told.track_id.tolist(), told.boxes, strict=True))
    pairs = zip(said.tracker_id.tolist(), said.xyxy.astype(np.float64), strict=True)
    return [float(iou(box, known[number])) for number, box in pairs if number in known]
