"""Tracking a finished video both ways between keyframes, and joining the two."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mohart.aliases import Progress
from mohart.errors import ConfigError
from mohart.keyframes import Keyframes
from mohart.session.follow import Follower, Frames
from mohart.session.timing import Stages
from mohart.structures import ACTIVE, LOST, PREDICTED, TrackedObjects
from mohart.tracking.corrections import Correctable, Foreseeing, refuse_corrections
from mohart.tracking.joining import Way, join_ways
from mohart.tracking.protocol import Tracker
from mohart.video import FrameSource
from mohart.video.backwards import BackwardFrames

Table = dict[int, TrackedObjects]  # zero-based frame -> what is said of it


@dataclass
class BothWays:
    """What was found; as :class:`mohart.session.follow.Earlier` it is written by `track_video`.

    Attributes:
        table: frame by frame, from the first keyframe on.
        forwards: the same, of the forward way alone.
        last: zero-based number of the last frame.
        details: how many gaps were joined and the seconds of each way, for run.json.
        folder: none.
        snapshot: none; nothing can go on behind the end.
    """

    table: Table
    forwards: Table
    last: int
    details: Mapping[str, Any]
    folder: Path | None = None
    snapshot: bytes = b""

    def at(self, frame: int) -> TrackedObjects:
        """What is said of a frame, zero-based."""
        return self.table[frame]


def track_both_ways(
    reopen: Callable[[], FrameSource],
    tracker: Tracker,
    keyframes: Keyframes,
    *,
    frames: int | None = None,
    progress: Progress | None = None,
) -> BothWays:
    """Follow forwards to the end, then backwards from the last keyframe to the first, and join.

    Between two boxes that a person drew of an object, its track is `join_ways` of both; behind its
    last box it is the forward one. Keyframes themselves are as they were drawn.

    Args:
        reopen: opens the source anew, at its first frame.
        tracker: that takes corrections; is started here.
        keyframes: at least one box.
        frames: number of frames, that of the first box included; None until the end.
        progress: called after every frame of both ways with frames done, and their total from when
            it is known.

    Raises:
        ConfigError: no box, a keyframe is behind the end, or the tracker takes no corrections.
    """
    start = keyframes.first
    if start is None:
        raise ConfigError("both ways: expected boxes that were drawn; there are none")
    if not isinstance(tracker, Correctable):
        refuse_corrections(tracker.name)
    started = time.perf_counter()
    with reopen() as source:
        source.skip(start)
        if source.frames_read < start:
            raise ConfigError(f"frame {start + 1} is past the end of {source.name}")
        source.read_ahead(each=tracker.foresee if isinstance(tracker, Foreseeing) else None)
        forwards = _follow(source, tracker, keyframes, start, frames, progress, 0, None)
    last = start + len(forwards) - 1
    middle = time.perf_counter()
    gaps = _gaps(keyframes, last)
    table = forwards
    if gaps:
        first, end = min(a for _, a, _ in gaps), max(b for _, _, b in gaps)
        kept = _chosen(keyframes, {track for track, _, _ in gaps}, first, end)
        total = len(forwards) + end - first + 1
        backwards = _follow(
            BackwardFrames(reopen, first, end),
            tracker,
            kept.reversed(end),
            0,
            end - first + 1,
            progress,
            len(forwards),
            total,
        )
        table = _join(forwards, {end - n: said for n, said in backwards.items()}, gaps)
    details = {
        "gaps": len(gaps),
        "forward_seconds": round(middle - started, 2),
        "backward_seconds": round(time.perf_counter() - middle, 2),
    }
    return BothWays(table, forwards, last, details)


def _follow(
    source: Frames,
    tracker: Tracker,
    keyframes: Keyframes,
    start: int,
    frames: int | None,
    progress: Progress | None,
    before: int,
    total: int | None,
) -> Table:
    """Every frame of one way; `before` frames were done already."""
    first = source.read()
    if first is None:
        raise ConfigError(f"frame {start + 1} is past the end")
    follower = Follower(source, tracker, keyframes, None, Stages("decode", "init", "track"))
    table = {}
    for step in follower.follow(first, start, frames):
        shown = np.isin(step.tracks.state, (ACTIVE, PREDICTED, LOST))
        table[follower.number] = step.tracks.select(shown)
        if progress:
            progress(before + len(table), total)
    return table


def _gaps(keyframes: Keyframes, last: int) -> list[tuple[int, int, int]]:
    """Id, and the frames of two boxes in a row of one life, with frames between them."""
    found = []
    for track in np.unique(keyframes.track_id).tolist():
        own = keyframes.select(keyframes.track_id == track)
        for n in range(len(own) - 1):
            a, b = int(own.frame[n]), int(own.frame[n + 1])
            if not own.end[n] and not own.end[n + 1] and b <= last and b - a > 1:
                found.append((track, a, b))
    return found


def _chosen(keyframes: Keyframes, ids: set[int], first: int, end: int) -> Keyframes:
    """Rows of these objects within these frames."""
    inside = (keyframes.frame >= first) & (keyframes.frame <= end)
    return keyframes.select(inside & np.isin(keyframes.track_id, list(ids)))


def _join(forwards: Table, backwards: Table, gaps: list[tuple[int, int, int]]) -> Table:
    joined = dict(forwards)
    for track, a, b in gaps:
        span = range(a + 1, b)
        ends = np.concatenate([_way(forwards, track, range(n, n + 1)).boxes for n in (a, b)])
        way = join_ways(_way(forwards, track, span), _way(backwards, track, span), ends)
        for n, frame in enumerate(span):
            row = joined[frame].tracker_id == track
            said = joined[frame]
            boxes, confidence = said.xyxy.copy(), said.confidence.copy()
            state = said.state.astype("<U9")
            boxes[row], confidence[row], state[row] = way.boxes[n], way.confidence[n], way.state[n]
            joined[frame] = replace(said, xyxy=boxes, confidence=confidence, state=state)
    return joined


def _way(table: Table, track: int, span: range) -> Way:
    """One object in these frames; confidence 0 where it is not followed."""
    boxes, confidence = np.zeros((len(span), 4)), np.zeros(len(span))
    state = np.full(len(span), LOST, "<U9")
    for n, frame in enumerate(span):
        said = table.get(frame)
        if said is None:
            continue
        for row in np.flatnonzero(said.tracker_id == track):
            boxes[n], confidence[n] = said.xyxy[row], said.confidence[row]
            state[n] = said.state[row]
    return Way(boxes, confidence, state)
