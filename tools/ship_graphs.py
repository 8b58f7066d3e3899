"""Write the shipped weights as graphs into the project, weights in half precision where exact.

And the identity head beside them, if there is one, as arrays.

Usage: python tools/ship_graphs.py [FOLDER]

FOLDER is mohart/weights unless given. Run it after tools/ship_weights.py, and after any change of
the network's code; tests compare the graphs with torch. Needs onnx and onnxruntime.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from mohart.assembly.engines import make_graphs
from mohart.assembly.identity import without_torch
from mohart.assembly.shipped import EMBEDDING, FOLDER, IDENTITY, shipped_graph
from mohart.assembly.weights import load_model

SMALL = 256  # numbers; smaller tensors stay as they are


def halved(graph: bytes) -> bytes:
    """The same graph with float32 weights as float16 and a cast, wherever that loses nothing.

    The runtime casts once, when it opens the graph.
    """
    model = onnx.load_from_string(graph)
    casts = []
    for weights in model.graph.initializer:
        numbers = numpy_helper.to_array(weights)
        if numbers.dtype != np.float32 or numbers.size < SMALL:
            continue
        half = numbers.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), numbers):
            continue
        name = weights.name
        weights.CopyFrom(numpy_helper.from_array(half, f"{name}:half"))
        casts.append(
            onnx.helper.make_node("Cast", [weights.name], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    content: bytes = model.SerializeToString()
    return content


def main(folder: Path) -> None:
    """Write a file for each kind of graph."""
    loaded = load_model()
    loaded.details.pop("identity", None)  # is not part of a graph
    for kind, graph in make_graphs(loaded).items():
        path = shipped_graph(kind, folder)
        path.write_bytes(halved(graph))
        print(f"{path}: {len(graph) / 1e6:.2f} MB, written {path.stat().st_size / 1e6:.2f} MB")
    if loaded.identity is not None:
        sha256 = hashlib.sha256((FOLDER / IDENTITY).read_bytes()).hexdigest()
        np.savez(folder / EMBEDDING, **without_torch(loaded.identity).arrays(sha256))  # type: ignore[arg-type]
        print(folder / EMBEDDING)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
