"""Write shipped weights as graphs into the project, weights in half precision where exact.

And the identity heads beside them, where there are any, as arrays.

Usage: python tools/ship_graphs.py [NAME ...] [--folder FOLDER]

NAME is `default` or `fast`; without one all are written. FOLDER is mohart/weights unless given. Run
it after tools/ship_weights.py, and after any change of the network's code; tests compare the graphs
with torch. Needs onnx and onnxruntime.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from mohart.assembly.engines import make_graphs
from mohart.assembly.identity import without_torch
from mohart.assembly.shipped import embedding_file, head_file, shipped_graph
from mohart.assembly.weights import load_model
from mohart.errors import did_you_mean
from mohart.weights.names import FOLDER, NAMES

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


def write(name: str, folder: Path) -> None:
    """Write a file for each kind of graph of shipped weights, and the head's arrays."""
    loaded = load_model(name)
    loaded.details.pop("identity", None)  # is not part of a graph
    for kind, graph in make_graphs(loaded).items():
        path = shipped_graph(name, kind, folder)
        path.write_bytes(halved(graph))
        print(f"{path}: {len(graph) / 1e6:.2f} MB, written {path.stat().st_size / 1e6:.2f} MB")
    if loaded.identity is not None:
        sha256 = hashlib.sha256(head_file(name).read_bytes()).hexdigest()
        arrays = embedding_file(name, folder)
        np.savez(arrays, **without_torch(loaded.identity).arrays(sha256))  # type: ignore[arg-type]
        print(arrays)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)} (all)")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    args = parser.parse_args(arguments)
    for name in args.names:
        if name not in NAMES:
            parser.error(f"unknown weights '{name}'{did_you_mean(name, NAMES)}")
    for name in args.names or NAMES:
        write(name, args.folder)


if __name__ == "__main__":
    main()
