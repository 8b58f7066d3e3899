"""tools/drop_alignments.py: what is constant is said by the heads, what answers is refused."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

from mohart.assembly.model import build_model
from mohart.assembly.weights import load_model
from mohart.config.loader import to_dict
from mohart.config.schema import Config
from mohart.config.slots import CorrelationConfig, ModelConfig, RefinementConfig
from mohart.errors import ConfigError
from mohart.model.tracker import MohartModel
from mohart.nn.align import Alignment
from mohart.training.checkpoint import save_checkpoint

SPEC = importlib.util.spec_from_file_location(
    "drop_alignments", Path(__file__).parents[2] / "tools" / "drop_alignments.py"
)
assert SPEC is not None
assert SPEC.loader is not None
tool = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tool)

SAID = (0.004, -0.003, 0.008, 0.006, -0.05)


@pytest.fixture
def model() -> MohartModel:
    """With two alignments that say a constant."""
    torch.manual_seed(5)
    aligned = ModelConfig(appearance=CorrelationConfig(align=True), refine=RefinementConfig())
    model = build_model(aligned).eval()
    with torch.no_grad():
        last = model.cell.heads.localise[3]  # type: ignore[index, union-attr]
        last.weight.zero_()  # boxes nearly stay, so that effects of second order are small
        last.bias.copy_(torch.tensor([12.0, 0.0, 0.0, 0.0, 0.0]))
        for part in model.modules():
            if isinstance(part, Alignment):
                part.correct.bias.copy_(torch.tensor(SAID))
    return model


def _save(model: MohartModel, path: Path) -> None:
    aligned = ModelConfig(appearance=CorrelationConfig(align=True), refine=RefinementConfig())
    about = {"config": to_dict(Config(model=aligned)), "calibration": {"logit": 1.0}}
    save_checkpoint(path, {f"weights.{n}": w for n, w in model.state_dict().items()}, about)


@torch.inference_mode()
def _answers(model: MohartModel) -> tuple[torch.Tensor, torch.Tensor]:
    numbers = torch.Generator().manual_seed(1)
    frames = torch.randint(0, 255, (1, 3, 90, 120, 3), dtype=torch.uint8, generator=numbers)
    boxes = torch.tensor([[[20.0, 20, 50, 60], [60.0, 30, 90, 70]]])
    state = model.cell.start(frames[:, 0], boxes, torch.ones(1, 2, dtype=torch.bool))
    said, _ = model(frames[:, 1:], state)
    return torch.stack([one.boxes for one in said]), torch.stack([one.visibility for one in said])


@pytest.mark.slow
def test_a_constant_is_said_by_the_heads(model: MohartModel, tmp_path: Path) -> None:
    _save(model, tmp_path / "before.safetensors")
    tool.drop(tmp_path / "before.safetensors", tmp_path / "after.safetensors", 1)
    loaded = load_model(tmp_path / "after.safetensors")
    assert not any(isinstance(part, Alignment) for part in loaded.model.modules())
    assert loaded.config.model == ModelConfig()
    assert loaded.calibration == {"logit": 1.0}
    boxes, visibility = _answers(model)
    others, seen = _answers(loaded.model.eval())
    assert float((boxes - others).abs().max()) < 0.02  # px
    assert float((visibility - seen).abs().max()) < 1e-3
    for part in model.modules():  # and without the constants they would differ
        if isinstance(part, Alignment):
            torch.nn.init.zeros_(part.correct.bias)
    assert float((boxes - _answers(model)[0]).abs().max()) > 0.2


@pytest.mark.slow
def test_an_alignment_that_answers_is_refused(model: MohartModel, tmp_path: Path) -> None:
    part = next(part for part in model.modules() if isinstance(part, Alignment))
    torch.nn.init.normal_(part.correct.weight, 0, 0.1)
    _save(model, tmp_path / "before.safetensors")
    with pytest.raises(ConfigError, match="an alignment answers"):
        tool.drop(tmp_path / "before.safetensors", tmp_path / "after.safetensors", 1)
    assert not (tmp_path / "after.safetensors").exists()


@pytest.mark.slow
def test_weights_without_alignments_are_refused(tmp_path: Path) -> None:
    about = {"config": to_dict(Config())}
    weights = build_model(ModelConfig()).state_dict()
    save_checkpoint(
        tmp_path / "w.safetensors", {f"weights.{n}": w for n, w in weights.items()}, about
    )
    with pytest.raises(ConfigError, match="expected weights with alignments"):
        tool.drop(tmp_path / "w.safetensors", tmp_path / "after.safetensors", 1)
