"""The time step and the first look as graphs (ONNX), for engines other than torch.

A graph is traced from the modules that training uses, so it is no second description of the model.
Its inputs and outputs: :mod:`mohart.model.graph_names`.
"""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from mohart.errors import ConfigError
from mohart.model.graph_names import Kind, graph_names
from mohart.model.state import Frame, TrackState
from mohart.model.tracker import MohartModel
from mohart.nn.portable import with_plain_norms

OPSET = 17
SAMPLE = 3  # objects that a trace is made with; any other number may come later


def trace_graph(model: MohartModel, kind: Kind) -> bytes:
    """A graph, ready to be written to a file.

    Raises:
        ConfigError: a part of this model has no form in a graph, or this torch writes none.
    """
    model = copy.deepcopy(model).cpu().eval().requires_grad_(False)
    with_plain_norms(model)
    module, taken = _module(model, kind, _sample(model))
    names, outputs = graph_names(kind, len(model.cell.templates))
    axes = {name: {1: "objects"} for name in (*names, *outputs) if name != "frame"}
    file = io.BytesIO()
    with warnings.catch_warnings():  # sizes that are fixed on purpose, and the way of tracing
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                module,
                taken,
                cast("str", file),
                input_names=names,
                output_names=outputs,
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
        except Exception as error:  # of many kinds, some of them of no public module
            reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            raise ConfigError(
                f"the model can not be written as a graph ({reason}); track with --engine torch"
            ) from error
    return file.getvalue()


def _module(
    model: MohartModel, kind: Kind, inputs: tuple[Tensor, ...]
) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """What is traced, and with what."""
    match kind:
        case "first":
            return _FirstLook(model), (inputs[0], *inputs[2:4])
        case "step":
            return _Step(model), inputs
        case "coast":
            return _Coast(model), inputs[1:7]
        case "aim":
            return _Aim(model), inputs[2:3]


def with_metadata(graph: bytes, entries: Mapping[str, str]) -> bytes:
    """A graph that carries entries, key -> value, readable by every ONNX library.

    Source: ONNX, `onnx.proto3`, ModelProto.metadata_props; Protocol Buffers, "Encoding": fields of
    a list may stand anywhere, so they are put behind the others.
    """
    for key, value in entries.items():
        entry = _field(1, key.encode()) + _field(2, value.encode())
        graph += _field(14, entry)
    return graph


def _field(number: int, content: bytes) -> bytes:
    """A field of bytes of a protocol buffer."""
    size, length = len(content), bytearray()
    while size >= 128:
        length.append(size % 128 + 128)
        size //= 128
    return bytes([number * 8 + 2]) + bytes([*length, size]) + content


class _FirstLook(nn.Module):
    """A first look over plain tensors."""

    def __init__(self, model: MohartModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, glimpses: Tensor, boxes: Tensor, windows: Tensor) -> tuple[Tensor, ...]:
        """See :mod:`mohart.model.graph_names`."""
        alive = torch.ones_like(boxes[..., 0], dtype=torch.bool)
        state = self.model.cell.begin(glimpses, boxes, windows, alive, (1, 1))
        return (state.hidden, state.cell, *state.memories)


class _Coast(nn.Module):
    """A time step without a frame over plain tensors."""

    def __init__(self, model: MohartModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        frame: Tensor,
        boxes: Tensor,
        windows: Tensor,
        velocity: Tensor,
        hidden: Tensor,
        cell: Tensor,
    ) -> tuple[Tensor, ...]:
        """See :mod:`mohart.model.graph_names`."""
        alive = torch.ones_like(boxes[..., 0], dtype=torch.bool)
        size = cast("Frame", (frame[0], frame[1]))  # numbers that are known later
        state = TrackState(boxes, windows, velocity, hidden, cell, alive, (), size)
        said, after = self.model.cell(None, state)
        return (said.visibility, *after[:5])


class _Aim(nn.Module):
    """Where a first look goes."""

    def __init__(self, model: MohartModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, boxes: Tensor) -> Tensor:
        """See :mod:`mohart.model.graph_names`."""
        return self.model.cell.heads.first_window(boxes[0])[None]


class _Step(nn.Module):
    """A time step over plain tensors."""

    def __init__(self, model: MohartModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        glimpses: Tensor,
        frame: Tensor,
        boxes: Tensor,
        windows: Tensor,
        velocity: Tensor,
        hidden: Tensor,
        cell: Tensor,
        *memories: Tensor,
    ) -> tuple[Tensor, ...]:
        """See :mod:`mohart.model.graph_names`."""
        alive = torch.ones_like(boxes[..., 0], dtype=torch.bool)
        size = cast("Frame", (frame[0], frame[1]))  # numbers that are known later
        state = TrackState(boxes, windows, velocity, hidden, cell, alive, memories, size)
        said, after = self.model.cell.see(glimpses, state)
        return (said.visibility, *after[:5], *after.memories)


def _sample(model: MohartModel) -> tuple[Tensor, ...]:
    """Inputs of a step as they may be."""
    glimpse, numbers = model.cell.glimpse, torch.Generator().manual_seed(0)
    looked = torch.rand(1, SAMPLE, 3, glimpse.rows, glimpse.columns, generator=numbers)
    corner = 100 * torch.rand(1, SAMPLE, 2, generator=numbers)
    boxes, alive = torch.cat([corner, corner + 40], -1), torch.ones(1, SAMPLE, dtype=torch.bool)
    with torch.no_grad():
        boxes, windows = model.cell.first_windows(boxes, alive)
        state = model.cell.begin(looked, boxes, windows, alive, (240, 320))
    return (looked, torch.tensor([240.0, 320.0]), *state[:5], *state.memories)
