"""Background subtraction: what moves in front of a fixed camera; no network, no download.

Conventions: frames uint8 BGR [H, W, 3], boxes xyxy pixels.

The defaults were chosen on eight generated sequences with a fixed camera and by looking at
unlabelled streets and highways. Generated shadows are lighter than those of the sun: what is better
there (fewer pixels taken as shadows, wider joins) makes boxes of real cars and people too large.
The choice was not blind to PETS09-S2L1 and cdnet-highway: their numbers had been seen when it was
made, so what they say of this detector is no test of it.

Source: Zivkovic and van der Heijden 2006 (the mixture of Gaussians per pixel, as in OpenCV's
BackgroundSubtractorMOG2, shadows after Prati et al. 2003).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.errors import ConfigError
from mohart.structures import Detections
from mohart.tracking.detectors.protocol import WholeDetector

WORK_SIDE = 640  # the longer side of the picture that is looked at, pixels
FOREGROUND = 255  # of OpenCV's mask; 127 are shadows
BACKGROUND = 0.8  # share of the time that what a pixel showed belongs to the background
CALM = 0.5  # where more of the picture changes, the camera moved or a lamp was switched; nor is
# anything larger than this share of it an object
CLOSE = 0.01  # holes up to twice this share of the shorter side are filled
SOLID = 0.6  # share of a box that moves, of a compact object
CERTAIN_AREA = 4.0  # times the least area


class MotionDetector(WholeDetector):
    """Moving things as boxes, for cameras that stand still.

    The background is learned from every frame that is seen, also from those that are only shown
    (`observe`), fast while it warms up and slowly afterwards. What stands still for about a quarter
    of `history` becomes background. While more than half of the picture changes, nothing is
    reported.

    Args:
        warm_up: frames at the beginning in which nothing is reported.
        history: frames over which the background is learned after the warm-up.
        least_area: of an object, as a share of the frame.
        contrast: how much a pixel must differ from the background, squared, in variances.
        join: fragments nearer than this share of the frame's shorter side are one object.

    Raises:
        ConfigError: a setting is out of range.
    """

    name = "motion"
    follows_video = True

    def __init__(
        self,
        *,
        warm_up: int = 25,
        history: int = 500,
        least_area: float = 0.0005,
        contrast: float = 16.0,
        join: float = 0.02,
    ) -> None:
        if warm_up < 1 or history < 1 or not 0 < least_area < 1 or contrast <= 0 or join < 0:
            raise ConfigError(
                "motion: expected warm_up and history of at least 1 frame, least_area between 0 "
                f"and 1, contrast above 0 and join of at least 0, got {warm_up}, {history}, "
                f"{least_area:g}, {contrast:g}, {join:g}"
            )
        self._warm_up, self._history = warm_up, history
        self._least_area, self._contrast, self._join = least_area, contrast, join
        self.details = {
            "warm_up": warm_up,
            "history": history,
            "least_area": least_area,
            "contrast": contrast,
            "join": join,
        }
        self.reset()

    def reset(self, frame: int = 0) -> None:
        """Forget the background; which frame comes next does not matter."""
        self._seen = 0
        self._background = cv2.createBackgroundSubtractorMOG2(
            self._history, self._contrast, detectShadows=True
        )
        self._background.setBackgroundRatio(BACKGROUND)

    def observe(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Learn from a frame without reporting."""
        self._mask(frame_bgr)

    def __call__(self, frame_bgr: NDArray[np.uint8]) -> Detections:
        """Moving things, from left to right; nothing while the background is being learned.

        The score is how much of the box moves, `SOLID` and more being 1, times how far the moving
        area is above the least one, `CERTAIN_AREA` times and more being 1.
        """
        mask = self._mask(frame_bgr)
        if self._seen <= self._warm_up or np.count_nonzero(mask) > CALM * mask.size:
            return Detections.empty()
        short = min(mask.shape)
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, _disc(3))
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _disc(2 * round(CLOSE * short) + 1))
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        least = self._least_area * mask.size
        parts = stats[1:][stats[1:, cv2.CC_STAT_AREA] >= max(4, least / 8)].astype(np.float64)
        boxes = np.concatenate([parts[:, :2], parts[:, :2] + parts[:, 2:4]], 1)
        boxes, areas = join_fragments(boxes, parts[:, cv2.CC_STAT_AREA], self._join * short)
        sides = boxes[:, 2:] - boxes[:, :2]
        fits = (areas >= least) & (sides.prod(1) <= CALM * mask.size)
        boxes, areas = boxes[fits], areas[fits]
        filled = areas / (boxes[:, 2:] - boxes[:, :2]).prod(1)
        score = (filled / SOLID).clip(max=1) * (areas / (CERTAIN_AREA * least)).clip(max=1)
        height, width = frame_bgr.shape[:2]
        zoom = [width / mask.shape[1], height / mask.shape[0]] * 2
        return Detections(
            (boxes * zoom).astype(np.float32),
            score.astype(np.float32),
            np.full(len(boxes), -1, np.int64),
        )

    def _mask(self, frame_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """255 where something moves, at the working size; the background learns."""
        height, width = frame_bgr.shape[:2]
        zoom = min(1.0, WORK_SIDE / max(height, width))
        small = frame_bgr
        if zoom < 1:
            size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
            small = cv2.resize(frame_bgr, size, interpolation=cv2.INTER_AREA)
        self._seen += 1
        rate = 1 / (self._seen if self._seen <= self._warm_up else self._history)
        mask = self._background.apply(cv2.GaussianBlur(small, (3, 3), 0), learningRate=rate)
        moving: NDArray[np.uint8] = np.where(mask == FOREGROUND, 255, 0).astype(np.uint8)
        return moving


def join_fragments(
    boxes: NDArray[np.float64], areas: NDArray[np.float64], gap: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fragments of one thing as one box each.

    Two boxes are one thing where they overlap or are nearer than `gap` above each other, and the
    narrower one lies under or over the other for half of its width at least; people fall into head,
    trunk and legs, and two of them side by side shall stay two. Repeated until nothing changes.

    Args:
        boxes: [M, 4] xyxy.
        areas: [M] pixels that move in each.
        gap: pixels.

    Returns:
        boxes [K, 4] from left to right, areas [K].

    >>> join_fragments(np.array([[0, 0, 9, 9], [1, 11, 8, 30.0]]), np.array([70.0, 90]), 3)
    (array([[ 0.,  0.,  9., 30.]]), array([160.]))
    """
    joined = True
    while joined and len(boxes) > 1:
        low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
        high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
        shared = high - low  # negative: the distance
        width = boxes[:, 2] - boxes[:, 0]
        under = shared[..., 0] >= 0.5 * np.minimum(width[:, None], width[None])
        near = under & (shared[..., 1] >= -gap)
        count, group = _groups(near)
        joined = count < len(boxes)
        merged = np.zeros((count, 4))
        for k in range(count):
            some = boxes[group == k]
            merged[k] = [*some[:, :2].min(0), *some[:, 2:].max(0)]
        areas = np.bincount(group, areas, count).astype(np.float64)
        boxes = merged
    order = np.argsort(boxes[:, 0], kind="stable")
    return boxes[order], areas[order]


def _groups(near: NDArray[np.bool_]) -> tuple[int, NDArray[np.int64]]:
    """Number of connected groups and the group [M] of every member."""
    group = np.full(len(near), -1, np.int64)
    count = 0
    for start in range(len(near)):
        if group[start] >= 0:
            continue
        reached = np.zeros(len(near), bool)
        reached[start] = True
        while (more := near[reached].any(0) | reached).sum() > reached.sum():
            reached = more
        group[reached] = count
        count += 1
    return count, group


def _disc(size: int) -> NDArray[np.uint8]:
    shape: NDArray[np.uint8] = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return shape
