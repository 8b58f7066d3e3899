"""What a network looked at is kept as it passes, and changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mohart.assembly.model import build_model
from mohart.config.loader import config_from
from mohart.model.tracker import MohartModel
from mohart.probes.steps import StepProbe
from mohart.structures import Detections
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.learned.torch_engine import TorchEngine

BOXES = np.array([[10, 10, 30, 40], [40, 12, 60, 44], [66, 20, 90, 50]], np.float32)
CPU = torch.device("cpu")


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
    return build_model(config_from({"model": settings}).model)


def frames(count: int = 4) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (64, 96, 3), dtype=np.uint8) for _ in range(count)]


@pytest.mark.parametrize("kind", ["attention", "mlp", "none"])
def test_one_look(kind: str) -> None:
    tracker = RecurrentTracker(TorchEngine(model(kind), CPU))
    with StepProbe(tracker.model) as probe:
        tracker.init(frames()[0], BOXES)
        probe.listen()
        said = tracker.update(frames()[1])
        step = probe.take()
    assert step is not None
    assert step.boxes.shape == step.windows.shape == (3, 4)
    assert np.abs(step.boxes[:, :2].clip(0) - said.xyxy[:, :2]).max() < 1
    assert step.glimpses.shape == (3, 16, 16, 3)
    assert step.glimpses.std() > 5
    assert step.scores is not None
    assert (step.scores >= 0).all()
    assert (step.scores.sum((1, 2)) <= 1.001).all()
    assert (np.diag(step.influence) == 0).all()
    if kind == "attention":
        assert step.attention is not None
        assert np.allclose(step.attention.sum(1), 1, atol=1e-5)
    else:
        assert step.attention is None


def test_nothing_is_kept_unasked_and_nothing_changes() -> None:
    plain, watched = (RecurrentTracker(TorchEngine(model("attention"), CPU)) for _ in range(2))
    plain.init(frames()[0], BOXES)
    with StepProbe(watched.model) as probe:
        watched.init(frames()[0], BOXES)
        for frame in frames()[1:]:
            assert probe.take() is None
            probe.listen()
            a, b = plain.update(frame), watched.update(frame)
            assert probe.take() is not None
            np.testing.assert_allclose(a.xyxy, b.xyxy, atol=1e-3)  # read by another way
    assert not watched.model.cell._forward_hooks


def test_nobody_there() -> None:
    tracker = RecurrentTracker(TorchEngine(model("attention"), CPU))
    with StepProbe(tracker.model) as probe:
        tracker.reset()
        probe.listen()
        tracker.update(frames()[0], Detections.empty())
        assert probe.take() is None
