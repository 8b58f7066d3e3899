"""Time one step of the network in onnxruntime and in OpenVINO, and how far their boxes are apart.

Usage: python tools/time_openvino.py [--model NAME] [--objects 10] [--rounds 40]

Both get the same graph and the same numbers, in turn, on one thread. Needs `pip install openvino`,
which mohart does without (docs/results/speed.md says why). A row each: milliseconds of processor
time, the least and the median; and pixels by which boxes differ at most from onnxruntime's float32.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from mohart.assembly.engines import load_graphs
from mohart.assembly.weights import load_model
from mohart.errors import MohartError
from mohart.evaluation.speed.scene import Scene
from mohart.model.graph_names import graph_names
from mohart.tracking.learned.graph_engine import GraphEngine, open_graph
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.state import OWN
from mohart.weights.names import CHOICE

SIZE = (1280, 720)
FRAMES = 6  # after which states are as they are in a video
Arrays = dict[str, Any]
Step = Callable[[], Arrays]


class _Watched(GraphEngine):
    """Remembers what the graph of a step was given."""

    def _run(self, kind: Any, arrays: tuple[Any, ...]) -> list[Any]:
        if kind == "step":
            self.given = arrays
        return super()._run(kind, arrays)


def inputs(graphs: dict[Any, bytes], objects: int) -> Arrays:
    """What the graph of a step is given in a generated video, by name."""
    engine, scene = _Watched(graphs), Scene(*SIZE, objects)
    state = engine.start(Picture(scene.frame(0)), scene.boxes[None])
    for n in range(1, FRAMES):
        _, state = engine.step(Picture(scene.frame(n)), state)
    names = graph_names("step", len(state.arrays()) - OWN)[0]
    return dict(zip(names, engine.given, strict=True))


def in_onnxruntime(graph: bytes, feed: Arrays) -> Step:
    """A step, to be called again and again."""
    session = open_graph(graph, 1)
    names = [output.name for output in session.get_outputs()]
    return lambda: dict(zip(names, session.run(None, feed), strict=True))


def in_openvino(graph: bytes, feed: Arrays, precision: str) -> Step:
    """The same; `precision` is its hint, f32 or bf16."""
    import openvino

    core = openvino.Core()
    options = {
        "INFERENCE_NUM_THREADS": 1,
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": precision,
    }
    compiled = core.compile_model(core.read_model(graph), "CPU", options)
    request = compiled.create_infer_request()
    names = [output.get_any_name() for output in compiled.outputs]

    def step() -> Arrays:
        found = request.infer(feed)
        return {name: np.array(found[k]) for k, name in enumerate(names)}

    return step


def main(argv: list[str] | None = None) -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", help=f"weights: {CHOICE}")
    parser.add_argument("--objects", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=40)
    args = parser.parse_args(argv)
    if args.objects < 1 or args.rounds < 1:
        parser.error("expected at least one object and one round")
    try:
        loaded = load_model(args.model)
    except MohartError as error:
        parser.error(str(error))
    exact, whole = load_graphs(loaded), load_graphs(loaded, "int8")
    feed = inputs(exact, args.objects)
    steps: dict[str, Step] = {}
    for name, graph in (("float32", exact["step"]), ("int8", whole["step"])):
        steps[f"onnxruntime, {name}"] = in_onnxruntime(graph, feed)
        if find_spec("openvino"):
            steps[f"OpenVINO, {name}"] = in_openvino(graph, feed, "f32")
            steps[f"OpenVINO, {name}, bfloat16"] = in_openvino(graph, feed, "bf16")
    if not find_spec("openvino"):
        print("openvino is not installed, so onnxruntime is timed alone; run: pip install openvino")
    boxes = {name: step()["next_boxes"] for name, step in steps.items()}
    took: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(args.rounds):
        for name, step in steps.items():
            began = time.process_time()
            step()
            took[name].append(1000 * (time.process_time() - began))
    for name, times in took.items():
        apart = float(np.abs(boxes[name] - boxes["onnxruntime, float32"]).max())
        print(f"{name:<30}{min(times):7.2f} {np.median(times):7.2f} ms   {apart:.3g} px")


if __name__ == "__main__":
    main()
