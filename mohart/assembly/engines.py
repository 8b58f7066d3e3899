"""Who computes the network: torch, on a GPU recorded, or its graphs in onnxruntime, kept."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
import torch

from mohart.assembly.quantise import quantise
from mohart.assembly.shipped import engine_details
from mohart.assembly.weights import Loaded
from mohart.errors import (
    CheckpointError,
    ConfigError,
    MissingDataError,
    MohartError,
    OutputError,
    did_you_mean,
)
from mohart.files import check_file, write_bytes
from mohart.model.graph_names import KINDS, Kind
from mohart.model.graphs import OPSET, trace_graph, with_metadata
from mohart.model.tracker import Precision
from mohart.nn.glimpse import BilinearGlimpse
from mohart.tracking.learned.cuda_engine import CudaEngine
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.graph_engine import GraphEngine
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.torch_engine import TorchEngine
from mohart.versions import PACKAGE, __version__

EngineName = Literal["auto", "torch", "cuda", "onnx"]
PRECISIONS = ("float32", "bfloat16", "int8")
ALONE = {"bfloat16": "cuda", "int8": "onnx"}  # which engine has a precision
ENGINES: tuple[str, ...] = get_args(EngineName)
CLOSE = 1e-3  # px: how far boxes of a graph may be from those of torch
KEPT = 32  # graphs in the cache, four for each model and precision
TRIED = 6  # frames of the comparison


def build_engine(
    name: str,
    loaded: Loaded,
    device: torch.device,
    *,
    threads: int = 1,
    crowd_threads: int = 1,
    precision: str = "float32",
) -> tuple[Engine, dict[str, Any]]:
    """The engine of this name for a model, and what run.json shall say of it.

    Args:
        name: `torch`; `cuda`, on a GPU, as CUDA graphs; `onnx`; or `auto`: onnx on a CPU where
            onnxruntime is installed and its boxes are those of torch, cuda on a GPU that can.
        loaded: the model.
        device: where it computes; `onnx` only on the CPU, `cuda` only on a GPU.
        threads: of onnxruntime.
        crowd_threads: the same for many objects, see `GraphEngine`.
        precision: `float32`; `bfloat16`, convolutions in half the bits, of `cuda` alone; or `int8`,
            wide convolutions in whole numbers, of `onnx` alone.

    Raises:
        ConfigError: no such engine or precision, or it can not compute there.
        MissingDataError: onnxruntime is not installed.
        CheckpointError: its boxes are not those of torch.
    """
    if name not in ENGINES:
        raise ConfigError(f"unknown engine '{name}'{did_you_mean(name, ENGINES)}")
    if precision not in PRECISIONS:
        raise ConfigError(f"unknown precision '{precision}'{did_you_mean(precision, PRECISIONS)}")
    if ALONE.get(precision, name) != name:
        raise ConfigError(
            f"--precision {precision}: give --engine {ALONE[precision]}, which alone has it"
        )
    plain = TorchEngine(loaded.model, device)
    if name == "torch":
        return plain, {"name": "torch"}
    try:
        if name == "cuda" or (name == "auto" and plain.device.type == "cuda"):
            return _cuda_engine(plain, precision)
        return _graph_engine(plain, loaded, threads, crowd_threads, precision)
    except MohartError as error:
        if name != "auto":
            raise
        return plain, {"name": "torch", "why": str(error)}


def _cuda_engine(plain: TorchEngine, precision: str) -> tuple[Engine, dict[str, Any]]:
    """Ready: a first step of one object is recorded."""
    if plain.device.type != "cuda":
        raise ConfigError(f"--engine cuda computes on a GPU, not on {plain.device}; see --device")
    engine = CudaEngine(plain.model, plain.device, cast("Precision", precision))
    engine.warm_up()
    gpu = torch.cuda.get_device_name(plain.device)
    return engine, {"name": "cuda", "precision": precision, "gpu": gpu}


def _graph_engine(
    plain: TorchEngine, loaded: Loaded, threads: int, crowd_threads: int, precision: str
) -> tuple[Engine, dict[str, Any]]:
    if plain.device.type != "cpu":
        raise ConfigError(f"--engine onnx computes on the CPU, not on {plain.device}")
    if find_spec("onnxruntime") is None:
        raise MissingDataError(
            "--engine onnx: onnxruntime is not installed; run: pip install 'mohart[fast]', or "
            "track with --engine torch"
        )
    if not isinstance(loaded.model.cell.glimpse, BilinearGlimpse):
        raise ConfigError("--engine onnx reads bilinear glimpses alone; track with --engine torch")
    graphs = load_graphs(loaded, precision)
    engine = GraphEngine(
        graphs, threads=threads, crowd_threads=crowd_threads, in_torch=partial(_itself, plain)
    )
    apart = float(engine.metadata["distance_px"])
    if precision == "float32" and not apart <= CLOSE:
        raise CheckpointError(
            f"--engine onnx: boxes of these weights are up to {apart:.2g} px from those of torch, "
            f"more than {CLOSE:g}; track with --engine torch"
        )
    return engine, engine_details(precision, threads, crowd_threads, graphs["step"])


def _itself(engine: Engine) -> Engine:
    return engine


def load_graphs(loaded: Loaded, precision: str = "float32") -> dict[Kind, bytes]:
    """All graphs of a model, from the user's cache or made now.

    The cache is `mohart/graphs` in $XDG_CACHE_HOME, or in ~/.cache. Names are hashes of weights,
    settings, code and torch, so what is there always fits, and those of the last eight models are
    kept; where it can not be written, graphs are made anew each time.
    """
    key = f"{_key(loaded)}-{precision}"
    paths = {kind: cache_folder() / f"{key}-{kind}.onnx" for kind in KINDS}
    with suppress(OSError):
        return {kind: path.read_bytes() for kind, path in paths.items()}
    graphs = make_graphs(loaded, precision)
    with suppress(OutputError):
        for kind, path in paths.items():
            write_bytes(path, graphs[kind])
        _forget_old(cache_folder())
    return graphs


def _forget_old(folder: Path) -> None:
    """Leave the graphs that were made last; others can be made again."""
    with suppress(OSError):  # another process may do the same
        made = sorted(folder.glob("*.onnx"), key=lambda path: path.stat().st_mtime)
        for path in made[:-KEPT]:
            path.unlink()


def make_graphs(loaded: Loaded, precision: str = "float32") -> dict[Kind, bytes]:
    """All graphs of a model, with what they are as metadata.

    `distance_px` is how far boxes through onnxruntime are from those of torch at most, on a few
    moving frames.

    Args:
        loaded: the model.
        precision: of the time step; the others are always exact.

    Raises:
        ConfigError: a part of the model has no form in a graph.
        MissingDataError: onnxruntime is not installed; or onnx, for int8.
    """
    plain = TorchEngine(loaded.model, torch.device("cpu"))
    graphs = {kind: trace_graph(loaded.model, kind) for kind in KINDS}
    if precision == "int8":
        graphs["step"] = quantise(graphs["step"], plain)
    apart = distance(plain, GraphEngine(graphs))
    said = {
        "made_by": f"mohart {__version__}",
        "weights_sha256": loaded.details["sha256"],
        "opset": str(OPSET),
        "precision": precision,
        "distance_px": f"{apart:.3g}",
        "config": json.dumps(loaded.details["config"]),
        "calibration": json.dumps(loaded.calibration),
        "details": json.dumps(loaded.details),
    }
    return {kind: with_metadata(graph, said) for kind, graph in graphs.items()}


def write_graphs(
    loaded: Loaded, path: Path, *, overwrite: bool, precision: str = "float32"
) -> list[Path]:
    """Write all graphs: the time step to `path`, the others beside it, as NAME-first.onnx.

    Raises:
        OutputError: one is there already and may not be replaced, or can not be written.
        ConfigError: a part of the model has no form in a graph.
        MissingDataError: onnxruntime is not installed.
    """
    paths = {kind: path.with_name(f"{path.stem}-{kind}{path.suffix}") for kind in KINDS}
    paths["step"] = path
    for place in paths.values():
        check_file(place, overwrite=overwrite)
    graphs = make_graphs(loaded, precision)
    for kind, place in paths.items():
        write_bytes(place, graphs[kind])
    return list(paths.values())


def cache_folder() -> Path:
    """Where graphs are kept between runs."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "mohart" / "graphs"


def _key(loaded: Loaded) -> str:
    """What a graph depends on, in 32 letters."""
    model, details = loaded.config.model, loaded.details
    alone = loaded.model.cell.claims  # off where objects are followed by themselves
    text = f"{details['sha256']} {model} {alone} {OPSET} {torch.__version__} {_code()}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def _code() -> str:
    """A hash of the code that graphs are made of."""
    digest = hashlib.sha256()
    passes = [PACKAGE / "assembly" / f"{name}.py" for name in ("lighter", "quantise")]
    parts = [*(PACKAGE / "nn").glob("*.py"), *(PACKAGE / "model").glob("*.py")]
    for path in sorted([*parts, *passes]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def distance(one: Engine, other: Engine) -> float:
    """Pixels by which boxes of two engines of one model differ at most, on a few moving frames."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (24, 32, 3), np.uint8)
    picture = np.repeat(np.repeat(coarse, 8, 0), 8, 1)
    places = [[40, 40, 80, 110], [120, 60, 150, 90], [200, 90, 250, 180], [230, 150, 270, 200]]
    boxes, said = np.array([places], np.float32), []
    for engine in (one, other):
        state, told = engine.start(Picture(picture), boxes), []
        for n in range(1, TRIED):
            _, state = engine.step(Picture(np.roll(picture, 2 * n, 1)), state)
            told.append(state.boxes)
        state = engine.step(None, state)[1]
        said.append(np.stack([*told, state.boxes]))
    return float(np.abs(said[0] - said[1]).max())
