"""The network as graphs in onnxruntime; no torch is needed, nor loaded.

Axis letters: B videos that look at one frame (1 while tracking), N objects of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mohart.errors import CheckpointError, MissingDataError
from mohart.model.graph_names import KINDS, Kind, graph_names
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.reader import WindowReader
from mohart.tracking.learned.state import OWN, Array, NetworkState, make_state

if TYPE_CHECKING:
    from mohart.model.tracker import MohartModel

Graphs = Mapping[Kind, bytes]
CROWD = 16  # objects from which more threads are faster, by measurement: docs/results/speed.md
SHARED: tuple[Kind, ...] = ("step", "first")  # graphs whose work they share


class GraphEngine:
    """See :class:`mohart.tracking.learned.engine.Engine`.

    Args:
        graphs: of all kinds, see :mod:`mohart.model.graph_names`, with bilinear glimpses.
        threads: of onnxruntime.
        crowd_threads: the same where 16 objects and more are looked at, at least `threads`. Not a
            digit of what is said depends on either.
        in_torch: makes an engine of the same model in torch, for who watches the network.

    Attributes:
        metadata: of the graph of the time step.

    Raises:
        MissingDataError: onnxruntime is not installed.
        CheckpointError: it can not read the graphs.
    """

    def __init__(
        self,
        graphs: Graphs,
        *,
        threads: int = 1,
        crowd_threads: int = 1,
        in_torch: Callable[[], Engine] | None = None,
    ) -> None:
        self._graphs, self._threads, self._in_torch = dict(graphs), threads, in_torch
        self._crowd_threads = max(threads, crowd_threads)
        self._watched: Engine | None = None
        self._open()
        self.metadata: dict[str, str] = self._sessions["step"].get_modelmeta().custom_metadata_map

    def __getstate__(self) -> dict[str, Any]:
        """A copy opens its own sessions, which cannot be copied."""
        return {name: x for name, x in vars(self).items() if name not in ("_sessions", "_crowd")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """See `__getstate__`."""
        self.__dict__.update(state)
        self._open()

    def start(self, picture: Picture, boxes: Array) -> NetworkState:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        width, height = picture.size
        boxes = np.ascontiguousarray(boxes, np.float32)
        if not boxes.shape[1]:  # graphs know no empty set
            columns = [boxes, boxes, boxes[..., :2], *self._nothing()]
            return make_state(columns, (height, width))
        windows = self.aim(boxes)
        looked = self.read(picture, windows)
        hidden, cell, *memories = self._run("first", (looked, boxes, windows))
        still = np.zeros_like(boxes[..., :2])
        return make_state([boxes, windows, still, hidden, cell, *memories], (height, width))

    def step(self, picture: Picture | None, state: NetworkState) -> tuple[Array, NetworkState]:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        if self._watched is not None:
            return self._watched.step(picture, state)
        if not state.rows:
            return state.boxes[..., 0], state
        if picture is not None:
            return self.see(self.read(picture, state.windows), state)
        return _each(state, self._coast)

    def see(self, looked: Array, state: NetworkState) -> tuple[Array, NetworkState]:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        if len(looked) == 1:
            return self._see(looked, state)
        glimpses = iter(looked[:, None])  # a graph is of one video: nobody sees anybody of another
        return _each(state, lambda one: self._see(next(glimpses), one))

    def aim(self, boxes: Array) -> Array:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        if not boxes.size:
            return boxes
        flat = np.ascontiguousarray(boxes.reshape(1, -1, 4), np.float32)
        [windows] = self._run("aim", (flat,))
        return windows.reshape(boxes.shape)

    def read(self, picture: Picture, windows: Array) -> Array:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        looked = self._reader.read(picture.pixels, windows.reshape(-1, 4))
        return looked.reshape(*windows.shape[:2], *looked.shape[1:])

    def watch(self) -> MohartModel:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        if self._in_torch is None:
            raise MissingDataError(
                "looking into the network needs torch and its weights; run: pip install mohart"
            )
        self._watched = self._watched or self._in_torch()
        return self._watched.watch()

    def _open(self) -> None:
        self._sessions = {kind: open_graph(self._graphs[kind], self._threads) for kind in KINDS}
        self._crowd: dict[Kind, Any] = {}  # with more threads, opened when they are needed
        step = self._sessions["step"].get_inputs()
        memories = len(step) - 2 - OWN
        self._names = {kind: graph_names(kind, memories)[0] for kind in KINDS}
        rows, columns = step[0].shape[-2:]
        self._reader = WindowReader(int(rows), int(columns))

    def _see(self, looked: Array, state: NetworkState) -> tuple[Array, NetworkState]:
        """Glimpses [1, N, 3, R, S], the state before -> visibility [1, N], the state after."""
        frame = np.array(state.frame, np.float32)
        visibility, *columns = self._run("step", (looked, frame, *state.arrays()))
        return visibility, make_state(columns, state.frame)

    def _coast(self, state: NetworkState) -> tuple[Array, NetworkState]:
        frame = np.array(state.frame, np.float32)
        visibility, *columns = self._run("coast", (frame, *state[:OWN]))
        return visibility, make_state([*columns, *state.memories], state.frame)

    def _run(self, kind: Kind, arrays: tuple[Any, ...]) -> list[Array]:
        feed = dict(zip(self._names[kind], arrays, strict=True))
        count = arrays[0].shape[1] if kind in SHARED else 0
        answer: list[Array] = self._session(kind, count).run(None, feed)
        return answer

    def _session(self, kind: Kind, count: int) -> Any:
        """Of a graph that so many objects are looked at by."""
        if count < CROWD or self._crowd_threads == self._threads:
            return self._sessions[kind]
        if kind not in self._crowd:
            self._crowd[kind] = open_graph(self._graphs[kind], self._crowd_threads)
        return self._crowd[kind]

    def _nothing(self) -> list[Array]:
        """What a first look at no object gives."""
        shapes = [output.shape for output in self._sessions["first"].get_outputs()]
        return [np.zeros((1, 0, *shape[2:]), np.float32) for shape in shapes]


def _each(
    state: NetworkState, advance: Callable[[NetworkState], tuple[Array, NetworkState]]
) -> tuple[Array, NetworkState]:
    """Every video by itself."""
    seen, after = zip(*(advance(state.video(b)) for b in range(len(state.boxes))), strict=True)
    return np.concatenate(seen), NetworkState.stack(after)


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
