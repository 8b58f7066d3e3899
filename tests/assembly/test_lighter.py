"""mohart.assembly.lighter: fewer passes, and not one bit different."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mohart.assembly.lighter import quantise_before_moves
from mohart.nn.portable import align_maps
from mohart.tracking.learned.graph_engine import open_graph

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
SIZE = 3


class Aligned(nn.Module):
    """A norm, and maps that are moved by pads and cuts."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(3, SIZE * SIZE)
        nn.init.normal_(self.norm.weight)
        nn.init.normal_(self.norm.bias)

    def forward(self, x: Tensor) -> Tensor:
        return align_maps(self.norm(x), SIZE)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Any:
    torch.manual_seed(0)
    path = str(tmp_path_factory.mktemp("graph") / "aligned.onnx")
    axes = {"x": {0: "objects"}, "y": {0: "objects"}}
    with pytest.warns() as _:
        torch.onnx.export(
            Aligned().eval(),
            (torch.zeros(2, SIZE * SIZE, 5, 6),),
            path,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    return onnx.load(path)


def copy(model: Any) -> Any:
    return onnx.load_from_string(model.SerializeToString())


def quantised(model: Any) -> Any:
    """The same with what comes out of it as bytes, and back."""
    whole = copy(model)
    for name, value in (("s", np.float32(0.03)), ("z", np.uint8(117))):
        whole.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(value), name))
    last = whole.graph.node[-1]
    last.output[0] = "moved"
    make = onnx.helper.make_node
    whole.graph.node.append(make("QuantizeLinear", ["moved", "s", "z"], ["bytes"]))
    whole.graph.node.append(make("DequantizeLinear", ["bytes", "s", "z"], ["y"]))
    return whole


def answer(model: Any, objects: int = 4) -> Any:
    x = np.random.default_rng(1).normal(size=(objects, SIZE * SIZE, 5, 6)).astype(np.float32)
    return open_graph(model.SerializeToString(), 1).run(None, {"x": x})[0]


def kinds(model: Any) -> list[str]:
    return [node.op_type for node in model.graph.node]


def test_numbers_become_bytes_before_they_are_moved(graph: Any) -> None:
    late = quantised(graph)
    early = copy(late)
    assert quantise_before_moves(early) == 1
    where = kinds(early)
    assert where.index("QuantizeLinear") < where.index("Pad")
    assert kinds(late).index("QuantizeLinear") > kinds(late).index("Pad")
    assert np.array_equal(answer(early), answer(late))
    assert np.ptp(answer(early)) > 1  # and says something
    assert quantise_before_moves(early) == 0


def test_what_is_read_elsewhere_stays(graph: Any) -> None:
    model = quantised(graph)
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info("moved"))
    assert quantise_before_moves(model) == 0
