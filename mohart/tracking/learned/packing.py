"""Objects as arrays and plain values, and those as bytes; reading them runs no code."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.state import make_state
from mohart.tracking.lifecycle import Lives

Packed = dict[str, Any]
WHOLE = ("life", "state", "frame")  # not columns by themselves
TREE, ARRAY = "tree", "array:"


def to_bytes(packed: Any) -> bytes:
    """Nested dicts (of text), lists and plain values, with arrays among them, as a .npz file."""
    arrays: dict[str, NDArray[Any]] = {}

    def name(x: Any) -> Any:
        if isinstance(x, np.ndarray):
            arrays[str(len(arrays))] = x
            return f"{ARRAY}{len(arrays) - 1}"
        if isinstance(x, Mapping):
            return {key: name(value) for key, value in x.items()}
        return [name(value) for value in x] if isinstance(x, list | tuple) else x

    tree = np.frombuffer(json.dumps(name(packed), default=np.generic.item).encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, **{TREE: tree}, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def from_bytes(content: bytes) -> Any:
    """What `to_bytes` was given; tuples are lists.

    Raises:
        ValueError, KeyError, OSError, zipfile.BadZipFile: it is something else.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        tree = json.loads(arrays[TREE].tobytes())

        def find(x: Any) -> Any:
            if isinstance(x, str) and x.startswith(ARRAY):
                return arrays[x.removeprefix(ARRAY)]
            if isinstance(x, dict):
                return {key: find(value) for key, value in x.items()}
            return [find(value) for value in x] if isinstance(x, list) else x

        return find(tree)


def pack_objects(objects: Objects | None) -> Packed | None:
    """All columns of a table of objects; None of none."""
    if objects is None:
        return None
    packed = {name: _pack(column) for name, column in objects.columns().items()}
    life = {name: _pack(column) for name, column in objects.life.columns().items()}
    state = [array.copy() for array in objects.state.arrays()]
    return {**packed, "life": life, "state": state, "frame": list(objects.state.frame)}


def unpack_objects(packed: Mapping[str, Any] | None) -> Objects | None:
    """What `pack_objects` packed.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    if packed is None:
        return None
    columns = {name: _unpack(name, packed[name]) for name in packed if name not in WHOLE}
    life = {name: _unpack(name, column) for name, column in packed["life"].items()}
    height, width = packed["frame"]
    state = make_state(packed["state"], (height, width))
    return Objects(**{**columns, "life": Lives(**life), "state": state})


def _pack(column: Any) -> Any:
    """A column that is an array; the others are packed by their owner."""
    if not isinstance(column, np.ndarray):
        return None
    if column.dtype == object:  # votes
        return [list(votes.items()) for votes in column]
    return column.copy()


def _unpack(name: str, column: Any) -> Any:
    if name != "votes":
        return column
    votes: NDArray[np.object_] = np.empty(len(column), object)
    votes[:] = [Counter(dict(map(tuple, of_one))) for of_one in column]
    return votes
