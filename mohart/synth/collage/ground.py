"""What lies behind the objects of a collage: a photograph, a piece of video, or a plain ground."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.synth.collage.actor import rotation, streak_kernel
from mohart.synth.collage.material import Material, Picture
from mohart.synth.collage.motion import Camera


def draw_ground(
    rng: Random, material: Material, width: int, height: int, frames: int, *, dish: bool
) -> list[Picture]:
    """What is behind: one picture, or one for each frame; at least as large as a frame.

    Args:
        rng: decides.
        material: what it is cut from.
        width: of the frames, pixels.
        height: of the frames, pixels.
        frames: T.
        dish: often a plain ground, as of a dish or a tank.

    Returns:
        One or T pictures [h, w, 3] uint8 BGR.

    Raises:
        FormatError: a picture is damaged.
    """
    if dish and rng.random() < 0.6:
        shade = rng.uniform(20, 235) * np.exp(rng.normal(0, 0.06, 3))
        x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)
        slope = rng.normal(0, 0.15, 3)
        field = (
            1
            + slope[0] * x[None]
            + slope[1] * y[:, None]
            + slope[2] * (x[None] ** 2 + y[:, None] ** 2)
        )
        plain = np.clip(field[..., None] * shade, 0, 255).astype(np.uint8)
        return [plain]
    if material.videos and rng.random() < 0.25:
        film = material.video(rng)
        if rng.random() < 0.5:
            film = [np.ascontiguousarray(picture[:, ::-1]) for picture in film]
        turn = film + film[-2:0:-1]  # forwards and back for as long as it takes
        first = int(rng.integers(len(turn)))
        return [
            _cover(turn[(first + t) % len(turn)], (width, height), 1.0, 0.5, 0.5)
            for t in range(frames)
        ]
    finest = float(np.exp(rng.uniform(0, np.log(2.5))))
    x, y = rng.uniform(0, 1, 2)
    picture = _cover(material.photo(rng), (width, height), finest, float(x), float(y))
    if rng.random() < 0.5:
        picture = np.ascontiguousarray(picture[:, ::-1])
    if rng.random() < 0.3:  # out of focus
        picture = np.asarray(
            cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.6, 3))), np.uint8
        )
    return [picture]


def _cover(picture: Picture, frame: tuple[int, int], finer: float, x: float, y: float) -> Picture:
    """A part of a picture, at least 1.6 frames wide and high where there is that much."""
    width, height = frame
    tall, wide = picture.shape[:2]
    scale = finer * max(width / wide, height / tall)
    need = (int(1.6 * width / scale), int(1.6 * height / scale))
    left, top = int(x * max(0, wide - need[0])), int(y * max(0, tall - need[1]))
    cut = picture[top : top + need[1], left : left + need[0]]
    size = (
        max(width, round(cut.shape[1] * scale)),
        max(height, round(cut.shape[0] * scale)),
    )
    mode = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(cut, size, interpolation=mode), np.uint8)


def show_ground(
    picture: Picture, camera: Camera, t: int, shutter: float, width: int, height: int
) -> Picture:
    """What the camera sees of it in frame t, blurred as it moves: [height, width, 3] uint8 BGR."""
    zoom, roll, middle = float(camera.zoom[t]), float(camera.roll[t]), camera.middle[t]
    turn = zoom * rotation(roll)
    offset = np.array([picture.shape[1] - width, picture.shape[0] - height]) / 2
    place = np.array([width, height]) / 2 - turn @ (middle + offset)
    matrix = np.concatenate([turn, place[:, None]], 1)
    frame = cv2.warpAffine(
        picture,
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    streak = zoom * rotation(roll) @ (camera.middle[max(t - 1, 0)] - middle) * shutter
    if np.hypot(*streak) > 1.5:
        frame = cv2.filter2D(frame, -1, streak_kernel(streak))
    return np.asarray(frame, np.uint8)


def draw_regions(rng: Random, picture: Picture, width: int, height: int) -> list[Floats]:
    """Places with some texture that somebody might draw a box around.

    Args:
        rng: decides.
        picture: [h, w, 3] the first background, its middle is the world's.
        width: of the frames, pixels.
        height: of the frames, pixels.

    Returns:
        [4, 2] corners of each in the world, pixels; up to three.
    """
    found = []
    for _ in range(int(rng.integers(1, 4))):
        size = np.exp(rng.uniform(np.log(18), np.log(80))) * np.exp(rng.normal(0, 0.25, 2))
        middle = rng.uniform(0.15, 0.85, 2) * (width, height)
        low, high = middle - size / 2, middle + size / 2
        offset = np.array([picture.shape[1] - width, picture.shape[0] - height]) / 2
        left, top = np.maximum(low + offset, 0).astype(int)
        right, bottom = (high + offset).astype(int)
        cut = picture[top:bottom, left:right]
        if cut.size and cut.astype(np.float32).std((0, 1)).mean() > 22:
            found.append(np.array([low, (high[0], low[1]), high, (low[0], high[1])]))
    return found


def measure_region(
    corners: Floats, camera: Camera, t: int, owner: NDArray[np.int16]
) -> tuple[Floats, float]:
    """Where a place of the background lies in frame t, and the share of it that can be seen.

    Args:
        corners: [4, 2] in the world, pixels.
        camera: moves it.
        t: frame.
        owner: [H, W] number of the object that covers each pixel; -1: none.

    Returns:
        [4] xyxy pixels, and 0 to 1.
    """
    height, width = owner.shape
    turn = float(camera.zoom[t]) * rotation(float(camera.roll[t]))
    placed = (corners - camera.middle[t]) @ turn.T + (width / 2, height / 2)
    box = np.concatenate([placed.min(0), placed.max(0)])
    left, top = np.maximum(box[:2], 0).astype(int)
    inside = owner[top : max(0, int(box[3])), left : max(0, int(box[2]))]
    area = max(1.0, float((box[2] - box[0]) * (box[3] - box[1])))
    return box, float((inside == -1).sum()) / area
