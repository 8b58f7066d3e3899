"""The time step through onnxruntime: the network as two graphs, torch only for what is rare.

Axis letters: B videos that look at one frame (1 while tracking), N objects of each.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mohart.errors import CheckpointError, MissingDataError
from mohart.model.graphs import graph_names
from mohart.model.state import TrackState
from mohart.model.tracker import MohartModel
from mohart.tracking.learned.engine import TorchEngine
from mohart.tracking.learned.picture import Picture


class GraphEngine:
    """Looks through onnxruntime; aims and coasts, which nobody waits for, in torch.

    Args:
        torch_engine: the same model, on the CPU.
        first: the graph of the first look, see :mod:`mohart.model.graphs`.
        step: the graph of the time step.
        threads: of onnxruntime.

    Attributes:
        metadata: of the graph of the time step.

    Raises:
        MissingDataError: onnxruntime is not installed.
        CheckpointError: it can not read the graphs.
    """

    def __init__(
        self, torch_engine: TorchEngine, first: bytes, step: bytes, *, threads: int = 1
    ) -> None:
        self._torch, self.device = torch_engine, torch_engine.device
        memories = len(torch_engine.model.cell.templates)
        self._names, _ = graph_names("step", memories)
        self._graphs, self._threads = (first, step), threads
        self._first, self._step = (open_graph(graph, threads) for graph in (first, step))
        self.metadata: dict[str, str] = self._step.get_modelmeta().custom_metadata_map

    def __getstate__(self) -> dict[str, Any]:
        """A copy opens its own sessions, which cannot be copied."""
        return {name: x for name, x in vars(self).items() if name not in ("_first", "_step")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """See `__getstate__`."""
        self.__dict__.update(state)
        self._first, self._step = (open_graph(graph, self._threads) for graph in self._graphs)

    def start(self, picture: Picture, boxes: Tensor) -> TrackState:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        if not boxes.shape[1]:  # graphs know no empty set
            return self._torch.start(picture, boxes)
        alive = torch.ones(boxes.shape[:2], dtype=torch.bool)
        boxes, windows = self._torch.model.cell.first_windows(boxes, alive)
        feed = (self.read(picture, windows), boxes, windows)
        names = ("glimpses", "boxes", "windows")
        hidden, cell, *memories = _run(self._first, dict(zip(names, feed, strict=True)))
        width, height = picture.size
        return TrackState(
            boxes=boxes, windows=windows, velocity=torch.zeros_like(boxes[..., :2]),
            hidden=hidden, cell=cell, alive=alive, memories=tuple(memories),
            frame=(height, width),
        )  # fmt: skip

    def step(self, picture: Picture | None, state: TrackState) -> tuple[Tensor, TrackState]:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        if picture is None or not state.rows or self._torch.watched:
            return self._torch.step(picture, state)
        return self.see(self.read(picture, state.windows), state)

    def see(self, looked: Tensor, state: TrackState) -> tuple[Tensor, TrackState]:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        if len(looked) == 1:
            return self._advance(looked, state)
        # a graph is of one video: nobody sees anybody of another
        videos = [self._advance(looked[b : b + 1], state.video(b)) for b in range(len(looked))]
        seen, after = zip(*videos, strict=True)
        return torch.cat(seen), TrackState.stack(after)

    def aim(self, boxes: Tensor) -> Tensor:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        return self._torch.aim(boxes)

    def read(self, picture: Picture, windows: Tensor) -> Tensor:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        return self._torch.read(picture, windows)

    def watch(self) -> MohartModel:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        return self._torch.watch()

    def _advance(self, looked: Tensor, state: TrackState) -> tuple[Tensor, TrackState]:
        """Glimpses [1, N, 3, R, S], the state before -> visibility [1, N], the state after."""
        frame = torch.tensor(state.frame, dtype=torch.float32)
        feed = (looked, frame, *state[:5], *state.memories)
        visibility, boxes, windows, velocity, hidden, cell, *memories = _run(
            self._step, dict(zip(self._names, feed, strict=True))
        )
        after = TrackState(
            boxes, windows, velocity, hidden, cell, state.alive, tuple(memories), state.frame
        )
        return visibility, after


def open_graph(graph: bytes, threads: int) -> Any:
    """A session of onnxruntime on the CPU.

    Raises:
        MissingDataError: it is not installed.
        CheckpointError: it can not read the graph.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDataError(
            "--engine onnx: onnxruntime is not installed; run: pip install 'mohart[fast]', or "
            "track with --engine torch"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3  # errors alone
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # protobuf and onnxruntime raise errors of their own kinds
        reason = str(error).strip().splitlines()[0]
        raise CheckpointError(
            f"onnxruntime can not read the graph of the model ({reason}); track with --engine torch"
        ) from error


def _run(session: Any, feed: dict[str, Tensor]) -> list[Tensor]:
    arrays = {name: tensor.numpy() for name, tensor in feed.items()}
    return [torch.from_numpy(array) for array in session.run(None, arrays)]
