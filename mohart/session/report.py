"""What a tracking run leaves behind in run.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mohart.versions import versions

UNFINISHED = "unfinished"  # in the run.json of a run that goes on, or was killed


@dataclass(frozen=True, kw_only=True)
class Report:
    """What happened in a tracking run; frame numbers count from 1, as in tracks.txt.

    Attributes:
        output: the folder with the results.
        source: name of the source.
        tracker: name of the tracker.
        width: of the frames, pixels.
        height: of the frames, pixels.
        frame_rate: of the source, frames per second.
        first_frame: the frame in which tracking started.
        last_frame: the last frame that was tracked.
        resumed_from: the first frame that was tracked anew, where the frames before it were taken
            from an earlier run; None otherwise.
        objects: number of objects followed.
        rows: number of rows in tracks.txt.
        states: how many objects were active, predicted and lost in the last frame.
        interrupted: whether the run ended early: by Ctrl-C, a signal or a failure.
        failure: what failed on the way, one sentence; empty where nothing did.
        every: only every N-th frame was tracked.
        damaged: whether the source has lost frames, or breaks off.
        frames_per_second: over the whole run, everything included.
        timings: per stage (`decode`, `init`, `detect`, `track`, `write`; `draw`, `encode`) seconds,
            count, mean_ms, p50_ms and p95_ms. Decoding goes on ahead of tracking, and counts as
            far as it was waited for; drawing and encoding go on beside it.
        per_object: a row per object, see :class:`mohart.session.tally.Row`.
        warnings: what the user should know, one sentence each.
        detections: the detector and what became of its detections, see
            :class:`mohart.session.feed.DetectionFeed`; None without one.
        events: counts of lines and zones, see :class:`mohart.session.events.EventCounter`; None
            where none are watched.
        details: what the caller wants on record: model hash, configuration, command line.
    """

    output: Path
    source: str
    tracker: str
    width: int
    height: int
    frame_rate: float
    first_frame: int
    last_frame: int
    objects: int
    rows: int
    states: Mapping[str, int]
    interrupted: bool
    frames_per_second: float
    timings: Mapping[str, Mapping[str, float | int | None]]
    per_object: Sequence[Mapping[str, Any]] = ()
    warnings: tuple[str, ...] = ()
    detections: Mapping[str, Any] | None = None
    events: Mapping[str, Any] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    resumed_from: int | None = None
    failure: str = ""
    damaged: bool = False
    every: int = 1

    @property
    def frames(self) -> int:
        """Number of frames tracked, the first one included."""
        return (self.last_frame - self.first_frame) // self.every + 1

    def to_dict(self) -> dict[str, Any]:
        """Everything, with versions and files, ready for JSON."""
        absent = {name for name in ("detections", "events") if getattr(self, name) is None}
        left_out = {"details", *absent}
        values = {name: value for name, value in vars(self).items() if name not in left_out}
        return {
            **values,
            "output": str(self.output),
            "frames": self.frames,
            "warnings": list(self.warnings),
            "versions": versions(),
            **_without_training(self.details),
        }


def _without_training(details: Mapping[str, Any]) -> dict[str, Any]:
    """Of the weights' configuration what the network is; how it was trained is in their file."""
    said, model = dict(details), details.get("model")
    if isinstance(model, Mapping) and isinstance(model.get("config"), Mapping):
        said["model"] = {**model, "config": {"model": model["config"].get("model")}}
    return said
