"""Discs on a lightly textured ground, drawn with exact edges, and what can be seen of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.data.windows import ClipArrays
from mohart.synth.worlds.world import Simulated

TEXTURE = 6.0  # standard deviation of the ground's grey levels
EDGE = 2  # pixels around a disc that its edge can reach


def render(drawn: Simulated, rng: Random, width: int, height: int) -> ClipArrays:
    """Draw all frames.

    The ground does not move with the camera, so it says nothing about the camera.

    Args:
        drawn: a simulated sequence of T frames and N objects.
        rng: of the ground.
        width: W, pixels.
        height: H, pixels.

    Returns:
        frames [T, H, W, 3], boxes [T, N, 4], visibility [T, N], present [T, N]: False where less
        than a pixel of the box is inside the frame. Boxes are 0 where absent.
    """
    boxes = drawn.boxes()
    x_in = (boxes[..., 2] > 1) & (boxes[..., 0] < width - 1)
    inside = x_in & (boxes[..., 3] > 1) & (boxes[..., 1] < height - 1)
    present = drawn.present & inside
    seen = visible_share(drawn, present, width, height)
    frames = _paint(drawn, _ground(rng, width, height), present)
    return ClipArrays(
        frames,
        np.where(present[..., None], boxes, 0).astype(np.float32),
        np.where(present, seen, 0).astype(np.float32),
        present,
    )


def visible_share(
    drawn: Simulated, present: NDArray[np.bool_], width: int, height: int, rings: int = 5
) -> Floats:
    """[T, N] share of every disc that is inside the frame and not behind another disc.

    Measured at points spread evenly over the disc (10 per ring and ring number: 150).
    """
    centre = drawn.boxes()[..., :2] + drawn.radii[:, None]
    points = _disc_points(rings)  # [P, 2]
    where = centre[:, :, None] + drawn.radii[:, None, None] * points  # [T, N, P, 2]
    seen = ((where > 0) & (where < np.array([width, height]))).all(-1)
    for n in range(len(drawn.radii)):
        away = ((where - centre[:, None, None, n]) ** 2).sum(-1)  # [T, N, P]
        covered = (away < drawn.radii[n] ** 2) & present[:, n, None, None]
        seen &= ~(covered & (drawn.order[n] > drawn.order)[None, :, None])
    share: Floats = seen.mean(-1)
    return share


def _disc_points(rings: int) -> Floats:
    """[P, 2] points that divide the unit disc into equal areas."""
    points = []
    before = 0
    total = 5 * rings * (rings + 1)
    for ring in range(1, rings + 1):
        count = 10 * ring
        radius = np.sqrt((before + count / 2) / total)
        angle = (np.arange(count) + 0.5 * (ring % 2)) / count * 2 * np.pi
        points.append(radius * np.stack([np.cos(angle), np.sin(angle)], -1))
        before += count
    return np.concatenate(points)


def _ground(rng: Random, width: int, height: int) -> Floats:
    """[H, W, 3] a grey of any lightness with coarse grain."""
    rows, columns = -(-height // 4), -(-width // 4)
    grain = rng.normal(0, TEXTURE, (rows, columns)).repeat(4, 0).repeat(4, 1)[:height, :width]
    ground: Floats = (rng.uniform(20, 90) + grain)[..., None].clip(0, 255).repeat(3, -1)
    return ground


def _paint(drawn: Simulated, ground: Floats, present: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """[T, H, W, 3]: every disc blended over what is behind it, back to front."""
    height, width = ground.shape[:2]
    margin = 2 * (int(np.ceil(drawn.radii.max(initial=0))) + EDGE)  # a disc just outside
    around = ((margin, margin), (margin, margin), (0, 0))
    padded = np.pad(ground.astype(np.float32), around)
    frames = np.repeat(padded[None], len(drawn.positions), 0)
    centre = drawn.boxes()[..., :2] + drawn.radii[:, None]
    for n in np.argsort(drawn.order):
        times = np.flatnonzero(present[:, n])
        half = int(np.ceil(drawn.radii[n])) + EDGE
        corner = np.floor(centre[times, n]).astype(int) - half  # [T', 2]
        step = np.arange(2 * half + 1)
        x, y = corner[:, :1] + step, corner[:, 1:] + step  # [T', P]
        away_x, away_y = x + 0.5 - centre[times, n, :1], y + 0.5 - centre[times, n, 1:]
        away = np.sqrt(away_y[:, :, None] ** 2 + away_x[:, None, :] ** 2)
        cover = np.clip(drawn.radii[n] + 0.5 - away, 0, 1).astype(np.float32)[..., None]
        place = (times[:, None, None], y[:, :, None] + margin, x[:, None, :] + margin)
        colour = drawn.colours[times, n][:, None, None].astype(np.float32)
        frames[place] += cover * (colour - frames[place])
    cut = frames[:, margin : margin + height, margin : margin + width]
    return np.ascontiguousarray(np.round(cut).astype(np.uint8))
