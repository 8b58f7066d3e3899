"""The network through onnxruntime: boxes of torch, and states that either engine goes on with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from mohart.assembly.weights import Loaded, load_model
from mohart.errors import CheckpointError, ConfigError
from mohart.model.graphs import graph_names, trace_graph, with_metadata
from mohart.synth.scenes.generator import Generator
from mohart.tracking.learned.engine import Engine, TorchEngine
from mohart.tracking.learned.graph_engine import GraphEngine, open_graph
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.learned.sight import Calibration

pytest.importorskip("onnxruntime")
CPU = torch.device("cpu")
CLOSE = 2e-3  # px; a difference of 1e-5 grows where objects are lost


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load_model()


@pytest.fixture(scope="module")
def plain(loaded: Loaded) -> TorchEngine:
    return TorchEngine(loaded.model, CPU)


@pytest.fixture(scope="module")
def graphs(loaded: Loaded) -> tuple[bytes, bytes]:
    return trace_graph(loaded.model, "first"), trace_graph(loaded.model, "step")


@pytest.fixture(scope="module")
def through_graphs(plain: TorchEngine, graphs: tuple[bytes, bytes]) -> GraphEngine:
    return GraphEngine(plain, *graphs)


@pytest.fixture(scope="module")
def scene() -> list:
    generator = Generator(
        seed=5, width=240, height=180, objects=(5, 5), scenery=0, alike=0, frame_rate=(25, 30)
    )
    return list(generator.scene(1, 16).frames())


@pytest.fixture
def tracker(loaded: Loaded) -> Callable[[Engine], RecurrentTracker]:
    calibration = Calibration.from_header(loaded.calibration, "shipped")
    return lambda engine: RecurrentTracker(engine, calibration=calibration)


def test_boxes_and_states_are_those_of_torch(
    plain: TorchEngine, through_graphs: GraphEngine, tracker: Callable, scene: list
) -> None:
    one, other = tracker(plain), tracker(through_graphs)
    for each in (one, other):
        each.init(scene[0].frame, scene[0].boxes)
    for labelled in scene[1:]:
        want, said = one.update(labelled.frame), other.update(labelled.frame)
        np.testing.assert_allclose(said.xyxy, want.xyxy, atol=CLOSE)
        np.testing.assert_allclose(said.confidence, want.confidence, atol=1e-3)
        assert said.state.tolist() == want.state.tolist()


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_any_number_of_objects(
    plain: TorchEngine, through_graphs: GraphEngine, scene: list, count: int
) -> None:
    rng = np.random.default_rng(count)
    corner = torch.from_numpy(rng.uniform(0, 150, (1, count, 2)).astype(np.float32))
    boxes = torch.cat([corner, corner + 30], -1)
    with torch.inference_mode():
        states = [e.start(Picture(scene[0].frame, CPU), boxes) for e in (plain, through_graphs)]
        for a, b in zip(states[0].tensors(), states[1].tensors(), strict=True):
            torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-4)
        here = Picture(scene[1].frame, CPU)
        (seen, want), (looked, said) = (
            plain.step(here, states[0]),
            through_graphs.step(here, states[0]),
        )
        torch.testing.assert_close(looked, seen, atol=1e-3, rtol=1e-4)
        for a, b in zip(want.tensors(), said.tensors(), strict=True):
            torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-4)


def test_several_videos_do_not_see_each_other(
    plain: TorchEngine, through_graphs: GraphEngine, scene: list
) -> None:
    boxes = torch.from_numpy(scene[0].boxes.astype(np.float32))
    here, later = Picture(scene[0].frame, CPU), Picture(scene[1].frame, CPU)
    with torch.inference_mode():
        state = plain.start(here, boxes[None])
        apart = state.map(lambda x: x[0][:, None])  # every object in a video of its own
        (seen, want), (looked, said) = plain.step(later, apart), through_graphs.step(later, apart)
    torch.testing.assert_close(looked, seen, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(said.boxes, want.boxes, atol=1e-3, rtol=0)
    assert said.boxes.shape == (5, 1, 4)


def test_what_one_engine_has_kept_the_other_goes_on_with(
    plain: TorchEngine, through_graphs: GraphEngine, tracker: Callable, scene: list
) -> None:
    for first, second in ((plain, through_graphs), (through_graphs, plain)):
        one, other = tracker(first), tracker(second)
        one.init(scene[0].frame, scene[0].boxes)
        for labelled in scene[1:4]:
            one.update(labelled.frame)
        other.restore(one.snapshot())
        for each in (one, other):
            each.remove([2])
            each.correct(scene[3].frame, scene[3].boxes[:1], [1])
            each.coast()
        want, said = one.update(scene[5].frame), other.update(scene[5].frame)
        assert said.tracker_id.tolist() == want.tracker_id.tolist() == [1, 3, 4, 5]
        np.testing.assert_allclose(said.xyxy, want.xyxy, atol=CLOSE)


def test_a_network_that_is_watched_makes_its_steps_itself(
    loaded: Loaded, graphs: tuple[bytes, bytes], tracker: Callable, scene: list
) -> None:
    one, seen = tracker(GraphEngine(TorchEngine(loaded.model, CPU), *graphs)), []
    one.init(scene[0].frame, scene[0].boxes)
    before = one.update(scene[1].frame)
    hook = one.model.cell.register_forward_hook(lambda *_: seen.append(1))
    one.init(scene[0].frame, scene[0].boxes)
    np.testing.assert_allclose(one.update(scene[1].frame).xyxy, before.xyxy, atol=CLOSE)
    hook.remove()
    assert seen


def test_a_graph_tells_its_names_and_its_metadata(graphs: tuple[bytes, bytes]) -> None:
    for graph, kind in zip(graphs, ("first", "step"), strict=True):
        session = open_graph(with_metadata(graph, {"a": "b" * 300, "c": "d"}), 1)
        inputs, outputs = graph_names(kind, 3)
        assert [x.name for x in session.get_inputs()] == inputs
        assert [x.name for x in session.get_outputs()] == outputs
        assert session.get_modelmeta().custom_metadata_map == {"a": "b" * 300, "c": "d"}


def test_what_is_no_graph_and_what_has_none_is_told(loaded: Loaded) -> None:
    with pytest.raises(CheckpointError, match="onnxruntime can not read the graph"):
        open_graph(b"nonsense", 1)
    model = load_model().model
    model.cell.heads.forward = lambda *_: 1 / 0  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=r"can not be written as a graph \(division by zero\)"):
        trace_graph(model, "step")
