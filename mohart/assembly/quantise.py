"""Convolutions of a graph in whole numbers (int8), with ranges found on generated clips.

Wide convolutions alone: they take most of the time. Narrow ones cost little and say exact numbers:
pixels that come in, offsets of boxes that go out.

Source: post-training static quantisation, Jacob et al. 2018, sec. 3; weights per channel.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mohart.assembly.lighter import quantise_before_moves
from mohart.errors import MissingDataError
from mohart.model.graph_names import graph_names
from mohart.synth.scenes.generator import Generator
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.torch_engine import TorchEngine

NARROW = 32  # channels, in or out, under which a convolution stays in float
APART = 910_000  # from the seeds of everything that is learned or measured on
SEQUENCES, FRAMES, OBJECTS = 4, 12, 6
SIZE = (320, 240)


def quantise(step: bytes, engine: TorchEngine) -> bytes:
    """The graph of a time step with its wide convolutions in int8.

    Args:
        step: the graph in float32.
        engine: of the same model, leads it through the clips.

    Raises:
        MissingDataError: onnx or onnxruntime is not installed.
    """
    try:
        import onnx
        from onnxruntime import quantization
    except ImportError as error:
        raise MissingDataError(
            "--precision int8: onnx and onnxruntime are not both installed; run: pip install "
            "'mohart[fast]', or track with --precision float32"
        ) from error
    model = onnx.load_from_string(step)
    feeds = _feeds(engine)

    class Clips(quantization.CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, Any] | None:
            return next(feeds, None)

    with tempfile.TemporaryDirectory() as folder, _quietly():
        path = Path(folder) / "step.onnx"
        quantization.quantize_static(
            model,
            str(path),
            Clips(),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=_narrow(model),
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            extra_options={"CalibMovingAverage": True},  # of a few clips, not the most extreme
        )
        whole = onnx.load(str(path))
    quantise_before_moves(whole)
    content: bytes = whole.SerializeToString()
    return content


@contextmanager
def _quietly() -> Iterator[None]:
    """Without advice on other ways to quantise, which goes to the log of the whole program."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _narrow(model: Any) -> list[str]:
    """Names of convolutions that stay in float."""
    shapes = {weights.name: list(weights.dims) for weights in model.graph.initializer}
    return [
        node.name
        for node in model.graph.node
        if node.op_type == "Conv" and min(shapes.get(node.input[1], [0])[:2]) < NARROW
    ]


def _feeds(engine: TorchEngine) -> Iterator[dict[str, Any]]:
    """Inputs of steps as they come in generated clips."""
    names, _ = graph_names("step", len(engine.model.cell.templates))
    width, height = SIZE
    for number in range(SEQUENCES):
        generator = Generator(
            seed=APART + number, width=width, height=height, objects=(OBJECTS, OBJECTS)
        )
        state = None
        for drawn in generator.scene(number, FRAMES).frames():
            picture = Picture(drawn.frame)
            if state is None:
                state = engine.start(picture, drawn.boxes.astype(np.float32)[None])
                continue
            looked = engine.read(picture, state.windows).numpy()
            feed = (looked, np.array(state.frame, np.float32), *state.arrays())
            yield {name: x.copy() for name, x in zip(names, feed, strict=True)}
            _, state = engine.step(picture, state)
