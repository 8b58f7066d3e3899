"""Boxes, identities and trails on a frame, readable from 320 to 4000 pixels.

What is sure looks sure: an active object has a solid box, a predicted one a thin dashed box, and a
lost one corner marks where it was seen last. Every line has a dark seam, so that it can be seen on
any ground; lines get thinner on small objects, which they would cover. Colours are those of the
palette, for all kinds of sight, and the number always stands beside them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.palette import colour_bgr, label
from mohart.structures import ACTIVE, LOST, PREDICTED, TrackedObjects

Canvas = NDArray[np.uint8]
Colour = tuple[int, int, int]  # BGR
Point = tuple[int, int]
SEAM, PLATE, PAPER = (20, 20, 20), (30, 30, 30), (255, 255, 255)
ORDER = {LOST: 0, PREDICTED: 1, ACTIVE: 2}  # the later are drawn over the earlier
LEGEND = (("solid", ACTIVE), ("dashed", PREDICTED), ("corners", LOST))
FAR = 1e8  # pixels, whole numbers that OpenCV can draw
NARROW = 300  # pixels of width below which there is no legend
FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """What is written on pictures beside the numbers of objects.

    Attributes:
        names: class number -> name; others are written as numbers, and none where it is unknown.
        frame_rate: of the source, for the time in the legend.
    """

    names: Mapping[int, str] = field(default_factory=dict)
    frame_rate: float


class Trails:
    """The last centres of every object, at most `length` each.

    Args:
        length: how many frames a trail reaches back.
    """

    def __init__(self, length: int = 40) -> None:
        self.length = length
        self.points: dict[int, deque[tuple[float, float]]] = {}

    def update(self, tracks: TrackedObjects) -> None:
        """Add one frame: trails of objects that are not carried any more are dropped.

        A lost object's trail stops growing and shortens from its old end.
        """
        kept = {}
        for box, track_id, state in zip(tracks.xyxy, tracks.tracker_id, tracks.state, strict=True):
            trail = self.points.get(int(track_id)) or deque(maxlen=self.length)
            if state != LOST and np.isfinite(box).all():
                trail.append((float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2))
            elif trail:
                trail.popleft()
            kept[int(track_id)] = trail
        self.points = kept


class _Drawn(NamedTuple):
    """One object: its state's place in `ORDER`, corners, width of its line."""

    rank: int
    row: int
    low: Point
    high: Point
    line: int


def draw_tracks(
    frame_bgr: Canvas,
    tracks: TrackedObjects,
    trails: Trails | None = None,
    overlay: Overlay | None = None,
    number: int = 0,
) -> Canvas:
    """A copy of the frame with boxes, ids and trails on it.

    Args:
        frame_bgr: uint8 [H, W, 3]; not changed.
        tracks: what the tracker says about this frame.
        trails: centres of earlier frames; call `trails.update(tracks)` first. None draws none.
        overlay: adds class and confidence to the labels, and a line with frame, time and what the
            kinds of boxes mean. None: ids alone.
        number: of the frame, zero-based, for that line.

    Returns:
        uint8 [H, W, 3].
    """
    canvas: Canvas = frame_bgr.copy()
    line = max(1, round(min(canvas.shape[:2]) / 360))
    for trail_id, points in (trails.points if trails else {}).items():
        _draw_trail(canvas, list(points), colour_bgr(trail_id), line)
    rows = _places(tracks, canvas)
    for rank, row, low, high, width in rows:
        colour = colour_bgr(int(tracks.tracker_id[row]))
        for shade, thick in ((SEAM, width + 2), (colour, width)):
            if rank == 0:
                _draw_corners(canvas, low, high, shade, thick)
            elif rank == 1:
                _draw_dashed(canvas, low, high, shade, thick)
            elif shade == colour or width > 1:  # a thin solid line needs no seam
                cv2.rectangle(canvas, low, high, shade, thick)
    if overlay and canvas.shape[1] >= NARROW:
        _draw_legend(canvas, overlay, number, line)
    for drawn in rows:  # labels last, so that no box crosses one
        _draw_label(canvas, tracks, drawn, line, overlay)
    return canvas


def _places(tracks: TrackedObjects, canvas: Canvas) -> list[_Drawn]:
    """What is drawn where, lost objects first."""
    line = max(1, round(min(canvas.shape[:2]) / 270))
    reach = 4 * max(canvas.shape[:2])  # keeps coordinates in the range that OpenCV can draw
    found = []
    for n, state in enumerate(tracks.state):
        box = tracks.xyxy[n]
        if not np.isfinite(box).all():
            continue
        left, top, right, bottom = (round(float(v)) for v in np.clip(box, -reach, reach))
        rank = ORDER.get(str(state), 2)
        width = min(line, max(1, min(right - left, bottom - top) // 20))
        width = width if rank == 2 else max(1, width // 2)
        found.append(_Drawn(rank, n, (left, top), (right, bottom), width))
    return sorted(found)


def _faint(colour: Colour) -> Colour:
    """Half the colour, half grey."""
    return (colour[0] + 128) // 2, (colour[1] + 128) // 2, (colour[2] + 128) // 2


def _draw_trail(
    canvas: Canvas, points: list[tuple[float, float]], colour: Colour, line: int
) -> None:
    """A line through the centres that grows from thin and faint to full towards the present."""
    if len(points) < 2:
        return
    pixels = np.clip(np.rint(points), -FAR, FAR).astype(np.int32)
    age = np.arange(1, len(points)) / len(points)
    widths, strong = np.maximum(np.rint(line * age), 1), age > 0.5
    changes = np.flatnonzero(np.diff(widths + len(points) * strong)) + 1
    for start, end in pairwise([0, *changes.tolist(), len(age)]):  # of segments that look alike
        shade = colour if strong[start] else _faint(colour)
        run = [pixels[start : end + 1]]
        cv2.polylines(canvas, run, False, shade, int(widths[start]), cv2.LINE_AA)


def _draw_dashed(canvas: Canvas, low: Point, high: Point, colour: Colour, line: int) -> None:
    """A dashed rectangle: equal dashes and gaps of about a sixth of the shorter side."""
    (left, top), (right, bottom) = low, high
    dash = max(3, min(right - left, bottom - top) // 6)
    for x in range(left, right, 2 * dash):
        for y in (top, bottom):
            cv2.line(canvas, (x, y), (min(x + dash, right), y), colour, line)
    for y in range(top, bottom, 2 * dash):
        for x in (left, right):
            cv2.line(canvas, (x, y), (x, min(y + dash, bottom)), colour, line)


def _draw_corners(canvas: Canvas, low: Point, high: Point, colour: Colour, line: int) -> None:
    """Short marks at the four corners of a rectangle."""
    arm = max(3, min(high[0] - low[0], high[1] - low[1]) // 6)
    for x, inward_x in ((low[0], arm), (high[0], -arm)):
        for y, inward_y in ((low[1], arm), (high[1], -arm)):
            cv2.line(canvas, (x, y), (x + inward_x, y), colour, line)
            cv2.line(canvas, (x, y), (x, y + inward_y), colour, line)


def _label_texts(tracks: TrackedObjects, drawn: _Drawn, overlay: Overlay | None) -> list[str]:
    """What a label may say, the fullest first."""
    own = label(int(tracks.tracker_id[drawn.row]))
    if drawn.rank == 0:
        return [f"{own} {LOST}", f"{own}?"] if overlay else [f"{own}?"]
    if overlay is None:
        return [own]
    number = int(tracks.class_id[drawn.row])
    name = overlay.names.get(number, "" if number < 0 else str(number))
    scored = f"{own} {float(tracks.confidence[drawn.row]):.2f}"
    return [f"{own} {name} {scored.partition(' ')[2]}", scored, own] if name else [scored, own]


def _draw_label(
    canvas: Canvas, tracks: TrackedObjects, drawn: _Drawn, line: int, overlay: Overlay | None
) -> None:
    """A plate above the box, inside the frame wherever the box is in view, no wider than fits."""
    height, width = canvas.shape[:2]
    left, bottom = drawn.low
    if left < -width or left > width or bottom < -height or bottom > height:
        return
    scale, stroke, pad = _letters(line)
    room = max(1.25 * (drawn.high[0] - left), 0.04 * width)
    texts = _label_texts(tracks, drawn, overlay)
    sizes = [cv2.getTextSize(text, FONT, scale, stroke)[0] for text in texts]
    fits = (n for n, size in enumerate(sizes) if size[0] + 2 * pad <= room)
    chosen = next(fits, len(texts) - 1)
    plate_width, plate_height = sizes[chosen][0] + 2 * pad, sizes[chosen][1] + 2 * pad
    left = min(max(left - line // 2, 0), max(width - plate_width, 0))
    bottom = min(max(bottom, plate_height), height)
    low, high = (left, bottom - plate_height), (left + plate_width, bottom)
    colour = colour_bgr(int(tracks.tracker_id[drawn.row]))
    luminance = 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2]
    ink = SEAM if luminance > 110 else PAPER
    if drawn.rank == 2:
        cv2.rectangle(canvas, low, high, colour, -1)
    else:  # dark with a frame of the colour; white letters, which every colour allows
        cv2.rectangle(canvas, low, high, PLATE, -1)
        cv2.rectangle(canvas, low, high, colour, max(1, line // 2))
        ink = PAPER
    place = (left + pad, bottom - pad)
    cv2.putText(canvas, texts[chosen], place, FONT, scale, ink, stroke, cv2.LINE_AA)


def _draw_legend(canvas: Canvas, overlay: Overlay, number: int, line: int) -> None:
    """Frame, time and what the kinds of boxes mean, on a dark strip at the lower edge."""
    scale, stroke, pad = _letters(line)
    seconds = number / overlay.frame_rate
    minutes, rest = divmod(seconds, 60)
    time = f"{int(minutes)}:{rest:05.2f}"
    full = f"frame {number + 1}  {time}   " + "   ".join(f"{kind}: {what}" for kind, what in LEGEND)
    for text in (full, f"frame {number + 1}  {time}"):
        (width, height), _ = cv2.getTextSize(text, FONT, scale, stroke)
        if width + 2 * pad <= canvas.shape[1]:
            break
    bottom = canvas.shape[0]
    strip = canvas[bottom - height - 2 * pad - line :, : width + 2 * pad]
    strip[...] = strip // 3  # what is below can still be seen
    place = (pad, bottom - pad - line)
    cv2.putText(canvas, text, place, FONT, scale, PAPER, stroke, cv2.LINE_AA)


def _letters(line: int) -> tuple[float, int, int]:
    """Scale and stroke of letters, and pixels around them."""
    return 0.33 + 0.11 * line, max(1, round(line * 0.6)), 1 + line
