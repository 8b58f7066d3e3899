"""What the network looked at in a frame: glimpses, score maps, and who listened to whom.

The tracker runs as always; hooks on its network keep what passes through in the frames that are
asked for. So what is shown is what happened, not a second opinion.

Axis letters: N objects, R S rows and columns of a glimpse, R' S' of a score map.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mohart.model.cell import Prediction
from mohart.model.state import TrackState
from mohart.model.tracker import MohartModel
from mohart.probes.relations import influence_of

Array = NDArray[np.float32]


class Step(NamedTuple):
    """One look of the network at a frame.

    Attributes:
        boxes: [N, 4] xyxy pixels, as the network says them.
        windows: [N, 4] xyxy pixels, where it looked.
        visibility: [N] in [0, 1], not calibrated.
        glimpses: [N, R, S, 3] uint8 BGR, what it saw.
        scores: [N, R', S'] probability that the object's centre is in this cell of the window,
            with "nowhere" left out; None where the heads have no such map.
        attention: [N, N], mean over the heads, row i says whom object i listens to and sums to 1;
            None where the module has no attention.
        influence: [N, N], see `mohart.probes.relations.RelationStep`.
    """

    boxes: Array
    windows: Array
    visibility: Array
    glimpses: NDArray[np.uint8]
    scores: Array | None
    attention: Array | None
    influence: Array


class StepProbe:
    """Looks over the shoulder of a network; use it as a context manager.

    Args:
        model: of the tracker that is watched.
    """

    def __init__(self, model: MohartModel) -> None:
        self._model = model
        self._glimpse: Tensor | None = None
        self._seen: tuple[Tensor, TrackState, Prediction, Tensor] | None = None
        self._open = False
        self._handles: list[Any] = []

    def __enter__(self) -> StepProbe:
        cell = self._model.cell
        glimpse = cast("nn.Module", cell.glimpse)
        self._handles = [
            glimpse.register_forward_hook(self._keep_glimpse),
            cell.register_forward_hook(self._keep_step),
        ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._seen = self._glimpse = None

    def listen(self) -> None:
        """Keep the next look at a frame: call it before the tracker's `update`."""
        self._open, self._seen = True, None

    def take(self) -> Step | None:
        """What was kept since `listen`; None where the network was not asked (nobody there)."""
        self._open = False
        if self._seen is None:
            return None
        frame, state, said, glimpse = self._seen
        self._seen = None
        with torch.inference_mode():
            influence = influence_of(self._model, frame, state)
        attention = said.attention
        return Step(
            boxes=_numbers(said.boxes[0]),
            windows=_numbers(said.windows[0]),
            visibility=_numbers(said.visibility[0].sigmoid()),
            glimpses=_pixels(glimpse[0]),
            scores=_map(said),
            attention=None if attention is None else _numbers(attention[0].mean(0)),
            influence=_numbers(influence),
        )

    def _keep_glimpse(self, _: nn.Module, inputs: tuple[Any, ...], looked: Tensor) -> None:
        if self._open:
            self._glimpse = looked

    def _keep_step(
        self,
        _: nn.Module,
        inputs: tuple[Tensor | None, TrackState],
        answer: tuple[Prediction, TrackState],
    ) -> None:
        """The first look is the tracker's; later ones are searches for single objects."""
        frame, state = inputs
        if not self._open or frame is None or self._glimpse is None or len(state.boxes) != 1:
            return
        self._seen = frame, state, answer[0], self._glimpse
        self._open = False


def _map(said: Prediction) -> Array | None:
    if said.scores is None or said.grid is None:
        return None
    rows, columns = said.grid.shape[-2:]
    likely = said.scores[0].float().softmax(-1)[:, :-1]
    return _numbers(likely.unflatten(-1, (rows, columns)))


def _numbers(values: Tensor) -> Array:
    return np.asarray(values.detach().float().cpu().numpy(), np.float32)


def _pixels(glimpses: Tensor) -> NDArray[np.uint8]:
    """[N, 3, R, S] in 0..1 -> [N, R, S, 3]."""
    values = (255 * glimpses.detach().float().clamp(0, 1)).round().byte()
    return np.asarray(values.permute(0, 2, 3, 1).contiguous().cpu().numpy(), np.uint8)
