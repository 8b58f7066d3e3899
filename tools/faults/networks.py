"""A small ONNX network that says the same whatever it sees, to be damaged."""

from __future__ import annotations

import numpy as np


def make_network() -> bytes:
    """A picture of 64 x 64 in, ten rows of box, score and class out, as YOLO exports have them."""
    import onnx
    from onnx import helper, numpy_helper

    rows = np.zeros((1, 10, 6), np.float32)
    rows[0, :2] = [[4, 4, 30, 30, 0.9, 0], [32, 8, 60, 40, 0.8, 2]]
    picture = helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, (1, 3, 64, 64))
    answer = helper.make_tensor_value_info("output0", onnx.TensorProto.FLOAT, rows.shape)
    nodes = [
        helper.make_node("Conv", ["images", "kernel"], ["felt"], kernel_shape=[3, 3]),
        helper.make_node("ReduceMean", ["felt"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["rows", "nothing"], ["output0"]),
    ]
    known = [
        numpy_helper.from_array(np.ones((4, 3, 3, 3), np.float32), "kernel"),
        numpy_helper.from_array(np.float32(0), "zero"),
        numpy_helper.from_array(rows, "rows"),
    ]
    graph = helper.make_graph(nodes, "constant", [picture], [answer], known)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    names = "{0: 'person', 2: 'car'}"
    helper.set_model_props(model, {"names": names, "imgsz": "[64, 64]", "stride": "32"})
    data: bytes = model.SerializeToString()
    return data
