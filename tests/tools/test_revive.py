"""tools/revive.py: units that never answer get a new start, and nothing else changes."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from mohart.assembly.model import build_model
from mohart.assembly.weights import load_model
from mohart.config.slots import ModelConfig
from mohart.model.tracker import MohartModel
from mohart.synth.scenes.generator import Generator

SPEC = importlib.util.spec_from_file_location(
    "revive", Path(__file__).parents[2] / "tools" / "revive.py"
)
assert SPEC is not None
assert SPEC.loader is not None
revive = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(revive)

pytestmark = pytest.mark.slow


@pytest.fixture
def model() -> MohartModel:
    """With five dead units in the read-out, and two in the encoder."""
    torch.manual_seed(3)
    model = build_model(ModelConfig()).eval()
    with torch.no_grad():
        model.cell.readout[0].bias[:5] = -1000.0  # type: ignore[index]
        norm = model.cell.encoder.deep[2].change[0][1]  # type: ignore[attr-defined]
        norm.weight[:2], norm.bias[:2] = 0.0, -1.0
    return model


@torch.inference_mode()
def _answers(model: MohartModel) -> tuple[torch.Tensor, torch.Tensor]:
    """What the model says of noise, and what its read-out says."""
    frames = torch.randint(0, 255, (1, 3, 90, 120, 3), dtype=torch.uint8, generator=_draw())
    boxes = torch.tensor([[[20.0, 20, 50, 60], [60.0, 30, 90, 70]]])
    state = model.cell.start(frames[:, 0], boxes, torch.ones(1, 2, dtype=torch.bool))
    said, _ = model(frames[:, 1:], state)
    return torch.stack([one.boxes for one in said]), torch.stack([one.visibility for one in said])


def _draw() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def test_dead_units_are_found_and_live_again_and_nothing_changes(model: MohartModel) -> None:
    before = _answers(model)
    told = revive.revive(model, 2)
    assert told["cell.readout.1"] == (5, 32)
    assert told["cell.encoder.deep.2.change.0.2"] == (2, 96)
    for one, other in zip(before, _answers(model), strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-5)
    alive = revive.liveliness(model, 2)
    assert int((alive["cell.readout.1"][:5] > 0).sum()) >= 4
    assert bool((alive["cell.encoder.deep.2.change.0.2"][:2] > 0).all())
    assert not model.cell.readout[3].weight.view(128, 32, -1)[:, :5].any()  # type: ignore[operator]


def test_a_revived_file_says_what_the_old_one_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Path(__file__).parents[2] / "docs/experiments/weights/stage7.safetensors"
    out = tmp_path / "out.safetensors"
    monkeypatch.setattr("sys.argv", ["revive", str(stage), str(out), "--scenes", "2"])
    revive.main()
    told = dict(line.split("dead")[::-1] for line in capsys.readouterr().out.splitlines())
    assert int(told["  cell.readout.1"].split()[0]) > 16  # of 32
    scene = list(Generator(seed=77).scene(0, 4).frames())  # one that was looked at
    frames = torch.from_numpy(np.stack([one.frame for one in scene]))[None]
    boxes = torch.from_numpy(scene[0].boxes.astype(np.float32))[None]
    answers = []
    for path in (stage, out):
        model = load_model(path).model
        with torch.inference_mode():
            alive = torch.ones(boxes.shape[:2], dtype=torch.bool)
            said, _ = model(frames[:, 1:], model.cell.start(frames[:, 0], boxes, alive))
        answers.append(torch.stack([one.boxes for one in said]))
    torch.testing.assert_close(answers[0], answers[1], atol=1e-3, rtol=1e-5)
