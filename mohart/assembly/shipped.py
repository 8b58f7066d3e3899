"""The shipped weights as graphs: a tracker that needs no torch, and starts without loading it."""

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
from mohart.versions import PACKAGE

if TYPE_CHECKING:
    from mohart.tracking.learned.torch_engine import TorchEngine

FOLDER = PACKAGE / "weights"
WEIGHTS = "default.safetensors"
IDENTITY = "default-identity.safetensors"  # who is who; torch reads it
EMBEDDING = "default-identity.npz"  # the same without torch


class Shipped(NamedTuple):
    """What comes with the package, ready to compute.

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


def shipped_graph(kind: Kind, folder: Path = FOLDER) -> Path:
    """The file of one of the shipped graphs."""
    return folder / f"default-{kind}.onnx"


def load_shipped(threads: int | None) -> Shipped | None:
    """The shipped graphs.

    None where they are not there, or are those of other weights, or of another identity head.

    Args:
        threads: of onnxruntime, and of torch should it be asked; None: one, and torch is left
            alone.

    Raises:
        ConfigError: the number of threads is not positive.
        CheckpointError: onnxruntime can not read them.
    """
    check_threads(threads)
    identity = shipped_embedding()
    if identity is None and (FOLDER / IDENTITY).is_file():
        return None
    paths = {kind: shipped_graph(kind) for kind in KINDS}
    if find_spec("onnxruntime") is None or not all(path.is_file() for path in paths.values()):
        return None
    graphs = {kind: path.read_bytes() for kind, path in paths.items()}
    engine = GraphEngine(graphs, threads=threads or 1, in_torch=partial(_in_torch, threads))
    details: dict[str, Any] = json.loads(engine.metadata["details"])
    if details["sha256"] != hashlib.sha256((FOLDER / WEIGHTS).read_bytes()).hexdigest():
        return None
    if threads is not None:
        details["threads"] = threads
        if sys.modules.get("torch"):  # else nobody computes with it
            use_threads(threads)
    details["engine"] = engine_details("float32", threads or 1, graphs["step"])
    details |= {} if identity is None else {"identity": IDENTITY}
    return Shipped(engine, details, json.loads(engine.metadata["calibration"]), identity)


def shipped_embedding() -> Embedding | None:
    """The identity head of the shipped weights; None where there is none, or its arrays are not.

    Raises:
        CheckpointError: the arrays are damaged.
    """
    head, arrays = FOLDER / IDENTITY, FOLDER / EMBEDDING
    if not head.is_file() or not arrays.is_file():
        return None
    return read_embedding(arrays, hashlib.sha256(head.read_bytes()).hexdigest())


def engine_details(precision: str, threads: int, step: bytes) -> dict[str, Any]:
    """What run.json says of onnxruntime and the graph of a step."""
    return {
        "name": "onnx",
        "precision": precision,
        "onnxruntime": version("onnxruntime"),
        "threads": threads,
        "graph_sha256": hashlib.sha256(step).hexdigest(),
    }


def _in_torch(threads: int | None) -> TorchEngine:
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
    return TorchEngine(load_model().model, torch.device("cpu"))
