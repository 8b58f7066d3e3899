"""Runs mohart's own trackers over a set."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from mohart.formats.mot.tracks import write_mot
from mohart.structures import ACTIVE, PREDICTED, Tracks
from mohart.tracking.protocol import Tracker
from online_bench.sets import OnlineSequence

WRITTEN = (ACTIVE, PREDICTED)  # as `mohart track` writes them


def follow(tracker: Tracker, sequence: OnlineSequence, every: int) -> tuple[Tracks, float]:
    """What a tracker reports, and the seconds that it took.

    Args:
        tracker: any that takes detections; is reset first.
        sequence: with detections of all frames.
        every: the detector is asked in frames 0, every, 2 every, ...
    """
    tracker.reset()
    found = sequence.detections()
    frames, ids, boxes, scores = [], [], [], []
    seconds = 0.0
    for t, frame in enumerate(sequence.frames()):
        start = time.perf_counter()
        answer = tracker.update(frame, found[t] if t % every == 0 else None)
        seconds += time.perf_counter() - start
        said = answer.select(np.isin(answer.state, WRITTEN) & (answer.tracker_id > 0))
        frames.append(np.full(len(said), t))
        ids.append(said.tracker_id)
        boxes.append(said.xyxy)
        scores.append(said.confidence)
    tracks = Tracks.from_columns(
        np.concatenate(frames),
        np.concatenate(ids),
        np.concatenate(boxes).astype(np.float64),
        confidence=np.concatenate(scores),
    )
    return tracks, seconds


def run_own(tracker: Tracker, sequence: OnlineSequence, every: int, out: Path) -> float:
    """Write the results of one sequence; returns the seconds per frame.

    Args:
        tracker: see `follow`.
        sequence: one video.
        every: see `follow`.
        out: MOT text, to be written.
    """
    tracks, seconds = follow(tracker, sequence, every)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_mot(out, tracks)
    return seconds / sequence.length
