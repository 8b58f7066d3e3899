"""mohart.tracking.baselines.nanotrack: with small networks that are made here."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from mohart.assembly.tracker import build_tracker
from mohart.errors import CheckpointError, ConfigError, MissingDataError
from mohart.tracking.baselines.nanotrack import NanoTracker, head_cells

DATA = Path(__file__).parents[4] / "shared" / "data"


def _value(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    weights: dict[str, np.ndarray],
) -> str:
    initial = [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "net", inputs, outputs, initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, str(path))
    return str(path)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Brightness, averaged over cells of 16 pixels; the head scores it, boxes reach 20 pixels."""
    root = tmp_path_factory.mktemp("nano")
    weight = np.full((2, 3, 16, 16), 1 / 768, np.float32)
    backbone = _save(
        root / "backbone.onnx",
        [
            helper.make_node(
                "Conv", ["input", "w", "dark"], ["output"], strides=[16, 16], pads=[0, 0, 1, 1]
            )
        ],
        [_value("input", 1, 3, 255, 255)],
        [_value("output", 1, 2, 16, 16)],
        {"w": weight, "dark": np.full(2, -100, np.float32)},
    )
    crop = {
        "low": np.array([0, 0], np.int64),
        "high": np.array([15, 15], np.int64),
        "axes": np.array([2, 3], np.int64),
        "sign": np.array([-0.05, 0.05], np.float32).reshape(1, 2, 1, 1),
        "reach": np.full((1, 4, 15, 15), 20, np.float32),
        "none": np.zeros((), np.float32),
    }
    head = _save(
        root / "head.onnx",
        [
            helper.make_node("Slice", ["input2", "low", "high", "axes"], ["cut"]),
            helper.make_node("Mul", ["cut", "sign"], ["output1"]),
            helper.make_node("ReduceMean", ["input1"], ["seen"], keepdims=0),
            helper.make_node("Mul", ["seen", "none"], ["nothing"]),
            helper.make_node("Add", ["reach", "nothing"], ["output2"]),
        ],
        [_value("input1", 1, 2, 8, 8), _value("input2", 1, 2, 16, 16)],
        [_value("output1", 1, 2, 15, 15), _value("output2", 1, 4, 15, 15)],
        crop,
    )
    return f"{backbone},{head}"


def _frame(x: int, y: int) -> np.ndarray:
    frame = np.full((200, 240, 3), 20, np.uint8)
    frame[y - 10 : y + 10, x - 10 : x + 10] = 255
    return frame


def test_follows_what_is_bright(files: str) -> None:
    tracker = NanoTracker(files)
    tracker.init(_frame(100, 100), [[90, 90, 110, 110]], [7])
    for step in range(1, 11):
        tracks = tracker.update(_frame(100 + 3 * step, 100))
    centre = (tracks.xyxy[0, :2] + tracks.xyxy[0, 2:]) / 2
    assert abs(centre - (130, 100)).max() < 8
    assert tracks.tracker_id.tolist() == [7]
    assert tracks.state.tolist() == ["active"]


def test_objects_do_not_disturb_each_other(files: str) -> None:
    both, alone = NanoTracker(files), NanoTracker(files)
    frames = [_frame(100 + 2 * step, 100) for step in range(4)]
    both.init(frames[0], [[90, 90, 110, 110], [30, 30, 60, 60]])
    alone.init(frames[0], [[90, 90, 110, 110]])
    for frame in frames[1:]:
        together, single = both.update(frame), alone.update(frame)
    np.testing.assert_array_equal(together.xyxy[0], single.xyxy[0])


def test_the_head_decides_who_runs_it(files: str) -> None:
    assert head_cells(Path(files.split(",")[1])) == 15
    assert isinstance(build_tracker("nano", model=files), NanoTracker)


def test_the_size_of_the_map_is_read_without_a_package(
    files: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert head_cells(Path(files.split(",")[1])) == 15


def test_errors(files: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--model BACKBONE\.onnx,HEAD\.onnx, got None"):
        NanoTracker(None)
    with pytest.raises(MissingDataError, match=r"no such model file: .*none\.onnx"):
        NanoTracker(f"{tmp_path / 'none.onnx'},{files.split(',')[1]}")
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    with pytest.raises(CheckpointError, match=r"junk\.onnx: onnxruntime cannot read this model"):
        NanoTracker(f"{tmp_path / 'junk.onnx'},{files.split(',')[1]}")
    with pytest.raises(CheckpointError, match="expected a backbone with one input"):
        NanoTracker(",".join(reversed(files.split(","))))


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "dev").is_dir(), reason="needs real video beside the checkout")
def test_reaches_what_is_published_for_it() -> None:
    from mohart.evaluation.initialised.protocol import evaluate_initialised
    from mohart.formats.mot.tracks import read_mot
    from mohart.video import open_source

    place, models = DATA / "dev" / "crossing", DATA / "models"
    names = ",".join(str(models / f"nanotrack_v3_{part}.onnx") for part in ("backbone", "head"))
    result = evaluate_initialised(
        lambda: open_source(place / "video.mp4"),
        read_mot(place / "gt" / "gt.txt"),
        {"nano": lambda: NanoTracker(names)},
        window=100,
        min_area=200,
    )
    assert result.trackers["nano"].overlap.mean_iou.value == pytest.approx(0.715, abs=0.02)
