"""The same graph in fewer passes over memory; every number stays as it is, bit for bit.

Models and nodes are those of the package `onnx`, which has no types.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

MOVES = ("Reshape", "Slice", "Pad")  # say where numbers lie, not what they are


def quantise_before_moves(model: Any) -> int:
    """Turn numbers into bytes before they are padded and cut, not behind: a quarter of the memory.

    What is padded is zero, and zero is a whole number in every quantisation (its zero point).

    Args:
        model: with QuantizeLinear nodes; is changed.

    Returns:
        How many quantisations were moved.
    """
    graph = model.graph
    makers = {name: node for node in graph.node for name in node.output}
    readers = Counter(name for node in graph.node for name in node.input)
    readers.update(output.name for output in graph.output)
    moved = 0
    for late in [node for node in graph.node if node.op_type == "QuantizeLinear"]:
        chain, name = [], late.input[0]
        while name in makers and makers[name].op_type in MOVES and readers[name] == 1:
            chain.append(makers[name])
            name = makers[name].input[0]
        pads = [node for node in chain if node.op_type == "Pad"]
        if not pads or any(len(node.input) > 2 and node.input[2] for node in pads):
            continue  # of another value than zero: not by this model
        late.input[0], chain[-1].input[0] = name, f"{late.output[0]}:early"
        for node in graph.node:
            for place, read in enumerate(node.input):
                if read == late.output[0]:
                    node.input[place] = chain[0].output[0]
        late.output[0] = chain[-1].input[0]
        for node in pads:
            kept = [*node.input[:2], late.input[2]]
            del node.input[:]
            node.input.extend(kept)
        _put_before(graph, late, chain[-1])
        _forget_types(graph, {node.output[0] for node in chain})
        moved += 1
    return moved


def _put_before(graph: Any, node: Any, other: Any) -> None:
    """Nodes stand in the order in which they are computed."""
    nodes = [one for one in graph.node if one is not node]
    nodes.insert(next(k for k, one in enumerate(nodes) if one is other), node)
    del graph.node[:]
    graph.node.extend(nodes)


def _forget_types(graph: Any, names: set[str]) -> None:
    """What is said of types that have changed."""
    kept = [value for value in graph.value_info if value.name not in names]
    del graph.value_info[:]
    graph.value_info.extend(kept)
