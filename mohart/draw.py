"""Boxes, identities and trails on a frame, readable from 320 to 4000 pixels.

What is sure looks sure: an active object has a solid box, a predicted one a thin dashed box, and a
lost one only faint corner marks where it was seen last.
"""

from __future__ import annotations

import colorsys
from collections import deque
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.structures import ACTIVE, LOST, PREDICTED, TrackedObjects

Colour = tuple[int, int, int]  # BGR
Point = tuple[int, int]


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


@lru_cache(maxsize=4096)
def colour_of(track_id: int) -> Colour:
    """A bright BGR colour that depends on the id alone; neighbouring ids are far apart in hue."""
    # searched for the largest smallest distance (in L*a*b*) among the first 24 ids: 20
    hue = (track_id * 0.37) % 1
    saturation = (1.0, 0.4, 0.7)[track_id // 8 % 3]
    value = (1.0, 0.8)[track_id // 3 % 2]
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(255 * blue), round(255 * green), round(255 * red)


def draw_tracks(
    frame_bgr: NDArray[np.uint8], tracks: TrackedObjects, trails: Trails | None = None
) -> NDArray[np.uint8]:
    """A copy of the frame with boxes, ids and trails on it.

    Args:
        frame_bgr: uint8 [H, W, 3]; not changed.
        tracks: what the tracker says about this frame.
        trails: centres of earlier frames; call `trails.update(tracks)` first. None draws none.

    Returns:
        uint8 [H, W, 3].
    """
    canvas: NDArray[np.uint8] = frame_bgr.copy()
    height, width = canvas.shape[:2]
    line = max(1, round(min(height, width) / 360))
    reach = 4 * max(height, width)  # keeps coordinates in the range that OpenCV can draw
    order = {LOST: 0, PREDICTED: 1, ACTIVE: 2}
    rows = [
        (order.get(str(state), 2), n)
        for n, state in enumerate(tracks.state)
        if np.isfinite(tracks.xyxy[n]).all()
    ]
    for trail_id, points in (trails.points if trails else {}).items():
        _draw_trail(canvas, list(points), colour_of(trail_id), line)
    for rank, n in sorted(rows):
        left, top, right, bottom = (round(float(v)) for v in np.clip(tracks.xyxy[n], -reach, reach))
        colour = colour_of(int(tracks.tracker_id[n]))
        if rank == 0:
            _draw_corners(canvas, (left, top), (right, bottom), _faint(colour), max(1, line // 2))
        elif rank == 1:
            _draw_dashed(canvas, (left, top), (right, bottom), colour, max(1, line // 2))
        else:
            cv2.rectangle(canvas, (left, top), (right, bottom), colour, line)
    for rank, n in sorted(rows):  # labels last, so that no box crosses one
        if rank:
            corner = np.clip(tracks.xyxy[n, :2], -reach, reach)
            _draw_label(canvas, int(tracks.tracker_id[n]), corner, line, solid=rank == 2)
    return canvas


def _faint(colour: Colour) -> Colour:
    """Half the colour, half grey."""
    return (colour[0] + 128) // 2, (colour[1] + 128) // 2, (colour[2] + 128) // 2


def _draw_trail(
    canvas: NDArray[np.uint8], points: list[tuple[float, float]], colour: Colour, line: int
) -> None:
    """A line through the centres that grows from thin and faint to full towards the present."""
    pixels = [(round(x), round(y)) for x, y in points]
    for n, (start, end) in enumerate(pairwise(pixels)):
        age = (n + 1) / len(pixels)
        shade = colour if age > 0.5 else _faint(colour)
        cv2.line(canvas, start, end, shade, max(1, round(line * age)), cv2.LINE_AA)


def _draw_dashed(
    canvas: NDArray[np.uint8], low: Point, high: Point, colour: Colour, line: int
) -> None:
    """A dashed rectangle: equal dashes and gaps of about a sixth of the shorter side."""
    (left, top), (right, bottom) = low, high
    dash = max(3, min(right - left, bottom - top) // 6)
    for x in range(left, right, 2 * dash):
        for y in (top, bottom):
            cv2.line(canvas, (x, y), (min(x + dash, right), y), colour, line)
    for y in range(top, bottom, 2 * dash):
        for x in (left, right):
            cv2.line(canvas, (x, y), (x, min(y + dash, bottom)), colour, line)


def _draw_corners(
    canvas: NDArray[np.uint8], low: Point, high: Point, colour: Colour, line: int
) -> None:
    """Short marks at the four corners of a rectangle."""
    arm = max(3, min(high[0] - low[0], high[1] - low[1]) // 6)
    for x, inward_x in ((low[0], arm), (high[0], -arm)):
        for y, inward_y in ((low[1], arm), (high[1], -arm)):
            cv2.line(canvas, (x, y), (x + inward_x, y), colour, line)
            cv2.line(canvas, (x, y), (x, y + inward_y), colour, line)


def _draw_label(
    canvas: NDArray[np.uint8], track_id: int, corner: NDArray[np.float32], line: int, *, solid: bool
) -> None:
    """The id in a small plate above the box, inside the frame wherever the box is in view."""
    height, width = canvas.shape[:2]
    scale = 0.33 + 0.11 * line
    stroke = max(1, round(line * 0.6))
    (text_width, text_height), _ = cv2.getTextSize(
        str(track_id), cv2.FONT_HERSHEY_SIMPLEX, scale, stroke
    )
    pad = 1 + line
    plate_width, plate_height = text_width + 2 * pad, text_height + 2 * pad
    left, bottom = round(float(corner[0])), round(float(corner[1]))
    if left < -width or left > width or bottom < -height or bottom > height:
        return
    left = min(max(left - line // 2, 0), max(width - plate_width, 0))
    bottom = min(max(bottom, plate_height), height)
    colour = colour_of(track_id)
    low, high = (left, bottom - plate_height), (left + plate_width, bottom)
    luminance = 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2]
    ink = (0, 0, 0) if luminance > 110 else (255, 255, 255)
    if solid:
        cv2.rectangle(canvas, low, high, colour, -1)
    else:
        cv2.rectangle(canvas, low, high, (0, 0, 0), -1)
        cv2.rectangle(canvas, low, high, colour, 1)
        ink = colour
    cv2.putText(
        canvas,
        str(track_id),
        (left + pad, bottom - pad),
        cv2.FONT_HERSHEY_SIMPLEX,
        scale,
        ink,
        stroke,
        cv2.LINE_AA,
    )
