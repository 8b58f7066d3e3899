"""Re-detection at close range: a wider look for whom the window has lost all at once.

The window is about twice the box. A camera that is knocked, or a ball that is thrown, takes an
object out of it between two frames, in full view. Whoever was surely seen a moment ago is then
looked for in windows around the last one. Not later: what has been away for long may be anybody
(see `mohart.tracking.learned.absent` for returns by look).

Source: local search before re-detection, Kalal et al. 2012 (TLD), sec. 5; the candidates are judged
by the tracker itself, each as a video of its own, so that they do not see each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mohart.boxes import pairwise_iou
from mohart.model.state import TrackState
from mohart.model.tracker import MohartModel

Fits = Callable[[NDArray[np.float64]], NDArray[np.floating[Any]]]

REACH, STEP = 2, 0.9  # windows to each side, and how far apart they are in box sizes
PATIENCE = 15  # frames after the last sure sight
SURE = 0.6  # visibility of a sure sight
GONE = 0.4  # visibility under which an object is looked for
FOUND = 1.5  # logit of visibility from which it is found, ...
BETTER = 0.7  # ... and by how much that must be above what its own window said
APART = 0.3  # IoU with the box of another visible object, at most
ALIKE = 0.7  # with what it looked like, at least
BUSY = 2  # objects that are looked for in one frame, at most


class WideSearch:
    """Remembers who was surely seen lately, and looks for those of them who have vanished.

    Args:
        patience: frames after the last sure sight in which an object is looked for; 0 turns the
            search off.
    """

    def __init__(self, patience: int = PATIENCE) -> None:
        self._patience = patience
        self._left = np.zeros(0, np.int64)  # frames in which each is still looked for

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Forget the other rows; rows that came since the last frame were never seen yet."""
        left = np.zeros(len(rows), np.int64)
        left[: len(self._left)] = self._left[: len(rows)]
        self._left = left[rows]

    def wanted(self, visibility: NDArray[np.float64]) -> NDArray[np.int64]:
        """Rows that have vanished, those that were seen last first; notes who is seen.

        Args:
            visibility: [N] 0 to 1 in this frame; rows are those of the frame before, new ones last.
        """
        self.keep(np.ones(len(visibility), bool))
        missing = np.flatnonzero((visibility < GONE) & (self._left > 0))
        order = np.argsort(-self._left[missing], kind="stable")
        seen = visibility >= SURE
        self._left = np.where(seen, self._patience, np.maximum(self._left - 1, 0))
        return missing[order][:BUSY]

    def find(
        self, model: MohartModel, picture: Tensor, before: TrackState, row: int,
        visibility: float, others: NDArray[np.float32], fits: Fits,
    ) -> tuple[TrackState, float] | None:  # fmt: skip
        """Look for one object around its last window.

        Args:
            model: in evaluation mode.
            picture: [1, H, W, 3] uint8 BGR.
            before: of the frame before, one video.
            row: who.
            visibility: 0 to 1, what its own window said.
            others: [M, 4] xyxy pixels, boxes of the other objects that are seen now.
            fits: boxes [K, 4] xyxy pixels -> [K] in 0..1, how alike to the object's looks what
                lies there is.

        Returns:
            Its state after this frame [1, 1, ...] and the logit of its visibility; None where it
            is in none of the windows.
        """
        one = before.select(torch.tensor([row], device=before.boxes.device))
        around = surroundings(one, model)
        count = len(around.boxes)
        said, after = model.step(picture.expand(count, -1, -1, -1), around)
        logit = said.visibility[:, 0].cpu().numpy().astype(np.float64)
        boxes = said.boxes[:, 0].cpu().numpy().astype(np.float64)
        logit[~_inside(boxes, before.frame)] = -np.inf
        if len(others):
            shared = pairwise_iou(boxes, others.astype(np.float64)).max(1)
            logit[shared > APART] = -np.inf
        logit[fits(boxes) < ALIKE] = -np.inf
        best = int(logit.argmax())
        own = float(np.log(max(visibility, 1e-6) / max(1 - visibility, 1e-6)))
        if logit[best] < max(FOUND, own + BETTER):
            return None
        return after.map(lambda x: x[best : best + 1]), float(logit[best])


def surroundings(one: TrackState, model: MohartModel) -> TrackState:
    """One object [1, 1, ...] as [K, 1, ...], in each of K windows around its last box, at rest."""
    steps = STEP * torch.arange(-REACH, REACH + 1, dtype=torch.float32, device=one.boxes.device)
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    offsets = torch.stack([x.flatten(), y.flatten()], 1)
    offsets = offsets[(offsets != 0).any(1)]
    size = one.boxes[0, 0, 2:] - one.boxes[0, 0, :2]
    moved = (offsets * size).repeat(1, 2)[:, None]  # [K, 1, 4]
    count = len(offsets)
    many = one.map(lambda x: x.expand(count, *x.shape[1:]).clone())
    boxes = many.boxes + moved
    windows = model.cell.heads.first_window(boxes.flatten(0, 1)).unflatten(0, (count, 1))
    return many._replace(boxes=boxes, windows=windows, velocity=torch.zeros_like(many.velocity))


def put_row(state: TrackState, row: int, one: TrackState) -> TrackState:
    """The state [1, N, ...] with one object [1, 1, ...] in the place of a row."""
    rows = torch.zeros(state.alive.shape, dtype=torch.bool, device=state.alive.device)
    rows[0, row] = True
    count = state.alive.shape[1]
    wide = one.map(lambda x: x.expand(1, count, *x.shape[2:]))
    return state.replace_where(rows, wide)


def _inside(boxes: NDArray[np.float64], frame: tuple[int, int]) -> NDArray[np.bool_]:
    """[K] whether the centre of each box [K, 4] lies in the frame (height, width)."""
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    return (x >= 0) & (y >= 0) & (x <= frame[1]) & (y <= frame[0])
