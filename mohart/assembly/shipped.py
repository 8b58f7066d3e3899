"""Shipped weights as graphs: a tracker that needs no torch, and starts without loading it."""

from __future__ import annotations

import hashlib
import json
import sys
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mohart.assembly.device import check_threads, use_threads
from mohart.errors import MissingDataError
from mohart.model.graph_names import KINDS, Kind
from mohart.tracking.learned.embedding import Embedding, read_embedding
from mohart.tracking.learned.graph_engine import GraphEngine
from mohart.weights.names import DEFAULT, FOLDER

if TYPE_CHECKING:
    from mohart.tracking.learned.torch_engine import TorchEngine


class Shipped(NamedTuple):
    """Weights that come with the package, ready to compute.

    Attributes:
        engine: computes through onnxruntime.
        details: for run.json, as :class:`mohart.assembly.weights.Loaded` has them.
        calibration: of visibility.
        identity: says who is who; None where there is no such head.
    """

    engine: GraphEngine
    details: dict[str, Any]
    calibration: dict[str, float] | None
    identity: Embedding | None


def shipped_graph(name: str, kind: Kind, folder: Path = FOLDER) -> Path:
    """The file of one of the graphs of shipped weights."""
    return folder / f"{name}-{kind}.onnx"


def head_file(name: str, folder: Path = FOLDER) -> Path:
    """The identity head of shipped weights, which torch reads; there need be none."""
    return folder / f"{name}-identity.safetensors"


def embedding_file(name: str, folder: Path = FOLDER) -> Path:
    """The same head without torch."""
    return folder / f"{name}-identity.npz"


def load_shipped(
    threads: int | None, name: str = DEFAULT, folder: Path = FOLDER, *, crowd_threads: int = 1
) -> Shipped | None:
    """The graphs of shipped weights.

    None where they are not there, or are those of other weights, or of another identity head.

    Args:
        threads: of onnxruntime, and of torch should it be asked; None: one, and torch is left
            alone.
        name: of the weights, one of `mohart.weights.names.NAMES`.
        folder: where they lie.
        crowd_threads: of onnxruntime for many objects, see `GraphEngine`.

    Raises:
        ConfigError: the number of threads is not positive.
        CheckpointError: onnxruntime can not read them.
    """
    check_threads(threads)
    head = head_file(name, folder)
    identity = shipped_embedding(name, folder)
    if identity is None and head.is_file():
        return None
    paths = {kind: shipped_graph(name, kind, folder) for kind in KINDS}
    if find_spec("onnxruntime") is None or not all(path.is_file() for path in paths.values()):
        return None
    graphs = {kind: path.read_bytes() for kind, path in paths.items()}
    engine = GraphEngine(
        graphs,
        threads=threads or 1,
        crowd_threads=crowd_threads,
        in_torch=partial(_in_torch, threads, name),
    )
    details: dict[str, Any] = json.loads(engine.metadata["details"])
    weights = (folder / f"{name}.safetensors").read_bytes()
    if details["sha256"] != hashlib.sha256(weights).hexdigest():
        return None
    if threads is not None:
        details["threads"] = threads
        if sys.modules.get("torch"):  # else nobody computes with it
            use_threads(threads)
    details["engine"] = engine_details("float32", threads or 1, crowd_threads, graphs["step"])
    details |= {} if identity is None else {"identity": head.name}
    return Shipped(engine, details, json.loads(engine.metadata["calibration"]), identity)


def shipped_embedding(name: str = DEFAULT, folder: Path = FOLDER) -> Embedding | None:
    """The identity head of shipped weights; None where there is none, or its arrays are not.

    Args:
        name: of the weights.
        folder: where they lie.

    Raises:
        CheckpointError: the arrays are damaged.
    """
    head, arrays = head_file(name, folder), embedding_file(name, folder)
    if not head.is_file() or not arrays.is_file():
        return None
    return read_embedding(arrays, hashlib.sha256(head.read_bytes()).hexdigest())


def engine_details(precision: str, threads: int, crowd_threads: int, step: bytes) -> dict[str, Any]:
    """What run.json says of onnxruntime and the graph of a step."""
    return {
        "name": "onnx",
        "precision": precision,
        "onnxruntime": version("onnxruntime"),
        "threads": threads,
        "crowd_threads": max(threads, crowd_threads),
        "graph_sha256": hashlib.sha256(step).hexdigest(),
    }


def _in_torch(threads: int | None, name: str) -> TorchEngine:
    """The same model in torch."""
    if find_spec("torch") is None:
        raise MissingDataError(
            "looking into the network needs torch, which is not installed; run: pip install torch"
        )
    import torch

    from mohart.assembly.weights import load_model
    from mohart.tracking.learned.torch_engine import TorchEngine

    if threads is not None:
        use_threads(threads)
    return TorchEngine(load_model(name).model, torch.device("cpu"))
