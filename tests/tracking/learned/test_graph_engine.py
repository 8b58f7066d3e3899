"""The network through onnxruntime: boxes of torch, and states that either engine goes on with."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from mohart.assembly.weights import Loaded, load_model
from mohart.errors import CheckpointError, ConfigError
from mohart.model.graph_names import KINDS, Kind, graph_names
from mohart.model.graphs import trace_graph, with_metadata
from mohart.synth.scenes.generator import Generator
from mohart.tracking.learned import graph_engine as graph_module
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.graph_engine import CROWD, GraphEngine, open_graph
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.learned.sight import Calibration
from mohart.tracking.learned.torch_engine import TorchEngine

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
def graphs(loaded: Loaded) -> dict[Kind, bytes]:
    return {kind: trace_graph(loaded.model, kind) for kind in KINDS}


@pytest.fixture(scope="module")
def through_graphs(plain: TorchEngine, graphs: dict[Kind, bytes]) -> GraphEngine:
    return GraphEngine(graphs)


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


@pytest.mark.slow
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
    corner = rng.uniform(0, 150, (1, count, 2)).astype(np.float32)
    boxes = np.concatenate([corner, corner + 30], -1)
    states = [e.start(Picture(scene[0].frame), boxes) for e in (plain, through_graphs)]
    for a, b in zip(states[0].arrays(), states[1].arrays(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3, rtol=1e-4)
    here = Picture(scene[1].frame)
    (seen, want), (looked, said) = (
        plain.step(here, states[0]),
        through_graphs.step(here, states[0]),
    )
    np.testing.assert_allclose(looked, seen, atol=1e-3, rtol=1e-4)
    for a, b in zip(want.arrays(), said.arrays(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("count", [CROWD - 1, CROWD, 40])
def test_a_crowd_has_more_threads_and_the_same_answer_to_the_last_bit(
    through_graphs: GraphEngine,
    graphs: dict[Kind, bytes],
    scene: list,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
) -> None:
    engine, opened = GraphEngine(graphs, crowd_threads=2), list[int]()

    def counted(graph: bytes, threads: int) -> Any:
        opened.append(threads)
        return open_graph(graph, threads)

    monkeypatch.setattr(graph_module, "open_graph", counted)
    corner = np.random.default_rng(count).uniform(0, 150, (1, count, 2)).astype(np.float32)
    boxes = np.concatenate([corner, corner + 30], -1)
    answers = []
    for each in (through_graphs, engine, copy.deepcopy(engine)):
        state = each.start(Picture(scene[0].frame), boxes)
        for labelled in scene[1:3]:
            seen, state = each.step(Picture(labelled.frame), state)
        answers.append([seen, *state.arrays()])
    several = [2, 2] if count >= CROWD else []  # the first look, and the step
    assert opened == [*[1] * len(KINDS), *several, *several]  # of the copy; when they are needed
    for other in answers[1:]:
        for a, b in zip(answers[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_several_videos_do_not_see_each_other(
    plain: TorchEngine, through_graphs: GraphEngine, scene: list
) -> None:
    boxes = scene[0].boxes.astype(np.float32)
    here, later = Picture(scene[0].frame), Picture(scene[1].frame)
    state = plain.start(here, boxes[None])
    apart = state.map(lambda x: x[0][:, None])  # every object in a video of its own
    (seen, want), (looked, said) = plain.step(later, apart), through_graphs.step(later, apart)
    np.testing.assert_allclose(looked, seen, atol=1e-3, rtol=1e-4)
    np.testing.assert_allclose(said.boxes, want.boxes, atol=1e-3, rtol=0)
    assert said.boxes.shape == (5, 1, 4)


@pytest.mark.slow
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
    loaded: Loaded, graphs: dict[Kind, bytes], tracker: Callable, scene: list
) -> None:
    one, seen = tracker(GraphEngine(graphs, in_torch=lambda: TorchEngine(loaded.model, CPU))), []
    one.init(scene[0].frame, scene[0].boxes)
    before = one.update(scene[1].frame)
    hook = one.model.cell.register_forward_hook(lambda *_: seen.append(1))
    one.init(scene[0].frame, scene[0].boxes)
    np.testing.assert_allclose(one.update(scene[1].frame).xyxy, before.xyxy, atol=CLOSE)
    hook.remove()
    assert seen


def test_a_graph_tells_its_names_and_its_metadata(graphs: dict[Kind, bytes]) -> None:
    for kind, graph in graphs.items():
        session = open_graph(with_metadata(graph, {"a": "b" * 300, "c": "d"}), 1)
        inputs, outputs = graph_names(kind, 2)  # looks, and a filter
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
