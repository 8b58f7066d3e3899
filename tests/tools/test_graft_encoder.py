"""tools/graft_encoder.py: what is exchanged, what is kept, what is learned."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor

from mohart.assembly.model import build_model
from mohart.assembly.weights import load_model
from mohart.config.loader import dump_config, load_config, to_dict
from mohart.errors import CheckpointError
from mohart.training.checkpoint import save_checkpoint

ROOT = Path(__file__).parents[2]
SMALL = [
    "model.glimpse.size=16",
    "model.encoder={kind: cnn, width: 16}",
    "data.generator.width=80",
    "data.generator.height=64",
    "data.span=6",
    "data.objects=2",
    "train.batch=2",
    "train.workers=0",
    "train.threads=1",
]
GRAFT = "model.encoder={kind: efficientnet, pretrained: false, deep: true, width: 16}"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module("graft_encoder")


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """Weights of a small model."""
    torch.manual_seed(0)
    config = load_config(ROOT / "configs" / "toy.yaml", SMALL)
    weights = {f"weights.{k}": v for k, v in build_model(config.model).state_dict().items()}
    save_checkpoint(tmp_path / "old.safetensors", weights, {"config": to_dict(config)})
    return tmp_path / "old.safetensors"


def written(folder: Path, *changes: str) -> Path:
    path = folder / "new.yaml"
    config = load_config(ROOT / "configs" / "toy.yaml", [*SMALL, *changes])
    path.write_text(dump_config(config), encoding="utf-8")
    return path


def state(path: Path) -> dict[str, Tensor]:
    return load_model(path).model.state_dict()


@pytest.mark.slow
def test_the_new_encoder_learns_to_agree_and_nothing_else_changes(
    tool: ModuleType, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, config = tmp_path / "out.safetensors", written(tmp_path, GRAFT)
    few, many = ["--steps", "1"], ["--steps", "150"]
    arguments = [str(out), "--config", str(config), "--weights", str(trained)]
    tool.main([*arguments, *few])
    first = state(out)
    tool.main([*arguments, *many])
    unexplained = [float(x) for x in re.findall(r"([\d.]+) unexplained", capsys.readouterr().out)]
    assert len(unexplained) == 6
    assert unexplained[-1] < 0.7 * unexplained[0]
    old, new = state(trained), state(out)
    for name, value in new.items():
        if not name.startswith(tool.ENCODER):
            assert torch.equal(value, old[name]), name
    changed = {n for n in new if not torch.equal(new[n], first[n])}
    assert changed == {n for n in new if n.startswith(tool.ENCODER) and ".stem." not in n}


def test_a_model_that_differs_elsewhere_is_refused(
    tool: ModuleType, trained: Path, tmp_path: Path
) -> None:
    config = written(tmp_path, GRAFT, "model.hidden=24")
    with pytest.raises(CheckpointError, match=r"old\.safetensors: belongs to another model"):
        tool.main(
            [str(tmp_path / "out.safetensors"), "--config", str(config), "--weights", str(trained)]
        )
    assert not (tmp_path / "out.safetensors").exists()


def test_a_missing_folder_is_told_before_the_work(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "none" / "out.safetensors")
    with pytest.raises(SystemExit, match="2"):
        tool.main([out, "--config", str(written(tmp_path, GRAFT))])
    assert "out.safetensors: its folder does not exist" in capsys.readouterr().err
