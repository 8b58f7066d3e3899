"""tools/graft_readout.py: what is exchanged, what is kept, what is learned."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from mohart.assembly.model import build_model
from mohart.assembly.weights import load_model
from mohart.config.loader import dump_config, load_config, to_dict
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


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module("graft_readout")


def run(tool: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["graft_readout.py", *arguments])
    tool.main()


@pytest.mark.slow
def test_the_new_readout_learns_to_agree_and_nothing_else_changes(
    tool: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    config = load_config(ROOT / "configs" / "toy.yaml", SMALL)
    before = build_model(config.model).state_dict()
    old, new = tmp_path / "old.safetensors", tmp_path / "new.safetensors"
    weights = {f"weights.{k}": v for k, v in before.items()}
    save_checkpoint(old, weights, {"config": to_dict(config)})
    (tmp_path / "new.yaml").write_text(dump_config(config), encoding="utf-8")
    arguments = [str(new), "--config", str(tmp_path / "new.yaml"), "--weights", str(old)]
    run(tool, monkeypatch, *arguments, "--steps", "120")
    unexplained = [float(x) for x in re.findall(r"([\d.]+) unexplained", capsys.readouterr().out)]
    assert len(unexplained) == 4
    assert unexplained[-1] < 0.6 * unexplained[0]
    loaded = load_model(new)
    assert loaded.config.model.normed_readout
    after = loaded.model.state_dict()
    same = {k for k in before if not k.startswith(tool.READOUT)}
    assert same == {k for k in after if not k.startswith(tool.READOUT)}
    assert all(torch.equal(after[k], before[k]) for k in same)
    assert [tuple(after[f"{tool.READOUT}1.{k}"].shape) for k in ("weight", "bias")] == [(32,)] * 2


def test_weights_that_are_not_there_are_told(
    tool: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missing = str(tmp_path / "none.safetensors")
    toy = str(ROOT / "configs" / "toy.yaml")
    with pytest.raises(SystemExit, match="2"):
        run(tool, monkeypatch, "out.safetensors", "--config", toy, "--weights", missing)
    assert re.search(r"error: .*none\.safetensors", capsys.readouterr().err)
    out = str(tmp_path / "none" / "out.safetensors")
    with pytest.raises(SystemExit, match="2"):
        run(tool, monkeypatch, out, "--config", toy)
    assert "out.safetensors: its folder does not exist" in capsys.readouterr().err
