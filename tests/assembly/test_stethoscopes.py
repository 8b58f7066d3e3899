"""Stethoscopes as settings of a training: off and listening change nothing, kills neither."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mohart.assembly.model import build_objective
from mohart.assembly.run import train_run
from mohart.config.loader import config_from, dump_config, to_dict
from mohart.config.schema import Config
from mohart.config.worlds import FreeConfig
from mohart.errors import ConfigError
from mohart.training.checkpoint import load_checkpoint

Make = Callable[..., Config]
SCOPES: list[dict[str, object]] = [
    {"layer": "memory", "label": "size", "weight": -0.5, "full": 0.5},
    {"layer": "encoder", "label": "kind", "weight": 0.2},
    {"layer": "glimpse", "label": "hidden"},
]


@pytest.fixture
def tiny(tiny_config: Config) -> Make:
    """Makes the tiny configuration with stethoscopes and other settings of the training."""

    def make(scopes: list[dict[str, object]], **train: object) -> Config:
        plain = to_dict(tiny_config)
        loss = {**plain["loss"], "stethoscopes": scopes}
        return config_from({**plain, "loss": loss, "train": {**plain["train"], **train}})

    return make


def trained(config: Config, folder: Path) -> dict[str, torch.Tensor]:
    assert train_run(config, folder, device="cpu", report=lambda *_: None)
    return load_checkpoint(folder / "last.safetensors").tensors


def of_model(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {k: v for k, v in tensors.items() if k.startswith(("model.", "average."))}


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.slow
def test_listening_alone_changes_no_bit_of_the_network(tiny: Make, tmp_path: Path) -> None:
    plain = of_model(trained(tiny([]), tmp_path / "plain"))
    silent = [{**scope, "weight": 0.0} for scope in SCOPES]
    heard = trained(tiny(silent), tmp_path / "heard")
    assert equal(plain, of_model(heard))
    assert any(key.startswith("extra.stethoscopes.scopes.") for key in heard)
    taught = of_model(trained(tiny(SCOPES), tmp_path / "taught"))
    assert not equal(plain, taught)


@pytest.mark.slow
def test_a_killed_training_with_stethoscopes_ends_the_same(tiny: Make, tmp_path: Path) -> None:
    config = tiny(SCOPES, steps=12)
    whole = trained(config, tmp_path / "whole")
    text = tmp_path / "config.yaml"
    text.write_text(dump_config(config))
    folder = tmp_path / "killed"
    command = [sys.executable, "-m", "mohart", "train"]
    child = subprocess.Popen(
        [*command, str(text), "-o", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    last = folder / "last.safetensors"
    while child.poll() is None:
        if last.is_file() and load_checkpoint(last).about["step"] >= 2:
            child.send_signal(signal.SIGKILL)
            break
        time.sleep(0.01)
    child.wait()
    assert load_checkpoint(last).about["step"] < 12, "the test must catch it on the way"
    assert train_run(config, folder, device="cpu", report=lambda *_: None, resume=True)
    assert equal(whole, load_checkpoint(last).tensors)


def test_settings_that_make_no_sense(tiny: Make) -> None:
    with pytest.raises(ConfigError, match="label 'colour' is unknown"):
        build_objective(tiny([{"layer": "memory", "label": "colour"}]))
    with pytest.raises(ConfigError, match=r"'lstm' .* is none of glimpse, encoder"):
        tiny([{"layer": "lstm", "label": "size"}])
    with pytest.raises(ConfigError, match="full: expected at least `begin`"):
        tiny([{"layer": "memory", "label": "size", "begin": 0.5, "full": 0.2}])


def test_data_that_do_not_know_the_label_are_refused_before_the_training(
    tiny: Make, tmp_path: Path
) -> None:
    config = tiny([{"layer": "memory", "label": "kind", "weight": -1.0}])
    world = FreeConfig(objects=(2, 2))
    config = replace(config, data=replace(config.data, world=world))
    with pytest.raises(ConfigError, match="do not tell 'kind'"):
        train_run(config, tmp_path / "run", device="cpu", report=lambda *_: None)
    assert not (tmp_path / "run").exists()
