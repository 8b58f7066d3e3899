"""Objects as tensors and plain values, which can be saved and read without running any code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mohart.model.state import TrackState
from mohart.tracking.learned.objects import Objects
from mohart.tracking.lifecycle import Lives

Packed = dict[str, Any]
WHOLE = ("life", "state", "frame")  # not columns by themselves


def pack_objects(objects: Objects | None) -> Packed | None:
    """All columns of a table of objects; None of none."""
    if objects is None:
        return None
    packed = {name: _pack(column) for name, column in objects.columns().items()}
    life = {name: _pack(column) for name, column in objects.life.columns().items()}
    state = [tensor.cpu().clone() for tensor in objects.state.tensors()]
    return {**packed, "life": life, "state": state, "frame": tuple(objects.state.frame)}


def unpack_objects(packed: Mapping[str, Any] | None, device: torch.device) -> Objects | None:
    """What `pack_objects` packed, on a device.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    if packed is None:
        return None
    columns = {name: _unpack(name, packed[name]) for name in packed if name not in WHOLE}
    life = {name: _unpack(name, column) for name, column in packed["life"].items()}
    boxes, windows, velocity, hidden, cell, alive, *memories = (
        tensor.to(device) for tensor in packed["state"]
    )
    height, width = packed["frame"]
    state = TrackState(
        boxes, windows, velocity, hidden, cell, alive, tuple(memories), (height, width)
    )
    return Objects(**{**columns, "life": Lives(**life), "state": state})


def _pack(column: Any) -> Any:
    """A column that is an array; the others are packed by their owner."""
    if not isinstance(column, np.ndarray):
        return None
    if column.dtype == object:  # votes
        return [dict(votes) for votes in column]
    if column.dtype.kind == "U":
        return column.tolist()
    return torch.from_numpy(column.copy())


def _unpack(name: str, column: Any) -> Any:
    if isinstance(column, torch.Tensor):
        return column.numpy().copy()
    if name == "state":  # of the lives; that of the network has its own way
        return np.array(column, "<U9")
    if name != "votes":
        return None
    votes: NDArray[np.object_] = np.empty(len(column), object)
    votes[:] = [Counter(of_one) for of_one in column]
    return votes
