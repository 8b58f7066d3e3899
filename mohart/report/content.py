"""What the page's script is told: identities, paths, errors, as compact plain values.

Conventions: zero-based frames, boxes xyxy in whole pixels; a path is runs of frames without gap,
`[first frame, x1 y1 x2 y2 x1 ..., confidence in percent ...]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart import palette
from mohart.formats.class_names import class_name
from mohart.keyframes import Keyframes
from mohart.metrics.labels import Labels
from mohart.report.pictures import Pictures
from mohart.report.truth import ErrorRow, OverTime
from mohart.structures import Tracks

MOST_ROWS = 150_000  # boxes in the page; with more, only the frames with pictures have boxes
KINDS = {
    "false_positive": ("+", "false positive", "extra"),
    "miss": ("−", "miss", "missed"),
    "switch": ("⇄", "identity switch", "switches"),
}
BLANK = (960, 540)  # of the stage where no video says the size


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Everything that the page shows of one video.

    Attributes:
        name: of the sequence.
        length: frames.
        tracks: K rows of the result.
        state: [K] str, see `mohart.report.results.Result`.
        width: of the frames, pixels.
        height: of the frames, pixels.
        frame_rate: frames per second, to play it.
        classes: class number -> name; empty where they are not worth a word.
        keyframes: where a person drew.
        truth: ground truth; None without.
        errors: None without ground truth.
        quality: None without ground truth.
        pictures: None without a video.
        moments: what a network looked at, see `mohart.report.explain`; with `pictures`.
        moment_pictures: of the moments, in their order.
        moment_text: what was chosen, and how.
    """

    name: str
    length: int
    tracks: Tracks
    state: NDArray[np.str_]
    width: int
    height: int
    frame_rate: float = 25.0
    classes: Mapping[int, str] | None = None
    keyframes: Keyframes = field(default_factory=Keyframes.empty)
    truth: Labels | None = None
    errors: Sequence[ErrorRow] | None = None
    quality: OverTime | None = None
    pictures: Pictures | None = None
    moments: Sequence[Mapping[str, Any]] = ()
    moment_pictures: Sequence[Mapping[str, Any]] = ()
    moment_text: str = ""


def size_of_boxes(boxes: Iterable[NDArray[np.float64]]) -> tuple[int, int]:
    """Width and height of a frame that holds these boxes, where no video says."""
    corners = [part[:, 2:].max(0) for part in boxes if len(part)]
    if not corners:
        return BLANK
    reach = np.clip(np.ceil(np.max(corners, 0)), 16, 20_000)
    return int(reach[0]), int(reach[1])


def script_data(shown: Shown) -> dict[str, Any]:
    """For the page's script; plain values."""
    film = None if shown.pictures is None else set(shown.pictures.film)
    total = len(shown.tracks) + (0 if shown.truth is None else len(shown.truth))
    thin = bool(film) and total > MOST_ROWS
    some = film if thin else None
    iou = None if shown.quality is None else _rounded(shown.quality.iou)
    errors = shown.errors or ()
    present = [kind for kind in KINDS if any(row.kind == kind for row in errors)]
    return {
        "name": shown.name,
        "length": shown.length,
        "width": shown.width,
        "height": shown.height,
        "rate": shown.frame_rate,
        "start": int(shown.tracks.frame.min()) if len(shown.tracks) else 0,
        "thin": thin,
        "ids": _identities(shown, some),
        "truth": [] if shown.truth is None else _truths(shown.truth, some),
        "iou": iou,
        "kinds": [{"kind": k, "sign": KINDS[k][0], "brief": KINDS[k][2]} for k in present],
        "errors": [
            {"kind": row.kind, "first": row.first, "last": row.last, "result": row.result_id}
            for row in errors
        ],
        "moments": list(shown.moments),
    }


def picture_data(shown: Shown) -> dict[str, Any]:
    """The pictures, which come behind everything else."""
    taken = shown.pictures or Pictures()
    return {
        "film": {str(frame): src for frame, src in taken.film.items()},
        "strips": {str(index): strip.src for index, strip in taken.strips.items()},
        "moments": list(shown.moment_pictures),
    }


def _identities(shown: Shown, some: set[int] | None) -> list[dict[str, Any]]:
    tracks, found = shown.tracks, []
    same = len(set(tracks.confidence.tolist())) < 2  # then nobody said one
    confidence = None if same else tracks.confidence
    for track_id, rows in _by_identity(tracks.track_id):
        numbers, counts = np.unique(tracks.class_id[rows], return_counts=True)
        number = int(numbers[counts.argmax()])
        sure = None if confidence is None else confidence[rows]
        found.append(
            {
                "id": track_id,
                "label": palette.label(track_id),
                "colour": palette.colour_hex(track_id),
                "ink": palette.ink_hex(track_id),
                "dash": palette.dash(track_id),
                "name": class_name(shown.classes, number) if shown.classes else "",
                "runs": state_runs(tracks.frame[rows], shown.state[rows]),
                "path": _path(tracks.frame[rows], tracks.boxes[rows], sure, some),
                "keys": _keys(shown.keyframes.select(shown.keyframes.track_id == track_id)),
            }
        )
    return found


def _truths(truth: Labels, some: set[int] | None) -> list[dict[str, Any]]:
    found = []
    for track_id, rows in _by_identity(truth.track_id):
        runs = state_runs(truth.frame[rows], np.full(len(rows), "truth"))
        path = _path(truth.frame[rows], truth.boxes[rows], None, some)
        found.append({"id": track_id, "runs": runs, "path": path})
    return found


def _by_identity(track_id: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Every identity and its rows, in order."""
    order = np.argsort(track_id, kind="stable")
    ids, starts = np.unique(track_id[order], return_index=True)
    parts = np.split(order, starts[1:]) if len(ids) else []
    yield from zip(ids.tolist(), parts, strict=True)


def state_runs(frame: NDArray[np.int64], state: NDArray[np.str_]) -> list[list[Any]]:
    """`[state, first frame, last frame]` of every stretch without gap or change.

    >>> state_runs(np.array([3, 4, 7]), np.array(["active", "active", "lost"]))
    [['active', 3, 4], ['lost', 7, 7]]
    """
    if not len(frame):
        return []
    new = np.ones(len(frame), bool)
    new[1:] = (np.diff(frame) != 1) | (state[1:] != state[:-1])
    starts = np.flatnonzero(new)
    stops = np.append(starts[1:], len(frame)) - 1
    return [
        [str(state[a]), int(frame[a]), int(frame[b])] for a, b in zip(starts, stops, strict=True)
    ]


def _path(
    frame: NDArray[np.int64],
    boxes: NDArray[np.float64],
    sure: NDArray[np.float64] | None,
    some: set[int] | None,
) -> list[list[Any]]:
    kept = np.isfinite(boxes).all(1)
    if some is not None:
        kept &= np.isin(frame, list(some))
    frame = frame[kept]
    whole = np.clip(np.round(boxes[kept]), -99_999, 99_999).astype(np.int64)
    percent = None
    if sure is not None:
        percent = np.round(100 * np.nan_to_num(np.clip(sure[kept], 0, 1))).astype(np.int64)
    starts = np.flatnonzero(np.diff(frame, prepend=-9) != 1)
    found = []
    stops = np.append(starts[1:], len(frame))[: len(starts)]
    for start, stop in zip(starts, stops, strict=True):
        run: list[Any] = [int(frame[start]), whole[start:stop].ravel().tolist()]
        found.append(run if percent is None else [*run, percent[start:stop].tolist()])
    return found


def _keys(own: Keyframes) -> list[list[Any]]:
    return [list(pair) for pair in zip(own.frame.tolist(), own.end.tolist(), strict=True)]


def _rounded(values: NDArray[np.float64]) -> list[float | None]:
    return [round(v, 3) if np.isfinite(v) else None for v in values.tolist()]
