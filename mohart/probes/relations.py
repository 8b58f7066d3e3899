"""Who acts on whom: attention weights, and influence for modules that have no attention.

Influence is measured by ablation. At every step, and for every object j, the step is made once
more with object j hidden from the relational module, and with everything else as it is: how far do
the boxes of the others move? So it says what j does to i in this step through the relational
module; what j did in earlier steps is part of i's memory and stays.

Conventions: N objects, T frames after the one in which the boxes were given.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mohart.aliases import Frame
from mohart.errors import ConfigError, check_shape
from mohart.model.cell import Prediction
from mohart.model.state import TrackState
from mohart.model.tracker import MohartModel

Array = NDArray[np.float32]

COPIES = 16  # of the state that are stepped together; bounds the memory


@dataclass(frozen=True)
class RelationStep:
    """What happened between the objects in one frame.

    Attributes:
        boxes: [N, 4] xyxy pixels.
        visibility: [N] in [0, 1].
        attention: [heads, N, N], row i says whom object i looks at and sums to 1; None where the
            module has no attention.
        influence: [N, N], row i says how far the corners of object i's box move, on average and in
            sizes sqrt(w h), when object j is hidden from the relational module; 0 on the diagonal.
    """

    boxes: Array
    visibility: Array
    attention: Array | None
    influence: Array


class RelationProbe:
    """Follows objects like the tracker does and looks into the relational module on the way.

    Args:
        model: with trained weights; is put in evaluation mode.
        device: where it computes.
    """

    def __init__(self, model: MohartModel, device: torch.device) -> None:
        self._model = model.to(device).eval()
        self._device = device
        self._state: TrackState | None = None

    def start(self, frame_bgr: Frame, boxes_xyxy: NDArray[Any]) -> None:
        """Begin with given boxes.

        Args:
            frame_bgr: uint8 [H, W, 3].
            boxes_xyxy: [N, 4] pixels, N >= 1.

        Raises:
            ConfigError: no box.
            ShapeError: a shape differs from the above.
        """
        check_shape(frame=(frame_bgr, "H W 3"), boxes=(boxes_xyxy, "N 4"))
        if not len(boxes_xyxy):
            raise ConfigError("relations: expected at least one box to start from")
        boxes = torch.from_numpy(np.asarray(boxes_xyxy, np.float32))[None].to(self._device)
        with torch.inference_mode():
            self._state = self._model.start(self._tensor(frame_bgr), boxes)

    def step(self, frame_bgr: Frame | None) -> RelationStep:
        """One frame further.

        Args:
            frame_bgr: of the size of the first one; None coasts without looking.

        Raises:
            ConfigError: `start` was not called.
        """
        if self._state is None:
            raise ConfigError("relations: call start(frame, boxes) first")
        state = self._state
        frame = None if frame_bgr is None else self._tensor(frame_bgr)
        with torch.inference_mode():
            said, self._state = self._model.step(frame, state)
            influence = influence_of(self._model, frame, state)
        boxes, attention = said.boxes[0], said.attention
        return RelationStep(
            boxes=boxes.cpu().numpy(),
            visibility=said.visibility[0].sigmoid().cpu().numpy(),
            attention=None if attention is None else attention[0].cpu().numpy(),
            influence=influence.cpu().numpy(),
        )

    def _tensor(self, frame_bgr: Frame) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(frame_bgr))[None].to(self._device)


def probe(
    model: MohartModel, device: torch.device, frames: Iterable[Frame], boxes_xyxy: NDArray[Any]
) -> Iterator[tuple[Frame, RelationStep]]:
    """Every frame but the first with what happened between the objects in it.

    Args:
        model: with trained weights.
        device: where it computes.
        frames: the first is that in which the boxes are given.
        boxes_xyxy: [N, 4] pixels.
    """
    looker = RelationProbe(model, device)
    for n, frame in enumerate(frames):
        if n == 0:
            looker.start(frame, boxes_xyxy)
        else:
            yield frame, looker.step(frame)


def influence_of(model: MohartModel, frame: Tensor | None, state: TrackState) -> Tensor:
    """Who moves whom in one step, see `RelationStep`.

    Args:
        model: in evaluation mode.
        frame: [1, H, W, 3] uint8 BGR; None coasts without looking.
        state: of one video, before the step.

    Returns:
        [N, N] in sizes; 0 on the diagonal.
    """
    count = state.boxes.shape[1]
    kept = ~torch.eye(count, dtype=torch.bool, device=state.boxes.device)
    columns = [state.boxes.new_zeros(0, count)]
    for rows in kept.split(COPIES):
        # rounding depends on the batch, so the usual boxes come from a copy inside it
        rows = torch.cat([torch.ones_like(rows[:1]), rows])
        frames = None if frame is None else frame.expand(len(rows), -1, -1, -1)
        with _hidden(model, rows):
            said: Prediction = model.step(frames, _repeat(state, len(rows)))[0]
        columns.append(_moved(said.boxes[1:], said.boxes[0]))
    influence = torch.cat(columns).T.contiguous()
    return influence.fill_diagonal_(0)


def to_npz(steps: Sequence[RelationStep], ids: NDArray[np.int64], first_frame: int) -> bytes:
    """All steps as a compressed npz file.

    It holds `frames` [T] (the source's, counted from 1), `ids` [N], `boxes` [T, N, 4] (xyxy
    pixels), `visibility` [T, N], `influence` [T, N, N] and, where the module has attention,
    `attention` [T, heads, N, N]; see `RelationStep`. Equal steps give equal bytes.

    Args:
        steps: at least one.
        ids: [N] of the objects, in the order of the boxes.
        first_frame: number of the first step's frame, counted from 1.

    Raises:
        ConfigError: no step.
    """
    if not steps:
        raise ConfigError("relations: no frame after the first one, so there is nothing to write")
    arrays: dict[str, NDArray[Any]] = {
        "frames": np.arange(first_frame, first_frame + len(steps), dtype=np.int64),
        "ids": np.asarray(ids, np.int64),
        "boxes": np.stack([step.boxes for step in steps]),
        "visibility": np.stack([step.visibility for step in steps]),
        "influence": np.stack([step.influence for step in steps]),
    }
    attention = [step.attention for step in steps if step.attention is not None]
    if attention:
        arrays["attention"] = np.stack(attention)
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)  # type: ignore[arg-type]
    return data.getvalue()


@contextmanager
def _hidden(model: MohartModel, kept: Tensor) -> Iterator[None]:
    """Let the relational module believe that only the objects in `kept` [B, N] are there."""

    def mask(_: nn.Module, inputs: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        features, hidden, alive = inputs
        return features, hidden, alive & kept

    relation = cast("nn.Module", model.relation)
    handle = relation.register_forward_pre_hook(mask)
    try:
        yield
    finally:
        handle.remove()


def _repeat(state: TrackState, copies: int) -> TrackState:
    """The same objects `copies` times along B; nothing is copied."""
    return state.map(lambda x: x.expand(copies, *x.shape[1:]))


def _moved(boxes: Tensor, usual: Tensor) -> Tensor:
    """[N, N, 4] against [N, 4]: mean distance of the two corners in sizes [N, N]."""
    apart = (boxes - usual).unflatten(-1, (2, 2)).norm(dim=-1).mean(-1)
    sides = (usual[:, 2:] - usual[:, :2]).clamp(min=1)
    moved: Tensor = apart / sides.prod(-1).sqrt()
    return moved
