"""Small ONNX networks that always say the same, whatever they see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def make_network(tmp_path: Path) -> Callable[..., Path]:
    """Writes a network with the given outputs; it takes a picture and adds nothing of it."""
    onnx = pytest.importorskip("onnx", reason="pip install 'mohart[dev]' for tests with networks")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper

    def make(
        outputs: Mapping[str, Any],
        shape: Sequence[Any] = (1, 3, 64, 64),
        dtype: str = "float32",
        metadata: Mapping[str, str] | None = None,
    ) -> Path:
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        nodes = [
            helper.make_node("Cast", ["picture"], ["real"], to=onnx.TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["real"], ["mean"], keepdims=0),
            helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        ]
        known = [numpy_helper.from_array(np.float32(0), "zero")]
        described = []
        for name, value in outputs.items():
            array = np.asarray(value)
            array = array.astype(np.int64 if array.dtype.kind == "i" else np.float32)
            kind_out = helper.np_dtype_to_tensor_dtype(array.dtype)
            known.append(numpy_helper.from_array(array, f"{name}_value"))
            nodes += [
                helper.make_node("Cast", ["nothing"], [f"{name}_zero"], to=kind_out),
                helper.make_node("Add", [f"{name}_value", f"{name}_zero"], [name]),
            ]
            described.append(helper.make_tensor_value_info(name, kind_out, array.shape))
        picture = helper.make_tensor_value_info("picture", kind, shape)
        graph = helper.make_graph(nodes, "constant", [picture], described, known)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        helper.set_model_props(model, dict(metadata or {}))
        path = tmp_path / "network.onnx"
        onnx.save(model, str(path))
        return path

    return make
