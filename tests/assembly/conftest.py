from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mohart.assembly.run import train_run
from mohart.config.loader import config_from
from mohart.config.schema import Config

TINY = {
    "model": {
        "glimpse": {"kind": "bilinear", "size": 32},
        "encoder": {"kind": "cnn", "width": 16, "blocks": 0},
        "appearance": {"kind": "correlation", "channels": 16, "template": 4, "align": False},
        "relation": {"kind": "attention", "width": 16, "heads": 2},
        "heads": {"kind": "localise", "width": 16, "widen": 0.0},
        "refine": "none",
        "claims": False,
        "features": 16,
        "hidden": 16,
    },
    "data": {
        "generator": {"width": 96, "height": 72, "objects": [2, 3]},
        "objects": 2,
        "span": 6,
    },
    "train": {
        "steps": 4,
        "batch": 2,
        "lengths": [[0.0, 3], [0.5, 5]],
        "chunk": 2,
        "workers": 0,
        "threads": 1,
        "validate_every": 2,
        "validation_clips": 8,
        "validation_length": 4,
        "checkpoint_seconds": 0.0,
        "calibration": 0,
        "optim": {"kind": "adamw", "warmup": 1},
    },
}


def tiny(**train: object) -> Config:
    return config_from({**TINY, "train": {**TINY["train"], **train}})


@pytest.fixture(scope="session")
def tiny_config() -> Config:
    return tiny()


@pytest.fixture(scope="session")
def trained(tiny_config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of the tiny configuration; copy it to change it."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    assert train_run(tiny_config, folder, device="cpu", report=lambda *_: None)
    return folder


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(trained, tmp_path / "run"))
