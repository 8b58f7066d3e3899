"""Attention visualised on a frame: an arrow from every object to those it listens to."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.draw import draw_tracks
from mohart.errors import check_shape
from mohart.palette import colour_bgr
from mohart.probes.relations import RelationStep
from mohart.structures import ACTIVE, PREDICTED, TrackedObjects

FULL_INFLUENCE = 0.1  # sizes that are drawn as thick as an attention of 1
FAINTEST = 0.05  # share of the full weight below which nothing is drawn
SEEN = 0.5  # visibility from which a box is drawn as seen


def draw_relations(
    frame_bgr: NDArray[np.uint8],
    step: RelationStep,
    ids: NDArray[np.int64],
    *,
    use_attention: bool,
) -> NDArray[np.uint8]:
    """A copy of the frame with boxes, ids and an arrow from i to j for what i takes from j.

    Thickness and strength of an arrow in i's colour grow with the weight: attention, averaged over
    the heads, or influence, full at a tenth of a size. Attention to itself is a ring.

    Args:
        frame_bgr: uint8 [H, W, 3]; not changed.
        step: what happened in this frame.
        ids: [N] of the objects.
        use_attention: draw attention (the module must have it), otherwise influence.

    Returns:
        uint8 [H, W, 3].

    Raises:
        ShapeError: ids and boxes differ in number.
    """
    check_shape(ids=(ids, "N"), boxes=(step.boxes, "N 4"))
    state = np.where(step.visibility >= SEEN, ACTIVE, PREDICTED)
    canvas = draw_tracks(frame_bgr, TrackedObjects(step.boxes, ids, step.visibility, state))
    if use_attention and step.attention is not None:
        weights, what = step.attention.mean(0), "attention"
    else:
        weights, what = step.influence / FULL_INFLUENCE, "influence"
    line = max(1, round(min(canvas.shape[:2]) / 200))
    centres = (step.boxes[:, :2] + step.boxes[:, 2:]) / 2
    for i, j in zip(*np.nonzero(weights >= FAINTEST), strict=True):
        weight = min(float(weights[i, j]), 1.0)
        layer = canvas.copy()
        colour, thick = colour_bgr(int(ids[i])), max(1, round(2.5 * line * weight))
        if i == j:
            cv2.circle(layer, _pixel(centres[i]), 3 * line, colour, thick, cv2.LINE_AA)
        else:
            _arrow(layer, centres[i], centres[j], colour, thick, line)
        share = 0.3 + 0.7 * weight
        cv2.addWeighted(layer, share, canvas, 1 - share, 0, canvas)
    _caption(canvas, f"arrows: {what}, i to j")
    return canvas


def _arrow(
    canvas: NDArray[np.uint8],
    start: NDArray[np.float32],
    end: NDArray[np.float32],
    colour: tuple[int, int, int],
    thick: int,
    line: int,
) -> None:
    """From one centre towards the other, a little to the right, so that both ways can be seen."""
    way = end - start
    length = float(np.hypot(*way))
    if length < 1:
        return
    aside = np.array([-way[1], way[0]]) / length * 2 * line
    tip = start + way * 0.85
    cv2.arrowedLine(
        canvas,
        _pixel(start + aside),
        _pixel(tip + aside),
        colour,
        thick,
        cv2.LINE_AA,
        0,
        min(0.5, 6 * line / length),
    )


def _pixel(point: NDArray[np.floating]) -> tuple[int, int]:
    x, y = np.clip(np.nan_to_num(point), -20_000, 20_000)
    return round(float(x)), round(float(y))


def _caption(canvas: NDArray[np.uint8], text: str) -> None:
    """White on a dark plate in the lower left corner."""
    scale, font = max(0.35, min(canvas.shape[:2]) / 900), cv2.FONT_HERSHEY_SIMPLEX
    (width, height), below = cv2.getTextSize(text, font, scale, 1)
    bottom = canvas.shape[0]
    corner = (0, bottom - height - below - 6)
    cv2.rectangle(canvas, corner, (width + 8, bottom), (20, 20, 20), -1)
    place = (4, bottom - below - 3)
    cv2.putText(canvas, text, place, font, scale, (255, 255, 255), 1, cv2.LINE_AA)
