"""Results -> tracks, gaps filled, scores, paired differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from mohart.formats.mot.tracks import read_mot
from mohart.metrics.compare import compare
from mohart.metrics.evaluate import ScoredSequence, evaluate
from mohart.metrics.rules import MotRules
from mohart.metrics.scores import COMBINED, Scores
from mohart.structures import Tracks
from online_bench.sets import OnlineSet

COLUMNS = ("HOTA", "DetA", "AssA", "MOTA", "IDF1", "IDSW")


def read_results(path: Path) -> Tracks:
    """A result file; an empty one has no tracks."""
    return read_mot(path, kind="results") if path.stat().st_size else Tracks.empty()


def filled(tracks: Tracks) -> Tracks:
    """Every gap within a track filled by straight lines between its ends."""
    frames, ids, boxes, scores = [], [], [], []
    for number in np.unique(tracks.track_id):
        rows = tracks.select(tracks.track_id == number)
        every = np.arange(rows.frame[0], rows.frame[-1] + 1)
        frames.append(every)
        ids.append(np.full(len(every), number))
        columns = [np.interp(every, rows.frame, column) for column in rows.boxes.T]
        boxes.append(np.stack(columns, 1))
        scores.append(np.interp(every, rows.frame, rows.confidence))
    if not frames:
        return tracks
    return Tracks.from_columns(
        np.concatenate(frames),
        np.concatenate(ids),
        np.concatenate(boxes),
        confidence=np.concatenate(scores),
    )


def coasted(tracks: Tracks, every: int, length: int) -> Tracks:
    """What was seen in frames 0, every, ... moved on to the frames between, from the past alone.

    A box goes on at the velocity between it and the one before it of the same track.
    """
    rows = [tracks]
    for number in np.unique(tracks.track_id):
        own = tracks.select(tracks.track_id == number)
        speed = np.zeros_like(own.boxes)
        speed[1:] = np.diff(own.boxes, axis=0) / np.diff(own.frame)[:, None]
        for step in range(1, every):
            rows.append(replace(own, frame=own.frame + step, boxes=own.boxes + step * speed))
    joined = {f.name: np.concatenate([getattr(r, f.name) for r in rows]) for f in fields(Tracks)}
    moved = Tracks.from_columns(
        joined["frame"], joined["track_id"], joined["boxes"], confidence=joined["confidence"]
    )
    return moved.select(
        (moved.frame < length)
        & (np.diff(moved.boxes[:, ::2])[:, 0] > 0)
        & (np.diff(moved.boxes[:, 1::2])[:, 0] > 0)
    )


def score(data: OnlineSet, results: Mapping[str, Tracks], tracker: str) -> Scores:
    """Scores of one tracker: sequence name -> its tracks."""
    sequences = [
        ScoredSequence.from_tracks(s.name, s.truth, results[s.name], length=s.length)
        for s in data.sequences
    ]
    return evaluate(sequences, MotRules(data.benchmark), tracker=tracker, dataset=data.name)


def combined(scores: Mapping[str, Any]) -> dict[str, float]:
    """The columns of the table, all sequences together, from `Scores.to_dict`."""
    (row,) = (row for row in scores["rows"] if row["sequence"] == COMBINED)
    return {name: float(row["scores"][name] or 0) for name in COLUMNS}


def difference(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Second minus first with its 95 % interval over sequences, per column."""
    rows = {row.score: row for row in compare(first, second)}
    return {
        name: {"difference": rows[name].difference, "low": rows[name].low, "high": rows[name].high}
        for name in COLUMNS
    }
