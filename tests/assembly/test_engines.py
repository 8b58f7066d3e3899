"""mohart.assembly.engines: which engine is taken, and graphs that are made once."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from mohart.assembly import engines
from mohart.assembly.engines import build_engine, distance, load_graphs, write_graphs
from mohart.assembly.tracker import build_tracker
from mohart.assembly.weights import Loaded, load_model
from mohart.errors import CheckpointError, ConfigError, MissingDataError, OutputError
from mohart.model.graphs import trace_graph
from mohart.tracking.learned.cuda_engine import CudaEngine
from mohart.tracking.learned.graph_engine import GraphEngine, open_graph
from mohart.tracking.learned.torch_engine import TorchEngine

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load_model()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def traced(loaded: Loaded) -> dict[str, bytes]:
    return {kind: trace_graph(loaded.model, kind) for kind in engines.KINDS}


@pytest.fixture(autouse=True)
def _in_a_cache_of_its_own(
    cache: Path, traced: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setattr(engines, "trace_graph", lambda _, kind: traced[kind])  # it takes seconds


@pytest.mark.slow
def test_graphs_are_made_once(loaded: Loaded, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    engine, said = build_engine("auto", loaded, CPU)
    assert isinstance(engine, GraphEngine)
    assert said["name"] == "onnx"
    assert said["threads"] == 1
    assert 0 <= float(engine.metadata["distance_px"]) < 1e-3
    assert engine.metadata["weights_sha256"] == loaded.details["sha256"]
    kept = list((cache / "mohart" / "graphs").glob("*-float32-*"))
    assert len(kept) == len(engines.KINDS)
    monkeypatch.setattr(engines, "trace_graph", lambda *_: pytest.fail("made already"))
    assert (
        open_graph(load_graphs(loaded)["first"], 1).get_modelmeta().custom_metadata_map
        == engine.metadata
    )
    alone = load_model(relation="self_only")
    with pytest.raises(pytest.fail.Exception, match="made already"):  # it is another graph
        load_graphs(alone)


@pytest.mark.slow
def test_a_tracker_with_an_engine_that_was_asked_for_can_be_pickled() -> None:
    pytest.importorskip("onnxruntime")
    tracker = build_tracker(engine="onnx", precision="int8", threads=1, crowd_threads=2)
    other = pickle.loads(pickle.dumps(tracker))
    picture = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    boxes = np.array([[20.0, 30.0, 50.0, 70.0]], np.float32)
    said = [(t.init(picture, boxes), t.update(picture))[1] for t in (tracker, other)]
    np.testing.assert_array_equal(said[0].xyxy, said[1].xyxy)


def test_crowd_threads_are_positive() -> None:
    with pytest.raises(ConfigError, match="crowd_threads: expected at least 1, got 0"):
        build_tracker(crowd_threads=0)


def test_an_engine_that_is_asked_for_is_there_or_that_is_an_error(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="unknown engine 'onxx'; did you mean 'onnx'"):
        build_engine("onxx", loaded, CPU)
    with pytest.raises(ConfigError, match="on the CPU, not on meta"):
        engines._graph_engine(_on(loaded, "meta"), loaded, 1, 1, "float32")
    monkeypatch.setattr(engines, "find_spec", lambda _: None)
    with pytest.raises(MissingDataError, match=r"onnxruntime is not installed; run: pip install"):
        build_engine("onnx", loaded, CPU)
    engine, said = build_engine("auto", loaded, CPU)
    assert isinstance(engine, TorchEngine)
    assert said["name"] == "torch"
    assert "not installed" in said["why"]
    engine, said = build_engine("torch", loaded, CPU)
    assert said == {"name": "torch"}


def _on(loaded: Loaded, device: str) -> TorchEngine:
    engine = TorchEngine(loaded.model, CPU)
    engine.device = torch.device(device)
    return engine


@pytest.mark.slow
def test_graphs_that_say_something_else_are_not_used(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(engines, "distance", lambda *_: 0.5)
    with pytest.raises(CheckpointError, match=r"up to 0\.5 px from those of torch"):
        build_engine("onnx", loaded, CPU)
    engine, said = build_engine("auto", loaded, CPU)
    assert isinstance(engine, TorchEngine)
    assert "0.5 px" in said["why"]


def test_few_graphs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "KEPT", 3)
    for n in range(5):
        (tmp_path / f"{n}.onnx").write_bytes(b"")
        os.utime(tmp_path / f"{n}.onnx", (n, n))
    engines._forget_old(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.onnx", "3.onnx", "4.onnx"]
    engines._forget_old(tmp_path / "nowhere")


@pytest.mark.slow
def test_whole_numbers_say_nearly_the_same(loaded: Loaded, cache: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    engine, said = build_engine("onnx", loaded, CPU, precision="int8")
    assert isinstance(engine, GraphEngine)
    assert said["precision"] == "int8"
    assert 1e-3 < float(engine.metadata["distance_px"]) < 2
    assert len(list((cache / "mohart" / "graphs").glob("*-int8-step.onnx"))) == 1


def test_a_precision_that_an_engine_has_not_is_refused(loaded: Loaded) -> None:
    with pytest.raises(ConfigError, match="unknown precision 'int9'; did you mean 'int8'"):
        build_engine("onnx", loaded, CPU, precision="int9")
    with pytest.raises(ConfigError, match="--precision int8: give --engine onnx"):
        build_engine("torch", loaded, CPU, precision="int8")
    with pytest.raises(ConfigError, match="--precision bfloat16: give --engine cuda"):
        build_engine("auto", loaded, CPU, precision="bfloat16")
    with pytest.raises(ConfigError, match="--engine cuda computes on a GPU, not on cpu"):
        build_engine("cuda", loaded, CPU, precision="bfloat16")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_records_by_itself() -> None:
    gpu = torch.device("cuda")
    engine, said = build_engine("auto", load_model(), gpu)
    assert isinstance(engine, CudaEngine)
    assert (said["name"], said["precision"]) == ("cuda", "float32")
    half, said = build_engine("cuda", load_model(), gpu, precision="bfloat16")
    assert said["precision"] == "bfloat16"
    assert distance(engine, half) < 2


@pytest.mark.slow
def test_graphs_are_written_where_they_may_be(loaded: Loaded, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    written = write_graphs(loaded, tmp_path / "step.onnx", overwrite=False)
    assert [path.name for path in written] == [
        *("step-first.onnx", "step.onnx", "step-coast.onnx", "step-aim.onnx")
    ]
    with pytest.raises(OutputError, match="exists already"):
        write_graphs(loaded, tmp_path / "step.onnx", overwrite=False)


def test_the_tracker_says_its_engine_and_others_have_none() -> None:
    assert build_tracker(engine="torch").details["engine"] == {"name": "torch"}
    with pytest.raises(ConfigError, match="precision=int8: tracker 'kcf' has no such choice"):
        build_tracker("kcf", precision="int8")
    with pytest.raises(ConfigError, match="engine=onnx: tracker 'csrt' has no such choice"):
        build_tracker("csrt", engine="onnx")
