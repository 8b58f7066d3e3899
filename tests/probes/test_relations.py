"""Attention and influence of the relational modules inside a whole model."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mohart.assembly.model import build_model
from mohart.config.loader import config_from
from mohart.errors import ConfigError, ShapeError
from mohart.model.tracker import MohartModel
from mohart.probes.relations import COPIES, RelationProbe, RelationStep, probe, to_npz

KINDS = ("none", "mlp", "deepsets", "attention", "sab", "self_only")
ATTENTIVE = ("attention", "sab", "self_only")
EXCHANGING = ("mlp", "deepsets", "attention", "sab")
CPU = torch.device("cpu")
BOXES = np.array([[10, 10, 30, 40], [40, 12, 60, 44], [66, 20, 90, 50]], np.float32)


def model(kind: str) -> MohartModel:
    torch.manual_seed(0)
    relation = {"kind": kind} if kind == "none" else {"kind": kind, "width": 16}
    settings = {
        "glimpse": {"kind": "bilinear", "size": 16},
        "encoder": {"kind": "cnn", "width": 16},
        "appearance": {"kind": "none", "channels": 8},
        "heads": {"kind": "localise", "width": 8},
        "relation": relation,
        "features": 16,
        "hidden": 16,
    }
    built = build_model(config_from({"model": settings}).model)
    with torch.no_grad():  # fresh read-outs hardly listen; make them
        for parameter in built.parameters():
            parameter.mul_(1.5)
    return built


def frames(count: int = 4) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (64, 96, 3), dtype=np.uint8) for _ in range(count)]


def steps_of(kind: str, boxes: NDArray[np.float32] = BOXES) -> list[RelationStep]:
    return [step for _, step in probe(model(kind), CPU, frames(), boxes)]


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_and_ranges(kind: str) -> None:
    steps = steps_of(kind)
    assert len(steps) == 3
    for step in steps:
        assert step.boxes.shape == (3, 4)
        assert step.influence.shape == (3, 3)
        assert (step.influence >= 0).all()
        assert (np.diag(step.influence) == 0).all()
        assert (step.attention is not None) == (kind in ATTENTIVE)
        if step.attention is not None:
            assert step.attention.shape == (4, 3, 3)
            np.testing.assert_allclose(step.attention.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("kind", ["none", "self_only"])
def test_where_nothing_is_exchanged_nobody_has_influence(kind: str) -> None:
    assert all((step.influence == 0).all() for step in steps_of(kind))


@pytest.mark.parametrize("kind", EXCHANGING)
def test_where_something_is_exchanged_everybody_has(kind: str) -> None:
    others = ~np.eye(3, dtype=bool)
    assert all((step.influence[others] > 1e-7).all() for step in steps_of(kind))


def test_influence_is_what_the_box_does_when_the_other_is_hidden() -> None:
    built = model("attention").eval()
    shown = frames()
    looker = RelationProbe(built, CPU)
    looker.start(shown[0], BOXES)
    step = looker.step(shown[1])
    with torch.inference_mode():
        tensors = [torch.from_numpy(frame)[None] for frame in shown]
        state = built.start(tensors[0], torch.from_numpy(BOXES)[None])
        relation = built.cell.relation
        usual = built.step(tensors[1], state)[0].boxes[0]
        built.cell.relation = _Without(relation, 2)  # object 2, for everybody
        without = built.step(tensors[1], state)[0].boxes[0]
    moved = (usual - without).numpy().reshape(3, 2, 2)
    corners = np.hypot(moved[..., 0], moved[..., 1]).mean(1)
    sides = (usual[:, 2:] - usual[:, :2]).numpy()
    np.testing.assert_allclose(step.influence[:2, 2], (corners / np.sqrt(sides.prod(1)))[:2], 1e-3)


class _Without(torch.nn.Module):
    def __init__(self, relation: object, column: int) -> None:
        super().__init__()
        self.relation, self.column = relation, column
        self.out_features = getattr(relation, "out_features", 0)

    def forward(self, features: torch.Tensor, hidden: torch.Tensor, alive: torch.Tensor) -> object:
        alive = alive.clone()
        alive[:, self.column] = False
        assert callable(self.relation)
        return self.relation(features, hidden, alive)


def test_looking_does_not_change_what_is_tracked() -> None:
    built = model("attention").eval()
    shown = frames()
    looked = [step.boxes for _, step in probe(built, CPU, shown, BOXES)]
    with torch.inference_mode():
        tensors = [torch.from_numpy(frame)[None] for frame in shown]
        state = built.start(tensors[0], torch.from_numpy(BOXES)[None])
        said, _ = built(tensors[1:], state)
    for boxes, prediction in zip(looked, said, strict=True):
        np.testing.assert_allclose(boxes, prediction.boxes[0].numpy(), rtol=1e-6)


def test_many_objects_are_taken_in_pieces() -> None:
    count = COPIES + 3
    boxes = np.tile(BOXES[:1], (count, 1)) + np.arange(count, dtype=np.float32)[:, None]
    looker = RelationProbe(model("deepsets"), CPU)
    looker.start(frames()[0], boxes)
    influence = looker.step(frames()[1]).influence
    assert influence.shape == (count, count)
    assert (influence[~np.eye(count, dtype=bool)] > 0).all()


def test_without_a_frame_relations_go_on() -> None:
    looker = RelationProbe(model("attention"), CPU)
    looker.start(frames()[0], BOXES)
    step = looker.step(None)
    assert np.isfinite(step.boxes).all()
    assert step.attention is not None
    np.testing.assert_allclose(step.attention.sum(-1), 1, atol=1e-5)


def test_the_file_holds_what_it_promises() -> None:
    steps = steps_of("attention")
    ids = np.array([7, 8, 9])
    content = to_npz(steps, ids, first_frame=26)
    data = np.load(io.BytesIO(content))
    assert sorted(data) == ["attention", "boxes", "frames", "ids", "influence", "visibility"]
    assert data["frames"].tolist() == [26, 27, 28]
    assert data["ids"].tolist() == [7, 8, 9]
    assert data["attention"].shape == (3, 4, 3, 3)
    np.testing.assert_array_equal(data["influence"][1], steps[1].influence)
    assert to_npz(steps, ids, first_frame=26) == content
    assert "attention" not in np.load(io.BytesIO(to_npz(steps_of("mlp"), ids, 2)))


def test_errors() -> None:
    looker = RelationProbe(model("none"), CPU)
    with pytest.raises(ConfigError, match="call start"):
        looker.step(frames()[0])
    with pytest.raises(ConfigError, match="at least one box"):
        looker.start(frames()[0], np.zeros((0, 4)))
    with pytest.raises(ShapeError, match="boxes: expected"):
        looker.start(frames()[0], np.zeros((2, 3)))
    with pytest.raises(ConfigError, match="no frame after the first"):
        to_npz([], np.array([1]), 2)
