"""A run tracked once more, with what its network looked at in chosen moments.

The tracker goes the way that it went: the same first boxes, detections and settings. Where it
nevertheless goes another way (other weights, another machine), the page says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Frame, Progress
from mohart.boxes import iou
from mohart.errors import ConfigError
from mohart.probes.steps import Step, StepProbe
from mohart.report.encoder import LOSSLESS, to_webp
from mohart.report.moments import Moment
from mohart.report.pictures import Shelf
from mohart.session.feed import DetectionFeed
from mohart.structures import ENDED, TrackedObjects, Tracks
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.video import FrameSource

MOST_OBJECTS = 12  # of a moment
WIDTH = 720  # pixels of its frame
QUALITY = 60


class Given(NamedTuple):
    """What a person drew in one frame: identities [N] and boxes [N, 4] xyxy pixels."""

    ids: NDArray[np.int64]
    boxes: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Replay:
    """How the run went.

    Attributes:
        tracker: new.
        first: zero-based frame in which it began.
        given: boxes in that frame; nobody where a detector found everybody.
        feed: the detector; None without.
    """

    tracker: RecurrentTracker
    first: int
    given: Given
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
    wanted = {moment.frame: moment for moment in moments}
    found = Explained(moments=[], pictures=[], agreement=float("nan"))
    agreements: list[float] = []
    total = max(wanted, default=replay.first) - replay.first + 1
    with StepProbe(replay.tracker.model) as probe:
        number, ids = replay.first, np.zeros(0, np.int64)
        for number, frame, said in _follow(replay, source, probe, set(wanted)):
            step = probe.take() if number in wanted else None
            if step is not None and len(ids):
                told, pictures = _tell(wanted[number], step, ids, said, frame, shelf, len(found[0]))
                found.moments.append(told)
                found.pictures.append(pictures)
                agreements += _agreement(said, result.at(number))
            ids = said.tracker_id[said.state != ENDED]
            if progress:
                progress(number - replay.first + 1, total)
            if number >= max(wanted, default=0):
                break
    mean = float(np.mean(agreements)) if agreements else float("nan")
    return Explained(moments=found.moments, pictures=found.pictures, agreement=mean)
